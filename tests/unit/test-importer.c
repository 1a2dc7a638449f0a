/* What an importer prints is numbers only where it is numbers. */
#include "unit.h"

#include "images/importer.h"

static void test_percent(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int percent;
    } rows[] = {
        {"0", 0},
        {"7", 7},
        {"40", 40},
        {"100", 100},
        {"007", 7},
        {"", -1},
        {"101", -1},
        {"999", -1},
        {"0100", -1},
        {"-1", -1},
        {"-0", -1},
        {"+5", -1},
        {" 5", -1},
        {"5 ", -1},
        {"5%", -1},
        {"4x", -1},
        {"0x10", -1},
        {"1e1", -1},
        {"12.5", -1},
        {"nan", -1},
        {"4294967297", -1},
        {"\x1b[2J", -1},
        {"18446744073709551657", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (importer_percent(rows[i].text) != rows[i].percent)
            fail_msg("\"%s\": %d", rows[i].text, importer_percent(rows[i].text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
