/* What remains of a run: a process that lives, and neither a zombie nor another that got its id. */
#include "unit.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "base/text.h"
#include "sandbox/remains.h"

static pid_t start_child(void)
{
    pid_t pid = fork();
    if (pid == 0)
        for (;;)
            pause();
    assert_true(pid > 0);
    return pid;
}

static void test_process(void **state)
{
    (void)state;
    siginfo_t info;
    pid_t pid = start_child();
    cleanup_free char *line = remains_of_process(pid), *start = text_format("process %d ", pid);
    assert_true(text_starts(line, start));
    assert_true(text_ends(line, "\n"));
    assert_false(remains_sweep(line));
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_true(remains_sweep(line)); /* a zombie */
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_true(remains_sweep(line));
}

static void test_records(void **state)
{
    (void)state;
    cleanup_free char *self = remains_of_process(getpid());
    cleanup_free char *later = text_format("process 4194304 1\n%s", self);
    cleanup_free char *reused = text_format("process %d 1\n", getpid());
    const struct {
        const char *record;
        bool gone;
    } rows[] = {{"", true},     {self, false},         {later, false},
                {reused, true}, {"process x\n", true}, {"process", true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(remains_sweep(rows[i].record), rows[i].gone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_process), cmocka_unit_test(test_records)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
