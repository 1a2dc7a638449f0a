#include "run.h"

#include <string.h>

#include "base/own.h"
#include "layout.h"

static struct sandbox_process service_process(const struct service *service)
{
    const struct engine *engine = service->engine;
    return (struct sandbox_process){
        .name = engine->name,
        .argv = (const char *const *)service->argv.items,
        .envp = (const char *const *)service->env.items,
        .cwd = engine->home,
        .root = service->root.path ? &service->root : NULL,
        .user = engine->user,
        .role = engine->role,
        .leaf = engine->name,
        .log = service->log,
        .log_mark = engine->log_mark,
        .ready = service->ready,
    };
}

static struct sandbox_process step_process(const struct plan *plan, const struct plan_step *step)
{
    return (struct sandbox_process){
        .name = step->name,
        .argv = (const char *const *)step->argv.items,
        .envp = (const char *const *)plan->environment.env.items,
        .cwd = LAYOUT_APP,
        .user = LAYOUT_DYNO_ID,
        .role = SANDBOX_ROLE_STEP,
        .leaf = "step",
        .inherit_stdin = step->inherit_stdin,
        .must_succeed = step->must_succeed,
        .networks = step->networks,
    };
}

static int run_spec(const struct plan *plan, struct sandbox_result *result, struct error *err)
{
    struct sandbox_process services[ENGINE_COUNT], steps[PLAN_STEPS_MAX];
    for (size_t i = 0; i < plan->services.count; i++)
        services[i] = service_process(&plan->services.items[i]);
    for (size_t i = 0; i < plan->step_count; i++)
        steps[i] = step_process(plan, &plan->steps[i]);
    struct sandbox_spec spec = {
        .name = plan->name,
        .state_dir = plan->state_dir,
        .ids = plan->ids,
        .block_first = plan->id_range.first,
        .block_count = plan->id_range.blocks,
        .weaker = plan->weaker,
        .scratch = plan->scratch,
        .scratch_fd = plan->scratch_fd,
        .limits = plan->limits,
        .caller = plan->caller,
        .cgroup_parent = plan->cgroup_parent,
        .users = plan->users,
        .user_count = plan->user_count,
        .mounts = plan->mounts.items,
        .mount_count = plan->mounts.count,
        .base_count = plan->base_count,
        .services = services,
        .service_count = plan->services.count,
        .steps = steps,
        .step_count = plan->step_count,
    };
    memcpy(spec.totals, plan->totals, sizeof spec.totals);
    return sandbox_run(&spec, result, err);
}

/* A test that failed is the one whose artifacts are wanted most. Told to stop, indyno copies nothing any
 * more. */
static bool artifacts_due(const struct plan *plan, const struct sandbox_result *result)
{
    return plan->artifact_count > 0 &&
           (result->end == SANDBOX_END_STEPS || result->end == SANDBOX_END_TIMEOUT);
}

static void explain_logs(const struct plan *plan, const struct sandbox_result *result, struct strings *notes)
{
    for (size_t i = 0; i < result->service_count; i++) {
        const struct service *service = &plan->services.items[i];
        if (result->services[i].log_marked)
            service->engine->explain(service, result->services[i].log_marked, notes);
    }
}

void run_plan(const struct plan *plan, struct run_outcome *outcome)
{
    *outcome = (struct run_outcome){0};
    cleanup_error struct error failure = {0};
    cleanup_error struct error artifacts = {0};
    bool failed = run_spec(plan, &outcome->result, &failure) < 0;
    outcome->artifacts_tried = artifacts_due(plan, &outcome->result);
    if (outcome->artifacts_tried)
        artifacts_take(plan, &outcome->result, &outcome->artifacts, &artifacts);
    verdict_judge(plan, &outcome->result, failed ? &failure : NULL, &artifacts, &outcome->verdict);
    explain_logs(plan, &outcome->result, &outcome->verdict.notes);
}

void run_outcome_clear(struct run_outcome *outcome)
{
    verdict_clear(&outcome->verdict);
    sandbox_result_clear(&outcome->result);
    *outcome = (struct run_outcome){0};
}
