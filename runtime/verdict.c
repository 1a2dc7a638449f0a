/*
 * Theory of operation: judges are asked one after the other, from what outweighs all else (a run that was
 * told to end: what died then is no cause) to what counts only where nothing went wrong (the last step's exit
 * status). The first who has a verdict gives it. Artifacts come last, and turn a verdict of the test into an
 * errored one.
 */
#include "verdict.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"

enum { SIGNAL_STATUS = 128, STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127 };

struct run {
    const struct plan *plan;
    const struct sandbox_result *result;
    const struct error *failure;
};

/* Takes message. Always returns true, so that `return decide(...)` reads well. */
static bool decide(struct verdict *verdict, enum verdict_kind kind, enum verdict_cause cause, int exit_status,
                   char *message)
{
    free(verdict->message);
    verdict->kind = kind;
    verdict->cause = cause;
    verdict->exit_status = exit_status;
    verdict->message = message;
    return true;
}

/* ---- Words ---- */

/* "signal 9 (Killed)" */
static char *signal_words(int number)
{
    const char *name = sigdescr_np(number);
    return name ? text_format("signal %d (%s)", number, name) : text_format("signal %d", number);
}

static const struct sandbox_leaf_result *leaf_of(const struct sandbox_result *result, const char *name)
{
    for (size_t i = 0; i < result->leaf_count; i++)
        if (text_equal(result->leaves[i].name, name))
            return &result->leaves[i];
    return NULL;
}

/* "256 MiB", "1500 bytes" */
static char *size_words(uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    for (; bytes && bytes % 1024 == 0 && unit + 1 < sizeof units / sizeof *units; unit++)
        bytes /= 1024;
    return text_format("%llu %s", (unsigned long long)bytes, units[unit]);
}

/* "1 process", "2 processes" */
static char *process_words(uint64_t count)
{
    return text_format("%llu process%s", (unsigned long long)count, count == 1 ? "" : "es");
}

/* What killed for want of memory: "the memory limit of 256 MiB". */
static char *memory_words(const struct run *run)
{
    if (run->result->oom_is_outside)
        return copy_string("a lack of memory outside the dyno, not its own limit,");
    cleanup_free char *limit = size_words(run->plan->limits.memory_bytes);
    return run->plan->limits.memory_bytes ? text_format("the memory limit of %s", limit)
                                          : copy_string("the memory limit");
}

static uint64_t oom_kills(const struct sandbox_result *result, const char *leaf)
{
    const struct sandbox_leaf_result *found = leaf_of(result, leaf);
    return found ? found->oom_kills : 0;
}

/* Kernels differ in which group they count a refused fork in: the leaf that asked, or the one with the limit.
 */
static uint64_t pids_denied(const struct sandbox_result *result)
{
    uint64_t most = 0;
    for (size_t i = 0; i < result->leaf_count; i++)
        if (result->leaves[i].pids_denied > most)
            most = result->leaves[i].pids_denied;
    return most;
}

/* How a process ended: "exited with 3", "was killed by signal 9 (Killed)". */
static char *end_words(const struct sandbox_process_result *process)
{
    if (process->state == SANDBOX_EXITED)
        return text_format("exited with %d", process->exit_status);
    if (process->state == SANDBOX_NOT_EXECUTED)
        return text_format("could not be executed: %s", strerror(process->exec_errno));
    if (process->state != SANDBOX_SIGNALED)
        return copy_string("did not become ready");
    cleanup_free char *signal = signal_words(process->term_signal);
    return text_format("was killed by %s", signal);
}

/* ---- Told to end ---- */

static bool judge_cancelled(const struct run *run, struct verdict *verdict)
{
    if (run->result->end != SANDBOX_END_CANCELLED)
        return false;
    int number = run->result->cancel_signal;
    cleanup_free char *signal = signal_words(number);
    return decide(verdict, VERDICT_CANCELLED, CAUSE_CANCELLED, SIGNAL_STATUS + number,
                  text_format("cancelled by %s", signal));
}

static bool judge_timeout(const struct run *run, struct verdict *verdict)
{
    if (run->result->end != SANDBOX_END_TIMEOUT)
        return false;
    return decide(
        verdict, VERDICT_TIMED_OUT, CAUSE_TIMEOUT, STATUS_TIMEOUT,
        text_format("the time limit of %.15g s was reached", (double)run->plan->limits.wall_ms / 1000));
}

static bool judge_cpu_time(const struct run *run, struct verdict *verdict)
{
    if (run->result->end != SANDBOX_END_CPU_TIME)
        return false;
    return decide(verdict, VERDICT_TIMED_OUT, CAUSE_CPU_TIME, STATUS_TIMEOUT,
                  text_format("the limit of %.15g s of processor time was reached",
                              (double)run->plan->limits.cpu_ms / 1000));
}

/* The dyno was killed for it. */
static bool judge_output(const struct run *run, struct verdict *verdict)
{
    if (run->result->end != SANDBOX_END_OUTPUT)
        return false;
    cleanup_free char *size = size_words(run->plan->limits.output_bytes);
    return decide(verdict, VERDICT_FAILED, CAUSE_OUTPUT_LIMIT, SIGNAL_STATUS + SIGKILL,
                  text_format("the output was more than %s", size));
}

/* ---- Services ---- */

static const char more_memory[] = "give the dyno more memory with --memory";
static const char less_beside[] =
    "run less beside it, or give more memory to the host or to the group that dynos are made in";

static bool blame_service(const struct run *run, size_t index, struct verdict *verdict)
{
    const char *name = run->plan->services.items[index].engine->name;
    uint64_t killed = oom_kills(run->result, name);
    cleanup_free char *end = end_words(&run->result->services[index]);
    verdict->service = (int)index;
    if (!killed)
        return decide(verdict, VERDICT_ERRORED, CAUSE_SERVICE, STATUS_ERRORED,
                      text_format("%s %s", name, end));
    cleanup_free char *processes = process_words(killed), *limit = memory_words(run);
    bool is_outside = run->result->oom_is_outside;
    verdict->remedy = copy_string(is_outside ? less_beside : more_memory);
    return decide(verdict, VERDICT_ERRORED, is_outside ? CAUSE_HOST_MEMORY : CAUSE_SERVICE, STATUS_ERRORED,
                  text_format("%s: %s killed %s of its leaf cgroup", name, limit, processes));
}

/* A service that has ended by itself with 0 was told to by a client of it, which is the test's own business.
 */
static bool ended_badly(const struct sandbox_process_result *process)
{
    return process->state == SANDBOX_SIGNALED || process->state == SANDBOX_NOT_EXECUTED ||
           (process->state == SANDBOX_EXITED && process->exit_status != 0);
}

static bool has_failed_step(const struct sandbox_result *result)
{
    for (size_t i = 0; i < result->step_count; i++)
        if (ended_badly(&result->steps[i]))
            return true;
    return false;
}

/* What the step had is free some time after it was killed, and until then the kernel may kill again. */
static bool died_of_step(const struct run *run, const char *name)
{
    const struct sandbox_leaf_result *step = leaf_of(run->result, "step"), *leaf = leaf_of(run->result, name);
    return step && leaf && step->oom_kills && leaf->oom_kills &&
           step->memory_peak_bytes > leaf->memory_peak_bytes && has_failed_step(run->result);
}

static bool judge_services(const struct run *run, struct verdict *verdict)
{
    const struct sandbox_result *result = run->result;
    for (size_t i = 0; i < result->service_count; i++) {
        const char *name = run->plan->services.items[i].engine->name;
        if (died_of_step(run, name)) {
            strings_addf(&verdict->notes, "%s was killed for want of memory, too", name);
            continue;
        }
        if (ended_badly(&result->services[i]) || oom_kills(result, name))
            return blame_service(run, i, verdict);
        if (result->services[i].state == SANDBOX_EXITED && result->services[i].ready_us >= 0)
            strings_addf(&verdict->notes, "%s was shut down by a client", name);
    }
    return false;
}

/* ---- Set-up ---- */

/* The service that was started and never got ready, or -1. */
static int unready_service(const struct sandbox_result *result)
{
    for (size_t i = 0; i < result->service_count; i++)
        if (result->services[i].state != SANDBOX_NOT_STARTED && result->services[i].ready_us < 0)
            return (int)i;
    return -1;
}

static bool judge_setup(const struct run *run, struct verdict *verdict)
{
    if (!run->failure)
        return false;
    int status = run->failure->status ? run->failure->status : STATUS_ERRORED;
    int unready = unready_service(run->result);
    bool ended = unready >= 0 && (ended_badly(&run->result->services[unready]) ||
                                  run->result->services[unready].state == SANDBOX_EXITED);
    if (ended) {
        blame_service(run, (size_t)unready, verdict);
        char *message = text_format("%s before it was ready", verdict->message);
        return decide(verdict, VERDICT_ERRORED, verdict->cause, status, message);
    }
    verdict->service = unready;
    verdict->remedy = copy_string(run->failure->remedy);
    return decide(verdict, VERDICT_ERRORED, unready >= 0 ? CAUSE_SERVICE : CAUSE_SETUP, status,
                  copy_string(run->failure->message ? run->failure->message : "the dyno could not be made"));
}

/* ---- Steps ---- */

static bool judge_not_executed(const struct run *run, size_t index, struct verdict *verdict)
{
    const struct plan_step *step = &run->plan->steps[index];
    int errnum = run->result->steps[index].exec_errno;
    bool missing = errnum == ENOENT;
    return decide(verdict, VERDICT_ERRORED, missing ? CAUSE_NOT_FOUND : CAUSE_NOT_EXECUTABLE,
                  missing ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE,
                  missing ? text_format("%s: not found in the dyno", step->argv.items[0])
                          : text_format("%s: %s", step->argv.items[0], strerror(errnum)));
}

/* " (limit 64, at most 64 at once)" */
static char *pids_words(const struct run *run)
{
    const struct sandbox_leaf_result *dyno = leaf_of(run->result, "dyno");
    long long limit = (long long)run->plan->limits.pids, peak = dyno ? (long long)dyno->pids_peak : 0;
    return peak > 0 ? text_format(" (limit %lld, at most %lld at once)", limit, peak)
           : limit  ? text_format(" (limit %lld)", limit)
                    : copy_string("");
}

/* "all 64 MiB", "all 200 inodes" */
static char *disk_words(const struct run *run)
{
    if (run->result->disk.no_inodes && run->plan->limits.inodes)
        return text_format("all %llu inodes", (unsigned long long)run->plan->limits.inodes);
    if (run->result->disk.no_inodes)
        return copy_string("all inodes");
    cleanup_free char *size = size_words((uint64_t)run->result->disk.used_bytes);
    return text_format("all %s", size);
}

/* The limit that was hit where a step failed: ": the memory limit ...", or "". cause may be changed. */
static char *limit_words(const struct run *run, enum verdict_cause *cause)
{
    uint64_t killed = oom_kills(run->result, "step"), denied = pids_denied(run->result);
    cleanup_free char *processes = process_words(killed ? killed : denied);
    if (killed) {
        cleanup_free char *limit = memory_words(run);
        *cause = run->result->oom_is_outside ? CAUSE_HOST_MEMORY : CAUSE_MEMORY_LIMIT;
        return text_format(": %s killed %s of the leaf cgroup step", limit, processes);
    }
    if (denied) {
        cleanup_free char *limit = pids_words(run);
        *cause = CAUSE_PIDS_LIMIT;
        return text_format(": the limit of processes refused %s%s", processes, limit);
    }
    if (!run->result->disk.no_space && !run->result->disk.no_inodes)
        return copy_string("");
    cleanup_free char *full = disk_words(run);
    *cause = CAUSE_DISK_FULL;
    return text_format(": what the dyno may write was full, %s", full);
}

/* A limit that the whole dyno shares kills the step first (process.c): who had the memory is another question. The service
 * whose leaf had the most, and more than the step's, which was killed for it; or -1. */
static int find_hog(const struct run *run)
{
    const struct sandbox_leaf_result *step = leaf_of(run->result, "step");
    if (!step || !step->oom_kills || run->result->oom_is_outside)
        return -1;
    uint64_t most = step->memory_peak_bytes;
    int hog = -1;
    for (size_t i = 0; i < run->result->service_count; i++) {
        const struct sandbox_leaf_result *leaf =
            leaf_of(run->result, run->plan->services.items[i].engine->name);
        if (!leaf || leaf->memory_peak_bytes <= most)
            continue;
        most = leaf->memory_peak_bytes;
        hog = (int)i;
    }
    return hog;
}

static bool blame_hog(const struct run *run, int index, struct verdict *verdict)
{
    const char *name = run->plan->services.items[index].engine->name;
    const struct sandbox_leaf_result *leaf = leaf_of(run->result, name);
    cleanup_free char *limit = memory_words(run);
    verdict->service = index;
    verdict->remedy = copy_string(more_memory);
    return decide(verdict, VERDICT_ERRORED, CAUSE_SERVICE, STATUS_ERRORED,
                  text_format("%s: its leaf cgroup had %llu MiB when %s was reached and ended the test", name,
                              leaf ? (unsigned long long)(leaf->memory_peak_bytes >> 20) : 0, limit));
}

static bool judge_ended(const struct run *run, size_t index, struct verdict *verdict)
{
    const struct sandbox_process_result *step = &run->result->steps[index];
    const char *name = run->plan->steps[index].name;
    int hog = find_hog(run);
    if (hog >= 0)
        return blame_hog(run, hog, verdict);
    bool signaled = step->state == SANDBOX_SIGNALED;
    enum verdict_cause cause = signaled ? CAUSE_SIGNAL : CAUSE_EXIT;
    cleanup_free char *end = end_words(step), *limit = limit_words(run, &cause);
    bool must_succeed = run->plan->steps[index].must_succeed;
    cleanup_free char *message = must_succeed ? text_format("%s %s%s; the test was not run", name, end, limit)
                                              : text_format("the %s %s%s", name, end, limit);
    if (cause == CAUSE_HOST_MEMORY) {
        verdict->remedy = copy_string(less_beside);
        return decide(verdict, VERDICT_ERRORED, cause, STATUS_ERRORED, steal_pointer(message));
    }
    if (must_succeed)
        return decide(verdict, VERDICT_ERRORED, CAUSE_TEST_SETUP, STATUS_ERRORED, steal_pointer(message));
    return decide(verdict, VERDICT_FAILED, cause,
                  signaled ? SIGNAL_STATUS + step->term_signal : step->exit_status,
                  cause == CAUSE_EXIT ? NULL : steal_pointer(message));
}

static bool judge_step(const struct run *run, size_t index, struct verdict *verdict)
{
    const struct sandbox_process_result *step = &run->result->steps[index];
    switch (step->state) {
    case SANDBOX_NOT_EXECUTED:
        return judge_not_executed(run, index, verdict);
    case SANDBOX_EXITED:
        return step->exit_status != 0 && judge_ended(run, index, verdict);
    case SANDBOX_SIGNALED:
        return judge_ended(run, index, verdict);
    default:
        return decide(verdict, VERDICT_ERRORED, CAUSE_SETUP, STATUS_ERRORED,
                      text_format("the %s did not run to its end", run->plan->steps[index].name));
    }
}

static bool judge_steps(const struct run *run, struct verdict *verdict)
{
    for (size_t i = 0; i < run->result->step_count; i++)
        if (judge_step(run, i, verdict))
            return true;
    uint64_t killed = oom_kills(run->result, "step");
    if (killed) {
        cleanup_free char *limit = memory_words(run);
        strings_addf(&verdict->notes, "%s killed %llu of the test's processes, and it succeeded", limit,
                     (unsigned long long)killed);
    }
    if (run->result->disk.no_space || run->result->disk.no_inodes)
        strings_add(&verdict->notes, "what the dyno may write was full at the end, and the test succeeded");
    return decide(verdict, VERDICT_SUCCEEDED, CAUSE_EXIT, 0, NULL);
}

/* ---- All together ---- */

static void add_artifacts(const struct error *artifacts, struct verdict *verdict)
{
    if (!artifacts || !artifacts->message)
        return;
    if (verdict->kind != VERDICT_SUCCEEDED && verdict->kind != VERDICT_FAILED) {
        strings_add(&verdict->notes, artifacts->message);
        return;
    }
    free(verdict->remedy);
    verdict->remedy = copy_string(artifacts->remedy);
    decide(verdict, VERDICT_ERRORED, CAUSE_ARTIFACT, STATUS_ERRORED, copy_string(artifacts->message));
}

void verdict_judge(const struct plan *plan, const struct sandbox_result *result, const struct error *failure,
                   const struct error *artifacts, struct verdict *verdict)
{
    static bool (*const judges[])(const struct run *, struct verdict *) = {
        judge_cancelled, judge_timeout,  judge_cpu_time, judge_output,
        judge_setup,     judge_services, judge_steps};
    const struct run run = {plan, result, failure};
    *verdict = (struct verdict){.service = -1};
    for (size_t i = 0; i < sizeof judges / sizeof *judges; i++)
        if (judges[i](&run, verdict))
            break;
    add_artifacts(artifacts, verdict);
}

void verdict_refused(const struct error *why, struct verdict *verdict)
{
    *verdict = (struct verdict){.service = -1, .remedy = copy_string(why->remedy)};
    decide(verdict, VERDICT_ERRORED, CAUSE_REFUSED, why->status, copy_string(why->message));
}

void verdict_clear(struct verdict *verdict)
{
    free(verdict->message);
    free(verdict->remedy);
    strings_clear(&verdict->notes);
    *verdict = (struct verdict){.service = -1};
}

const char *verdict_kind_name(enum verdict_kind kind)
{
    static const char *const names[] = {
        [VERDICT_SUCCEEDED] = "succeeded", [VERDICT_FAILED] = "failed",       [VERDICT_ERRORED] = "errored",
        [VERDICT_TIMED_OUT] = "timed-out", [VERDICT_CANCELLED] = "cancelled",
    };
    return names[kind];
}

const char *verdict_cause_name(enum verdict_cause cause)
{
    static const char *const names[] = {
        [CAUSE_EXIT] = "exit",
        [CAUSE_SIGNAL] = "signal",
        [CAUSE_MEMORY_LIMIT] = "memory-limit",
        [CAUSE_PIDS_LIMIT] = "pids-limit",
        [CAUSE_DISK_FULL] = "disk-full",
        [CAUSE_TIMEOUT] = "timeout",
        [CAUSE_CPU_TIME] = "cpu-time",
        [CAUSE_OUTPUT_LIMIT] = "output-limit",
        [CAUSE_CANCELLED] = "cancelled",
        [CAUSE_TEST_SETUP] = "test-setup",
        [CAUSE_NOT_EXECUTABLE] = "not-executable",
        [CAUSE_NOT_FOUND] = "not-found",
        [CAUSE_SERVICE] = "service",
        [CAUSE_SETUP] = "setup",
        [CAUSE_ARTIFACT] = "artifact",
        [CAUSE_HOST_MEMORY] = "host-memory",
        [CAUSE_REFUSED] = "refused",
    };
    return names[cause];
}
