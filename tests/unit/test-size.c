/* Heroku's dyno sizes. */
#include "unit.h"

#include "base/own.h"
#include "given.h"
#include "runtime/size.h"

#define MIB UINT64_C(1048576)

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name, *is;
    } rows[] = {{"performance-m", "performance-m"}, {"Performance-M", "performance-m"},
                {"standard-1X", "standard-1x"},     {"eco", "standard-1x"},
                {"Private-L", "performance-l"},     {"performance-2xl", "performance-2xl"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(size_find(rows[i].name)->name, rows[i].is);
    assert_null(size_find("performance"));
    assert_null(size_find(""));
    assert_non_null(size_find(SIZE_DEFAULT));
}

static void test_applied(void **state)
{
    (void)state;
    struct sandbox_limits limits = {.pids = 7, .optional = true};
    struct strings notes = {0};
    size_apply(size_find("standard-2x"), 0, &limits, &notes);
    assert_int_equal(limits.memory_bytes, 1024 * MIB);
    assert_int_equal(limits.pids, 7);
    assert_int_equal(limits.cpu_weight, 17);
    assert_true(limits.optional);
    assert_int_equal(notes.count, 0);
}

static void test_cut(void **state)
{
    (void)state;
    struct sandbox_limits limits = {0}, given = {.memory_bytes = 9000 * MIB};
    struct strings notes = {0};
    size_apply(size_find("performance-l"), 8000 * MIB, &given, &notes);
    assert_int_equal(given.memory_bytes, 9000 * MIB);
    assert_int_equal(notes.count, 0);
    size_apply(size_find("performance-l"), 8000 * MIB, &limits, &notes);
    assert_int_equal(limits.memory_bytes, 8000 * MIB);
    assert_int_equal(limits.pids, 32768);
    assert_text("note", notes.items[0],
                "performance-l: its 14336 MiB of memory are cut to the 8000 MiB that the host has");
    strings_clear(&notes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_applied),
                                       cmocka_unit_test(test_cut)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
