/* Sizes, durations, cpus and counts: what is taken, and that what is refused leaves the value alone. */
#include "unit.h"

#include "runtime/quantity.h"

static const uint64_t untouched = 424242;

struct row {
    const char *text;
    bool taken;
    uint64_t value;
};

static void check(const struct row *rows, size_t count, bool (*parse)(const char *, uint64_t *))
{
    for (size_t i = 0; i < count; i++) {
        uint64_t value = untouched;
        bool taken = parse(rows[i].text, &value);
        uint64_t expected = rows[i].taken ? rows[i].value : untouched;
        if (taken != rows[i].taken || value != expected)
            fail_msg("\"%s\": %s, %llu", rows[i].text, taken ? "taken" : "refused",
                     (unsigned long long)value);
    }
}

/* What none of the four takes. */
static const struct row refused[] = {
    {.text = ""},
    {.text = " "},
    {.text = "."},
    {.text = "-1"},
    {.text = "+1"},
    {.text = " 1"},
    {.text = "1 "},
    {.text = "1."},
    {.text = "1.x"},
    {.text = "1.2.3"},
    {.text = "1,5"},
    {.text = "0x10"},
    {.text = "inf"},
    {.text = "nan"},
    {.text = "1e3"},
    {.text = "ten"},
    {.text = "1\n"},
    {.text = "--1"},
    {.text = "18446744073709551616"},
    {.text = "99999999999999999999999999999999999999"},
};

static void test_refused_by_all(void **state)
{
    (void)state;
    bool (*const parsers[])(const char *, uint64_t *) = {parse_size, parse_duration, parse_cpus, parse_count};
    for (size_t i = 0; i < sizeof parsers / sizeof *parsers; i++)
        check(refused, sizeof refused / sizeof *refused, parsers[i]);
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"0", true, 0},
        {"4096", true, 4096},
        {"1b", true, 1},
        {"10B", true, 10},
        {"1k", true, 1024},
        {"1K", true, 1024},
        {"1KB", true, 1024},
        {"1kib", true, 1024},
        {"512M", true, UINT64_C(512) << 20},
        {"512MiB", true, UINT64_C(512) << 20},
        {"512mb", true, UINT64_C(512) << 20},
        {"1.5G", true, UINT64_C(1536) << 20},
        {".5g", true, UINT64_C(512) << 20},
        {"2t", true, UINT64_C(2) << 40},
        {"0.999999t", true, 1099510528264},
        {"0.0000000g", true, 0},
        {"18446744073709551615", true, UINT64_MAX},
        {"16777215t", true, UINT64_C(16777215) << 40},
        {.text = "16777216t"},             /* 2^64 */
        {.text = "18446744073709551615k"}, /* overflows when scaled */
        {.text = "0.5"},                   /* would be 0, and 0 may mean no limit */
        {.text = "0.0000001k"},
        {.text = "1p"},
        {.text = "1ki"},
        {.text = "1mm"},
        {.text = "1bb"},
        {.text = "1s"},
        {.text = "M"},
        {.text = "1 M"},
    };
    check(rows, sizeof rows / sizeof *rows, parse_size);
}

static void test_durations(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"0", true, 0},         {"10", true, 10000},   {"0.25", true, 250},
        {"90s", true, 90000},   {"1.5m", true, 90000}, {"2h", true, 7200000},
        {"1d", true, 86400000}, {"250ms", true, 250},  {"0s", true, 0},
        {.text = "1M"}, /* months? minutes? */
        {.text = "1S"},         {.text = "1us"},       {.text = "1min"},
        {.text = "0.1ms"},      {.text = "1h30m"},     {.text = "18446744073709551615d"},
    };
    check(rows, sizeof rows / sizeof *rows, parse_duration);
}

static void test_cpus(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"1", true, 1000},
        {"1.5", true, 1500},
        {".25", true, 250},
        {"0.001", true, 1},
        {"1.9999", true, 1999},
        {"128", true, 128000},
        {.text = "0"},
        {.text = "0.0"},
        {.text = "0.0009"},
        {.text = "2cpus"},
        {.text = "18446744073709551615"},
    };
    check(rows, sizeof rows / sizeof *rows, parse_cpus);
}

static void test_counts(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"1", true, 1},  {"64", true, 64}, {"007", true, 7}, {"18446744073709551615", true, UINT64_MAX},
        {.text = "0"},   {.text = "000"},  {.text = "1.5"},  {.text = ".5"},
        {.text = "64k"}, {.text = "1.0"},
    };
    check(rows, sizeof rows / sizeof *rows, parse_count);
}

static void test_cpu_lists(void **state)
{
    (void)state;
    static const char *const good[] = {"0", "0-3", "0-3,8", "1,0", "8191", "2-2"};
    static const char *const bad[] = {"",     "-", "3-",  "-3",   "3-1",  "0,",    ",0",
                                      "0,,1", "a", "0 1", "8192", "0-3x", "0-1-2", "+1"};
    char list[16] = "as before";
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(parse_cpu_list(bad[i], list, sizeof list));
    assert_string_equal(list, "as before");
    assert_false(parse_cpu_list("0,1,2,3,4,5,6,7,8", list, sizeof list)); /* too long */
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(parse_cpu_list(good[i], list, sizeof list));
        assert_string_equal(list, good[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_by_all), cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_durations),      cmocka_unit_test(test_cpus),
        cmocka_unit_test(test_counts),         cmocka_unit_test(test_cpu_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
