/*
 * Theory of operation: options, plan, run, report. Whatever happens once the options are read, a report that
 * was asked for is written: a refusal is a verdict too, and a host that reads reports must find this run's.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "command.h"
#include "options.h"
#include "plan-command.h"
#include "prepare.h"
#include "report-file.h"
#include "report.h"
#include "run.h"
#include "scope.h"
#include "summary.h"

void cmd_run_help(FILE *to)
{
    fputs("usage: indyno run [OPTION...] [DIR] [-- COMMAND [ARG...]]\n"
          "\n"
          "Runs the tests of the app in DIR (default: .) in a dyno: a sandbox with the\n"
          "Postgres and the Redis that its app.json asks for. Without COMMAND these are\n"
          "app.json's scripts test-setup and test, each run by bash -c in /app; COMMAND is\n"
          "executed directly, with the caller's stdin.\n"
          "\n",
          to);
    options_help(to);
    fputs("\n"
          "Exit status: the test's own; 128+N: signal N ended it; 124: --timeout;\n"
          "125: indyno, a service or taking an artifact out failed; 126, 127: COMMAND\n"
          "cannot be executed, is not found; 64: wrong usage; 65: what was asked for\n"
          "cannot be met; 75: no room now; 77: policy. The test can end with any of these\n"
          "itself: the verdict is in the report.\n",
          to);
}

/* Writes what was asked for, and fails with the first that could not be written. */
static int write_report(const struct report *report, const struct options *options,
                        const struct report_file *file, struct error *err)
{
    if (file->folder < 0 && options->status_fd < 0)
        return 0;
    cleanup_free char *text = report_text(report, false);
    cleanup_free char *line = report_text(report, true);
    if (report_file_write(file, text, err) < 0)
        return -1;
    return report_fd_write(options->status_fd, line, err);
}

static int report_refusal(const struct options *options, const struct report_file *file, struct error *err)
{
    cleanup_verdict struct verdict verdict;
    verdict_refused(err, &verdict);
    write_report(&(struct report){.verdict = &verdict}, options, file, NULL);
    return -1;
}

/* The exit status; where there is more to say than that, -1 with err. */
static int tell_verdict(const struct verdict *verdict, struct error *err)
{
    if (!verdict->message)
        return verdict->exit_status;
    fail(err, verdict->exit_status, "%s", verdict->message);
    if (verdict->remedy)
        error_remedy(err, "%s", verdict->remedy);
    return -1;
}

static int run(const struct options *options, const struct plan *plan, const struct report_file *file,
               struct error *err)
{
    struct run_outcome outcome;
    if (!options->quiet)
        summary_before(plan, stderr);
    run_plan(plan, &outcome);
    if (!options->quiet)
        summary_after(plan, &outcome, options->verbose, stderr);
    const struct report report = {.verdict = &outcome.verdict,
                                  .plan = plan,
                                  .result = &outcome.result,
                                  .artifacts = outcome.artifacts_tried ? &outcome.artifacts : NULL};
    int status = write_report(&report, options, file, err) < 0 ? -1 : tell_verdict(&outcome.verdict, err);
    run_outcome_clear(&outcome);
    return status;
}

static int prepare_and_run(const struct options *options, struct error *err)
{
    cleanup_report_file struct report_file file = {.folder = -1};
    cleanup_prepared struct prepared prepared = {.dir_fd = -1, .scratch_fd = -1};
    if (options->status_fd >= 0)
        fcntl(options->status_fd, F_SETFD, FD_CLOEXEC);
    if (report_file_open(options->report, &file, err) < 0 ||
        (scope_is_wanted(options) && scope_enter(err) < 0) || prepare(options, false, &prepared, err) < 0)
        return report_refusal(options, &file, err);
    return run(options, &prepared.plan, &file, err);
}

int cmd_run(int argc, char **argv, struct error *err)
{
    cleanup_options struct options options;
    if (options_parse(argc, argv, &options, err) < 0)
        return -1;
    if (options.help) {
        cmd_run_help(stdout);
        return 0;
    }
    return options.dry_run ? plan_command(&options, err) : prepare_and_run(&options, err);
}
