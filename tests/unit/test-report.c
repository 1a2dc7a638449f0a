/* The report, read back as its readers do: every key of report.h, and null where something did not happen. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "base/own.h"
#include "given.h"
#include "members.h"
#include "runtime/report.h"

static const struct plan plan = {
    .dir = TEXT("/home/u/app"),
    .name = TEXT("dyno"),
    .services = {.items = {{.engine = &postgres_engine, .image = &given_images[GIVEN_POSTGRES_17]},
                           {.engine = &redis_engine, .image = &given_images[GIVEN_REDIS_7]}},
                 .count = 2},
    .notes = {WORDS(TEXT("of the plan"))},
    .environment = {.env = {WORDS(TEXT("CI=true"), TEXT("HEROKU_TEST_RUN_ID=an-id"))}},
    .steps = {{.name = "test-setup", .networks = SANDBOX_NETWORK_OUTBOUND}, {.name = "test"}},
    .step_count = 2,
    .app_mount = 1,
    .size = "performance-l",
    .limits = {.memory_bytes = UINT64_C(1) << 33,
               .cpu_millis = 1500,
               .wall_ms = 90000,
               .kill_after_ms = 5000},
    .networks = {.of = {[PHASE_SETUP] = SANDBOX_NETWORK_OUTBOUND}},
    .ids = SANDBOX_IDS_SUBORDINATE,
    .not_provisioned = {WORDS(TEXT("papertrail"))},
    .buildpacks = {WORDS(TEXT("heroku/ruby"), TEXT("heroku/nodejs"))},
};

/* Postgres crashed while the test ran; Redis was well. */
static struct sandbox_process_result services[] = {
    {SANDBOX_SIGNALED, .term_signal = 11, .started_us = 10, .ready_us = 20, .ended_us = 30, .cpu_us = 5,
     .log_tail = TEXT("FATAL:\t\"x\"\n\xff\x1b[0m\n")},
    {SANDBOX_RUNNING, .started_us = 11, .ready_us = 21, .ended_us = -1, .cpu_us = 6},
};
static struct sandbox_process_result steps[] = {
    {SANDBOX_EXITED, .exit_status = 0, .started_us = 40, .ready_us = -1, .ended_us = 50, .cpu_us = 7},
    {SANDBOX_NOT_EXECUTED, .exec_errno = ENOENT, .started_us = 60, .ready_us = -1, .ended_us = -1},
};
static const char *mount_ways[] = {NULL, "overlay"};
static const struct sandbox_result result = {
    .services = services,
    .service_count = 2,
    .steps = steps,
    .step_count = 2,
    .leaves = {{"step", .memory_peak_bytes = UINT64_C(5) << 30, .cpu_us = 70, .oom_kills = 1,
                .pids_denied = 2, .pids_peak = 12, .read_bytes = 13, .write_bytes = 0},
               {"dyno", .memory_peak_bytes = 9, .cpu_us = -1, .pids_peak = -1, .read_bytes = -1,
                .write_bytes = -1}},
    .leaf_count = 2,
    .disk = {.used_bytes = 4096},
    .cpu_us = UINT64_C(1) << 40,
    .cgroups = true,
    .timings = {{"clone", 3}, {"mounts", 4}},
    .timing_count = 2,
    .mount_ways = mount_ways,
    .mount_count = 2,
    .weaker = {WORDS(TEXT("limits"))},
    .notes = {WORDS(TEXT("of the sandbox"))},
};
static const struct verdict verdict = {.kind = VERDICT_ERRORED,
                                       .cause = CAUSE_SERVICE,
                                       .exit_status = 125,
                                       .message = TEXT("postgres was killed"),
                                       .remedy = TEXT("see its log"),
                                       .service = 0,
                                       .notes = {WORDS(TEXT("of the verdict"))}};
static const struct verdict green = {.kind = VERDICT_SUCCEEDED, .cause = CAUSE_EXIT, .service = -1};
static const struct artifact_totals artifacts = {.bytes = UINT64_C(1) << 32, .files = 3, .left_out = 1};
static const struct report whole = {&verdict, &plan, &result, &artifacts};

static cJSON *parse(const struct report *report, bool one_line)
{
    cleanup_free char *text = report_text(report, one_line);
    return members_parse(text);
}

static void check(const struct report *report, const struct member *members, size_t count)
{
    cleanup_json cJSON *json = parse(report, false);
    assert_members(json, members, count);
}

#define CHECK(report, members) check(report, members, sizeof members / sizeof *members)

/* ---- Keys ---- */

#define VERDICT_KEYS "indyno verdict cause message remedy exit_status service notes"
#define RUN_KEYS                                                                                             \
    "name dir rootfs run_id ids network weaker cgroups size scratch limits services steps cpu_us usage "     \
    "DiskUsed "                                                                                              \
    "app_view "                                                                                              \
    "artifacts "                                                                                             \
    "buildpacks_not_run not_provisioned timings"

static void test_keys(void **state)
{
    (void)state;
    cleanup_json cJSON *json = parse(&whole, false);
    assert_keys(json, VERDICT_KEYS " " RUN_KEYS);
    assert_keys(members_find(json, "limits"),
                "MemoryMax CPUQuota CPUWeight AllowedCPUs TasksMax LimitNOFILE LimitFSIZE RuntimeMaxUSec "
                "TimeoutStopUSec CPUTimeMaxUSec DiskMax InodesMax OutputMax");
    assert_keys(members_find(json, "services/1"),
                "name state exit_status signal started_us ended_us cpu_us version ready_us log_tail");
    assert_keys(members_find(json, "steps/1"),
                "name state exit_status signal started_us ended_us cpu_us network errno");
    assert_keys(members_find(json, "usage/1"),
                "leaf MemoryPeak CPUUsageNSec TasksPeak IOReadBytes IOWriteBytes OOMKills TasksDenied");
    assert_keys(members_find(json, "artifacts"), "files bytes left_out");
    assert_keys(members_find(json, "timings/1"), "step at_us");
}

/* What did not begin has no figures. */
static void test_refused(void **state)
{
    (void)state;
    const struct error why = {.status = STATUS_DATA, .message = TEXT("no such folder")};
    cleanup_verdict struct verdict refused;
    verdict_refused(&why, &refused);
    const struct report report = {.verdict = &refused};
    static const struct member members[] = {
        {"indyno", "\"" PACKAGE_VERSION "\""},
        {"verdict", "\"errored\""},
        {"cause", "\"refused\""},
        {"message", "\"no such folder\""},
        {"remedy", "null"},
        {"exit_status", "65"},
        {"service", "null"},
        {"notes", "[]"},
    };
    cleanup_json cJSON *json = parse(&report, false);
    assert_keys(json, VERDICT_KEYS);
    CHECK(&report, members);
}

/* ---- Values ---- */

static void test_whole(void **state)
{
    (void)state;
    static const struct member members[] = {
        {"indyno", "\"" PACKAGE_VERSION "\""},
        {"verdict", "\"errored\""},
        {"cause", "\"service\""},
        {"message", "\"postgres was killed\""},
        {"remedy", "\"see its log\""},
        {"exit_status", "125"},
        {"service", "\"postgres\""},
        {"notes", "[\"of the verdict\",\"of the sandbox\",\"of the plan\"]"},
        {"name", "\"dyno\""},
        {"dir", "\"/home/u/app\""},
        {"rootfs", "null"},
        {"run_id", "\"an-id\""},
        {"ids", "\"subordinate\""},
        {"network", "\"setup:outbound,test:none\""},
        {"weaker", "[\"limits\"]"},
        {"cgroups", "true"},
        {"limits", "{\"MemoryMax\":8589934592,\"CPUQuota\":\"150%\",\"CPUWeight\":null,\"AllowedCPUs\":null,"
                   "\"TasksMax\":null,\"LimitNOFILE\":null,\"LimitFSIZE\":null,\"RuntimeMaxUSec\":90000000,"
                   "\"TimeoutStopUSec\":5000000,\"CPUTimeMaxUSec\":null,\"DiskMax\":null,\"InodesMax\":null,"
                   "\"OutputMax\":null}"},
        {"cpu_us", "1099511627776"},
        {"app_view", "\"overlay\""},
        {"artifacts", "{\"files\":3,\"bytes\":4294967296,\"left_out\":1}"},
        {"buildpacks_not_run", "[\"heroku/ruby\",\"heroku/nodejs\"]"},
        {"not_provisioned", "[\"papertrail\"]"},
        {"timings", "[{\"step\":\"clone\",\"at_us\":3},{\"step\":\"mounts\",\"at_us\":4}]"},
        {"usage", "[{\"leaf\":\"step\",\"MemoryPeak\":5368709120,\"CPUUsageNSec\":70000,\"TasksPeak\":12,"
                  "\"IOReadBytes\":13,\"IOWriteBytes\":0,\"OOMKills\":1,\"TasksDenied\":2},"
                  "{\"leaf\":\"dyno\",\"MemoryPeak\":9,\"CPUUsageNSec\":null,\"TasksPeak\":null,"
                  "\"IOReadBytes\":null,\"IOWriteBytes\":null,\"OOMKills\":0,\"TasksDenied\":0}]"},
        {"DiskUsed", "4096"},
        {"size", "\"performance-l\""},
    };
    CHECK(&whole, members);
}

static void test_processes(void **state)
{
    (void)state;
    static const struct member members[] = {
        {"services/0/name", "\"postgres\""},
        {"services/0/version", "\"17.10\""},
        {"services/0/state", "\"signaled\""},
        {"services/0/exit_status", "null"},
        {"services/0/signal", "11"},
        {"services/0/started_us", "10"},
        {"services/0/ready_us", "20"},
        {"services/0/ended_us", "30"},
        {"services/0/cpu_us", "5"},
        {"services/1/name", "\"redis\""},
        {"services/1/version", "\"7.0.15\""},
        {"services/1/state", "\"running\""},
        {"services/1/exit_status", "null"},
        {"services/1/signal", "null"},
        {"services/1/ready_us", "21"},
        {"services/1/ended_us", "null"},
        {"services/1/log_tail", "null"},
        {"steps/0/name", "\"test-setup\""},
        {"steps/0/network", "\"outbound\""},
        {"steps/1/network", "\"none\""},
        {"steps/0/state", "\"exited\""},
        {"steps/0/exit_status", "0"},
        {"steps/0/signal", "null"},
        {"steps/0/errno", "null"},
        {"steps/0/started_us", "40"},
        {"steps/0/ended_us", "50"},
        {"steps/0/cpu_us", "7"},
        {"steps/1/name", "\"test\""},
        {"steps/1/state", "\"not-executed\""},
        {"steps/1/exit_status", "null"},
        {"steps/1/errno", "\"ENOENT\""},
        {"steps/1/ended_us", "null"},
        {"steps/2", NULL},
    };
    CHECK(&whole, members);
}

/* A log may hold any bytes: JSON is UTF-8. */
static void test_log_tail(void **state)
{
    (void)state;
    cleanup_json cJSON *json = parse(&whole, false);
    assert_text("log_tail", cJSON_GetStringValue(members_find(json, "services/0/log_tail")),
                "FATAL:\t\"x\"\n\xEF\xBF\xBD\x1b[0m\n");
}

/* A dyno that could not be made: the plan's services and steps never came about. */
static void test_not_made(void **state)
{
    (void)state;
    const struct sandbox_result nothing = {.end = SANDBOX_END_SETUP};
    const struct report report = {&green, &plan, &nothing, NULL};
    static const struct member members[] = {
        {"message", "null"},
        {"remedy", "null"},
        {"service", "null"},
        {"exit_status", "0"},
        {"notes", "[\"of the plan\"]"},
        {"cgroups", "false"},
        {"weaker", "[]"},
        {"services", "[]"},
        {"steps", "[]"},
        {"usage", "[]"},
        {"timings", "[]"},
        {"app_view", "null"},
        {"artifacts", "null"},
        {"cpu_us", "0"},
    };
    CHECK(&report, members);
}

static void test_not_started(void **state)
{
    (void)state;
    struct sandbox_process_result idle[] = {
        {SANDBOX_NOT_STARTED, .started_us = -1, .ready_us = -1, .ended_us = -1},
        {SANDBOX_NOT_STARTED, .started_us = -1, .ready_us = -1, .ended_us = -1}};
    const char *no_ways[] = {NULL, NULL};
    const struct sandbox_result started = {.services = idle,
                                           .service_count = 2,
                                           .steps = idle,
                                           .step_count = 2,
                                           .mount_ways = no_ways,
                                           .mount_count = 2};
    const struct report report = {&green, &plan, &started, NULL};
    static const struct member members[] = {
        {"services/0",
         "{\"name\":\"postgres\",\"state\":\"not-started\",\"exit_status\":null,\"signal\":null,"
         "\"started_us\":null,\"ended_us\":null,\"cpu_us\":0,\"version\":\"17.10\","
         "\"ready_us\":null,\"log_tail\":null}"},
        {"steps/1", "{\"name\":\"test\",\"state\":\"not-started\",\"exit_status\":null,\"signal\":null,"
                    "\"started_us\":null,\"ended_us\":null,\"cpu_us\":0,\"network\":\"none\",\"errno\":null}"},
        {"app_view", "null"},
    };
    CHECK(&report, members);
}

/* ---- Text ---- */

static void test_lines(void **state)
{
    (void)state;
    cleanup_free char *line = report_text(&whole, true), *lines = report_text(&whole, false);
    cleanup_json cJSON *of_line = parse(&whole, true), *of_lines = parse(&whole, false);
    assert_null(strchr(line, '\n'));
    assert_non_null(strchr(lines, '\n'));
    assert_false(text_ends(lines, "\n"));
    assert_true(cJSON_Compare(of_line, of_lines, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),        cmocka_unit_test(test_refused),  cmocka_unit_test(test_whole),
        cmocka_unit_test(test_processes),   cmocka_unit_test(test_log_tail), cmocka_unit_test(test_not_made),
        cmocka_unit_test(test_not_started), cmocka_unit_test(test_lines),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
