/* Claims: disjoint under concurrency, released by death, swept by the next. */
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "sandbox/claim.h"

#include <cmocka.h> /* last: it has a macro named fail */

enum { CLAIMERS = 300, WIDTH = 256, FIRST = 100000 }; /* FIRST: no multiple of WIDTH */

static const struct claim_range four = {.width = 1, .count = 4}, one_slot = {.width = 1, .count = 1};

static char folder[] = "/tmp/indyno-claim-XXXXXX";
static char *state_dir;

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    state_dir = text_format("%s/state", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    int removed = rmdir(state_dir) | rmdir(folder); /* fails where a claim was left behind */
    free(state_dir);
    return removed;
}

static bool sweep_nothing(const char *record)
{
    (void)record;
    return true;
}

/* What claimers tell their parent. */
struct claimed {
    int status; /* 0, or the error's */
    uint32_t slot;
};

/* Claims once start has ended, tells of it, and holds until stop has ended. */
_Noreturn static void be_claimer(const struct claim_range *range, const int start[2], const int told[2],
                                 const int stop[2])
{
    struct claim claim;
    struct error err = {0};
    struct claimed outcome = {0};
    char byte;
    close(start[1]);
    close(stop[1]);
    if (read(start[0], &byte, 1) != 0)
        _exit(1);
    bool has = claim_take(&claim, state_dir, range, sweep_nothing, &err) == 0;
    outcome = (struct claimed){err.status, claim.slot};
    if (write(told[1], &outcome, sizeof outcome) != sizeof outcome || read(stop[0], &byte, 1) != 0)
        _exit(1);
    if (has)
        claim_drop(&claim);
    _exit(0);
}

/* CLAIMERS processes claim at once, each of the range that range_of gives it, and hold until all have. */
static void claim_at_once(const struct claim_range *(*range_of)(int), struct claimed *outcomes)
{
    int start[2], told[2], stop[2];
    assert_int_equal(pipe(start) | pipe(told) | pipe(stop), 0);
    for (int i = 0; i < CLAIMERS; i++)
        if (fork() == 0)
            be_claimer(range_of(i), start, told, stop);
    close(start[1]);
    for (int i = 0; i < CLAIMERS; i++)
        assert_int_equal(read(told[0], &outcomes[i], sizeof outcomes[i]), sizeof outcomes[i]);
    close(stop[1]);
    for (int i = 0, status; i < CLAIMERS; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    const int ends[] = {start[0], told[0], told[1], stop[0]};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        close(ends[i]);
}

static int by_slot(const void *a, const void *b)
{
    const struct claimed *one = a, *other = b;
    if (one->status != other->status)
        return one->status < other->status ? -1 : 1;
    return (one->slot > other->slot) - (one->slot < other->slot);
}

/* Those that got a block come first, no two blocks overlap, and the others were told that there is no room. */
static size_t check_disjoint(struct claimed *outcomes)
{
    size_t count = 0;
    qsort(outcomes, CLAIMERS, sizeof *outcomes, by_slot);
    while (count < CLAIMERS && outcomes[count].status == 0)
        count++;
    for (size_t i = 1; i < count; i++)
        assert_true(outcomes[i].slot - outcomes[i - 1].slot >= WIDTH);
    for (size_t i = count; i < CLAIMERS; i++)
        assert_int_equal(outcomes[i].status, STATUS_NO_ROOM);
    return count;
}

static const struct claim_range *enough(int i)
{
    static const struct claim_range range = {FIRST, WIDTH, CLAIMERS};
    (void)i;
    return &range;
}

static const struct claim_range *one_too_few(int i)
{
    static const struct claim_range range = {FIRST, WIDTH, CLAIMERS - 1};
    (void)i;
    return &range;
}

/* The range was changed while runs go on: every block of one overlaps two of the other. */
static const struct claim_range *changed(int i)
{
    static const struct claim_range ranges[] = {{FIRST, WIDTH, 2 * CLAIMERS},
                                                {FIRST + 100, WIDTH, 2 * CLAIMERS}};
    return &ranges[i % 2];
}

static void test_disjoint(void **state)
{
    (void)state;
    struct claimed outcomes[CLAIMERS];
    claim_at_once(enough, outcomes);
    assert_int_equal(check_disjoint(outcomes), CLAIMERS);
    assert_int_equal(outcomes[0].slot, FIRST);
    assert_int_equal(outcomes[CLAIMERS - 1].slot, FIRST + (CLAIMERS - 1) * WIDTH);
}

static void test_one_too_few(void **state)
{
    (void)state;
    struct claimed outcomes[CLAIMERS];
    claim_at_once(one_too_few, outcomes);
    assert_int_equal(check_disjoint(outcomes), CLAIMERS - 1);
}

static void test_changed_range(void **state)
{
    (void)state;
    struct claimed outcomes[CLAIMERS];
    claim_at_once(changed, outcomes);
    assert_int_equal(check_disjoint(outcomes), CLAIMERS);
}

static void test_overlap(void **state)
{
    (void)state;
    static const struct {
        struct claim_range range;
        uint32_t slot; /* 0: no room */
    } rows[] = {
        {{1000, WIDTH, 1}, 0},
        {{1000 - WIDTH, WIDTH, 1}, 1000 - WIDTH},
        {{1000 - 255, WIDTH, 1}, 0},
        {{1000 + 255, WIDTH, 1}, 0},
        {{1000 + WIDTH, WIDTH, 1}, 1000 + WIDTH},
        {{900, WIDTH, 3}, 900 + 2 * WIDTH},
        {{4294966784u, WIDTH, 1}, 4294966784u},
    };
    static const struct claim_range range = {1000, WIDTH, 1};
    struct claim held;
    assert_int_equal(claim_take(&held, state_dir, &range, sweep_nothing, NULL), 0);
    assert_int_equal(held.slot, 1000);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct claim claim;
        cleanup_error struct error err = {0};
        int status = claim_take(&claim, state_dir, &rows[i].range, sweep_nothing, &err);
        assert_int_equal(err.status, rows[i].slot ? 0 : STATUS_NO_ROOM);
        assert_int_equal(status, rows[i].slot ? 0 : -1);
        assert_int_equal(status == 0 ? claim.slot : 0, rows[i].slot);
        if (status == 0)
            claim_drop(&claim);
    }
    claim_drop(&held);
}

static void test_full(void **state)
{
    (void)state;
    struct claim one, two;
    cleanup_error struct error err = {0};
    assert_int_equal(claim_take(&one, state_dir, &one_slot, sweep_nothing, &err), 0);
    assert_int_equal(claim_take(&two, state_dir, &one_slot, sweep_nothing, &err), -1);
    assert_int_equal(err.status, STATUS_NO_ROOM);
    claim_drop(&one);
}

static char swept[64];

static bool note_sweep(const char *record)
{
    snprintf(swept, sizeof swept, "%s", record);
    return true;
}

static bool cannot_sweep(const char *record)
{
    note_sweep(record);
    return false;
}

/* A run that was killed with what its record names. */
static void die_with_record(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct claim claim;
        if (claim_take(&claim, state_dir, &four, sweep_nothing, NULL) < 0 ||
            claim_record(&claim, "made this\n", NULL) < 0)
            _exit(1);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_keeps_what_is_left(void **state)
{
    (void)state;
    die_with_record();
    struct claim next, later;
    swept[0] = '\0';
    assert_int_equal(claim_take(&next, state_dir, &four, cannot_sweep, NULL), 0);
    assert_string_equal(swept, "made this\n");
    assert_int_equal(next.slot, 1); /* the ids of slot 0 may be in use */
    assert_int_equal(claim_take(&later, state_dir, &four, note_sweep, NULL), 0);
    assert_int_equal(later.slot, 0);
    claim_drop(&next);
    claim_drop(&later);
}

/* What one run unlinked late may have become another's. */
static void test_drops_only_its_own(void **state)
{
    (void)state;
    struct claim one, two, three;
    assert_int_equal(claim_take(&one, state_dir, &four, sweep_nothing, NULL), 0);
    assert_int_equal(unlinkat(one.dir_fd, "0", 0), 0);
    assert_int_equal(claim_take(&two, state_dir, &four, sweep_nothing, NULL), 0);
    assert_int_equal(two.slot, 0);
    claim_drop(&one);
    assert_int_equal(claim_take(&three, state_dir, &four, sweep_nothing, NULL), 0);
    assert_int_equal(three.slot, 1);
    claim_drop(&two);
    claim_drop(&three);
}

static void test_sweeps_the_dead(void **state)
{
    (void)state;
    die_with_record();
    struct claim next;
    assert_int_equal(claim_take(&next, state_dir, &four, note_sweep, NULL), 0);
    assert_string_equal(swept, "made this\n");
    assert_int_equal(next.slot, 0);
    claim_drop(&next);
}

static void test_shared_lock_outlives_launcher(void **state)
{
    (void)state;
    int ends[2];
    char byte;
    struct claim next;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct claim claim;
        if (claim_take(&claim, state_dir, &four, sweep_nothing, NULL) < 0)
            _exit(1);
        if (fork() == 0) { /* the janitor's part: it shares the open file */
            close(ends[1]);
            _exit(read(ends[0], &byte, 1) == 0 ? (claim_drop(&claim), 0) : 1);
        }
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(claim_take(&next, state_dir, &four, note_sweep, NULL), 0);
    assert_int_equal(next.slot, 1);
    claim_drop(&next);
    close(ends[1]);
    close(ends[0]);
    /* the orphan drops slot 0 in its own time: wait for that */
    for (unsigned slot = 1; slot != 0;) {
        assert_int_equal(claim_take(&next, state_dir, &four, sweep_nothing, NULL), 0);
        slot = next.slot;
        claim_drop(&next);
        sched_yield();
    }
}

static void test_refuses_a_strangers_folder(void **state)
{
    (void)state;
    struct claim claim;
    cleanup_error struct error err = {0};
    assert_int_equal(chmod(state_dir, 0777), 0);
    assert_int_equal(claim_take(&claim, state_dir, &four, sweep_nothing, &err), -1);
    assert_int_equal(chmod(state_dir, 0700), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disjoint),
        cmocka_unit_test(test_one_too_few),
        cmocka_unit_test(test_changed_range),
        cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_sweeps_the_dead),
        cmocka_unit_test(test_keeps_what_is_left),
        cmocka_unit_test(test_drops_only_its_own),
        cmocka_unit_test(test_shared_lock_outlives_launcher),
        cmocka_unit_test(test_refuses_a_strangers_folder),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
