/* Quoting: what is plain stays readable, and whatever a word holds, a shell takes it as that word. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "given.h"
#include "runtime/quote.h"

static void test_words(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"pytest", "pytest"},
        {"-q", "-q"},
        {"--cov=a/b.c,d", "--cov=a/b.c,d"},
        {"a:b@c%d+e_F9", "a:b@c%d+e_F9"},
        {"", "''"},
        {"a b", "'a b'"},
        {"it's", "'it'\\''s'"},
        {"'", "''\\'''"},
        {"''", "''\\'''\\'''"},
        {"$HOME", "'$HOME'"},
        {"~", "'~'"},
        {"*", "'*'"},
        {"a\nb", "'a\nb'"},
        {"!", "'!'"},
        {"#", "'#'"},
        {"\\", "'\\'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_free char *word = quote_word(rows[i][0]);
        assert_text(rows[i][0], word, rows[i][1]);
    }
}

static void test_lines(void **state)
{
    (void)state;
    const struct strings none = {0};
    const struct strings one = {WORDS(TEXT("make"))};
    const struct strings three = {WORDS(TEXT("pytest"), TEXT("a b"), TEXT(""))};
    cleanup_free char *nothing = quote_words(&none);
    cleanup_free char *single = quote_words(&one);
    cleanup_free char *line = quote_words(&three);
    assert_text("none", nothing, "");
    assert_text("one", single, "make");
    assert_text("three", line, "pytest 'a b' ''");
}

/* Has a shell print the quoted words, each with a '|' behind it. */
static char *as_a_shell_takes_it(const struct strings *words)
{
    cleanup_free char *line = quote_words(words);
    cleanup_free char *command = text_format("printf '%%s|' %s", line);
    char *taken = allocate(BUFSIZ, 1);
    FILE *shell = popen(command, "r");
    assert_non_null(shell);
    taken[fread(taken, 1, BUFSIZ - 1, shell)] = '\0';
    assert_int_equal(pclose(shell), 0);
    return taken;
}

static void test_every_byte(void **state)
{
    (void)state;
    cleanup_strings struct strings words = {0};
    char expected[BUFSIZ], *at = expected;
    for (int byte = 1; byte <= 255; byte++) {
        strings_addf(&words, "%ca%c", byte, byte);
        at += sprintf(at, "%ca%c|", byte, byte);
    }
    cleanup_free char *taken = as_a_shell_takes_it(&words);
    assert_string_equal(taken, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_every_byte),
    };
    return cmocka_run_group_tests_name("quote", tests, NULL, NULL);
}
