#include "doctor.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/own.h"
#include "layout.h"
#include "policy.h"
#include "root-files.h"

enum { TRIAL_WALL_MS = 60 * 1000 };

/* ---- Whole dynos ---- */

/* The kinds of dyno that are tried, each but the first only where that and the probe of this name work. */
static const struct trial {
    const char *needs;
    unsigned networks; /* set of enum sandbox_network */
    struct sandbox_limits limits;
    struct sandbox_finding finding;
} trials[] = {
    {.finding = {.name = "dyno",
                 .what = "a whole dyno, in which true ran",
                 .cost = "runs are refused",
                 .vital = true}},
    {.needs = "cgroups",
     .limits = {.memory_bytes = 64 << 20, .cpu_millis = 1000, .pids = 64},
     .finding = {.name = "limited-dyno",
                 .what = "the same with limits",
                 .cost = "runs with limits are refused; with --allow-weaker=limits they go without"}},
    {.needs = "pasta",
     .networks = SANDBOX_NETWORK_OUTBOUND,
     .finding = {.name = "outbound-dyno",
                 .what = "the same with a way out",
                 .cost = "runs with --network=outbound are refused"}},
};

struct patient {
    const struct trial *trial;
    const char *dir;
    int dir_fd;
    bool single; /* a user with one id alone */
};

static int add_mounts(const char *dir, int dir_fd, struct mounts *mounts, struct error *err)
{
    const struct sandbox_mount app = {.kind = dir ? SANDBOX_COW : SANDBOX_SCRATCH,
                                      .source = dir,
                                      .source_fd = dir ? dir_fd : 0,
                                      .target = LAYOUT_APP,
                                      .owner = LAYOUT_DYNO_ID};
    if (root_files_add("", mounts, err) < 0)
        return -1;
    root_files_add_own(mounts);
    mounts_add(mounts, &app);
    return 0;
}

/* What true said does not matter, nor whether there is one: it was looked for in a dyno. */
static int judge(const struct sandbox_result *result, struct error *err)
{
    enum sandbox_process_state state = result->steps[0].state;
    if (result->end == SANDBOX_END_STEPS && (state == SANDBOX_EXITED || state == SANDBOX_NOT_EXECUTED))
        return 0;
    if (result->end == SANDBOX_END_TIMEOUT)
        return fail(err, STATUS_ERRORED, "the dyno did not end within %d seconds", TRIAL_WALL_MS / 1000);
    return fail(err, STATUS_ERRORED, "the dyno did not run to its end");
}

static int run_dyno(const struct patient *patient, const struct mounts *mounts, struct error *err)
{
    static const char *const argv[] = {"true", NULL}, *const envp[] = {"PATH=" LAYOUT_SYSTEM_PATH, NULL};
    const struct sandbox_user user = {"dyno", LAYOUT_DYNO_ID, LAYOUT_APP};
    const struct sandbox_process step = {.name = "true",
                                         .argv = argv,
                                         .envp = envp,
                                         .cwd = LAYOUT_APP,
                                         .user = LAYOUT_DYNO_ID,
                                         .role = SANDBOX_ROLE_STEP,
                                         .leaf = "step",
                                         .networks = patient->trial->networks};
    cleanup_free char *state_dir = sandbox_state_dir();
    struct sandbox_spec spec = {.name = "doctor",
                                .state_dir = state_dir,
                                .limits = patient->trial->limits,
                                .users = &user,
                                .user_count = 1,
                                .mounts = mounts->items,
                                .mount_count = mounts->count,
                                .base_count = mounts->count,
                                .steps = &step,
                                .step_count = 1};
    struct sandbox_result result;
    spec.limits.wall_ms = TRIAL_WALL_MS;
    if (sandbox_default_ids(&spec, err) < 0)
        return -1;
    if (patient->single)
        spec.ids = SANDBOX_IDS_SINGLE;
    int status = sandbox_run(&spec, &result, err) < 0 ? -1 : judge(&result, err);
    sandbox_result_clear(&result);
    return status;
}

static int try_trial(const struct patient *patient, struct error *err)
{
    cleanup_mounts struct mounts mounts = {0};
    return add_mounts(patient->dir, patient->dir_fd, &mounts, err) < 0 ? -1 : run_dyno(patient, &mounts, err);
}

static bool has_worked(const struct sandbox_findings *findings, const char *name)
{
    for (size_t i = 0; i < findings->count; i++)
        if (text_equal(findings->items[i].name, name))
            return findings->items[i].state == SANDBOX_FINDING_WORKS;
    return false;
}

/* The name of what has to work before the trial, and does not; or NULL. */
static const char *missing_for(const struct trial *trial, const struct sandbox_findings *findings)
{
    const char *whole = trials->finding.name;
    if (trial != trials && !has_worked(findings, whole))
        return whole;
    return trial->needs && !has_worked(findings, trial->needs) ? trial->needs : NULL;
}

static void try_dyno(const struct patient *patient, struct sandbox_findings *findings)
{
    cleanup_error struct error err = {0};
    const char *missing = missing_for(patient->trial, findings);
    struct sandbox_finding finding = patient->trial->finding;
    if (missing) {
        finding.state = SANDBOX_FINDING_UNTRIED;
        finding.failure = text_format("it needs %s", missing);
    } else if (try_trial(patient, &err) < 0) {
        finding.state = SANDBOX_FINDING_MISSING;
        finding.failure = steal_pointer(err.message);
        finding.remedy = steal_pointer(err.remedy);
    }
    findings->items[findings->count++] = finding;
}

/* ---- All together ---- */

/* As root there are no weaker ids to fall back to. */
static void find_weaker(struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->findings.count; i++) {
        const struct sandbox_finding *finding = &doctor->findings.items[i];
        if (finding->vital && finding->weaker && finding->state == SANDBOX_FINDING_MISSING && geteuid() != 0)
            strings_add(&doctor->with, finding->weaker);
    }
}

static void list_images(struct doctor *doctor)
{
    cleanup_error struct error err = {0};
    if (policy_stores(&doctor->stores, &err) < 0 ||
        stores_list(&doctor->stores, &doctor->images, &doctor->image_count, &err) < 0)
        doctor->store_failure = steal_pointer(err.message);
}

void doctor_examine(const char *dir, int dir_fd, struct doctor *doctor)
{
    *doctor = (struct doctor){0};
    sandbox_examine(dir, &doctor->findings);
    find_weaker(doctor);
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++)
        try_dyno(&(struct patient){&trials[i], dir, dir_fd, doctor->with.count > 0}, &doctor->findings);
    doctor->runs = has_worked(&doctor->findings, trials->finding.name);
    list_images(doctor);
}

void doctor_clear(struct doctor *doctor)
{
    sandbox_findings_clear(&doctor->findings);
    strings_clear(&doctor->with);
    strings_clear(&doctor->stores);
    images_free(doctor->images, doctor->image_count);
    free(doctor->store_failure);
    *doctor = (struct doctor){0};
}
