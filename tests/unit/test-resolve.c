/* Which image is meant, and what is said where it is not there. */
#include "unit.h"

#include <string.h>

#include "base/own.h"
#include "images/catalog.h"

static const char catalog_text[] =
    "{\"postgresql\": {\"default\": \"16\", \"releases\": ["
    " {\"version\": \"16.99\", \"from\": \"npm\", \"source\": \"x\"},"
    " {\"version\": \"15.18\", \"from\": \"npm\", \"source\": \"x\"},"
    " {\"version\": \"12.1\", \"from\": \"npm\", \"source\": {}}]},"
    " \"redis\": {\"default\": \"7.0\", \"aliases\": {\"7\": \"7.0\", \"6\": \"6.2\", \"8\": \"8.0\"},"
    " \"releases\": ["
    " {\"version\": \"7.0\", \"from\": \"deb\", \"source\": \"x\"},"
    " {\"version\": \"8.0.9\", \"from\": \"source\", \"source\": \"x\"},"
    " {\"version\": \"6.2.12\", \"from\": \"source\", \"source\": \"x\"}]},"
    " \"valkey\": {\"default\": \"8.1\", \"releases\": []}}";

/* Not in the order of a store, so that the newest is not found by its place. */
static const struct {
    const char *name, *version;
} installed[] = {
    {"postgresql", "16.9"},
    {"postgresql", "17.2"},
    {"postgresql", "16.14"},
    {"postgresql", "16.10"},
    {"postgresql", "14.23"},
    {"redis", "7.0.9"},
    {"redis", "7.0.15"},
    {"redis", "7.2.1"},
    {"redis", "6.2.10"},
    {"redis", "6.4.1"},
    {"redis", "13.1"},
    {"postgresql-client", "18.4"},
    {"postgresql-client", "17.10"},
    {"redis", "16.99"},
    {"postgresql-client", "16.99"},
};

enum { INSTALLED = sizeof installed / sizeof *installed };

#define POSTGRESQL_INSTALLED "installed: 16.9, 17.2, 16.14, 16.10, 14.23; "

#define REDIS_INSTALLED "installed: 7.0.9, 7.0.15, 7.2.1, 6.2.10, 6.4.1, 13.1, 16.99; "

struct fixture {
    struct catalog *catalog;
    struct image *images;
};

static int make_fixture(void **state)
{
    static struct fixture fixture;
    fixture.images = allocate(INSTALLED, sizeof *fixture.images);
    for (size_t i = 0; i < INSTALLED; i++) {
        fixture.images[i].name = copy_string(installed[i].name);
        fixture.images[i].version = copy_string(installed[i].version);
    }
    *state = &fixture;
    return catalog_parse("catalog", catalog_text, &fixture.catalog, NULL);
}

static int free_fixture(void **state)
{
    struct fixture *fixture = *state;
    images_free(fixture->images, INSTALLED);
    catalog_free(fixture->catalog);
    return 0;
}

static void test_found(void **state)
{
    const struct fixture *fixture = *state;
    static const struct {
        const char *name, *wanted, *version;
    } rows[] = {
        {"postgresql", NULL, "16.14"},
        {"postgresql", "", "16.14"},
        {"postgresql", "16", "16.14"},
        {"postgresql", "16.9", "16.9"},
        {"postgresql", "16.10", "16.10"},
        {"postgresql", "16.14", "16.14"},
        {"postgresql", "17", "17.2"},
        {"postgresql", "14", "14.23"},
        {"redis", NULL, "7.0.15"},
        {"redis", "7", "7.0.15"},
        {"redis", "7.2", "7.2.1"},
        {"redis", "7.2.1", "7.2.1"},
        {"redis", "7.0", "7.0.15"},
        {"redis", "7.0.9", "7.0.9"},
        {"redis", "6", "6.2.10"},
        {"redis", "6.2", "6.2.10"},
        {"redis", "6.2.10", "6.2.10"},
        {"redis", "16", "16.99"},
        {"postgresql-client", "17", "17.10"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_error struct error err = {0};
        int index =
            resolve_image(fixture->catalog, fixture->images, INSTALLED, rows[i].name, rows[i].wanted, &err);
        if (index < 0)
            fail_msg("%s: %s", rows[i].name, err.message);
        assert_null(err.message);
        assert_string_equal(fixture->images[index].name, rows[i].name);
        assert_string_equal(fixture->images[index].version, rows[i].version);
    }
}

struct refusal {
    const char *name, *wanted, *message, *remedy;
};

static void check_refused(const struct catalog *catalog, const struct image *images, size_t count,
                          const struct refusal *refusal)
{
    cleanup_error struct error err = {0};
    assert_int_equal(resolve_image(catalog, images, count, refusal->name, refusal->wanted, &err), -1);
    assert_int_equal(err.status, STATUS_DATA);
    assert_string_equal(err.message, refusal->message);
    if (refusal->remedy)
        assert_string_equal(err.remedy, refusal->remedy);
    else
        assert_null(err.remedy);
}

static void test_refused(void **state)
{
    const struct fixture *fixture = *state;
    static const struct refusal rows[] = {
        {"postgresql", "13", "Specified postgresql version 13 is not available",
         POSTGRESQL_INSTALLED "any directory can be installed with: indyno image import postgresql:13 DIR"},
        {"postgresql", "15", "Specified postgresql version 15 is not available",
         POSTGRESQL_INSTALLED "install it with: indyno image install postgresql:15"},
        {"postgresql", "15.18", "Specified postgresql version 15.18 is not available",
         POSTGRESQL_INSTALLED "install it with: indyno image install postgresql:15.18"},
        {"postgresql", "16.1", "Specified postgresql version 16.1 is not available",
         POSTGRESQL_INSTALLED "any directory can be installed with: indyno image import postgresql:16.1 DIR"},
        /* in the catalog, but not for this machine */
        {"postgresql", "12", "Specified postgresql version 12 is not available",
         POSTGRESQL_INSTALLED "any directory can be installed with: indyno image import postgresql:12 DIR"},
        /* installed first: the catalog's newer one is another version */
        {"redis", "6.2.12", "Specified redis version 6.2.12 is not available",
         REDIS_INSTALLED "install it with: indyno image install redis:6.2.12"},
        {"redis", "6.2.11", "Specified redis version 6.2.11 is not available",
         REDIS_INSTALLED "any directory can be installed with: indyno image import redis:6.2.11 DIR"},
        /* an alias, in the user's words */
        {"redis", "8", "Specified redis version 8 is not available",
         REDIS_INSTALLED "install it with: indyno image install redis:8"},
        {"valkey", NULL, "Specified valkey version 8.1 is not available",
         "installed: none; any directory can be installed with: indyno image import valkey:8.1 DIR"},
        {"mysql", "8", "Specified mysql version 8 is not available",
         "installed: none; any directory can be installed with: indyno image import mysql:8 DIR"},
        {"mysql", NULL, "mysql: the catalog does not know it", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_refused(fixture->catalog, fixture->images, INSTALLED, &rows[i]);
}

static void test_nothing_installed(void **state)
{
    const struct fixture *fixture = *state;
    static const struct refusal rows[] = {
        {"postgresql", NULL, "Specified postgresql version 16 is not available",
         "installed: none; install it with: indyno image install postgresql:16"},
        {"redis", "", "Specified redis version 7.0 is not available",
         "installed: none; install it with: indyno image install redis:7.0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_refused(fixture->catalog, NULL, 0, &rows[i]);
}

static void test_no_catalog(void **state)
{
    const struct fixture *fixture = *state;
    static const struct refusal rows[] = {
        {"postgresql", "15", "Specified postgresql version 15 is not available",
         POSTGRESQL_INSTALLED "any directory can be installed with: indyno image import postgresql:15 DIR"},
        {"postgresql", NULL, "postgresql: the catalog does not know it", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_refused(NULL, fixture->images, INSTALLED, &rows[i]);
    /* nor aliases */
    int index = resolve_image(NULL, fixture->images, INSTALLED, "redis", "6", NULL);
    assert_int_not_equal(index, -1);
    assert_string_equal(fixture->images[index].version, "6.4.1");
}

static void test_client(void **state)
{
    const struct fixture *fixture = *state;
    static const struct {
        const char *server, *client;
    } rows[] = {
        {"9.6.24", "16.99"}, {"16.14", "16.99"}, {"16.100", "16.99"}, {"17", "17.10"},
        {"17.2", "17.10"},   {"17.99", "17.10"}, {"18.0", "18.4"},    {"19.1", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int index = resolve_client(fixture->images, INSTALLED, rows[i].server);
        const char *client = index < 0 ? NULL : fixture->images[index].version;
        if (!text_equal(client, rows[i].client))
            fail_msg("client of %s: %s", rows[i].server, client ? client : "none");
        if (client)
            assert_string_equal(fixture->images[index].name, "postgresql-client");
    }
    assert_int_equal(resolve_client(NULL, 0, "16.14"), -1);
}

static void test_root(void **state)
{
    (void)state;
    const struct image images[] = {
        {.name = (char[]){"debian"}, .version = (char[]){"12.9"}, .root = (char[]){"root"}},
        {.name = (char[]){"debian"}, .version = (char[]){"12.10"}, .root = (char[]){"root"}},
        {.name = (char[]){"debian"}, .version = (char[]){"11"}, .root = (char[]){"root"}},
        {.name = (char[]){"redis"}, .version = (char[]){"7.2.15"}},
    };
    cleanup_error struct error err = {0};
    assert_int_equal(resolve_root(images, 4, "debian", NULL, &err), 1);
    assert_int_equal(resolve_root(images, 4, "debian", "12", &err), 1);
    assert_int_equal(resolve_root(images, 4, "debian", "12.9", &err), 0);
    assert_int_equal(resolve_root(images, 4, "debian", "13", &err), -1);
    assert_string_equal(err.message, "debian:13: no such image is installed");
    assert_non_null(strstr(err.remedy, "indyno image import --rootfs debian:13 SOURCE;"));
    assert_int_equal(resolve_root(images, 4, "redis", NULL, &err), -1);
    assert_string_equal(err.message, "redis: it has no root filesystem");
    assert_int_equal(err.status, STATUS_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_nothing_installed),
        cmocka_unit_test(test_no_catalog),
        cmocka_unit_test(test_client),
        cmocka_unit_test(test_root),
    };
    return cmocka_run_group_tests(tests, make_fixture, free_fixture);
}
