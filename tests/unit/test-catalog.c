/* The catalog: the one that is shipped, the choice by architecture, and what is no catalog. */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/own.h"
#include "images/catalog.h"
#include "scratch.h"

#define SHIPPED IMAGES_DIR "/catalog.json"

static struct catalog *parse(const char *text)
{
    struct catalog *catalog;
    cleanup_error struct error err = {0};
    if (catalog_parse("c.json", text, &catalog, &err) < 0)
        fail_msg("%s", err.message);
    return catalog;
}

static int load_shipped(void **state)
{
    cleanup_free char *text = text_read_file(AT_FDCWD, SHIPPED, 1 << 20, NULL, NULL);
    struct catalog *catalog = NULL;
    int parsed = text ? catalog_parse(SHIPPED, text, &catalog, NULL) : -1;
    *state = catalog;
    return parsed;
}

static int free_shipped(void **state)
{
    catalog_free(*state);
    return 0;
}

/* ---- The one that is shipped ---- */

static void test_shipped_defaults(void **state)
{
    const struct catalog *catalog = *state;
    static const char *const names[] = {"postgresql", "redis", "valkey", "postgresql-client"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct catalog_entry *entry = catalog_entry(catalog, names[i]);
        assert_non_null(entry);
        assert_string_equal(catalog_default(catalog, names[i]), entry->default_version);
        assert_non_null(catalog_release(entry, entry->default_version, NULL));
    }
    assert_int_equal(catalog->entry_count, sizeof names / sizeof *names);
}

static void check_importer(const struct release *release)
{
    cleanup_free char *importer = text_format("%s/from-%s", IMAGES_DIR, release->from);
    if (access(importer, X_OK) != 0)
        fail_msg("%s: no such importer", importer);
}

/* What nobody signs is pinned. */
static void check_digest(const struct release *release)
{
    bool is_signed = text_equal(release->from, "deb");
    if (release->source && !is_signed && !release->digest)
        fail_msg("%s: no digest", release->source);
}

/* A client reference is "NAME:LINE", and serves its server. */
static void check_client(const struct catalog *catalog, const struct release *release)
{
    const char *client = release->client ? release->client : "";
    size_t length = strcspn(client, ":");
    assert_int_equal(client[length], ':');
    const char *line = client + length + 1;
    cleanup_free char *name = text_format("%.*s", (int)length, client);
    const struct catalog_entry *entry = catalog_entry(catalog, name);
    assert_non_null(entry);
    assert_non_null(catalog_release(entry, line, NULL));
    assert_true(strtoul(line, NULL, 10) >= strtoul(release->version, NULL, 10));
}

static void test_shipped_releases(void **state)
{
    const struct catalog *catalog = *state;
    size_t clients = 0;
    for (size_t i = 0; i < catalog->entry_count; i++) {
        const struct catalog_entry *entry = &catalog->entries[i];
        assert_true(entry->release_count > 0);
        for (size_t j = 0; j < entry->release_count; j++) {
            check_importer(&entry->releases[j]);
            check_digest(&entry->releases[j]);
            if (!text_equal(entry->name, "postgresql") || !text_equal(entry->releases[j].from, "npm"))
                continue;
            check_client(catalog, &entry->releases[j]);
            clients++;
        }
    }
    assert_true(clients > 0);
}

/* ---- By architecture ---- */

static void test_architecture(void **state)
{
    (void)state;
    static const struct {
        const char *source, *chosen; /* %s: this machine */
    } rows[] = {
        {"{\"%s\": \"here\"}", "here"},
        {"{\"any\": \"anywhere\", \"%s\": \"here\"}", "here"},
        {"{\"%s\": \"here\", \"any\": \"anywhere\"}", "here"},
        {"{\"not-%s\": \"there\", \"any\": \"anywhere\"}", "anywhere"},
        {"{\"not-%s\": \"there\"}", NULL},
        {"\"plain\"", "plain"},
        {"{}", NULL},
        {"null", NULL},
    };
    struct utsname machine;
    assert_int_equal(uname(&machine), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *at = strstr(rows[i].source, "%s");
        cleanup_free char *source =
            at ? text_format("%.*s%s%s", (int)(at - rows[i].source), rows[i].source, machine.machine, at + 2)
               : copy_string(rows[i].source);
        cleanup_free char *text =
            text_format("{\"redis\": {\"default\": \"7\", \"releases\": [{\"version\": \"7.0\","
                        " \"from\": \"deb\", \"source\": %s}]}}",
                        source);
        struct catalog *catalog = parse(text);
        const struct release *release = catalog_release(&catalog->entries[0], "7", NULL);
        if (!text_equal(release ? release->source : NULL, rows[i].chosen))
            fail_msg("%s: %s", source, release ? release->source : "none");
        assert_true(text_equal(catalog->entries[0].releases[0].source, rows[i].chosen));
        catalog_free(catalog);
    }
}

/* ---- Looking up ---- */

#define RELEASE(version, machine)                                                                            \
    "{\"version\": \"" version "\", \"from\": \"i\", \"source\": {\"" machine "\": \"s\"}}"

static void test_release(void **state)
{
    (void)state;
    static const struct {
        const char *wanted, *version;
    } rows[] = {
        {"16", "16.14"}, {"16.9", "16.9"}, {"7", "7.2"},   {"7.0", "7.0"}, /* the first that matches */
        {"7.1", NULL},   {"1", NULL},      {"16.1", NULL},
    };
    struct catalog *catalog =
        parse("{\"x\": {\"default\": \"16\", \"releases\": [" RELEASE("16.99", "pdp11") "," RELEASE(
            "16.14", "any") "," RELEASE("16.9", "any") "," RELEASE("7.2", "any") "," RELEASE("7.0",
                                                                                             "any") "]}}");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct release *release = catalog_release(&catalog->entries[0], rows[i].wanted, NULL);
        if (!text_equal(release ? release->version : NULL, rows[i].version))
            fail_msg("%s: %s", rows[i].wanted, release ? release->version : "none");
    }
    assert_null(catalog_entry(catalog, "y"));
    assert_null(catalog_default(catalog, "y"));
    assert_string_equal(catalog_default(catalog, "x"), "16");
    catalog_free(catalog);
}

static void test_from(void **state)
{
    (void)state;
    struct catalog *catalog =
        parse("{\"x\": {\"default\": \"1\", \"upstream\": \"u/x-{version}.tar\", \"aliases\":"
              " {\"1\": \"1.2\"}, \"releases\": ["
              "{\"version\": \"1.2\", \"from\": \"deb\", \"source\": \"s/x\"},"
              "{\"version\": \"1.2.3\", \"from\": \"source\", \"digest\": \"sha256:9\"}]}}");
    const struct catalog_entry *entry = &catalog->entries[0];
    assert_string_equal(catalog_release(entry, "1", NULL)->source, "s/x");
    assert_string_equal(catalog_release(entry, "1.2.3", NULL)->source, "u/x-1.2.3.tar");
    assert_string_equal(catalog_release(entry, "1.2", "source")->digest, "sha256:9");
    assert_null(catalog_release(entry, "1.2", "npm"));
    assert_string_equal(catalog_alias(entry, "1"), "1.2");
    assert_string_equal(catalog_alias(entry, "1.2.3"), "1.2.3");
    cleanup_free char *all = catalog_offers(entry, NULL), *some = catalog_offers(entry, "source");
    assert_string_equal(all, "1.2, 1.2.3");
    assert_string_equal(some, "1.2.3");
    catalog_free(catalog);
}

static void test_merge(void **state)
{
    (void)state;
    struct catalog *catalog =
        parse("{\"x\": {\"default\": \"1\", \"aliases\": {\"l\": \"1\"}, \"releases\": ["
              "{\"version\": \"1.2\", \"from\": \"deb\", \"source\": \"theirs\"},"
              "{\"version\": \"1.1\", \"from\": \"deb\", \"source\": \"old\"}]}}");
    struct catalog *over = parse("{\"x\": {\"default\": \"2\", \"aliases\": {\"l\": \"2\"}, \"releases\": ["
                                 "{\"version\": \"1.2\", \"from\": \"mine\", \"source\": \"mine\"}]},"
                                 " \"y\": {\"default\": \"7\", \"releases\": []}}");
    catalog_merge(catalog, over);
    const struct catalog_entry *entry = catalog_entry(catalog, "x");
    assert_string_equal(catalog_release(entry, "1", NULL)->source, "mine");
    assert_string_equal(catalog_release(entry, "1.2", "deb")->source, "theirs");
    assert_string_equal(catalog_release(entry, "1.1", NULL)->source, "old");
    assert_string_equal(catalog_default(catalog, "x"), "2");
    assert_string_equal(catalog_alias(entry, "l"), "2");
    assert_string_equal(catalog_default(catalog, "y"), "7");
    catalog_free(catalog);
}

static void test_fields(void **state)
{
    (void)state;
    struct catalog *catalog =
        parse("{\"postgresql\": {\"default\": \"17\", \"releases\": [{\"version\": \"17.10\", \"from\": "
              "\"npm\", \"client\": \"postgresql-client:17\", \"source\": {\"any\": \"where\"}}]},"
              " \"empty\": {\"default\": \"1\", \"releases\": []}}");
    assert_int_equal(catalog->entry_count, 2);
    const struct release *release = &catalog->entries[0].releases[0];
    assert_string_equal(release->version, "17.10");
    assert_string_equal(release->from, "npm");
    assert_string_equal(release->client, "postgresql-client:17");
    assert_string_equal(release->source, "where");
    assert_int_equal(catalog->entries[1].release_count, 0);
    assert_null(catalog_release(&catalog->entries[1], "1", NULL));
    catalog_free(catalog);
}

/* ---- What is no catalog ---- */

#define NO_ENTRY       "c.json: redis: needs a default and releases"
#define NO_RELEASE     "c.json: redis.releases: a release needs a version and an importer's name as from"
#define GOOD           "{\"version\": \"7.0\", \"from\": \"deb\", \"source\": {\"any\": \"s\"}}"
#define RELEASES(text) "{\"redis\": {\"default\": \"7\", \"releases\": [" text "]}}"

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"", "c.json: not a catalog"},
        {"[]", "c.json: not a catalog"},
        {"null", "c.json: not a catalog"},
        {"\"redis\"", "c.json: not a catalog"},
        {"{\"redis\": {\"default\": \"7\", \"releases\": [" GOOD "]}", "c.json: not a catalog"},
        {"{\"redis\": 7}", NO_ENTRY},
        {"{\"redis\": []}", NO_ENTRY},
        {"{\"redis\": {}}", NO_ENTRY},
        {"{\"redis\": {\"default\": \"7\"}}", NO_ENTRY},
        {"{\"redis\": {\"releases\": [" GOOD "]}}", NO_ENTRY},
        {"{\"redis\": {\"default\": 7, \"releases\": [" GOOD "]}}", NO_ENTRY},
        {"{\"redis\": {\"default\": \"7\", \"releases\": " GOOD "}}", NO_ENTRY},
        {"{\"x\": {\"default\": \"1\", \"releases\": [" GOOD "]}, \"redis\": null}", NO_ENTRY},
        {RELEASES("7"), NO_RELEASE},
        {RELEASES("{}"), NO_RELEASE},
        {RELEASES("{\"version\": \"7.0\"}"), NO_RELEASE},
        {RELEASES("{\"from\": \"deb\"}"), NO_RELEASE},
        {RELEASES("{\"version\": 7, \"from\": \"deb\"}"), NO_RELEASE},
        {RELEASES("{\"version\": \"7.0\", \"from\": [\"deb\"]}"), NO_RELEASE},
        {RELEASES("{\"version\": \"7.0\", \"from\": \"/bin/sh\"}"), NO_RELEASE},
        {RELEASES("{\"version\": \"7.0\", \"from\": \"../deb\"}"), NO_RELEASE},
        {RELEASES(GOOD ", null"), NO_RELEASE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_error struct error err = {0};
        struct catalog *catalog = *state;
        if (catalog_parse("c.json", rows[i].text, &catalog, &err) != -1)
            fail_msg("taken: %s", rows[i].text);
        assert_null(catalog);
        assert_int_equal(err.status, STATUS_DATA);
        assert_string_equal(err.message, rows[i].message);
    }
}

static void test_load(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    cleanup_free char *path = text_format("%s/catalog.json", scratch.path);
    cleanup_error struct error err = {0};
    struct catalog *catalog;
    setenv("INDYNO_CATALOG", path, 1);
    assert_int_equal(catalog_load(&catalog, &err), -1);
    assert_null(catalog);
    assert_non_null(strstr(err.message, path));
    scratch_write(&scratch, "catalog.json", RELEASES(GOOD));
    assert_int_equal(catalog_load(&catalog, &err), 0);
    assert_string_equal(catalog_default(catalog, "redis"), "7");
    catalog_free(catalog);
    unsetenv("INDYNO_CATALOG");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shipped_defaults),
        cmocka_unit_test(test_shipped_releases),
        cmocka_unit_test(test_architecture),
        cmocka_unit_test(test_release),
        cmocka_unit_test(test_from),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_load),
    };
    return cmocka_run_group_tests(tests, load_shipped, free_shipped);
}
