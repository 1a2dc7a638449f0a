/* Which package brings an extension. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "images/catalog.h"
#include "images/extension.h"
#include "scratch.h"

static const char file[] = "# 17 vector comment\n"
                           "15 postgis p15\n"
                           "17 postgis p17\n"
                           "17 vector v17\n"
                           "18 postgis p18\n"
                           "18 vector v18\n"
                           "18\n"
                           "x vector nothing\n"
                           "16 vector\n"
                           "\n";

static void test_table(void **state)
{
    (void)state;
    static const struct {
        const char *version, *extension;
        long major;
        const char *package;
    } rows[] = {
        {"17.10", "postgis", 17, "p17"}, {"17.10", "vector", 17, "v17"}, {"15.18", "postgis", 15, "p15"},
        {"15.18", "vector", 17, "v17"},  {"16.14", "vector", 17, "v17"}, {"16.14", "postgis", 17, "p17"},
        {"14.1", "postgis", 15, "p15"},  {"19", "postgis", 18, "p18"},   {"18.4", "vector", 18, "v18"},
        {"17.10", "", 0, NULL},          {"17.10", "Vector", 0, NULL},   {"17.10", "comment", 0, NULL},
        {"17.10", "nosuch", 0, NULL},
    };
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    scratch_write(&scratch, "extensions", file);
    cleanup_free char *path = text_format("%s/extensions", scratch.path);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct extension_package found;
        assert_int_equal(extension_find_package(path, rows[i].version, rows[i].extension, &found, NULL), 0);
        cleanup_free char *package = found.package;
        if (found.major != rows[i].major || !text_equal(package, rows[i].package))
            fail_msg("%s for %s: %ld %s", rows[i].extension, rows[i].version, found.major,
                     package ? package : "none");
    }
}

static void test_no_file(void **state)
{
    (void)state;
    cleanup_error struct error err = {0};
    struct extension_package found;
    assert_int_equal(extension_find_package("/nonexistent/extensions", "17", "vector", &found, &err), -1);
    assert_non_null(err.message);
    assert_null(found.package);
}

/* What the hint says can be typed: the catalog has that major as packages. */
static void test_the_catalog_has_each_major(void **state)
{
    (void)state;
    struct catalog *catalog;
    static const char *const versions[] = {"14.1", "15.1", "16.1", "17.1", "18.1", "19.1"};
    static const char *const extensions[] = {"vector", "postgis", "plpython3u", "pg_cron"};
    setenv("INDYNO_CATALOG", IMAGES_DIR "/catalog.json", 1);
    setenv("INDYNO_CONFIG_DIR", "/nonexistent", 1);
    assert_int_equal(catalog_load(&catalog, NULL), 0);
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        for (size_t j = 0; j < sizeof extensions / sizeof *extensions; j++) {
            struct extension_package found;
            assert_int_equal(
                extension_find_package(IMAGES_DIR "/extensions", versions[i], extensions[j], &found, NULL),
                0);
            cleanup_free char *package = found.package, *wanted = text_format("%ld", found.major);
            assert_non_null(package);
            assert_non_null(catalog_release(catalog_entry(catalog, "postgresql"), wanted, "deb"));
        }
    catalog_free(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_no_file),
        cmocka_unit_test(test_the_catalog_has_each_major),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
