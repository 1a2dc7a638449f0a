/*
 * The report of a run, as JSON: the verdict and the figures. One object, whose keys are:
 *
 *   indyno         the version of indyno
 *   verdict        "succeeded", "failed", "errored", "timed-out" or "cancelled"
 *   cause          by what: "exit", "signal", "memory-limit", "pids-limit", "disk-full", "timeout", "cpu-time",
 *                  "output-limit", "cancelled", "test-setup", "not-executable", "not-found", "service", "setup",
 *                  "artifact", "host-memory" or "refused"
 *   message        what and why, or null where the exit status says it all
 *   remedy         what can be done, or null
 *   exit_status    of indyno
 *   service        the name of the service that is the cause, or null
 *   notes          [text]: remarks that change nothing
 *
 * and, unless the cause is "refused":
 *
 *   name, dir      of the dyno; DIR, absolute
 *   run_id         HEROKU_TEST_RUN_ID, as the test saw it
 *   ids            as the plan has them: "block", "subordinate", "single"
 *   network        what --network said: "none", "outbound", "outbound,private", "setup:outbound,test:none"
 *   weaker         [name]: the protections that this run went without
 *   cgroups        whether limits and usage were had
 *   size           the name of the size that limits not given were taken from
 *   scratch        the folder on disk that has what the dyno wrote, or null: it was kept in memory
 *   limits         {MemoryMax, ...} as limits-json.h has them; null: not set
 *   services       [{name, version, state, exit_status, signal, started_us, ready_us, ended_us, cpu_us, log_tail}]
 *   steps          [{name, network, state, exit_status, signal, errno, started_us, ended_us, cpu_us}]
 *   cpu_us         of all processes of the dyno
 *   usage          [{leaf, MemoryPeak, CPUUsageNSec, TasksPeak, IOReadBytes, IOWriteBytes, OOMKills, TasksDenied}]:
 *                  of each leaf cgroup, and of "dyno", by systemd's names where it has one; null: the host's groups do
 *                  not count it
 *   DiskUsed       bytes of what is writable in the dyno, when the last step had ended; null: not known
 *   app_view       "overlay" or "copy": how /app was made; null where the dyno did not come that far
 *   artifacts      {files, bytes, left_out}, or null where none were taken
 *   buildpacks_not_run, not_provisioned    [text]
 *   timings        [{step, at_us}]: of the launch, since its beginning
 *
 * state is "not-started", "not-executed", "running" (a service: well to the end), "exited" or "signaled"; exit_status,
 * signal, errno (a name such as "ENOENT") and times are null where there is none. Times are microseconds since the
 * launch.
 */
#ifndef INDYNO_REPORT_H
#define INDYNO_REPORT_H

#include "artifact.h"
#include "plan.h"
#include "sandbox/sandbox.h"
#include "verdict.h"

struct report {
    const struct verdict *verdict;
    const struct plan *plan;                 /* NULL: refused */
    const struct sandbox_result *result;     /* NULL: refused */
    const struct artifact_totals *artifacts; /* NULL: none were taken */
};

/* The report as text, on several lines or on one, without a line break at its end. Pure. The caller's to
 * free. */
char *report_text(const struct report *report, bool one_line);

#endif
