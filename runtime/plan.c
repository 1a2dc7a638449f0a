#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "layout.h"
#include "size.h"

static const char default_name[] = "dyno";

/* "/home/u/x" of "x", when the caller is in /home/u. */
static char *absolute(const char *cwd, const char *path)
{
    if (path[0] == '/')
        return copy_string(path);
    return text_format("%s/%s", strcmp(cwd, "/") == 0 ? "" : cwd, path);
}

/* ---- Steps ---- */

static struct plan_step *add_step(struct plan *plan, const char *name, enum phase phase)
{
    struct plan_step *step = &plan->steps[plan->step_count++];
    *step = (struct plan_step){.name = name, .networks = plan->networks.of[phase]};
    return step;
}

static const char *shell_of(const struct plan_input *input)
{
    return input->rootfs ? input->rootfs->shell : "bash";
}

/* A test-setup that fails is the end of the run. */
static void add_script(struct plan *plan, const char *shell, const char *name, const char *script,
                       enum phase phase)
{
    struct plan_step *step = add_step(plan, name, phase);
    step->must_succeed = phase == PHASE_SETUP;
    strings_add(&step->argv, shell);
    strings_add(&step->argv, "-c");
    strings_add(&step->argv, script);
}

static int refuse_scripts(const struct rootfs *rootfs, struct error *err)
{
    fail(err, STATUS_DATA, "--rootfs %s: there is no bash and no sh in it to run app.json's scripts",
         rootfs->name);
    error_remedy(err, "give a command after --, or put a shell into the root; it is looked for in %s",
                 rootfs->search_path);
    return -1;
}

static int plan_steps(const struct plan_input *input, struct plan *plan, struct error *err)
{
    const struct app *app = input->app;
    const char *shell = shell_of(input);
    if (input->options->command.count) {
        struct plan_step *step = add_step(plan, "command", PHASE_TEST);
        step->inherit_stdin = true;
        strings_copy(&step->argv, &input->options->command);
        return 0;
    }
    if (!app->test) {
        fail(err, STATUS_USAGE, "nothing to run: %s, and no command was given",
             app->present ? "app.json has no environments.test.scripts.test" : "there is no app.json");
        error_remedy(err, "give a command after --, as in: indyno run -- make test");
        return -1;
    }
    if (!shell)
        return refuse_scripts(input->rootfs, err);
    if (app->test_setup)
        add_script(plan, shell, "test-setup", app->test_setup, PHASE_SETUP);
    add_script(plan, shell, "test", app->test, PHASE_TEST);
    return 0;
}

/* ---- Limits ---- */

bool plan_asks_for_limits(const struct options *options)
{
    return options->size || sandbox_takes_groups(&options->limits);
}

static const struct size *choose_size(const struct plan_input *input, struct plan *plan)
{
    const char *wanted = input->options->size ? input->options->size : input->app->size;
    const struct size *usual = policy_default_size(input->policy);
    if (!wanted)
        return usual;
    const struct size *size = size_find(wanted);
    if (size)
        return size;
    strings_addf(&plan->notes, "%s: formation.test.size: %s is not known; taken is %s", input->app->path,
                 wanted, usual->name);
    return usual;
}

static int plan_scratch(const struct plan_input *input, struct plan *plan, struct error *err)
{
    const char *scratch = policy_scratch(input->policy, input->options);
    if (!scratch)
        return 0;
    if (!input->is_root) {
        fail(err, STATUS_DATA,
             "--scratch %s: what a dyno writes to disk is held to its size by a loop device, which is "
             "root's",
             scratch);
        error_remedy(err, "leave it out, as a user, and keep it in memory; or run indyno as root");
        return -1;
    }
    plan->scratch = absolute(input->cwd, scratch);
    plan->scratch_fd = input->scratch_fd;
    return 0;
}

static int plan_limits(const struct plan_input *input, struct plan *plan, struct error *err)
{
    const struct policy *policy = input->policy;
    const struct size *size = choose_size(input, plan);
    plan->size = size->name;
    plan->limits = input->options->limits;
    plan->limits.optional = !plan_asks_for_limits(input->options) && !policy_needs_limits(policy);
    size_apply(size, input->host_bytes, &plan->limits, &plan->notes);
    return policy_bound(policy, input->options, size, &plan->limits, &plan->notes, err);
}

/* What holds the run from outside of it. */
static void plan_share(const struct plan_input *input, struct plan *plan)
{
    const struct policy *policy = input->policy;
    plan->caller = input->caller;
    if (!policy->binds)
        return;
    plan->cgroup_parent = copy_string(policy->cgroup_parent);
    memcpy(plan->totals, policy->totals, sizeof plan->totals);
    if (!input->has_other_caller)
        plan->totals[SANDBOX_TOTAL_RUNS_PER_CALLER] = 0;
}

/* ---- Mounts ---- */

static void add_app_mount(const struct plan_input *input, struct plan *plan)
{
    const struct options *options = input->options;
    struct sandbox_mount mount = {.kind = SANDBOX_COW,
                                  .source = input->dir,
                                  .source_fd = input->dir_fd,
                                  .target = LAYOUT_APP,
                                  .owner = LAYOUT_DYNO_ID,
                                  .keep = options->artifact_count > 0};
    if (options->app_writable) {
        mount.kind = SANDBOX_BIND;
        mount.writable = mount.owned = true;
    }
    plan->app_mount = mounts_add(&plan->mounts, &mount);
}

/* The user's come last, when all that they may lie in is there. */
static void add_binds(const struct plan_input *input, struct plan *plan)
{
    for (size_t i = 0; i < input->options->bind_count; i++) {
        const struct option_bind *bind = &input->options->binds[i];
        cleanup_free char *host = absolute(input->cwd, bind->host);
        mounts_add(&plan->mounts, &(struct sandbox_mount){.kind = SANDBOX_BIND,
                                                          .source = host,
                                                          .source_fd = input->bind_fds[i],
                                                          .target = bind->dyno,
                                                          .owner = LAYOUT_DYNO_ID,
                                                          .writable = bind->writable});
    }
}

/* A place in the host's root for what is mounted there. */
static void add_point(struct plan *plan, const char *path)
{
    cleanup_free char *target = text_format(LAYOUT_HOST "%s", path);
    bool is_file = text_starts(path, "/etc/");
    for (size_t i = 0; i < plan->mounts.count; i++)
        if (text_equal(plan->mounts.items[i].target, target))
            return;
    mounts_add(&plan->mounts, &(struct sandbox_mount){.kind = is_file ? SANDBOX_FILE : SANDBOX_FOLDER,
                                                      .target = target,
                                                      .content = is_file ? "" : NULL});
}

/* Beside a rootfs, the root of the servers that run with the host's libc. */
static void add_host(const struct plan_input *input, struct plan *plan)
{
    bool is_there = false;
    for (size_t i = 0; i < plan->services.count; i++) {
        const struct strings *shared = &plan->services.items[i].shared;
        if (shared->count && !is_there)
            mounts_append(&plan->mounts, input->host);
        is_there = is_there || shared->count;
        for (size_t j = 0; j < shared->count; j++)
            add_point(plan, shared->items[j]);
    }
}

static void plan_mounts(const struct plan_input *input, struct plan *plan)
{
    mounts_append(&plan->mounts, input->root);
    if (input->rootfs)
        add_host(input, plan);
    for (size_t i = 0; i < plan->services.count; i++)
        plan->services.items[i].engine->add_mounts(&plan->services.items[i], &plan->mounts);
    add_app_mount(input, plan);
    add_binds(input, plan);
}

/* ---- Artifacts ---- */

/* The output folder may lie in DIR, where it is a name of its own; DIR must not lie in it, or a run could
 * write over what it tests. */
static int plan_artifacts(const struct plan_input *input, struct plan *plan, struct error *err)
{
    const struct options *options = input->options;
    plan->output = absolute(input->cwd, LAYOUT_OUTPUT);
    if (options->artifact_count && text_lies_in(input->dir, plan->output)) {
        fail(err, STATUS_DATA, "--artifact: %s holds the folder that is tested", plan->output);
        error_remedy(err, "run indyno from another folder: artifacts go to ./" LAYOUT_OUTPUT);
        return -1;
    }
    if (options->artifact_count && options->app_writable) {
        fail(err, STATUS_USAGE, "--artifact: with --app=rw what the test leaves is in %s itself", input->dir);
        error_remedy(err, "leave out one of them");
        return -1;
    }
    plan->artifacts = allocate(options->artifact_count, sizeof *plan->artifacts);
    for (size_t i = 0; i < options->artifact_count; i++)
        plan->artifacts[plan->artifact_count++] = (struct option_artifact){
            copy_string(options->artifacts[i].source), copy_string(options->artifacts[i].target)};
    return 0;
}

/* ---- Ids and users ---- */

static enum sandbox_ids choose_ids(const struct plan_input *input)
{
    if (input->is_root)
        return SANDBOX_IDS_BLOCK;
    bool may_be_single = input->options->weaker & SANDBOX_WEAKER_IDS;
    bool has_subordinate = !input->capabilities || input->capabilities->subordinate_ids;
    return may_be_single && !has_subordinate ? SANDBOX_IDS_SINGLE : SANDBOX_IDS_SUBORDINATE;
}

/* With a single id there is a single user: the test's. */
static void plan_users(struct plan *plan)
{
    plan->users[plan->user_count++] = (struct sandbox_user){"dyno", LAYOUT_DYNO_ID, LAYOUT_APP};
    for (size_t i = 0; i < plan->services.count && plan->ids != SANDBOX_IDS_SINGLE; i++) {
        const struct engine *engine = plan->services.items[i].engine;
        plan->users[plan->user_count++] = (struct sandbox_user){engine->name, engine->user, engine->home};
    }
}

/* ---- What is said ---- */

static void plan_remarks(const struct plan_input *input, struct plan *plan)
{
    const struct app *app = input->app;
    for (size_t i = 0; i < app->addon_count; i++)
        if (!app->addons[i].in_dyno)
            strings_addf(&plan->not_provisioned, "%s (%s): not an in-dyno plan", app->addons[i].plan,
                         app->addons[i].key);
    for (size_t i = 0; i < app->skipped_count; i++)
        strings_addf(&plan->not_provisioned, "%s (%s): outside the test environment",
                     app->skipped_addons[i].plan, app->skipped_addons[i].key);
    strings_copy(&plan->buildpacks, &app->buildpacks);
    strings_copy(&plan->formation, &app->formation);
    strings_copy(&plan->unknown, &app->unknown);
    strings_copy(&plan->notes, &plan->services.notes);
    for (size_t i = 0; input->capabilities && i < sizeof input->capabilities->missing / sizeof(char *) &&
                       input->capabilities->missing[i];
         i++)
        strings_add(&plan->missing, input->capabilities->missing[i]);
}

/* ---- All together ---- */

static int check_dir(const struct plan_input *input, struct error *err)
{
    if (strcmp(input->dir, "/") != 0)
        return 0;
    fail(err, STATUS_DATA, "/: the host's whole root is no app");
    error_remedy(err, "name the app's folder");
    return -1;
}

static int plan_services(const struct plan_input *input, struct plan *plan, struct error *err)
{
    const struct services_input services = {.options = input->options,
                                            .app = input->app,
                                            .images = input->images,
                                            .image_count = input->image_count,
                                            .catalog = input->catalog,
                                            .has_rootfs = input->rootfs != NULL,
                                            .random_hex = input->random_hex};
    return services_plan(&services, &plan->services, err);
}

static int plan_environment(const struct plan_input *input, struct plan *plan, struct error *err)
{
    const struct rootfs *rootfs = input->rootfs;
    const bool has_bash = !rootfs || text_equal(rootfs->shell, "bash");
    const struct environment_input environment = {.options = input->options,
                                                  .app = input->app,
                                                  .services = &plan->services,
                                                  .memory_bytes = plan->limits.memory_bytes,
                                                  .search_path = rootfs ? rootfs->search_path : NULL,
                                                  .shell = has_bash ? NULL : "/bin/sh",
                                                  .lang = input->lang,
                                                  .term = input->term,
                                                  .random_hex = input->random_hex};
    return environment_compose(&environment, &plan->environment, err);
}

int plan_judge(const struct plan_input *input, struct error *err)
{
    struct plan plan = {0};
    int status = policy_judge(input->policy, input->options, input->paths, err) < 0
                     ? -1
                     : plan_limits(input, &plan, err);
    plan_clear(&plan);
    return status;
}

/* The clients come with their server. */
static int judge_images(const struct plan_input *input, const struct plan *plan, struct error *err)
{
    const struct image *root = input->rootfs ? input->rootfs->image : NULL;
    for (size_t i = 0; i < plan->services.count; i++) {
        const struct image *image = plan->services.items[i].image;
        if (policy_judge_image(input->policy, image->name, image->version, err) < 0)
            return -1;
    }
    return root ? policy_judge_image(input->policy, root->name, root->version, err) : 0;
}

int plan_make(const struct plan_input *input, struct plan *plan, struct error *err)
{
    const struct options *options = input->options;
    *plan = (struct plan){.dir = copy_string(input->dir),
                          .name = copy_string(options->name ? options->name : default_name),
                          .state_dir = copy_string(input->state_dir),
                          .rootfs = copy_string(input->rootfs ? input->rootfs->name : NULL),
                          .networks = options->networks,
                          .ids = choose_ids(input),
                          .id_range = input->id_range,
                          .weaker = options->weaker,
                          .has_scope = input->has_scope};
    plan_share(input, plan);
    if (policy_judge(input->policy, options, input->paths, err) < 0 || plan_limits(input, plan, err) < 0 ||
        check_dir(input, err) < 0 || plan_steps(input, plan, err) < 0 ||
        plan_services(input, plan, err) < 0 || judge_images(input, plan, err) < 0 ||
        plan_environment(input, plan, err) < 0 || plan_scratch(input, plan, err) < 0 ||
        plan_artifacts(input, plan, err) < 0) {
        plan_clear(plan);
        return -1;
    }
    plan_mounts(input, plan);
    plan_users(plan);
    plan_remarks(input, plan);
    return 0;
}

void plan_put_root(struct plan *plan, const struct mounts *root)
{
    struct mounts all = {0};
    mounts_append(&all, root);
    mounts_append(&all, &plan->mounts);
    mounts_clear(&plan->mounts);
    plan->mounts = all;
    plan->base_count = root->count;
    plan->app_mount += root->count;
}

void plan_clear(struct plan *plan)
{
    char *const texts[] = {plan->dir,    plan->name,    plan->state_dir,    plan->output,
                           plan->rootfs, plan->scratch, plan->cgroup_parent};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    for (size_t i = 0; i < plan->step_count; i++)
        strings_clear(&plan->steps[i].argv);
    for (size_t i = 0; i < plan->artifact_count; i++) {
        free(plan->artifacts[i].source);
        free(plan->artifacts[i].target);
    }
    free(plan->artifacts);
    services_clear(&plan->services);
    environment_clear(&plan->environment);
    mounts_clear(&plan->mounts);
    struct strings *const lists[] = {&plan->not_provisioned, &plan->buildpacks, &plan->formation,
                                     &plan->unknown,         &plan->notes,      &plan->missing};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        strings_clear(lists[i]);
    *plan = (struct plan){0};
}

const char *plan_ids_name(enum sandbox_ids ids)
{
    static const char *const names[] = {[SANDBOX_IDS_BLOCK] = "block",
                                        [SANDBOX_IDS_SUBORDINATE] = "subordinate",
                                        [SANDBOX_IDS_SINGLE] = "single"};
    return names[ids];
}
