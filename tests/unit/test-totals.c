/* Totals: shares are recorded, added up, and gone with their claims. */
#include "unit.h"

#include <string.h>

#include "base/own.h"
#include "sandbox/totals.h"
#include "scratch.h"

static const struct claim_range four = {.first = 1000, .width = 256, .count = 4};

static bool sweep_nothing(const char *record)
{
    (void)record;
    return true;
}

/* A run of caller with this much of each, under these totals. */
static struct sandbox_spec spec_of(uid_t caller, uint64_t memory, uint64_t cpus, uint64_t pids,
                                   const uint64_t totals[SANDBOX_TOTALS])
{
    struct sandbox_spec spec = {.ids = SANDBOX_IDS_BLOCK,
                                .caller = caller,
                                .limits = {.memory_bytes = memory, .cpu_millis = cpus, .pids = pids}};
    memcpy(spec.totals, totals, sizeof spec.totals);
    return spec;
}

static void test_line(void **state)
{
    (void)state;
    static const uint64_t none[SANDBOX_TOTALS];
    struct sandbox_spec spec = spec_of(4711, 1024, 1500, 64, none);
    cleanup_free char *line = totals_record(&spec);
    assert_string_equal(line, "share 4711 1024 1500 64\n");
    spec.ids = SANDBOX_IDS_SUBORDINATE;
    cleanup_free char *empty = totals_record(&spec);
    assert_string_equal(empty, "");
}

/* Claims, records and, where that is refused, drops. */
static int run(struct claim *claim, const char *folder, const struct sandbox_spec *spec, struct error *err)
{
    assert_int_equal(claim_take(claim, folder, &four, sweep_nothing, NULL), 0);
    if (totals_claim(claim, spec, "cgroup /sys/fs/cgroup/x\n", err) == 0)
        return 0;
    claim_drop(claim);
    return -1;
}

/* One run is there; the second is one too many by each total alone, and none too many when the first is gone. */
static void test_each(void **state)
{
    (void)state;
    static const struct {
        uint64_t totals[SANDBOX_TOTALS];
        uid_t caller;
        bool has_room;
        const char *message;
    } rows[] = {
        {{0}, 7, true, NULL},
        {{[SANDBOX_TOTAL_RUNS] = 2}, 7, true, NULL},
        {{[SANDBOX_TOTAL_RUNS] = 1}, 8, false, "totals.runs: 1 of 1 runs are taken, and this one takes 1"},
        {{[SANDBOX_TOTAL_RUNS_PER_CALLER] = 1}, 8, true, NULL},
        {{[SANDBOX_TOTAL_RUNS_PER_CALLER] = 1},
         7,
         false,
         "totals.runs_per_caller: 1 of 1 runs of this caller"},
        {{[SANDBOX_TOTAL_MEMORY] = 2000}, 7, true, NULL},
        {{[SANDBOX_TOTAL_MEMORY] = 1999}, 7, false, "totals.memory: 1000 of 1999 bytes are taken"},
        {{[SANDBOX_TOTAL_CPUS] = 999}, 7, false, "totals.cpus: 500 of 999 thousandths of a cpu are taken"},
        {{[SANDBOX_TOTAL_PROCESSES] = 99}, 7, false, "totals.processes: 50 of 99 processes are taken"},
        {{[SANDBOX_TOTAL_PROCESSES] = 100}, 7, true, NULL},
    };
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    cleanup_free char *folder = text_format("%s/state", scratch.path);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct sandbox_spec there = spec_of(7, 1000, 500, 50, rows[0].totals),
                                  next = spec_of(rows[i].caller, 1000, 500, 50, rows[i].totals);
        struct claim first, second;
        cleanup_error struct error err = {0};
        assert_int_equal(run(&first, folder, &there, NULL), 0);
        bool has_room = run(&second, folder, &next, &err) == 0;
        if (has_room != rows[i].has_room)
            fail_msg("row %zu: %s", i, err.message ? err.message : "has room");
        if (has_room)
            claim_drop(&second);
        else if (err.status != STATUS_NO_ROOM || !rows[i].message || !strstr(err.message, rows[i].message))
            fail_msg("row %zu: %s", i, err.message);
        claim_drop(&first);
        assert_int_equal(run(&second, folder, &next, NULL), 0);
        claim_drop(&second);
    }
}

/* Sums that overflow are no room, and a claim without a share is none. */
static void test_odd_records(void **state)
{
    (void)state;
    static const uint64_t totals[SANDBOX_TOTALS] = {
        [SANDBOX_TOTAL_MEMORY] = UINT64_MAX, [SANDBOX_TOTAL_RUNS] = 2};
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    cleanup_free char *folder = text_format("%s/state", scratch.path);
    const struct sandbox_spec spec = spec_of(7, 1, 0, 0, totals);
    static const struct {
        const char *record;
        int status;
    } rows[] = {
        {"", 0},
        {"process 1 2\n", 0},
        {"xshare 7 18446744073709551615 0 0\n", 0},
        {"share", 0},
        {"share 7 18446744073709551614 0 0\n", 0},
        {"share 7 18446744073709551615 0 0\n", -1},
        {"share 7 99999999999999999999999 0 0\n", -1},
        {"process 1 2\nshare 7 18446744073709551615 0 0\n", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct claim first, second;
        assert_int_equal(claim_take(&first, folder, &four, sweep_nothing, NULL), 0);
        assert_int_equal(claim_record(&first, rows[i].record, NULL), 0);
        if (run(&second, folder, &spec, NULL) != rows[i].status)
            fail_msg("row %zu", i);
        if (rows[i].status == 0)
            claim_drop(&second);
        claim_drop(&first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_line), cmocka_unit_test(test_each),
                                       cmocka_unit_test(test_odd_records)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
