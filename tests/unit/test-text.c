/* Text: comparing, lists, environments, and whole files in and out. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "base/text.h"
#include "scratch.h"

/* ---- Comparing ---- */

static void test_compared(void **state)
{
    (void)state;
    static const struct {
        const char *text, *other;
        bool equal, starts, ends;
    } rows[] = {
        {"", "", true, true, true},       {"a", "", false, true, true},     {"", "a", false, false, false},
        {"a", "a", true, true, true},     {"ab", "a", false, true, false},  {"ab", "b", false, false, true},
        {"a", "ab", false, false, false}, {"b", "ab", false, false, false}, {"aba", "a", false, true, true},
        {"a", "A", false, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (text_equal(rows[i].text, rows[i].other) != rows[i].equal ||
            text_starts(rows[i].text, rows[i].other) != rows[i].starts ||
            text_ends(rows[i].text, rows[i].other) != rows[i].ends)
            fail_msg("\"%s\" and \"%s\"", rows[i].text, rows[i].other);
    assert_true(text_equal(NULL, NULL));
    assert_false(text_equal(NULL, ""));
    assert_false(text_equal("", NULL));
}

/* ---- Lists ---- */

static void assert_items(const struct strings *list, const char *const *expected)
{
    size_t i = 0;
    for (; expected[i]; i++) {
        assert_true(i < list->count);
        assert_string_equal(list->items[i], expected[i]);
    }
    assert_int_equal(list->count, i);
    assert_null(list->items[i]); /* as execve(2) takes it */
}

#define ASSERT_ITEMS(list, ...) assert_items(list, (const char *const[]){__VA_ARGS__, NULL})

static void test_list(void **state)
{
    (void)state;
    cleanup_strings struct strings list = {0}, copy = {0};
    char word[] = "word";
    strings_add(&list, word);
    word[0] = 'W';
    ASSERT_ITEMS(&list, "word");
    strings_addf(&list, "%s-%d", "n", 7);
    strings_take(&list, copy_string(""));
    ASSERT_ITEMS(&list, "word", "n-7", "");
    strings_add(&copy, "first");
    strings_copy(&copy, &list);
    strings_clear(&list);
    ASSERT_ITEMS(&copy, "first", "word", "n-7", "");
    assert_int_equal(list.count, 0);
    assert_null(list.items);
    strings_copy(&copy, &list);
    assert_int_equal(copy.count, 4);
}

static void test_join(void **state)
{
    (void)state;
    cleanup_strings struct strings list = {0};
    cleanup_free char *none = strings_join(&list, ", ");
    assert_string_equal(none, "");
    strings_add(&list, "a");
    cleanup_free char *one = strings_join(&list, ", ");
    assert_string_equal(one, "a");
    strings_add(&list, "");
    strings_add(&list, "b");
    cleanup_free char *three = strings_join(&list, ", ");
    assert_string_equal(three, "a, , b");
}

static void test_from_env(void **state)
{
    (void)state;
    unsetenv("INDYNO_TEST_TEXT");
    assert_null(text_from_env("INDYNO_TEST_TEXT", NULL));
    setenv("INDYNO_TEST_TEXT", "", 1);
    assert_string_equal(text_from_env("INDYNO_TEST_TEXT", "otherwise"), "otherwise");
    setenv("INDYNO_TEST_TEXT", "given", 1);
    assert_string_equal(text_from_env("INDYNO_TEST_TEXT", "otherwise"), "given");
    unsetenv("INDYNO_TEST_TEXT");
}

static void test_env(void **state)
{
    (void)state;
    cleanup_strings struct strings env = {0};
    assert_null(strings_env_get(&env, "A"));
    strings_env_set(&env, "AB", "long");
    strings_env_set(&env, "A", "1");
    strings_env_set(&env, "B", "");
    ASSERT_ITEMS(&env, "AB=long", "A=1", "B=");
    strings_env_set(&env, "A", "x=y");
    ASSERT_ITEMS(&env, "AB=long", "A=x=y", "B=");
    static const struct {
        const char *name, *value;
    } rows[] = {{"AB", "long"}, {"A", "x=y"}, {"B", ""}, {"C", NULL}, {"a", NULL}, {"ABC", NULL}, {"", NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!text_equal(strings_env_get(&env, rows[i].name), rows[i].value))
            fail_msg("%s is not %s", rows[i].name, rows[i].value ? rows[i].value : "unset");
}

/* ---- Files ---- */

static char *pattern(size_t size)
{
    char *data = allocate(size + 1, 1);
    for (size_t i = 0; i < size; i++)
        data[i] = (char)(i * 7 % 251); /* has NULs */
    return data;
}

/* Around the sizes at which the buffer grows. */
static void test_read_limit(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 4094, 4095, 4096, 4097, 8190, 8191, 8192, 100000};
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        cleanup_free char *data = pattern(sizes[i]);
        cleanup_error struct error err = {0};
        size_t size = 0;
        scratch_write_bytes(&scratch, "file", data, sizes[i]);
        cleanup_free char *text = text_read_file(scratch.fd, "file", sizes[i], &size, &err);
        assert_non_null(text);
        assert_int_equal(size, sizes[i]);
        assert_memory_equal(text, data, size + 1);

        cleanup_free char *message = text_format("file: larger than %zu bytes", sizes[i] - 1);
        assert_null(text_read_file(scratch.fd, "file", sizes[i] - 1, &size, &err));
        assert_int_equal(err.status, STATUS_DATA);
        assert_string_equal(err.message, message);
    }
}

static void test_read_empty(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    size_t size = 1;
    scratch_make(&scratch);
    scratch_write(&scratch, "empty", "");
    cleanup_free char *text = text_read_file(scratch.fd, "empty", 0, &size, NULL);
    assert_string_equal(text, "");
    assert_int_equal(size, 0);
}

static void test_read_cannot(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int errnum;
        const char *what;
    } rows[] = {{"absent", ENOENT, "open absent: "},
                {"folder", EISDIR, "read folder: "},
                {"folder/file/x", ENOTDIR, "open "}};
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    scratch_write(&scratch, "folder/file", "");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_error struct error err = {0};
        assert_null(text_read_file(scratch.fd, rows[i].path, 100, NULL, &err));
        assert_int_equal(err.status, STATUS_ERRORED);
        assert_int_equal(err.errnum, rows[i].errnum);
        assert_true(text_starts(err.message, rows[i].what));
    }
    assert_null(text_read_file(scratch.fd, "absent", 100, NULL, NULL));
}

static void note_alarm(int signal)
{
    (void)signal;
}

/* Signals that interrupt cut a write short. */
static void start_alarms(void)
{
    static const struct itimerval often = {.it_interval = {.tv_usec = 1000}, .it_value = {.tv_usec = 1000}};
    struct sigaction action = {.sa_handler = note_alarm};
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
}

static void stop_alarms(void)
{
    static const struct itimerval never;
    setitimer(ITIMER_REAL, &never, NULL);
}

/* Slower than the alarms, so that they come while the pipe is full. */
static void read_slowly(int from, const char *expected, size_t size)
{
    enum { PART = 4096, PAUSE_US = 3000 };
    char part[PART];
    size_t used = 0;
    for (ssize_t got; (got = read(from, part, sizeof part)) > 0; used += (size_t)got) {
        if (used + (size_t)got > size || memcmp(part, expected + used, (size_t)got) != 0)
            _exit(EXIT_FAILURE);
        usleep(PAUSE_US);
    }
    _exit(used == size ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void test_write_all(void **state)
{
    (void)state;
    enum { SIZE = 256 * 1024 };
    cleanup_free char *data = pattern(SIZE);
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[1]);
        read_slowly(ends[0], data, SIZE);
    }
    close(ends[0]);
    start_alarms();
    int written = text_write_all(ends[1], data, SIZE);
    stop_alarms();
    close(ends[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(written, 0);
    assert_int_equal(status, 0);
}

static void test_write_cannot(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    errno = 0;
    assert_int_equal(text_write_all(ends[1], "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    signal(SIGPIPE, before);
    close(ends[1]);
    errno = 0;
    assert_int_equal(text_write_all(-1, "x", 1), -1);
    assert_int_equal(errno, EBADF);
    assert_int_equal(text_write_all(-1, "", 0), 0);
}

/* ---- Ownership ---- */

static void test_close_keeps_errno(void **state)
{
    (void)state;
    int fd = open("/", O_PATH | O_CLOEXEC), copy = fd, no_file = 1 << 20;
    errno = EXDEV;
    close_fd(&fd);
    assert_int_equal(fd, -1);
    close_fd(&fd);
    close_fd(&no_file);
    assert_int_equal(errno, EXDEV);
    assert_int_equal(fcntl(copy, F_GETFD), -1);
}

static void test_random_hex(void **state)
{
    (void)state;
    enum { BYTES = 16 };
    char one[2 * BYTES + 2], two[2 * BYTES + 2];
    memset(one, 'x', sizeof one);
    text_random_hex(one, BYTES);
    text_random_hex(two, BYTES);
    assert_int_equal(strlen(one), 2 * BYTES);
    assert_int_equal(strspn(one, "0123456789abcdef"), 2 * BYTES);
    assert_int_equal(one[2 * BYTES + 1], 'x');
    assert_string_not_equal(one, two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compared),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_join),
        cmocka_unit_test(test_from_env),
        cmocka_unit_test(test_env),
        cmocka_unit_test(test_read_limit),
        cmocka_unit_test(test_read_empty),
        cmocka_unit_test(test_read_cannot),
        cmocka_unit_test(test_write_all),
        cmocka_unit_test(test_write_cannot),
        cmocka_unit_test(test_close_keeps_errno),
        cmocka_unit_test(test_random_hex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
