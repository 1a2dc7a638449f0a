/* Lines of a log that have a mark: which, how many, and what is cut. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/own.h"
#include "base/text.h"
#include "sandbox/log-lines.h"

enum { ROOM = 16, LONG_LINE = 100 * 1000 };

static int log_of(const char *text)
{
    int log = memfd_create("log", MFD_CLOEXEC);
    assert_true(log >= 0);
    assert_int_equal(text_write_all(log, text, strlen(text)), 0);
    return log;
}

static void test_lines(void **state)
{
    (void)state;
    static const struct {
        const char *log, *lines;
    } rows[] = {
        {"", ""},
        {"none\n", ""},
        {"mark\n", "mark\n"},
        {"mark", "mark"},
        {"a\nb mark c\nd\n", "b mark c\n"},
        {"mark mark\nx\n\nmark", "mark mark\nmark"},
        {"mar\nk\nMARK\n", ""},
        {"a mark 1\na mark 2\n", "a mark 1\na mark"}, /* fifteen bytes */
        {"123456 mark 23\nmark\n", "123456 mark 23\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_fd int log = log_of(rows[i].log);
        char lines[ROOM];
        assert_int_equal(log_lines_with(log, "mark", lines, sizeof lines), strlen(rows[i].lines));
        assert_string_equal(lines, rows[i].lines);
    }
}

/* Chunks end wherever they do: a line across two of them is one line. */
static void test_chunks(void **state)
{
    (void)state;
    for (size_t pad = 0; pad < 40; pad++) {
        cleanup_free char *text = allocate(LONG_LINE, 1);
        char lines[ROOM];
        size_t size = 0;
        for (; size < 16 * 1024 - pad; size++)
            text[size] = size % 61 ? 'x' : '\n';
        strcpy(text + size, "\n<-- mark -->\nend\n");
        cleanup_fd int log = log_of(text);
        log_lines_with(log, "mark", lines, sizeof lines);
        assert_string_equal(lines, "<-- mark -->\n");
    }
}

static void test_no_line_end(void **state)
{
    (void)state;
    char lines[ROOM];
    cleanup_free char *text = allocate(LONG_LINE + ROOM, 1);
    memset(text, 'x', LONG_LINE);
    strcpy(text + LONG_LINE, "\nmark\n");
    cleanup_fd int log = log_of(text);
    assert_int_equal(log_lines_with(log, "mark", lines, sizeof lines), 5);
    assert_string_equal(lines, "mark\n");
}

static void test_edges(void **state)
{
    (void)state;
    char lines[ROOM];
    assert_int_equal(log_lines_with(-1, "mark", lines, sizeof lines), 0);
    assert_string_equal(lines, "");
    cleanup_fd int log = log_of("a\nb\n");
    log_lines_with(log, "", lines, sizeof lines);
    assert_string_equal(lines, "a\nb\n");
}

/* A hole costs no disk. */
static void test_limit(void **state)
{
    (void)state;
    char lines[ROOM];
    cleanup_fd int log = memfd_create("log", MFD_CLOEXEC);
    assert_int_equal(pwrite(log, "\nmark\n", 6, LOG_LINES_SEARCHED - 1), 6);
    assert_int_equal(log_lines_with(log, "mark", lines, sizeof lines), 0);
    assert_int_equal(ftruncate(log, 0), 0);
    assert_int_equal(pwrite(log, "\nmark\n", 6, LOG_LINES_SEARCHED - 6), 6);
    assert_int_equal(log_lines_with(log, "mark", lines, sizeof lines), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines), cmocka_unit_test(test_chunks), cmocka_unit_test(test_no_line_end),
        cmocka_unit_test(test_edges), cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
