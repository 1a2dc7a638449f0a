/* The line of an install that is redrawn: what of it stays on terminals of every width; and the total. */
#include "unit.h"

#include <string.h>

#include "base/own.h"
#include "given.h"
#include "runtime/progress.h"

#define TEN     "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static void test_text(void **state)
{
    (void)state;
    static const struct {
        struct install_state state;
        size_t columns;
        const char *text;
    } rows[] = {
        {{"redis:7.0", "fetching (deb)", 52},
         80,
         "redis:7.0  [###############...............]  52%  fetching (deb)"},
        {{"redis:7.0", "fetching (deb)", 0},
         80,
         "redis:7.0  [..............................]   0%  fetching (deb)"},
        {{"redis:7.0", "fetching (deb)", 100},
         80,
         "redis:7.0  [##############################] 100%  fetching (deb)"},
        {{"redis:7.0", "checking", -1}, 80, "redis:7.0  checking"},
        /* of no known width, and as wide as can be */
        {{"redis:7.0", "fetching (deb)", 52},
         0,
         "redis:7.0  [###############...............]  52%  fetching (deb)"},
        {{"redis:7.0", "fetching (deb)", 52},
         500,
         "redis:7.0  [###############...............]  52%  fetching (deb)"},
        /* the bar gives way, and goes at ten; the last column stays free */
        {{"redis:7.0", "fetching (deb)", 50},
         65,
         "redis:7.0  [###############...............]  50%  fetching (deb)"},
        {{"redis:7.0", "fetching (deb)", 50},
         64,
         "redis:7.0  [##############...............]  50%  fetching (deb)"},
        {{"redis:7.0", "fetching (deb)", 50}, 45, "redis:7.0  [#####.....]  50%  fetching (deb)"},
        {{"redis:7.0", "fetching (deb)", 50}, 44, "redis:7.0  50%  fetching (deb)"},
        /* then the phase, then the name; the percentage stays */
        {{"redis:7.0", "fetching (deb)", 50}, 31, "redis:7.0  50%  fetching (deb)"},
        {{"redis:7.0", "fetching (deb)", 50}, 30, "redis:7.0  50%"},
        {{"redis:7.0", "fetching (deb)", 52}, 20, "redis:7.0  52%"},
        {{"redis:7.0", "fetching (deb)", 52}, 15, "redis:7.0  52%"},
        {{"redis:7.0", "fetching (deb)", 52}, 14, "52%"},
        {{"redis:7.0", "fetching (deb)", 52}, 10, "52%"},
        {{"redis:7.0", "fetching (deb)", 100}, 10, "100%"},
        {{"redis:7.0", "fetching (deb)", 100}, 3, "10"},
        {{"redis:7.0", "fetching (deb)", 52}, 1, ""},
        {{"redis:7.0", "checking", -1}, 20, "redis:7.0  checking"},
        {{"redis:7.0", "checking", -1}, 10, "redis:7.0"},
        {{"redis:7.0", "checking", -1}, 1, ""},
        /* names that leave no place */
        {{HUNDRED, "fetching (deb)", 52}, 80, "52%"},
        {{HUNDRED, "fetching (deb)", 52}, 110, HUNDRED "  52%"},
        {{HUNDRED, "checking", -1}, 20, TEN "012345678"},
        {{TEN TEN TEN TEN TEN TEN, "fetching (deb)", 52}, 80, TEN TEN TEN TEN TEN TEN "  52%"},
        /* what would move the cursor, or be of another width */
        {{"a\x1b[2J\n", "\xc3\xa9\t\x7f", 7}, 20, "a?[2J?   7%  ????"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_free char *text = progress_text(&rows[i].state, rows[i].columns);
        cleanup_free char *label = text_format("row %zu, %zu columns", i, rows[i].columns);
        assert_text(label, text, rows[i].text);
    }
}

/* Whatever the width: it fits, and where there is place for it the percentage is told. */
static void test_every_width(void **state)
{
    (void)state;
    const struct install_state given = {"postgresql-client:17", "fetching (deb)", 100};
    for (size_t columns = 1; columns <= 200; columns++) {
        cleanup_free char *text = progress_text(&given, columns);
        assert_true(strlen(text) < columns);
        assert_true(columns < sizeof "100%" || strstr(text, "100%"));
    }
}

static void test_total(void **state)
{
    (void)state;
    static const struct {
        struct progress_total total;
        const char *text;
    } rows[] = {
        {{0, 0, 0, 3.2}, NULL},
        {{1, 0, 12000000, 3.24}, "1 image installed: 12 MB in 3.2 s"},
        {{2, 1, 182000000, 14.2}, "2 images installed, 1 there already: 182 MB in 14.2 s"},
        {{1, 3, 5, 100}, "1 image installed, 3 there already: 5 B in 100.0 s"},
        {{0, 1, 0, 0}, "1 image there already"},
        {{0, 2, 0, 0}, "2 images there already"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_free char *text = progress_total_text(&rows[i].total);
        assert_text("total", text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_every_width),
        cmocka_unit_test(test_total),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
