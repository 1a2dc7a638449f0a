/* Plans: what is run, mounted, said and refused. Services and environment have tests of their own. */
#include "unit.h"

#include <string.h>

#include "base/own.h"
#include "given.h"
#include "runtime/plan.h"
#include "runtime/quote.h"

enum { DIR_FD = 11, BIND_FD = 12, OTHER_BIND_FD = 13 };

static const int bind_fds[] = {BIND_FD, OTHER_BIND_FD};
static struct sandbox_mount root_items[] = {
    {.kind = SANDBOX_BIND, .source = "/usr", .target = "/usr"},
    {.kind = SANDBOX_PROC, .target = "/proc"},
};
static const struct mounts root = {.items = root_items, .count = 2};
static const struct options no_options;
static const struct policy no_policy;
static const struct app tested_app = {.present = true, .path = TEXT("d/app.json"), .test = TEXT("make test")};

static struct plan_input input_of(const struct options *options, const struct app *app)
{
    return (struct plan_input){.options = options,
                               .app = app,
                               .images = given_images,
                               .image_count = GIVEN_IMAGES,
                               .catalog = &given_catalog,
                               .root = &root,
                               .dir = "/home/u/app",
                               .dir_fd = DIR_FD,
                               .bind_fds = bind_fds,
                               .cwd = "/home/u",
                               .state_dir = "/run/state",
                               .lang = "C.UTF-8",
                               .policy = &no_policy,
                               .random_hex = given_hex};
}

/* Makes a plan that must not be refused. */
static void make(const struct plan_input *input, struct plan *plan)
{
    cleanup_error struct error err = {0};
    if (plan_make(input, plan, &err) < 0)
        fail_msg("refused: %s", err.message);
}

/* A refused plan owns nothing: it is not cleared. */
static void assert_refused(const struct plan_input *input, int status, const char *message,
                           const char *remedy)
{
    struct plan plan;
    cleanup_error struct error err = {0};
    if (plan_make(input, &plan, &err) == 0)
        fail_msg("not refused: %s", message);
    assert_int_equal(err.status, status);
    assert_text("message", err.message, message);
    assert_text("remedy", err.remedy, remedy);
    assert_null(plan.dir);
    assert_int_equal(plan.step_count, 0);
}

/* ---- Steps ---- */

/* "test-setup! bash -c a; test bash -c b; ": '!' where it must succeed, '<' where it has indyno's stdin. */
static char *dump_steps(const struct plan *plan)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct plan_step *step = &plan->steps[i];
        cleanup_free char *line = quote_words(&step->argv);
        fprintf(to, "%s%s%s %s; ", step->name, step->must_succeed ? "!" : "", step->inherit_stdin ? "<" : "",
                line);
    }
    fclose(to);
    return text;
}

static void test_steps(void **state)
{
    (void)state;
    const struct strings command = {WORDS(TEXT("pytest"), TEXT("-k"), TEXT("a b"))};
    const struct {
        struct app app;
        struct strings command;
        const char *steps;
    } rows[] = {
        {{.test = TEXT("make test")}, .steps = "test bash -c 'make test'; "},
        {{.test_setup = TEXT("a"), .test = TEXT("b")}, .steps = "test-setup! bash -c a; test bash -c b; "},
        {{.test = TEXT("")}, .steps = "test bash -c ''; "},
        {{.test_setup = TEXT("a"), .test = TEXT("b")}, command, "command< pytest -k 'a b'; "},
        {.command = command, .steps = "command< pytest -k 'a b'; "},
        {{.test_setup = TEXT("a")}, command, "command< pytest -k 'a b'; "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct options options = {.command = rows[i].command};
        const struct plan_input input = input_of(&options, &rows[i].app);
        cleanup_plan struct plan plan;
        make(&input, &plan);
        cleanup_free char *steps = dump_steps(&plan);
        assert_text("steps", steps, rows[i].steps);
    }
}

static void test_nothing_to_run(void **state)
{
    (void)state;
    static const char remedy[] = "give a command after --, as in: indyno run -- make test";
    const struct app without_test = {.present = true, .test_setup = TEXT("a")};
    const struct app none = {0};
    const struct plan_input input = input_of(&no_options, &without_test), bare = input_of(&no_options, &none);
    assert_refused(&input, STATUS_USAGE,
                   "nothing to run: app.json has no environments.test.scripts.test, and no command was given",
                   remedy);
    assert_refused(&bare, STATUS_USAGE, "nothing to run: there is no app.json, and no command was given",
                   remedy);
}

/* Scripts are run by what the root has; its mounts come first. */
static void test_rootfs(void **state)
{
    (void)state;
    struct rootfs rootfs = {.name = TEXT("./r"), .search_path = "/bin", .shell = "sh", .lang = "C.UTF-8"};
    const struct mounts none = {0};
    struct sandbox_mount items[] = {
        {.kind = SANDBOX_BIND, .source = "/r/usr", .within = "/r", .target = "/usr"}};
    struct plan_input input = input_of(&no_options, &tested_app);
    input.rootfs = &rootfs;
    input.root = input.host = &none;
    cleanup_plan struct plan plan;
    make(&input, &plan);
    cleanup_free char *steps = dump_steps(&plan);
    assert_text("steps", steps, "test sh -c 'make test'; ");
    assert_text("PATH", strings_env_get(&plan.environment.env, "PATH"), "/bin");
    assert_text("SHELL", strings_env_get(&plan.environment.env, "SHELL"), "/bin/sh");
    plan_put_root(&plan, &(const struct mounts){.items = items, .count = 1});
    assert_int_equal(plan.base_count, 1);
    assert_text("within", plan.mounts.items[0].within, "/r");
    assert_text("app", plan.mounts.items[plan.app_mount].target, "/app");
    rootfs.shell = NULL;
    assert_refused(&input, STATUS_DATA,
                   "--rootfs ./r: there is no bash and no sh in it to run app.json's scripts",
                   "give a command after --, or put a shell into the root; it is looked for in /bin");
}

/* ---- Other refusals ---- */

static void test_root_is_no_app(void **state)
{
    (void)state;
    struct plan_input input = input_of(&no_options, &tested_app);
    input.dir = "/";
    assert_refused(&input, STATUS_DATA, "/: the host's whole root is no app", "name the app's folder");
}

/* Planning passes on what services and environment refuse. */
static void test_passed_on(void **state)
{
    (void)state;
    struct app_env variable = {.name = TEXT("TOKEN"), .required = true};
    const struct app demanding = {
        .path = TEXT("d/app.json"), .test = TEXT("t"), .env = &variable, .env_count = 1};
    const struct options with_redis = {.services[OPTION_REDIS] = {.wanted = true, .version = TEXT("3")}};
    const struct plan_input no_value = input_of(&no_options, &demanding);
    const struct plan_input no_version = input_of(&with_redis, &tested_app);
    assert_refused(&no_value, STATUS_DATA, "d/app.json: env.TOKEN: required, and has no value",
                   "give it one with -e TOKEN=VALUE or --env-file FILE");
    assert_refused(
        &no_version, STATUS_DATA, "Specified redis version 3 is not available",
        "installed: 7.0.15, 6.0.20, 5.0.14; any directory can be installed with: indyno image import "
        "redis:3 DIR");
}

/* ---- Mounts ---- */

static void assert_mount(const struct sandbox_mount *mount, const struct sandbox_mount *expected)
{
    assert_text("target", mount->target, expected->target);
    assert_text(expected->target, mount->source, expected->source);
    assert_int_equal(mount->kind, expected->kind);
    assert_int_equal(mount->source_fd, expected->source_fd);
    assert_int_equal(mount->owner, expected->owner);
    assert_int_equal(mount->writable, expected->writable);
    assert_int_equal(mount->keep, expected->keep);
}

/* The host's, the services', /app, and then the user's, who may want one to lie in any of the others. */
static void test_mounts(void **state)
{
    (void)state;
    struct option_bind binds[] = {{TEXT("cache"), TEXT("/app/cache"), true},
                                  {TEXT("/opt/x"), TEXT("/opt/x"), false}};
    const struct options options = {
        .binds = binds, .bind_count = 2, .services[OPTION_REDIS] = {.wanted = true, .version = TEXT("6")}};
    const struct plan_input input = input_of(&options, &tested_app);
    static const struct sandbox_mount expected[] = {
        {SANDBOX_BIND, .source = "/usr", .target = "/usr"},
        {SANDBOX_PROC, .target = "/proc"},
        {SANDBOX_BIND, .source = "/store/images/redis/6.0.20/tree", .target = "/opt/indyno/redis-6.0.20"},
        {SANDBOX_FILE, .target = "/etc/redis/redis.conf"},
        {SANDBOX_SCRATCH, .target = "/var/lib/redis", .owner = 1002},
        {SANDBOX_COW, .source = "/home/u/app", .source_fd = DIR_FD, .target = "/app", .owner = 1000},
        {SANDBOX_BIND, .source = "/home/u/cache", .source_fd = BIND_FD, .target = "/app/cache", .owner = 1000,
         .writable = true},
        {SANDBOX_BIND, .source = "/opt/x", .source_fd = OTHER_BIND_FD, .target = "/opt/x", .owner = 1000},
    };
    cleanup_plan struct plan plan;
    make(&input, &plan);
    assert_int_equal(plan.mounts.count, sizeof expected / sizeof *expected);
    for (size_t i = 0; i < plan.mounts.count; i++)
        assert_mount(&plan.mounts.items[i], &expected[i]);
    assert_int_equal(plan.app_mount, 5);
}

static void test_bind_from_root(void **state)
{
    (void)state;
    struct option_bind bind = {TEXT("cache"), TEXT("/cache"), false};
    const struct options options = {.binds = &bind, .bind_count = 1};
    struct plan_input input = input_of(&options, &tested_app);
    cleanup_plan struct plan plan;
    input.cwd = "/";
    make(&input, &plan);
    assert_text("source", plan.mounts.items[plan.mounts.count - 1].source, "/cache");
}

/* ---- Artifacts ---- */

static void test_artifacts(void **state)
{
    (void)state;
    struct option_artifact artifacts[] = {{TEXT("coverage"), TEXT("coverage")}, {TEXT("a/b"), TEXT("c")}};
    const struct options options = {.artifacts = artifacts, .artifact_count = 2};
    const struct plan_input input = input_of(&options, &tested_app);
    cleanup_plan struct plan plan;
    make(&input, &plan);
    assert_text("output", plan.output, "/home/u/indyno-out");
    assert_int_equal(plan.artifact_count, 2);
    assert_text("source", plan.artifacts[1].source, "a/b");
    assert_text("target", plan.artifacts[1].target, "c");
    assert_true(plan.mounts.items[plan.app_mount].keep);
}

/* The output folder may lie in DIR, and DIR not in it. */
static void test_output_folder(void **state)
{
    (void)state;
    static const struct {
        const char *cwd, *dir;
        size_t artifacts;
        const char *refused; /* how the message names it */
    } rows[] = {
        {"/home/u", "/home/u/app", 1, NULL},
        {"/home/u", "/home/u", 1, NULL},
        {"/home/u", "/home", 1, NULL},
        {"/home/u", "/home/u/indyno-out", 1, "/home/u/indyno-out"},
        {"/home/u", "/home/u/indyno-out/a/b", 1, "/home/u/indyno-out"},
        {"/", "/indyno-out/a", 1, "/indyno-out"},
        {"/home/u", "/home/u/indyno-out2", 1, NULL},
        {"/home/u", "/home/u/indyno", 1, NULL},
        {"/home/u", "/home/u/indyno-out", 0, NULL},
    };
    struct option_artifact artifact = {TEXT("coverage"), TEXT("coverage")};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct options options = {.artifacts = &artifact, .artifact_count = rows[i].artifacts};
        struct plan_input input = input_of(&options, &tested_app);
        input.cwd = rows[i].cwd;
        input.dir = rows[i].dir;
        if (rows[i].refused) {
            cleanup_free char *message =
                text_format("--artifact: %s holds the folder that is tested", rows[i].refused);
            assert_refused(&input, STATUS_DATA, message,
                           "run indyno from another folder: artifacts go to ./indyno-out");
            continue;
        }
        cleanup_plan struct plan plan;
        make(&input, &plan);
        assert_int_equal(plan.artifact_count, rows[i].artifacts);
    }
}

/* ---- Ids and users ---- */

static const struct sandbox_capabilities with_subordinate = {.subordinate_ids = true}, without_subordinate;

static const struct ids_row {
    bool is_root;
    unsigned weaker;
    const struct sandbox_capabilities *capabilities;
    enum sandbox_ids ids;
    const char *name;
} ids_rows[] = {
    {true, 0, NULL, SANDBOX_IDS_BLOCK, "block"},
    {true, SANDBOX_WEAKER_IDS, &without_subordinate, SANDBOX_IDS_BLOCK, "block"},
    {false, 0, NULL, SANDBOX_IDS_SUBORDINATE, "subordinate"},
    {false, 0, &with_subordinate, SANDBOX_IDS_SUBORDINATE, "subordinate"},
    {false, 0, &without_subordinate, SANDBOX_IDS_SUBORDINATE, "subordinate"},
    {false, SANDBOX_WEAKER_IDS, NULL, SANDBOX_IDS_SUBORDINATE, "subordinate"},
    {false, SANDBOX_WEAKER_IDS, &with_subordinate, SANDBOX_IDS_SUBORDINATE, "subordinate"},
    {false, SANDBOX_WEAKER_LIMITS, &without_subordinate, SANDBOX_IDS_SUBORDINATE, "subordinate"},
    {false, SANDBOX_WEAKER_IDS | SANDBOX_WEAKER_LIMITS, &without_subordinate, SANDBOX_IDS_SINGLE, "single"},
};

/* Nobody is given less than the host has, nor less than what they said they can go without. */
static void test_ids(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ids_rows / sizeof *ids_rows; i++) {
        const struct options options = {.weaker = ids_rows[i].weaker};
        struct plan_input input = input_of(&options, &tested_app);
        cleanup_plan struct plan plan;
        input.is_root = ids_rows[i].is_root;
        input.capabilities = ids_rows[i].capabilities;
        make(&input, &plan);
        assert_int_equal(plan.ids, ids_rows[i].ids);
        assert_int_equal(plan.weaker, ids_rows[i].weaker);
        assert_text("ids", plan_ids_name(plan.ids), ids_rows[i].name);
    }
}

static void assert_users(const struct plan_input *input, const struct sandbox_user *expected, size_t count)
{
    cleanup_plan struct plan plan;
    make(input, &plan);
    assert_int_equal(plan.user_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_text("user", plan.users[i].name, expected[i].name);
        assert_int_equal(plan.users[i].id, expected[i].id);
        assert_text("home", plan.users[i].home, expected[i].home);
    }
}

static void test_users(void **state)
{
    (void)state;
    static const struct sandbox_user expected[] = {
        {"dyno", 1000, "/app"}, {"postgres", 1001, "/var/lib/postgresql"}, {"redis", 1002, "/var/lib/redis"}};
    const struct options options = {
        .services = {[OPTION_POSTGRES].wanted = true, [OPTION_REDIS].wanted = true},
        .weaker = SANDBOX_WEAKER_IDS};
    struct plan_input input = input_of(&options, &tested_app);
    assert_users(&input, expected, 3);
    input.capabilities = &without_subordinate; /* a single id is a single user's */
    assert_users(&input, expected, 1);
}

/* ---- What is said ---- */

static void test_said(void **state)
{
    (void)state;
    struct app_addon addons[] = {
        {.plan = TEXT("papertrail:choklad"), .key = TEXT("environments.test.addons[0]")},
        {.plan = TEXT("heroku-redis:in-dyno"), .key = TEXT("environments.test.addons[1]"), .in_dyno = true}};
    struct app_addon skipped[] = {
        {.plan = TEXT("heroku-postgresql:in-dyno"), .key = TEXT("addons[0]"), .in_dyno = true}};
    const struct app app = {.test = TEXT("t"),
                            .addons = addons,
                            .addon_count = 2,
                            .skipped_addons = skipped,
                            .skipped_count = 1,
                            .buildpacks = {WORDS(TEXT("heroku/nodejs"), TEXT("heroku/ruby"))},
                            .formation = {WORDS(TEXT("web: quantity 1"))},
                            .unknown = {WORDS(TEXT("pipeline"))}};
    const struct plan_input input = input_of(&no_options, &app);
    cleanup_plan struct plan plan;
    make(&input, &plan);
    ASSERT_LIST(&plan.not_provisioned,
                "papertrail:choklad (environments.test.addons[0]): not an in-dyno plan",
                "heroku-postgresql:in-dyno (addons[0]): outside the test environment");
    ASSERT_LIST(&plan.buildpacks, "heroku/nodejs", "heroku/ruby");
    ASSERT_LIST(&plan.formation, "web: quantity 1");
    ASSERT_LIST(&plan.unknown, "pipeline");
    ASSERT_LIST(&plan.missing, NULL);
    assert_int_equal(plan.services.count, 1);
}

/* The list of what is missing has an end, but no room for a NULL when it is full. */
static void test_missing(void **state)
{
    (void)state;
    const struct sandbox_capabilities some = {.missing = {TEXT("overlay"), TEXT("pasta")}};
    const struct sandbox_capabilities all = {
        .missing = {TEXT("a"), TEXT("b"), TEXT("c"), TEXT("d"), TEXT("e"), TEXT("f"), TEXT("g"), TEXT("h")}};
    struct plan_input input = input_of(&no_options, &tested_app);
    cleanup_plan struct plan plan, full;
    input.capabilities = &some;
    make(&input, &plan);
    input.capabilities = &all;
    make(&input, &full);
    ASSERT_LIST(&plan.missing, "overlay", "pasta");
    ASSERT_LIST(&full.missing, "a", "b", "c", "d", "e", "f", "g", "h");
}

/* ---- The rest ---- */

static void test_copied(void **state)
{
    (void)state;
    const struct options options = {.name = TEXT("web-1"),
                                    .networks = {.of = {[PHASE_SETUP] = SANDBOX_NETWORK_OUTBOUND}},
                                    .limits = {.memory_bytes = 1,
                                               .cpu_millis = 2,
                                               .cpu_weight = 7,
                                               .cpus = "0-1",
                                               .pids = 3,
                                               .disk_bytes = 4,
                                               .wall_ms = 5,
                                               .kill_after_ms = 6}};
    const struct app app = {
        .present = true, .path = TEXT("d/app.json"), .test_setup = TEXT("make"), .test = TEXT("make test")};
    const struct plan_input input = input_of(&options, &app), plain = input_of(&no_options, &tested_app);
    cleanup_plan struct plan plan, unnamed;
    make(&input, &plan);
    make(&plain, &unnamed);
    assert_text("name", plan.name, "web-1");
    assert_text("name", unnamed.name, "dyno");
    assert_text("dir", plan.dir, "/home/u/app");
    assert_text("state_dir", plan.state_dir, "/run/state");
    assert_memory_equal(&plan.limits, &options.limits, sizeof plan.limits);
    assert_text("step", plan.steps[0].name, "test-setup");
    assert_int_equal(plan.steps[0].networks, SANDBOX_NETWORK_OUTBOUND);
    assert_int_equal(plan.steps[1].networks, SANDBOX_NETWORK_NONE);
    assert_int_equal(unnamed.steps[0].networks, SANDBOX_NETWORK_NONE);
    assert_text("CI", strings_env_get(&plan.environment.env, "CI"), "true");
}

/* ---- Policy ---- */

static void test_policy(void **state)
{
    (void)state;
    const struct policy policy = {.path = TEXT("/etc/p"),
                                  .is_there = true,
                                  .binds = true,
                                  .largest_size = size_find("standard-2x"),
                                  .totals = {[SANDBOX_TOTAL_RUNS] = 3, [SANDBOX_TOTAL_RUNS_PER_CALLER] = 2},
                                  .scratch = TEXT("/srv/scratch"),
                                  .cgroup_parent = TEXT("/indyno.slice")};
    const struct options none = {.command = {WORDS(TEXT("true"))}};
    struct plan_input input = input_of(&none, &tested_app);
    input.policy = &policy;
    input.is_root = input.has_other_caller = true;
    input.caller = 4711;
    input.scratch_fd = 17;
    cleanup_plan struct plan plan;
    make(&input, &plan);
    assert_string_equal(plan.size, "standard-2x");
    assert_int_equal(plan.limits.memory_bytes, 1 << 30);
    assert_false(plan.limits.optional);
    assert_int_equal(plan.caller, 4711);
    assert_int_equal(plan.totals[SANDBOX_TOTAL_RUNS], 3);
    assert_int_equal(plan.totals[SANDBOX_TOTAL_RUNS_PER_CALLER], 2);
    assert_string_equal(plan.cgroup_parent, "/indyno.slice");
    assert_string_equal(plan.scratch, "/srv/scratch");
    assert_int_equal(plan.scratch_fd, 17);

    cleanup_plan struct plan of_root;
    input.has_other_caller = false;
    make(&input, &of_root);
    assert_int_equal(of_root.totals[SANDBOX_TOTAL_RUNS_PER_CALLER], 0);
}

static void test_policy_of_user(void **state)
{
    (void)state;
    const struct policy policy = {.path = TEXT("/etc/p"),
                                  .is_there = true,
                                  .default_size = size_find("standard-1x"),
                                  .largest_size = size_find("standard-1x"),
                                  .totals = {[SANDBOX_TOTAL_RUNS] = 3},
                                  .networks = {.is_set = true},
                                  .scratch = TEXT("/srv/scratch"),
                                  .cgroup_parent = TEXT("/indyno.slice")};
    const struct options options = {.command = {WORDS(TEXT("true"))},
                                    .networks = {.of = {[PHASE_TEST] = SANDBOX_NETWORK_OUTBOUND}}};
    struct plan_input input = input_of(&options, &tested_app);
    input.policy = &policy;
    cleanup_plan struct plan plan;
    make(&input, &plan);
    assert_string_equal(plan.size, "standard-1x");
    assert_true(plan.limits.optional);
    assert_int_equal(plan.totals[SANDBOX_TOTAL_RUNS], 0);
    assert_null(plan.cgroup_parent);
    assert_null(plan.scratch);
}

static void test_forbidden(void **state)
{
    (void)state;
    const struct policy policy = {.path = TEXT("/etc/p"),
                                  .is_there = true,
                                  .binds = true,
                                  .networks = {.is_set = true},
                                  .largest_size = size_find("standard-2x"),
                                  .images = {true, {WORDS(TEXT("redis"))}}};
    const struct options network = {.command = {WORDS(TEXT("true"))},
                                    .networks = {.of = {[PHASE_TEST] = SANDBOX_NETWORK_OUTBOUND}}},
                         size = {.command = {WORDS(TEXT("true"))}, .size = TEXT("performance-m")},
                         image = {.command = {WORDS(TEXT("true"))}, .services[OPTION_POSTGRES].wanted = true};
    const struct {
        const struct options *options;
        const char *message, *remedy;
        int early; /* what plan_judge says */
    } rows[] = {
        {&network, "--network=outbound: forbidden by networks of /etc/p", "allowed: none", -1},
        {&size,
         "--size performance-m: more memory than one run may have: forbidden by size.largest of /etc/p",
         "ask for at most 1024 MiB", -1},
        {&image, "postgresql:17.10: forbidden by images of /etc/p", "allowed: redis", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct plan_input input = input_of(rows[i].options, &tested_app);
        input.policy = &policy;
        input.is_root = true;
        assert_refused(&input, STATUS_POLICY, rows[i].message, rows[i].remedy);
        assert_int_equal(plan_judge(&input, NULL), rows[i].early);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy),
        cmocka_unit_test(test_policy_of_user),
        cmocka_unit_test(test_forbidden),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_nothing_to_run),
        cmocka_unit_test(test_rootfs),
        cmocka_unit_test(test_root_is_no_app),
        cmocka_unit_test(test_passed_on),
        cmocka_unit_test(test_mounts),
        cmocka_unit_test(test_bind_from_root),
        cmocka_unit_test(test_artifacts),
        cmocka_unit_test(test_output_folder),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_users),
        cmocka_unit_test(test_said),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_copied),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
