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
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "sandbox/claim.h"

#include <cmocka.h> /* last: it has a macro named fail */

enum { CLAIMERS = 100 };

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

/* All claim at once, and hold until all have: no slot may be given twice. */
static void test_disjoint(void **state)
{
    (void)state;
    int *slots =
        mmap(NULL, sizeof *slots * CLAIMERS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int start[2], stop[2];
    assert_int_equal(pipe(start) | pipe(stop), 0);
    for (int i = 0; i < CLAIMERS; i++) {
        if (fork() == 0) {
            struct claim claim;
            char byte;
            close(start[1]);
            close(stop[1]);
            if (read(start[0], &byte, 1) != 0 ||
                claim_take(&claim, state_dir, CLAIMERS, sweep_nothing, NULL) < 0)
                _exit(1);
            slots[i] = 1 + (int)claim.slot;
            __sync_fetch_and_add(&slots[i], 0);
            if (read(stop[0], &byte, 1) != 0)
                _exit(1);
            claim_drop(&claim);
            _exit(0);
        }
    }
    close(start[1]);
    for (int filled = 0; filled < CLAIMERS;) {
        filled = 0;
        for (int i = 0; i < CLAIMERS; i++)
            filled += __sync_fetch_and_add(&slots[i], 0) != 0;
        sched_yield();
    }
    close(stop[1]);
    for (int i = 0, status; i < CLAIMERS; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    bool taken[CLAIMERS] = {false};
    for (int i = 0; i < CLAIMERS; i++) {
        assert_false(taken[slots[i] - 1]);
        taken[slots[i] - 1] = true;
    }
    close(start[0]);
    close(stop[0]);
    munmap(slots, sizeof *slots * CLAIMERS);
}

static void test_full(void **state)
{
    (void)state;
    struct claim one, two;
    cleanup_error struct error err = {0};
    assert_int_equal(claim_take(&one, state_dir, 1, sweep_nothing, &err), 0);
    assert_int_equal(claim_take(&two, state_dir, 1, sweep_nothing, &err), -1);
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
        if (claim_take(&claim, state_dir, 4, sweep_nothing, NULL) < 0 ||
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
    assert_int_equal(claim_take(&next, state_dir, 4, cannot_sweep, NULL), 0);
    assert_string_equal(swept, "made this\n");
    assert_int_equal(next.slot, 1); /* the ids of slot 0 may be in use */
    assert_int_equal(claim_take(&later, state_dir, 4, note_sweep, NULL), 0);
    assert_int_equal(later.slot, 0);
    claim_drop(&next);
    claim_drop(&later);
}

/* What one run unlinked late may have become another's. */
static void test_drops_only_its_own(void **state)
{
    (void)state;
    struct claim one, two, three;
    assert_int_equal(claim_take(&one, state_dir, 4, sweep_nothing, NULL), 0);
    assert_int_equal(unlinkat(one.dir_fd, "0", 0), 0);
    assert_int_equal(claim_take(&two, state_dir, 4, sweep_nothing, NULL), 0);
    assert_int_equal(two.slot, 0);
    claim_drop(&one);
    assert_int_equal(claim_take(&three, state_dir, 4, sweep_nothing, NULL), 0);
    assert_int_equal(three.slot, 1);
    claim_drop(&two);
    claim_drop(&three);
}

static void test_sweeps_the_dead(void **state)
{
    (void)state;
    die_with_record();
    struct claim next;
    assert_int_equal(claim_take(&next, state_dir, 4, note_sweep, NULL), 0);
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
        if (claim_take(&claim, state_dir, 4, sweep_nothing, NULL) < 0)
            _exit(1);
        if (fork() == 0) { /* the janitor's part: it shares the open file */
            close(ends[1]);
            _exit(read(ends[0], &byte, 1) == 0 ? (claim_drop(&claim), 0) : 1);
        }
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(claim_take(&next, state_dir, 4, note_sweep, NULL), 0);
    assert_int_equal(next.slot, 1);
    claim_drop(&next);
    close(ends[1]);
    close(ends[0]);
    /* the orphan drops slot 0 in its own time: wait for that */
    for (unsigned slot = 1; slot != 0;) {
        assert_int_equal(claim_take(&next, state_dir, 4, sweep_nothing, NULL), 0);
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
    assert_int_equal(claim_take(&claim, state_dir, 4, sweep_nothing, &err), -1);
    assert_int_equal(chmod(state_dir, 0700), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disjoint),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_sweeps_the_dead),
        cmocka_unit_test(test_keeps_what_is_left),
        cmocka_unit_test(test_drops_only_its_own),
        cmocka_unit_test(test_shared_lock_outlives_launcher),
        cmocka_unit_test(test_refuses_a_strangers_folder),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
