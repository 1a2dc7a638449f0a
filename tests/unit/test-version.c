/* Versions: their order, and which line they are of. */
#include "unit.h"

#include "images/catalog.h"

static int sign(int number)
{
    return (number > 0) - (number < 0);
}

static void check_order(const char *a, const char *b, int expected)
{
    if (sign(version_compare(a, b)) != expected)
        fail_msg("\"%s\" against \"%s\": %d", a, b, version_compare(a, b));
}

/* Oldest first: each against each, so that the order is also found to be one. */
static void test_order(void **state)
{
    (void)state;
    static const char *const ascending[] = {
        "",        "0.9",      "6",      "6.2",      "6.2.9",    "6.2.10",     "7.0",
        "7.0-rc1", "7.0-rc2",  "7.0.15", "7.2",      "9.6",      "9.6.24",     "9.99",
        "10",      "16",       "16.1",   "16.9",     "16.14",    "16.99",      "16.100",
        "17",      "17.0.0.1", "100.1",  "1000.0.1", "20260101", "4294967296", "4294967297",
    };
    enum { COUNT = sizeof ascending / sizeof *ascending };
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < COUNT; j++)
            check_order(ascending[i], ascending[j], sign(i - j));
}

/* A number that is not there counts as 0. */
static void test_same(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"16.14", "16.14"}, {"16", "16.0"}, {"7.0", "7.0.0"}, {"07.00", "7.0"}, {"", "0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_order(rows[i][0], rows[i][1], 0);
        check_order(rows[i][1], rows[i][0], 0);
    }
}

static void test_matches(void **state)
{
    (void)state;
    static const struct {
        const char *version, *wanted;
        bool matches;
    } rows[] = {
        {"16.14", "16", true},    {"16.14", "16.14", true},    {"16", "16", true},
        {"7.0.15", "7", true},    {"7.0.15", "7.0", true},     {"7.0.15", "7.0.15", true},
        {"16.14", "1", false},    {"16.14", "16.1", false},    {"16.14", "16.", false},
        {"16.14", "6", false},    {"16.14", "14", false},      {"16.14", "17", false},
        {"16", "16.14", false},   {"16.14", "16.14.0", false}, {"7.0.15", "7.0.1", false},
        {"7.0.15", "7.1", false}, {"70.15", "7.0", false},     {"16.14", "", false},
        {"16.14", " 16", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (version_matches(rows[i].version, rows[i].wanted) != rows[i].matches)
            fail_msg("\"%s\" of \"%s\": expected %d", rows[i].version, rows[i].wanted, rows[i].matches);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_matches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
