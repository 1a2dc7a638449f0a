/* The error contract: what each of its functions leaves in the error, and what of it is printed. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/own.h"
#include "base/text.h"

static void test_fail(void **state)
{
    (void)state;
    cleanup_error struct error err = {0};
    assert_int_equal(fail(&err, STATUS_USAGE, "%s: %d", "option", 7), -1);
    assert_int_equal(err.status, STATUS_USAGE);
    assert_int_equal(err.errnum, 0);
    assert_string_equal(err.message, "option: 7");
    assert_null(err.remedy);
}

static void test_fail_errno(void **state)
{
    (void)state;
    static const int numbers[] = {ENOENT, EACCES, ENOSPC, ELOOP};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        cleanup_error struct error err = {0};
        cleanup_free char *expected = text_format("open /x: %s", strerror(numbers[i]));
        errno = numbers[i];
        assert_int_equal(fail_errno(&err, "open %s", "/x"), -1);
        assert_int_equal(err.status, STATUS_ERRORED);
        assert_int_equal(err.errnum, numbers[i]);
        assert_string_equal(err.message, expected);
    }
}

/* Nothing of an error is left in the one that replaces it, which may be made of it. */
static void test_replaced(void **state)
{
    (void)state;
    cleanup_error struct error err = {0};
    errno = EACCES;
    fail_errno(&err, "open");
    error_remedy(&err, "ask");
    fail(&err, STATUS_DATA, "again: %s (%s)", err.message, err.remedy);
    assert_int_equal(err.status, STATUS_DATA);
    assert_int_equal(err.errnum, 0);
    assert_string_equal(err.message, "again: open: Permission denied (ask)");
    assert_null(err.remedy);
}

static void test_context(void **state)
{
    (void)state;
    cleanup_error struct error err = {0};
    errno = ENOENT;
    fail_errno(&err, "open x");
    error_remedy(&err, "make it");
    assert_int_equal(error_context(&err, "read %s", "y"), -1);
    assert_int_equal(error_context(&err, "step %d", 2), -1);
    assert_string_equal(err.message, "step 2: read y: open x: No such file or directory");
    assert_string_equal(err.remedy, "make it");
    assert_int_equal(err.status, STATUS_ERRORED);
    assert_int_equal(err.errnum, ENOENT);
}

static void test_context_of_nothing(void **state)
{
    (void)state;
    cleanup_error struct error err = {0};
    assert_int_equal(error_context(&err, "read %s", "y"), -1);
    assert_string_equal(err.message, "read y: failed");
}

static void test_remedy(void **state)
{
    (void)state;
    cleanup_error struct error err = {0};
    fail(&err, STATUS_DATA, "m");
    error_remedy(&err, "%s", "one");
    error_remedy(&err, "%s", "two");
    assert_string_equal(err.remedy, "two");
    assert_string_equal(err.message, "m");
    assert_int_equal(err.status, STATUS_DATA);
}

/* A caller that does not want to know gives none. */
static void test_no_error_wanted(void **state)
{
    (void)state;
    assert_int_equal(fail(NULL, STATUS_DATA, "%s", "x"), -1);
    assert_int_equal(fail_errno(NULL, "%s", "x"), -1);
    assert_int_equal(error_context(NULL, "%s", "x"), -1);
    error_remedy(NULL, "%s", "x");
}

static void test_cleared_is_empty(void **state)
{
    (void)state;
    struct error err = {0};
    errno = EPERM;
    fail_errno(&err, "m");
    error_remedy(&err, "r");
    error_clear(&err);
    assert_int_equal(err.status, 0);
    assert_int_equal(err.errnum, 0);
    assert_null(err.message);
    assert_null(err.remedy);
    error_clear(&err);
}

/* The numbers are the documented exit statuses. */
static void test_statuses(void **state)
{
    (void)state;
    static const int statuses[] = {STATUS_USAGE,  STATUS_DATA,    STATUS_NO_ROOM,
                                   STATUS_POLICY, STATUS_TIMEOUT, STATUS_ERRORED};
    static const int documented[] = {64, 65, 75, 77, 124, 125};
    assert_memory_equal(statuses, documented, sizeof documented);
}

/* ---- Printing ---- */

static char *printed(const char *message, const char *remedy)
{
    cleanup_error struct error err = {.message = copy_string(message), .remedy = copy_string(remedy)};
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    assert_non_null(to);
    error_print(&err, to);
    assert_int_equal(fclose(to), 0);
    return text;
}

static void test_printed(void **state)
{
    (void)state;
    static const struct {
        const char *message, *remedy, *text;
    } rows[] = {
        {"m", NULL, "indyno: m\n"},
        {"m", "r", "indyno: m\n  r\n"},
        {"", "", "indyno: \n  \n"},
        {NULL, NULL, "indyno: failed\n"},
        {"100%s", "%n", "indyno: 100%s\n  %n\n"},
        {"a\nb", "c\nd", "indyno: a?b\n  c?d\n"},
        {"a\rb\tc\vd\be\aa", NULL, "indyno: a?b?c?d?e?a\n"},
        {"\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "indyno: ?[31mred?[0m\n  ?]0;title?\n"},
        {"\x01\x1f\x7f ~", NULL, "indyno: ??? ~\n"},
        /* the terminal's 8-bit controls, which UTF-8 writes in two bytes: CSI, OSC, the first, the last */
        {"\xc2\x9b"
         "31m",
         "\xc2\x9d"
         "0;t",
         "indyno: ?31m\n  ?0;t\n"},
        {"\xc2\x80\xc2\x9f", NULL, "indyno: ??\n"},
        /* and what is no control in UTF-8, though a byte of it looks like one */
        {"\xc2\xa0\xc3\x80\xc3\x9b\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", NULL,
         "indyno: \xc2\xa0\xc3\x80\xc3\x9b\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\n"},
        {"cut\xc2", NULL, "indyno: cut\xc2\n"},
        {"cut\xc2\n", NULL, "indyno: cut\xc2?\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_free char *text = printed(rows[i].message, rows[i].remedy);
        assert_string_equal(text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fail),
        cmocka_unit_test(test_fail_errno),
        cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_context),
        cmocka_unit_test(test_context_of_nothing),
        cmocka_unit_test(test_remedy),
        cmocka_unit_test(test_no_error_wanted),
        cmocka_unit_test(test_cleared_is_empty),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
