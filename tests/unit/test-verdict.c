/* Verdicts: what each judge says, who of them is heard first, and which exit status comes of it. */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/own.h"
#include "given.h"
#include "runtime/verdict.h"

/* How a process ended, in the braces of its result. */
#define RUNNING              .state = SANDBOX_RUNNING
#define EXITED(status)       .state = SANDBOX_EXITED, .exit_status = (status)
#define KILLED(number)       .state = SANDBOX_SIGNALED, .term_signal = (number)
#define NOT_EXECUTED(errnum) .state = SANDBOX_NOT_EXECUTED, .exec_errno = (errnum)
#define UNREADY              .ready_us = -1

#define WELL .services = {{RUNNING}, {RUNNING}}

enum { SERVICES = 2, STEPS = 2, LEAVES = 3, NOTES_MAX = 2, DAY_MS = 24 * 60 * 60 * 1000 };

/* What a run came to, and what is said of it. */
struct row {
    enum sandbox_end end;
    int cancel_signal;
    uint64_t wall_ms;
    struct sandbox_limits limits; /* the others */
    struct sandbox_disk disk;
    bool oom_is_outside;
    bool scripts; /* two steps, test-setup and test; else one command */
    struct sandbox_process_result services[SERVICES], steps[STEPS];
    struct sandbox_leaf_result leaves[LEAVES];
    const struct error *failure, *artifacts;
    enum verdict_kind kind;
    enum verdict_cause cause;
    int status;
    const char *message, *remedy;
    const char *service; /* the one that is the cause */
    const char *notes[NOTES_MAX + 1];
};

#define SERVICES_OF_PLAN .items = {{.engine = &postgres_engine}, {.engine = &redis_engine}}, .count = SERVICES

static const struct plan command_plan = {
    .services = {SERVICES_OF_PLAN},
    .steps = {{.name = "command", .argv = {WORDS(TEXT("pytest"), TEXT("-q"))}}},
    .step_count = 1,
};
static const struct plan scripts_plan = {
    .services = {SERVICES_OF_PLAN},
    .steps = {{.name = "test-setup", .argv = {WORDS(TEXT("bash"))}, .must_succeed = true},
              {.name = "test", .argv = {WORDS(TEXT("bash"))}}},
    .step_count = 2,
};

static struct sandbox_result result_of(const struct row *row, struct sandbox_process_result *services,
                                       struct sandbox_process_result *steps)
{
    struct sandbox_result result = {.end = row->end,
                                    .cancel_signal = row->cancel_signal,
                                    .oom_is_outside = row->oom_is_outside,
                                    .disk = row->disk,
                                    .services = services,
                                    .service_count = SERVICES,
                                    .steps = steps,
                                    .step_count = row->scripts ? 2 : 1};
    memcpy(services, row->services, sizeof row->services);
    memcpy(steps, row->steps, sizeof row->steps);
    for (; result.leaf_count < LEAVES && row->leaves[result.leaf_count].name; result.leaf_count++)
        result.leaves[result.leaf_count] = row->leaves[result.leaf_count];
    return result;
}

static void check_words(const struct row *row, const struct verdict *verdict)
{
    const char *service =
        verdict->service >= 0 ? command_plan.services.items[verdict->service].engine->name : NULL;
    assert_text("message", verdict->message, row->message);
    assert_text("remedy", verdict->remedy, row->remedy);
    assert_text("service", service, row->service);
    assert_list("notes", &verdict->notes, row->notes);
}

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        struct plan plan = row->scripts ? scripts_plan : command_plan;
        struct sandbox_process_result services[SERVICES], steps[STEPS];
        const struct sandbox_result result = result_of(row, services, steps);
        cleanup_verdict struct verdict verdict;
        plan.limits = row->limits;
        plan.limits.wall_ms = row->wall_ms;
        verdict_judge(&plan, &result, row->failure, row->artifacts, &verdict);
        if (verdict.kind != row->kind || verdict.cause != row->cause || verdict.exit_status != row->status)
            fail_msg("row %zu: %s by %s, %d", i, verdict_kind_name(verdict.kind),
                     verdict_cause_name(verdict.cause), verdict.exit_status);
        check_words(row, &verdict);
    }
}

#define CHECK(rows) check(rows, sizeof rows / sizeof *rows)

/* ---- Steps ---- */

static const struct row step_rows[] = {
    {WELL, .steps = {{EXITED(0)}}, .kind = VERDICT_SUCCEEDED, .cause = CAUSE_EXIT},
    {WELL, .steps = {{EXITED(1)}}, .kind = VERDICT_FAILED, .cause = CAUSE_EXIT, .status = 1},
    {WELL, .steps = {{EXITED(255)}}, .kind = VERDICT_FAILED, .cause = CAUSE_EXIT, .status = 255},
    /* A test's own status is a failed test, whatever indyno means by the same number. */
    {WELL, .steps = {{EXITED(64)}}, .kind = VERDICT_FAILED, .cause = CAUSE_EXIT, .status = 64},
    {WELL, .steps = {{EXITED(124)}}, .kind = VERDICT_FAILED, .cause = CAUSE_EXIT, .status = 124},
    {WELL, .steps = {{EXITED(125)}}, .kind = VERDICT_FAILED, .cause = CAUSE_EXIT, .status = 125},
    {WELL, .steps = {{EXITED(126)}}, .kind = VERDICT_FAILED, .cause = CAUSE_EXIT, .status = 126},
    {WELL, .steps = {{EXITED(127)}}, .kind = VERDICT_FAILED, .cause = CAUSE_EXIT, .status = 127},
    {WELL, .steps = {{EXITED(137)}}, .kind = VERDICT_FAILED, .cause = CAUSE_EXIT, .status = 137},
    {WELL, .steps = {{KILLED(SIGKILL)}}, .kind = VERDICT_FAILED, .cause = CAUSE_SIGNAL,
     .status = 128 + SIGKILL, .message = "the command was killed by signal 9 (Killed)"},
    {WELL, .steps = {{KILLED(SIGSEGV)}}, .kind = VERDICT_FAILED, .cause = CAUSE_SIGNAL,
     .status = 128 + SIGSEGV, .message = "the command was killed by signal 11 (Segmentation fault)"},
    /* Real-time signals have no description. */
    {WELL, .steps = {{KILLED(40)}}, .kind = VERDICT_FAILED, .cause = CAUSE_SIGNAL, .status = 168,
     .message = "the command was killed by signal 40"},
    {WELL, .steps = {{NOT_EXECUTED(ENOENT)}}, .kind = VERDICT_ERRORED, .cause = CAUSE_NOT_FOUND,
     .status = 127, .message = "pytest: not found in the dyno"},
    {WELL, .steps = {{NOT_EXECUTED(EACCES)}}, .kind = VERDICT_ERRORED, .cause = CAUSE_NOT_EXECUTABLE,
     .status = 126, .message = "pytest: Permission denied"},
    {WELL, .steps = {{NOT_EXECUTED(ENOEXEC)}}, .kind = VERDICT_ERRORED, .cause = CAUSE_NOT_EXECUTABLE,
     .status = 126, .message = "pytest: Exec format error"},
    {WELL, .kind = VERDICT_ERRORED, .cause = CAUSE_SETUP, .status = STATUS_ERRORED,
     .message = "the command did not run to its end"},
    {WELL, .steps = {{RUNNING}}, .kind = VERDICT_ERRORED, .cause = CAUSE_SETUP, .status = STATUS_ERRORED,
     .message = "the command did not run to its end"},
};

static void test_steps(void **state)
{
    (void)state;
    CHECK(step_rows);
}

static const struct row script_rows[] = {
    {WELL, .scripts = true, .steps = {{EXITED(0)}, {EXITED(0)}}, .kind = VERDICT_SUCCEEDED,
     .cause = CAUSE_EXIT},
    {WELL, .scripts = true, .steps = {{EXITED(0)}, {EXITED(3)}}, .kind = VERDICT_FAILED, .cause = CAUSE_EXIT,
     .status = 3},
    {WELL, .scripts = true, .steps = {{EXITED(3)}}, .kind = VERDICT_ERRORED, .cause = CAUSE_TEST_SETUP,
     .status = STATUS_ERRORED, .message = "test-setup exited with 3; the test was not run"},
    {WELL, .scripts = true, .steps = {{KILLED(SIGTERM)}}, .kind = VERDICT_ERRORED, .cause = CAUSE_TEST_SETUP,
     .status = STATUS_ERRORED,
     .message = "test-setup was killed by signal 15 (Terminated); the test was not run"},
    {WELL, .scripts = true, .steps = {{EXITED(0)}, {NOT_EXECUTED(ENOENT)}}, .kind = VERDICT_ERRORED,
     .cause = CAUSE_NOT_FOUND, .status = 127, .message = "bash: not found in the dyno"},
    {WELL, .scripts = true, .steps = {{EXITED(0)}}, .kind = VERDICT_ERRORED, .cause = CAUSE_SETUP,
     .status = STATUS_ERRORED, .message = "the test did not run to its end"},
};

static void test_scripts(void **state)
{
    (void)state;
    CHECK(script_rows);
}

/* ---- Limits ---- */

static const struct row limit_rows[] = {
    {WELL, .steps = {{EXITED(1)}}, .leaves = {{"dyno", .oom_kills = 2}, {"step", .oom_kills = 2}},
     .kind = VERDICT_FAILED, .cause = CAUSE_MEMORY_LIMIT, .status = 1,
     .message = "the command exited with 1: the memory limit killed 2 processes of the leaf cgroup step"},
    {WELL, .steps = {{KILLED(SIGKILL)}}, .leaves = {{"step", .oom_kills = 1}}, .kind = VERDICT_FAILED,
     .cause = CAUSE_MEMORY_LIMIT, .status = 128 + SIGKILL,
     .message =
         "the command was killed by signal 9 (Killed): the memory limit killed 1 process of the leaf cgroup "
         "step"},
    /* What died elsewhere is not why the step failed. */
    {WELL, .steps = {{EXITED(1)}}, .leaves = {{"dyno", .oom_kills = 2}, {"step", .memory_peak_bytes = 9}},
     .kind = VERDICT_FAILED, .cause = CAUSE_EXIT, .status = 1},
    {WELL, .steps = {{EXITED(0)}}, .leaves = {{"step", .oom_kills = 2}}, .kind = VERDICT_SUCCEEDED,
     .cause = CAUSE_EXIT, .notes = {"the memory limit killed 2 of the test's processes, and it succeeded"}},
    /* Whichever group the kernel counts a refused fork in. */
    {WELL, .steps = {{EXITED(2)}},
     .leaves = {{"step", .pids_denied = 1}, {"dyno", .pids_denied = 3}, {"redis", .pids_denied = 2}},
     .kind = VERDICT_FAILED, .cause = CAUSE_PIDS_LIMIT, .status = 2,
     .message = "the command exited with 2: the limit of processes refused 3 processes"},
    {WELL, .steps = {{KILLED(SIGABRT)}}, .leaves = {{"step", .pids_denied = 1}}, .kind = VERDICT_FAILED,
     .cause = CAUSE_PIDS_LIMIT, .status = 128 + SIGABRT,
     .message = "the command was killed by signal 6 (Aborted): the limit of processes refused 1 process"},
    {WELL, .steps = {{EXITED(0)}}, .leaves = {{"step", .pids_denied = 1}}, .kind = VERDICT_SUCCEEDED,
     .cause = CAUSE_EXIT},
    /* How much it was, and how much of it was had. */
    {WELL, .steps = {{KILLED(SIGKILL)}}, .leaves = {{"step", .oom_kills = 1}},
     .limits = {.memory_bytes = UINT64_C(256) << 20}, .kind = VERDICT_FAILED, .cause = CAUSE_MEMORY_LIMIT,
     .status = 128 + SIGKILL,
     .message =
         "the command was killed by signal 9 (Killed): the memory limit of 256 MiB killed 1 process of "
         "the leaf cgroup step"},
    {WELL, .steps = {{EXITED(2)}}, .leaves = {{"dyno", .pids_denied = 3, .pids_peak = 64}},
     .limits = {.pids = 64}, .kind = VERDICT_FAILED, .cause = CAUSE_PIDS_LIMIT, .status = 2,
     .message = "the command exited with 2: the limit of processes refused 3 processes (limit 64, at most 64 "
                "at once)"},
    {WELL, .steps = {{EXITED(1)}}, .disk = {.used_bytes = 64 << 20, .no_space = true}, .kind = VERDICT_FAILED,
     .cause = CAUSE_DISK_FULL, .status = 1,
     .message = "the command exited with 1: what the dyno may write was full, all 64 MiB"},
    {WELL, .steps = {{EXITED(1)}}, .disk = {.used_bytes = 1025, .no_inodes = true}, .limits = {.inodes = 200},
     .kind = VERDICT_FAILED, .cause = CAUSE_DISK_FULL, .status = 1,
     .message = "the command exited with 1: what the dyno may write was full, all 200 inodes"},
    {WELL, .steps = {{EXITED(0)}}, .disk = {.no_space = true}, .kind = VERDICT_SUCCEEDED, .cause = CAUSE_EXIT,
     .notes = {"what the dyno may write was full at the end, and the test succeeded"}},
    /* The step is the first to die, whoever had the memory. */
    {WELL, .steps = {{KILLED(SIGKILL)}},
     .leaves = {{"step", .oom_kills = 1, .memory_peak_bytes = 5 << 20},
                {"postgres", .memory_peak_bytes = 280 << 20}},
     .limits = {.memory_bytes = 300 << 20}, .kind = VERDICT_ERRORED, .cause = CAUSE_SERVICE,
     .status = STATUS_ERRORED, .service = "postgres",
     .message =
         "postgres: its leaf cgroup had 280 MiB when the memory limit of 300 MiB was reached and ended the "
         "test",
     .remedy = "give the dyno more memory with --memory"},
    {WELL, .steps = {{EXITED(1)}},
     .leaves = {{"step", .memory_peak_bytes = 5}, {"postgres", .memory_peak_bytes = 9}},
     .kind = VERDICT_FAILED, .cause = CAUSE_EXIT, .status = 1},
    /* Who had the most is blamed, not who was asked first. */
    {WELL, .steps = {{KILLED(SIGKILL)}},
     .leaves = {{"step", .oom_kills = 1, .memory_peak_bytes = 5 << 20},
                {"postgres", .memory_peak_bytes = 40 << 20},
                {"redis", .memory_peak_bytes = 250 << 20}},
     .limits = {.memory_bytes = 300 << 20}, .kind = VERDICT_ERRORED, .cause = CAUSE_SERVICE,
     .status = STATUS_ERRORED, .service = "redis",
     .message =
         "redis: its leaf cgroup had 250 MiB when the memory limit of 300 MiB was reached and ended the test",
     .remedy = "give the dyno more memory with --memory"},
    /* A server that dies of what the step had is not to blame; but where the step succeeded, it is missed. */
    {.services = {{RUNNING}, {KILLED(SIGKILL)}},
     .steps = {{KILLED(SIGKILL)}},
     .leaves = {{"step", .oom_kills = 1, .memory_peak_bytes = 247 << 20},
                {"redis", .oom_kills = 1, .memory_peak_bytes = 8 << 20}},
     .limits = {.memory_bytes = 256 << 20},
     .kind = VERDICT_FAILED,
     .cause = CAUSE_MEMORY_LIMIT,
     .status = 137,
     .message =
         "the command was killed by signal 9 (Killed): the memory limit of 256 MiB killed 1 process of the "
         "leaf cgroup step",
     .notes = {"redis was killed for want of memory, too"}},
    {.services = {{RUNNING}, {KILLED(SIGKILL)}},
     .steps = {{EXITED(0)}},
     .leaves = {{"step", .oom_kills = 1, .memory_peak_bytes = 247 << 20},
                {"redis", .oom_kills = 1, .memory_peak_bytes = 8 << 20}},
     .limits = {.memory_bytes = 256 << 20},
     .kind = VERDICT_ERRORED,
     .cause = CAUSE_SERVICE,
     .status = STATUS_ERRORED,
     .service = "redis",
     .message = "redis: the memory limit of 256 MiB killed 1 process of its leaf cgroup",
     .remedy = "give the dyno more memory with --memory"},
    /* One that succeeded is no failure, whoever had the memory. */
    {WELL, .steps = {{EXITED(0)}},
     .leaves = {{"step", .oom_kills = 1, .memory_peak_bytes = 5}, {"postgres", .memory_peak_bytes = 9}},
     .kind = VERDICT_SUCCEEDED, .cause = CAUSE_EXIT,
     .notes = {"the memory limit killed 1 of the test's processes, and it succeeded"}},
    /* What the host or a group above had no memory for is neither the test's failing nor the dyno's limit. */
    {WELL, .steps = {{KILLED(SIGKILL)}}, .oom_is_outside = true,
     .leaves = {{"step", .oom_kills = 1, .memory_peak_bytes = 5}, {"postgres", .memory_peak_bytes = 9}},
     .limits = {.memory_bytes = 300 << 20}, .kind = VERDICT_ERRORED, .cause = CAUSE_HOST_MEMORY,
     .status = STATUS_ERRORED,
     .message = "the command was killed by signal 9 (Killed): a lack of memory outside the dyno, not its own "
                "limit, killed 1 process of the leaf cgroup step",
     .remedy = "run less beside it, or give more memory to the host or to the group that dynos are made in"},
    {WELL, .steps = {{EXITED(0)}}, .oom_is_outside = true, .leaves = {{"redis", .oom_kills = 2}},
     .kind = VERDICT_ERRORED, .cause = CAUSE_HOST_MEMORY, .status = STATUS_ERRORED, .service = "redis",
     .message =
         "redis: a lack of memory outside the dyno, not its own limit, killed 2 processes of its leaf cgroup",
     .remedy = "run less beside it, or give more memory to the host or to the group that dynos are made in"},
    {WELL, .scripts = true, .steps = {{EXITED(3)}}, .oom_is_outside = true,
     .leaves = {{"step", .oom_kills = 1}}, .kind = VERDICT_ERRORED, .cause = CAUSE_HOST_MEMORY,
     .status = STATUS_ERRORED,
     .message =
         "test-setup exited with 3: a lack of memory outside the dyno, not its own limit, killed 1 process "
         "of the leaf cgroup step; the test was not run",
     .remedy = "run less beside it, or give more memory to the host or to the group that dynos are made in"},
    /* Memory is what the files are kept in: it comes first. */
    {WELL, .steps = {{EXITED(1)}}, .leaves = {{"step", .oom_kills = 1}}, .disk = {.no_space = true},
     .kind = VERDICT_FAILED, .cause = CAUSE_MEMORY_LIMIT, .status = 1,
     .message = "the command exited with 1: the memory limit killed 1 process of the leaf cgroup step"},
};

static void test_limits(void **state)
{
    (void)state;
    CHECK(limit_rows);
}

/* ---- Told to end ---- */

static const struct row ended_rows[] = {
    {WELL, .end = SANDBOX_END_CPU_TIME, .limits = {.cpu_ms = 1500}, .steps = {{KILLED(SIGTERM)}},
     .kind = VERDICT_TIMED_OUT, .cause = CAUSE_CPU_TIME, .status = 124,
     .message = "the limit of 1.5 s of processor time was reached"},
    {WELL, .end = SANDBOX_END_OUTPUT, .limits = {.output_bytes = 1000}, .steps = {{RUNNING}},
     .kind = VERDICT_FAILED, .cause = CAUSE_OUTPUT_LIMIT, .status = 137,
     .message = "the output was more than 1000 bytes"},
    {WELL, .end = SANDBOX_END_TIMEOUT, .wall_ms = 90000, .steps = {{RUNNING}}, .kind = VERDICT_TIMED_OUT,
     .cause = CAUSE_TIMEOUT, .status = 124, .message = "the time limit of 90 s was reached"},
    {WELL, .end = SANDBOX_END_TIMEOUT, .wall_ms = 250, .steps = {{EXITED(0)}}, .kind = VERDICT_TIMED_OUT,
     .cause = CAUSE_TIMEOUT, .status = 124, .message = "the time limit of 0.25 s was reached"},
    {WELL, .end = SANDBOX_END_TIMEOUT, .wall_ms = 14 * (uint64_t)DAY_MS + 1, .steps = {{RUNNING}},
     .kind = VERDICT_TIMED_OUT, .cause = CAUSE_TIMEOUT, .status = 124,
     .message = "the time limit of 1209600.001 s was reached"},
    {WELL, .end = SANDBOX_END_CANCELLED, .cancel_signal = SIGINT, .steps = {{KILLED(SIGINT)}},
     .kind = VERDICT_CANCELLED, .cause = CAUSE_CANCELLED, .status = 128 + SIGINT,
     .message = "cancelled by signal 2 (Interrupt)"},
    {WELL, .end = SANDBOX_END_CANCELLED, .cancel_signal = SIGTERM, .steps = {{EXITED(0)}},
     .kind = VERDICT_CANCELLED, .cause = CAUSE_CANCELLED, .status = 128 + SIGTERM,
     .message = "cancelled by signal 15 (Terminated)"},
    /* What died of the cancelling is no cause. */
    {.services = {{KILLED(SIGKILL)}, {EXITED(1), UNREADY}},
     .end = SANDBOX_END_CANCELLED,
     .cancel_signal = SIGHUP,
     .kind = VERDICT_CANCELLED,
     .cause = CAUSE_CANCELLED,
     .status = 128 + SIGHUP,
     .message = "cancelled by signal 1 (Hangup)"},
};

static void test_told_to_end(void **state)
{
    (void)state;
    CHECK(ended_rows);
}

/* ---- Services ---- */

#define ERRORED_BY(name, text)                                                                               \
    .kind = VERDICT_ERRORED, .cause = CAUSE_SERVICE, .status = STATUS_ERRORED, .service = (name),            \
    .message = (text)

static const struct row service_rows[] = {
    {.services = {{RUNNING}, {KILLED(SIGKILL)}},
     .steps = {{EXITED(0)}},
     ERRORED_BY("redis", "redis was killed by signal 9 (Killed)")},
    {.services = {{EXITED(1)}, {RUNNING}},
     .steps = {{EXITED(7)}},
     ERRORED_BY("postgres", "postgres exited with 1")},
    {.services = {{NOT_EXECUTED(EACCES)}, {RUNNING}},
     .steps = {{EXITED(0)}},
     ERRORED_BY("postgres", "postgres could not be executed: Permission denied")},
    {.services = {{KILLED(SIGSEGV)}, {KILLED(SIGKILL)}},
     .steps = {{EXITED(0)}},
     ERRORED_BY("postgres", "postgres was killed by signal 11 (Segmentation fault)")},
    {WELL, .steps = {{EXITED(0)}}, .leaves = {{.name = "step"}, {"redis", .oom_kills = 1}},
     ERRORED_BY("redis", "redis: the memory limit killed 1 process of its leaf cgroup"),
     .remedy = "give the dyno more memory with --memory"},
    {.services = {{KILLED(SIGKILL)}, {RUNNING}},
     .steps = {{EXITED(1)}},
     .leaves = {{"postgres", .oom_kills = 3}},
     ERRORED_BY("postgres", "postgres: the memory limit killed 3 processes of its leaf cgroup"),
     .remedy = "give the dyno more memory with --memory"},
    /* One that a client shut down is the test's own business. */
    {.services = {{EXITED(0)}, {RUNNING}},
     .steps = {{EXITED(0)}},
     .kind = VERDICT_SUCCEEDED,
     .cause = CAUSE_EXIT,
     .notes = {"postgres was shut down by a client"}},
    {.services = {{EXITED(0)}, {EXITED(0)}},
     .steps = {{EXITED(4)}},
     .kind = VERDICT_FAILED,
     .cause = CAUSE_EXIT,
     .status = 4,
     .notes = {"postgres was shut down by a client", "redis was shut down by a client"}},
    {.services = {{EXITED(0)}, {EXITED(1)}},
     .steps = {{EXITED(0)}},
     ERRORED_BY("redis", "redis exited with 1"),
     .notes = {"postgres was shut down by a client"}},
};

static void test_services(void **state)
{
    (void)state;
    CHECK(service_rows);
}

/* ---- Set-up ---- */

static const struct error denied = {
    .status = STATUS_POLICY, .message = TEXT("user namespaces: denied"), .remedy = TEXT("allow them")};
static const struct error not_ready = {.status = STATUS_ERRORED,
                                       .message = TEXT("redis: not ready after 30 s")};
static const struct error unexplained;

static const struct row setup_rows[] = {
    {.services = {{KILLED(SIGKILL), UNREADY}, {RUNNING}},
     .oom_is_outside = true,
     .leaves = {{"postgres", .oom_kills = 1}},
     .failure = &not_ready,
     .kind = VERDICT_ERRORED,
     .cause = CAUSE_HOST_MEMORY,
     .status = STATUS_ERRORED,
     .service = "postgres",
     .message =
         "postgres: a lack of memory outside the dyno, not its own limit, killed 1 process of its leaf "
         "cgroup before it was ready",
     .remedy = "run less beside it, or give more memory to the host or to the group that dynos are made in"},
    {.failure = &denied,
     .kind = VERDICT_ERRORED,
     .cause = CAUSE_SETUP,
     .status = STATUS_POLICY,
     .message = "user namespaces: denied",
     .remedy = "allow them"},
    {.failure = &unexplained,
     .kind = VERDICT_ERRORED,
     .cause = CAUSE_SETUP,
     .status = STATUS_ERRORED,
     .message = "the dyno could not be made"},
    {.services = {{RUNNING}, {RUNNING, UNREADY}},
     .failure = &not_ready,
     ERRORED_BY("redis", "redis: not ready after 30 s")},
    {.services = {{EXITED(1), UNREADY}},
     .failure = &not_ready,
     ERRORED_BY("postgres", "postgres exited with 1 before it was ready")},
    {.services = {{EXITED(0), UNREADY}},
     .failure = &not_ready,
     ERRORED_BY("postgres", "postgres exited with 0 before it was ready")},
    {.services = {{RUNNING}, {KILLED(SIGABRT), UNREADY}},
     .failure = &not_ready,
     ERRORED_BY("redis", "redis was killed by signal 6 (Aborted) before it was ready")},
    {.services = {{RUNNING}, {NOT_EXECUTED(ENOENT), UNREADY}},
     .failure = &not_ready,
     ERRORED_BY("redis", "redis could not be executed: No such file or directory before it was ready")},
    {.services = {{KILLED(SIGKILL), UNREADY}},
     .leaves = {{"postgres", .oom_kills = 2}},
     .failure = &not_ready,
     ERRORED_BY("postgres",
                "postgres: the memory limit killed 2 processes of its leaf cgroup before it was ready"),
     .remedy = "give the dyno more memory with --memory"},
};

static void test_setup(void **state)
{
    (void)state;
    CHECK(setup_rows);
}

/* ---- Artifacts ---- */

static const struct error absent = {.status = STATUS_ERRORED,
                                    .message = TEXT("coverage: not there"),
                                    .remedy = TEXT("have the test write it")};
static const struct error none_absent;

#define NOT_TAKEN                                                                                            \
    .kind = VERDICT_ERRORED, .cause = CAUSE_ARTIFACT, .status = STATUS_ERRORED,                              \
    .message = "coverage: not there", .remedy = "have the test write it"

static const struct row artifact_rows[] = {
    {WELL, .steps = {{EXITED(0)}}, .artifacts = &none_absent, .kind = VERDICT_SUCCEEDED, .cause = CAUSE_EXIT},
    {WELL, .steps = {{EXITED(0)}}, .artifacts = &absent, NOT_TAKEN},
    {WELL, .steps = {{EXITED(1)}}, .artifacts = &absent, NOT_TAKEN},
    {WELL, .steps = {{KILLED(SIGKILL)}}, .leaves = {{"step", .oom_kills = 1}}, .artifacts = &absent,
     NOT_TAKEN},
    /* A verdict that is not the test's is not changed. */
    {WELL, .end = SANDBOX_END_TIMEOUT, .wall_ms = 1000, .artifacts = &absent, .kind = VERDICT_TIMED_OUT,
     .cause = CAUSE_TIMEOUT, .status = 124, .message = "the time limit of 1 s was reached",
     .notes = {"coverage: not there"}},
    {.services = {{EXITED(0)}, {EXITED(1)}},
     .steps = {{EXITED(0)}},
     .artifacts = &absent,
     ERRORED_BY("redis", "redis exited with 1"),
     .notes = {"postgres was shut down by a client", "coverage: not there"}},
};

static void test_artifacts(void **state)
{
    (void)state;
    CHECK(artifact_rows);
}

/* ---- Who is heard first ---- */

/* All that can go wrong in one run; each row takes the one away that the row before it named. */
#define ALL_LEAVES .leaves = {{"step", .oom_kills = 1, .pids_denied = 1}}

static const struct row precedence_rows[] = {
    {.scripts = true,
     .end = SANDBOX_END_CANCELLED,
     .cancel_signal = SIGTERM,
     .failure = &denied,
     .services = {{RUNNING}, {EXITED(1)}},
     .steps = {{EXITED(5)}, {EXITED(6)}},
     ALL_LEAVES,
     .kind = VERDICT_CANCELLED,
     .cause = CAUSE_CANCELLED,
     .status = 128 + SIGTERM,
     .message = "cancelled by signal 15 (Terminated)"},
    {.scripts = true,
     .end = SANDBOX_END_TIMEOUT,
     .wall_ms = 2000,
     .failure = &denied,
     .services = {{RUNNING}, {EXITED(1)}},
     .steps = {{EXITED(5)}, {EXITED(6)}},
     ALL_LEAVES,
     .kind = VERDICT_TIMED_OUT,
     .cause = CAUSE_TIMEOUT,
     .status = 124,
     .message = "the time limit of 2 s was reached"},
    {.scripts = true,
     .failure = &denied,
     .services = {{RUNNING}, {EXITED(1)}},
     .steps = {{EXITED(5)}, {EXITED(6)}},
     ALL_LEAVES,
     .kind = VERDICT_ERRORED,
     .cause = CAUSE_SETUP,
     .status = STATUS_POLICY,
     .message = "user namespaces: denied",
     .remedy = "allow them"},
    {.scripts = true,
     .services = {{RUNNING}, {EXITED(1)}},
     .steps = {{EXITED(5)}, {EXITED(6)}},
     ALL_LEAVES,
     ERRORED_BY("redis", "redis exited with 1")},
    {WELL, .scripts = true, .steps = {{EXITED(5)}, {EXITED(6)}}, ALL_LEAVES, .kind = VERDICT_ERRORED,
     .cause = CAUSE_TEST_SETUP, .status = STATUS_ERRORED,
     .message =
         "test-setup exited with 5: the memory limit killed 1 process of the leaf cgroup step; the test was "
         "not run"},
    {WELL, .scripts = true, .steps = {{EXITED(0)}, {EXITED(6)}}, ALL_LEAVES, .kind = VERDICT_FAILED,
     .cause = CAUSE_MEMORY_LIMIT, .status = 6,
     .message = "the test exited with 6: the memory limit killed 1 process of the leaf cgroup step"},
    {WELL, .scripts = true, .steps = {{EXITED(0)}, {EXITED(6)}}, .leaves = {{"step", .pids_denied = 1}},
     .kind = VERDICT_FAILED, .cause = CAUSE_PIDS_LIMIT, .status = 6,
     .message = "the test exited with 6: the limit of processes refused 1 process"},
    {WELL, .scripts = true, .steps = {{EXITED(0)}, {EXITED(6)}}, .kind = VERDICT_FAILED, .cause = CAUSE_EXIT,
     .status = 6},
};

static void test_precedence(void **state)
{
    (void)state;
    CHECK(precedence_rows);
}

/* ---- Refused, and names ---- */

static void test_refused(void **state)
{
    (void)state;
    cleanup_verdict struct verdict verdict;
    verdict_refused(&denied, &verdict);
    assert_int_equal(verdict.kind, VERDICT_ERRORED);
    assert_int_equal(verdict.cause, CAUSE_REFUSED);
    assert_int_equal(verdict.exit_status, STATUS_POLICY);
    assert_int_equal(verdict.service, -1);
    assert_text("message", verdict.message, "user namespaces: denied");
    assert_text("remedy", verdict.remedy, "allow them");
}

/* The report's words: programs compare them. */
static void test_names(void **state)
{
    (void)state;
    static const char *const kinds[] = {"succeeded", "failed", "errored", "timed-out", "cancelled"};
    static const char *const causes[] = {
        "exit",     "signal",       "memory-limit", "pids-limit",  "disk-full",      "timeout",
        "cpu-time", "output-limit", "cancelled",    "test-setup",  "not-executable", "not-found",
        "service",  "setup",        "artifact",     "host-memory", "refused"};
    for (size_t i = 0; i <= VERDICT_CANCELLED; i++)
        assert_text("kind", verdict_kind_name((enum verdict_kind)i), kinds[i]);
    for (size_t i = 0; i <= CAUSE_REFUSED; i++)
        assert_text("cause", verdict_cause_name((enum verdict_cause)i), causes[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),       cmocka_unit_test(test_scripts),    cmocka_unit_test(test_limits),
        cmocka_unit_test(test_told_to_end), cmocka_unit_test(test_services),   cmocka_unit_test(test_setup),
        cmocka_unit_test(test_artifacts),   cmocka_unit_test(test_precedence), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
