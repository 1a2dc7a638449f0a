/* What a run says on stderr: what is told before and after, and that nothing of the dyno's reaches the
 * terminal but text. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "given.h"
#include "runtime/summary.h"

enum { LOG_LINES = 30, LOG_SHOWN = 20 };

static const struct plan plan = {
    .services = {.items = {{.engine = &postgres_engine, .image = &given_images[GIVEN_POSTGRES_17]},
                           {.engine = &redis_engine, .image = &given_images[GIVEN_REDIS_7]}},
                 .count = 2},
    .notes = {WORDS(TEXT("no psql"))},
    .environment = {.replaced = {WORDS(TEXT("CI"), TEXT("PGHOST"))}},
    .buildpacks = {WORDS(TEXT("heroku/ruby"), TEXT("x\x1b[2J"))},
    .not_provisioned = {WORDS(TEXT("papertrail"))},
    .steps = {{.name = "test-setup"}, {.name = "test"}},
    .step_count = 2,
};
static const struct plan silent_plan;

static char *before(const struct plan *of)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    summary_before(of, to);
    fclose(to);
    return text;
}

static char *after(const struct run_outcome *outcome, bool verbose)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    summary_after(&plan, outcome, verbose, to);
    fclose(to);
    return text;
}

static void test_before(void **state)
{
    (void)state;
    cleanup_free char *text = before(&plan), *nothing = before(&silent_plan);
    assert_text("before", text,
                "indyno: buildpacks not run: heroku/ruby, x?[2J\n"
                "indyno: not provisioned: papertrail\n"
                "indyno: the databases' or Heroku's value replaces app.json's: CI, PGHOST\n"
                "indyno: note: no psql\n");
    assert_text("before", nothing, "");
}

/* Redis never became ready, and the test was not run. */
static struct sandbox_process_result services[] = {
    {.state = SANDBOX_RUNNING, .ready_us = 41500, .ended_us = -1},
    {.state = SANDBOX_EXITED, .exit_status = 1, .ready_us = -1, .log_tail = TEXT("one\n\ttwo\x1b\n")}};
static struct sandbox_process_result steps[] = {
    {.state = SANDBOX_EXITED, .started_us = 1000, .ended_us = 3500, .cpu_us = 1250},
    {.started_us = -1, .ended_us = -1}};

static const struct run_outcome outcome_of_services = {
    .verdict = {.kind = VERDICT_ERRORED,
                .cause = CAUSE_SERVICE,
                .service = 1,
                .notes = {WORDS(TEXT("of the verdict"))}},
    .result = {.services = services,
               .service_count = 2,
               .steps = steps,
               .step_count = 2,
               .leaves = {{"step", .memory_peak_bytes = 7}, {"dyno", .memory_peak_bytes = 3 << 19}},
               .leaf_count = 2,
               .cpu_us = 2500,
               .weaker = {WORDS(TEXT("ids"), TEXT("limits"))},
               .notes = {WORDS(TEXT("of the sandbox"))}},
};

static void test_after(void **state)
{
    (void)state;
    cleanup_free char *text = after(&outcome_of_services, false),
                      *verbose = after(&outcome_of_services, true);
    assert_text("after", text,
                "indyno: weaker than by default: ids, limits\n"
                "indyno: note: of the verdict\n"
                "indyno: the end of redis's log:\n"
                "    one\n"
                "    \ttwo?\n");
    assert_text("verbose", verbose,
                "indyno: weaker than by default: ids, limits\n"
                "indyno: note: of the verdict\n"
                "indyno: postgres 17.10: ready after 41.5 ms\n"
                "indyno: test-setup: 2.5 ms, 1.2 ms of cpu\n"
                "indyno: the dyno: 2.5 ms of cpu, at most 1.5 MiB of memory\n"
                "indyno: note: of the sandbox\n"
                "indyno: errored (service)\n"
                "indyno: the end of redis's log:\n"
                "    one\n"
                "    \ttwo?\n");
}

static void test_nothing_to_tell(void **state)
{
    (void)state;
    const struct run_outcome outcome = {.verdict = {.service = -1},
                                        .result = {.services = services, .service_count = 2}};
    cleanup_free char *text = after(&outcome, false);
    assert_text("after", text, "");
}

/* Of a long log the last lines, whether or not the very last is ended. */
static void check_log_end(const char *end)
{
    cleanup_free char *log = copy_string(""), *expected = copy_string("indyno: the end of redis's log:\n");
    for (int i = 1; i <= LOG_LINES; i++) {
        cleanup_free char *shorter = log, *shown = expected;
        log = text_format("%sline %d%s", shorter, i, i < LOG_LINES ? "\n" : end);
        expected = i > LOG_LINES - LOG_SHOWN ? text_format("%s    line %d\n", shown, i) : copy_string(shown);
    }
    struct sandbox_process_result results[] = {{.ready_us = -1}, {.ready_us = -1, .log_tail = log}};
    const struct run_outcome outcome = {.verdict = {.service = 1},
                                        .result = {.services = results, .service_count = 2}};
    cleanup_free char *text = after(&outcome, false);
    assert_text("log", text, expected);
}

static void test_log_end(void **state)
{
    (void)state;
    check_log_end("\n");
    check_log_end("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_before),
        cmocka_unit_test(test_after),
        cmocka_unit_test(test_nothing_to_tell),
        cmocka_unit_test(test_log_end),
    };
    return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
