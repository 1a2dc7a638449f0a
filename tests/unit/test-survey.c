/* What survey-postgresql prints is of a tree that nobody trusts: only what is of its form is taken. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "images/survey.h"

static void take(struct image *image, const char *text)
{
    cleanup_free char *copy = copy_string(text);
    survey_take(image, copy);
}

#define ASSERT_LIST(list, ...) assert_list(list, (const char *const[]){__VA_ARGS__, NULL})

static void assert_list(const struct strings *list, const char *const *expected)
{
    size_t count = 0;
    while (expected[count])
        count++;
    assert_int_equal(list->count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(list->items[i], expected[i]);
}

static void test_taken(void **state)
{
    (void)state;
    cleanup_image struct image image = {0};
    take(&image, "extension\thstore\t1.8\n"
                 "extension\tuuid-ossp\t1.1\n"
                 "left-out\tplperl\tcould not load library \"/x\": a=b\n"
                 "feature\tssl\tOpenSSL\n"
                 "feature\txslt\tno");
    ASSERT_LIST(&image.extensions, "hstore=1.8", "uuid-ossp=1.1");
    ASSERT_LIST(&image.left_out, "plperl=could not load library \"/x\": a=b");
    ASSERT_LIST(&image.features, "ssl=OpenSSL", "xslt=no");
}

static void test_not_taken(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "\n\n",
        "extension",
        "extension\thstore",
        "extension\t\t1.8",
        "extension\ta=b\t1.8",
        "extension\t../x\t1.8",
        "extension\ta b\t1.8",
        "extension\t\033[2J\t1.8",
        "extensions\thstore\t1.8",
        "\thstore\t1.8",
        "extension\tlonger_than_any_name_of_postgres_can_be_which_is_sixty_three_let\t1.8",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_image struct image image = {0};
        take(&image, rows[i]);
        if (image.extensions.count || image.left_out.count || image.features.count)
            fail_msg("taken: %s", rows[i]);
    }
}

static void test_first_counts(void **state)
{
    (void)state;
    cleanup_image struct image image = {0};
    take(&image, "extension\thstore\t1.8\nextension\thstore\t9\n");
    ASSERT_LIST(&image.extensions, "hstore=1.8");
}

static void test_values_are_printable(void **state)
{
    (void)state;
    enum { LONG = 5000, KEPT = 200 };
    cleanup_image struct image image = {0};
    cleanup_free char *value = allocate(LONG + 1, 1);
    memset(value, 'x', LONG);
    cleanup_free char *text =
        text_format("left-out\ta\t\033]0;evil\a\xc3\xa9\ttab\r\nleft-out\tb\t%s\n", value);
    take(&image, text);
    assert_int_equal(image.left_out.count, 2);
    assert_string_equal(image.left_out.items[0], "a=?]0;evil???\?tab?");
    assert_int_equal(strlen(image.left_out.items[1]), strlen("b=") + KEPT);
}

static void test_a_flood_ends(void **state)
{
    (void)state;
    enum { LINES = 5000, KEPT = 1000, LINE_SIZE = 32 };
    cleanup_image struct image image = {0};
    cleanup_free char *text = allocate(LINES * LINE_SIZE + 1, 1);
    char *end = text;
    for (int i = 0; i < LINES; i++)
        end += snprintf(end, LINE_SIZE, "extension\te%d\t1\n", i);
    survey_take(&image, text);
    assert_int_equal(image.extensions.count, KEPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taken),        cmocka_unit_test(test_not_taken),
        cmocka_unit_test(test_first_counts), cmocka_unit_test(test_values_are_printable),
        cmocka_unit_test(test_a_flood_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
