/* --env-file: what each line gives, what is refused and where, and hostile files. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "runtime/app-name.h"
#include "runtime/app.h"

/* The list's entries, each with a line break behind it. */
static char *joined(const struct strings *list)
{
    char *text = copy_string("");
    for (size_t i = 0; i < list->count; i++) {
        char *longer = text_format("%s%s\n", text, list->items[i]);
        free(text);
        text = longer;
    }
    return text;
}

static void test_taken(void **state)
{
    (void)state;
    static const struct {
        const char *text, *entries;
    } rows[] = {
        {"", ""},
        {"\n\n  \n\t\n", ""},
        {"A=1", "A=1\n"},
        {"A=1\nB=2\n", "A=1\nB=2\n"},
        {"A=1\r\nB=2\r\n\r\n", "A=1\nB=2\n"},
        {"# A=1\n  # B=2\nC=3", "C=3\n"},
        {"A=", "A=\n"},
        {"A==", "A==\n"},
        {"A=b=c # d", "A=b=c # d\n"},
        {"A= x ", "A= x \n"},
        {"A=\"quoted\"\nB='it'", "A=\"quoted\"\nB='it'\n"},
        {"  \tA=1", "A=1\n"},
        {"A=1\nB=2\nA=3\n", "A=3\nB=2\n"},
        {"\xef\xbb\xbf"
         "A=1",
         "A=1\n"},
        {"_a9=\xff\xfe", "_a9=\xff\xfe\n"},
        {"A=\\n$B`c`", "A=\\n$B`c`\n"},
        {"INDYNO_TEST_HERE", "INDYNO_TEST_HERE=from here\n"},
        {"INDYNO_TEST_NOT_HERE", ""},
        {"INDYNO_TEST_HERE\nINDYNO_TEST_HERE=over", "INDYNO_TEST_HERE=over\n"},
    };
    setenv("INDYNO_TEST_HERE", "from here", 1);
    unsetenv("INDYNO_TEST_NOT_HERE");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_strings struct strings env = {0};
        cleanup_error struct error err = {0};
        assert_int_equal(env_file_parse("f.env", rows[i].text, &env, &err), 0);
        cleanup_free char *entries = joined(&env);
        assert_string_equal(entries, rows[i].entries);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"=", "f.env:1: no variable's name in front"},
        {"A=1\n=2", "f.env:2: no variable's name in front"},
        {"A=1\n\n#\n9A=2\n", "f.env:4: no variable's name in front"},
        {"export A=1", "f.env:1: no variable's name in front"},
        {"A =1", "f.env:1: no variable's name in front"},
        {"A-B=1", "f.env:1: no variable's name in front"},
        {"A*", "f.env:1: no variable's name in front"},
        {"'A'=1", "f.env:1: no variable's name in front"},
        {"\xc3\xa9=1", "f.env:1: no variable's name in front"},
        {"A\x1b[31m=1", "f.env:1: no variable's name in front"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_strings struct strings env = {0};
        cleanup_error struct error err = {0};
        assert_int_equal(env_file_parse("f.env", rows[i].text, &env, &err), -1);
        assert_int_equal(err.status, STATUS_DATA);
        assert_string_equal(err.message, rows[i].message);
        assert_non_null(err.remedy);
    }
}

/* One byte less than what execve(2) refuses is taken. */
static void test_length(void **state)
{
    (void)state;
    for (size_t length = ARGUMENT_MAX; length <= ARGUMENT_MAX + 1; length++) {
        cleanup_free char *text = allocate(length + 1, 1);
        memset(text, 'x', length);
        memcpy(text, "A=", 2);
        cleanup_strings struct strings env = {0};
        cleanup_error struct error err = {0};
        int result = env_file_parse("f.env", text, &env, &err);
        assert_int_equal(result, length > ARGUMENT_MAX ? -1 : 0);
        if (result < 0)
            assert_string_equal(err.message, "f.env:1: longer than Linux passes to a program");
    }
}

static void test_count(void **state)
{
    (void)state;
    cleanup_free char *text = allocate(VARIABLES_MAX + 2, sizeof "V00000=\n");
    char *at = text;
    for (int i = 0; i < VARIABLES_MAX; i++)
        at += sprintf(at, "V%d=\n", i);
    strcpy(at, "V0=set again\n");
    cleanup_strings struct strings env = {0};
    cleanup_error struct error err = {0};
    assert_int_equal(env_file_parse("f.env", text, &env, &err), 0);
    assert_int_equal(env.count, VARIABLES_MAX);
    assert_int_equal(env_file_parse("f.env", "ONE_MORE=1", &env, &err), -1);
    assert_string_equal(err.message, "f.env:1: too many variables");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
