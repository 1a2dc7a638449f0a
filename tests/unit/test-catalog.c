/* The catalog: the one that is shipped, the choice of a release, the operator's on top, and what is no catalog. */
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

/* What is installed for what people ask for. */
static void test_shipped_choices(void **state)
{
    const struct catalog *catalog = *state;
    static const struct {
        const char *name, *wanted, *version, *from;
    } rows[] = {
        {"postgresql", "15", "15.18", "npm"},
        {"postgresql", "17", "17.10", "npm"},
        {"postgresql", "18", "18.4", "npm"},
        {"postgresql-client", "17", "17", "deb"},
        {"redis", "7", "7.0", "deb"},
        {"redis", "7.0", "7.0", "deb"},
        {"redis", "7.0.15", "7.0.15", "source"},
        {"redis", "7.2", "7.2.15", "source"},
        {"redis", "6", "6.2.23", "source"},
        {"redis", "6.2", "6.2.23", "source"},
        {"redis", "6.2.10", "6.2.10", "source"},
        {"redis", "6.0", "6.0", "deb"},
        {"redis", "8", "8.0", "deb"},
        {"redis", "8.2", "8.2.8", "source"},
        {"redis", "8.8", "8.8.1", "source"},
        {"redis", "5", NULL, NULL},
        {"valkey", "8", "8.1", "deb"},
        {"valkey", "8.1", "8.1", "deb"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct release *release =
            catalog_release(catalog_entry(catalog, rows[i].name), rows[i].wanted, NULL);
        if (!text_equal(release ? release->version : NULL, rows[i].version) ||
            !text_equal(release ? release->from : NULL, rows[i].from))
            fail_msg("%s:%s: %s", rows[i].name, rows[i].wanted, release ? release->version : "none");
    }
}

static void test_shipped_upstream(void **state)
{
    const struct catalog *catalog = *state;
    const struct release *release = catalog_release(catalog_entry(catalog, "redis"), "6.2.10", "source");
    assert_string_equal(release->source, "https://download.redis.io/releases/redis-6.2.10.tar.gz");
    assert_true(text_starts(release->digest, "sha256:"));
    assert_int_equal(strlen(release->digest), strlen("sha256:") + 64);
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

/* What is fetched by name alone is pinned; of an importer that has exact releases, the newest comes first. */
static void check_release(const struct catalog_entry *entry, size_t index)
{
    static const char *const exact[] = {"npm", "source"};
    const struct release *release = &entry->releases[index], *before = index ? release - 1 : NULL;
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++) {
        if (!text_equal(release->from, exact[i]))
            continue;
        assert_true(release->digest || !release->source);
        if (before && text_equal(before->from, exact[i]))
            assert_true(version_compare(before->version, release->version) > 0);
    }
}

static void test_shipped_releases(void **state)
{
    const struct catalog *catalog = *state;
    for (size_t i = 0; i < catalog->entry_count; i++) {
        const struct catalog_entry *entry = &catalog->entries[i];
        assert_true(entry->release_count > 0);
        for (size_t j = 0; j < entry->release_count; j++) {
            check_release(entry, j);
            if (text_equal(entry->name, "postgresql"))
                check_client(catalog, &entry->releases[j]);
        }
    }
}

/* ---- By machine ---- */

static const char *other_machine(const char *machine)
{
    return text_equal(machine, "x86_64") ? "aarch64" : "x86_64";
}

/* "@" is this machine, "!" another one. */
static char *for_machine(const char *text)
{
    struct utsname machine;
    assert_int_equal(uname(&machine), 0);
    char *result = copy_string("");
    for (; *text; text++) {
        char letter[] = {*text, '\0'};
        char *longer = text_format("%s%s", result,
                                   *text == '@'   ? machine.machine
                                   : *text == '!' ? other_machine(machine.machine)
                                                  : letter);
        free(result);
        result = longer;
    }
    return result;
}

static void test_machine(void **state)
{
    (void)state;
    static const struct {
        const char *values, *source, *digest;
    } rows[] = {
        {"\"source\": \"all\"", "all", NULL},
        {"\"source\": \"all\", \"digest\": \"d\"", "all", "d"},
        {"\"source\": {\"@\": \"here\"}", "here", NULL},
        {"\"source\": {\"!\": \"there\", \"@\": \"here\"}", "here", NULL},
        {"\"source\": {\"@\": \"here\", \"!\": \"there\"}, \"digest\": {\"!\": \"t\", \"@\": \"h\"}", "here",
         "h"},
        {"\"source\": {\"!\": \"there\"}, \"digest\": {\"!\": \"t\"}", NULL, NULL},
        {"\"source\": {}", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_free char *values = for_machine(rows[i].values);
        cleanup_free char *text = text_format("{\"redis\": {\"default\": \"7\", \"releases\": [{\"version\": "
                                              "\"7.0\", \"from\": \"deb\", %s}]}}",
                                              values);
        struct catalog *catalog = parse(text);
        const struct release *release = &catalog->entries[0].releases[0];
        if (!text_equal(release->source, rows[i].source) || !text_equal(release->digest, rows[i].digest))
            fail_msg("%s: %s", values, release->source ? release->source : "none");
        assert_ptr_equal(catalog_release(&catalog->entries[0], "7", NULL), rows[i].source ? release : NULL);
        catalog_free(catalog);
    }
}

/* ---- Looking up ---- */

#define RELEASE(version, from) "{\"version\": \"" version "\", \"from\": \"" from "\", \"source\": \"s\"}"

/* The first that matches, not the highest. */
static void test_release(void **state)
{
    (void)state;
    static const struct {
        const char *wanted, *from, *version;
    } rows[] = {
        {"16", NULL, "16.9"},     {"16", "npm", "16.14"}, {"16.9", NULL, "16.9"}, {"16.9", "npm", NULL},
        {"16.14", NULL, "16.14"}, {"7", NULL, "7.0"},     {"7", "deb", "7.0"},    {"7.2", NULL, "7.2"},
        {"7.1", NULL, NULL},      {"1", NULL, NULL},      {"16.1", NULL, NULL},   {"16", "dir", NULL},
        {"6", NULL, "7.2"},       {"6.2", NULL, NULL},
    };
    struct catalog *catalog =
        parse("{\"x\": {\"default\": \"16\", \"aliases\": {\"7\": \"7.0\", \"6\": \"7.2\"}, \"releases\": "
              "[" RELEASE("16.9", "deb") "," RELEASE("16.14", "npm") "," RELEASE("7.2", "deb") "," RELEASE(
                  "7.0", "deb") "," RELEASE("7.0.9", "deb") "]}}");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct release *release = catalog_release(&catalog->entries[0], rows[i].wanted, rows[i].from);
        if (!text_equal(release ? release->version : NULL, rows[i].version))
            fail_msg("%s: %s", rows[i].wanted, release ? release->version : "none");
    }
    assert_null(catalog_entry(catalog, "y"));
    assert_null(catalog_default(catalog, "y"));
    assert_string_equal(catalog_default(catalog, "x"), "16");
    assert_string_equal(catalog_alias(&catalog->entries[0], "7"), "7.0");
    assert_string_equal(catalog_alias(&catalog->entries[0], "7.0"), "7.0");
    catalog_free(catalog);
}

static void test_fields(void **state)
{
    (void)state;
    struct catalog *catalog = parse(
        "{\"postgresql\": {\"default\": \"17\", \"upstream\": \"u/{version}/{version}\", \"releases\": ["
        "{\"version\": \"17.10\", \"from\": \"npm\", \"client\": \"postgresql-client:17\", \"source\": "
        "\"where\", \"digest\": \"d\", \"with\": [\"a\", \"b\"]}, {\"version\": \"17.9\", \"from\": "
        "\"source\"}, {\"version\": \"17.8\", \"from\": \"source\", \"source\": \"own\"}]},"
        " \"empty\": {\"default\": \"1\"}}");
    assert_int_equal(catalog->entry_count, 2);
    const struct release *release = &catalog->entries[0].releases[0];
    assert_string_equal(release->version, "17.10");
    assert_string_equal(release->from, "npm");
    assert_string_equal(release->client, "postgresql-client:17");
    assert_string_equal(release->source, "where");
    assert_string_equal(release->digest, "d");
    assert_int_equal(release->with.count, 2);
    assert_string_equal(release->with.items[1], "b");
    assert_string_equal(release[1].source, "u/17.9/{version}");
    assert_null(release[1].client);
    assert_string_equal(release[2].source, "own");
    assert_int_equal(catalog->entries[1].release_count, 0);
    assert_null(catalog_release(&catalog->entries[1], "1", NULL));
    catalog_free(catalog);
}

/* ---- The operator's, on top ---- */

#define BASE                                                                                                 \
    "{\"redis\": {\"default\": \"7.0\", \"aliases\": {\"7\": \"7.0\", \"6\": \"6.2\"}, \"upstream\": "       \
    "\"u/{version}\", \"releases\": [" RELEASE("7.0",                                                        \
                                               "deb") ", {\"version\": \"6.2.10\", \"from\": \"source\"}]}}"

static void test_on_top(void **state)
{
    (void)state;
    cleanup_error struct error err = {0};
    struct catalog *catalog = parse(BASE);
    assert_int_equal(
        catalog_add(
            catalog, "over.json",
            "{\"redis\": {\"default\": \"6.2\", \"aliases\": {\"7\": \"7.2\", \"lts\": "
            "\"6.2\"}, \"upstream\": \"mirror/{version}\", \"releases\": [" RELEASE(
                "7.0.1", "oci") "]}, \"own\": {\"default\": \"1\", \"releases\": [" RELEASE("1.0",
                                                                                            "dir") "]}}",
            &err),
        0);
    const struct catalog_entry *entry = catalog_entry(catalog, "redis");
    assert_string_equal(entry->default_version, "6.2");
    assert_string_equal(catalog_alias(entry, "7"), "7.2");
    assert_string_equal(catalog_alias(entry, "6"), "6.2");
    assert_string_equal(catalog_alias(entry, "lts"), "6.2");
    assert_int_equal(entry->release_count, 3);
    assert_string_equal(catalog_release(entry, "7.0", NULL)->from, "oci");
    assert_string_equal(catalog_release(entry, "7.0", "deb")->version, "7.0");
    assert_string_equal(catalog_release(entry, "lts", NULL)->source, "mirror/6.2.10");
    assert_non_null(catalog_release(catalog_entry(catalog, "own"), "1", NULL));
    catalog_free(catalog);
}

/* It need not say what stays as it is. */
static void test_little_on_top(void **state)
{
    (void)state;
    static const char *const texts[] = {"{}", "{\"redis\": {}}", "{\"redis\": {\"releases\": []}}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct catalog *catalog = parse(BASE);
        assert_int_equal(catalog_add(catalog, "over.json", texts[i], NULL), 0);
        assert_int_equal(catalog->entry_count, 1);
        assert_string_equal(catalog_default(catalog, "redis"), "7.0");
        assert_int_equal(catalog->entries[0].release_count, 2);
        catalog_free(catalog);
    }
}

static void test_refused_on_top(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"{\"new\": {\"releases\": []}}", "over.json: new: no default"},
        {"{\"redis\": {\"aliases\": {\"5\": \"7\"}}}", "over.json: redis.aliases.5: an alias of an alias"},
        {"{\"redis\": {\"aliases\": {\"7.0\": \"7.2\"}}}",
         "over.json: redis.aliases.7: an alias of an alias"},
        {"{\"redis\": {\"default\": \"7\"}", "over.json:1: not a catalog, which is one JSON object"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_error struct error err = {0};
        struct catalog *catalog = parse(BASE);
        assert_int_equal(catalog_add(catalog, "over.json", rows[i].text, &err), -1);
        assert_int_equal(err.status, STATUS_DATA);
        assert_string_equal(err.message, rows[i].message);
        assert_non_null(err.remedy);
        catalog_free(catalog);
    }
}

/* ---- What is no catalog ---- */

#define NO_JSON        "c.json:1: not a catalog, which is one JSON object"
#define NO_VALUE       ": not a value that it can have"
#define GOOD           RELEASE("7.0", "deb")
#define ENTRY(text)    "{\"redis\": {\"default\": \"7\", " text "}}"
#define RELEASES(text) ENTRY("\"releases\": [" text "]")
#define AT             "c.json: redis.releases[0]"

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"", NO_JSON},
        {"[]", NO_JSON},
        {"null", NO_JSON},
        {"\"redis\"", NO_JSON},
        {RELEASES(GOOD) " x", NO_JSON},
        {RELEASES(GOOD) RELEASES(GOOD), NO_JSON},
        {"{\n\"redis\": {\"default\": \"7\",\n }}", "c.json:3: not a catalog, which is one JSON object"},
        /* names */
        {"{\"\": {}}", "c.json: : not a name that an image can have"},
        {"{\"a/b\": {}}", "c.json: a/b: not a name that an image can have"},
        {"{\"..\": {}}", "c.json: ..: not a name that an image can have"},
        {"{\"redis\": {\"default\": \"7\"}, \"redis\": {\"default\": \"6\"}}", "c.json: redis: given twice"},
        /* entries */
        {"{\"redis\": 7}", "c.json: redis: not an object"},
        {"{\"redis\": []}", "c.json: redis: not an object"},
        {"{\"x\": {\"default\": \"1\"}, \"redis\": null}", "c.json: redis: not an object"},
        {"{\"redis\": {}}", "c.json: redis: no default"},
        {"{\"redis\": {\"releases\": [" GOOD "]}}", "c.json: redis: no default"},
        {"{\"redis\": {\"default\": 7}}", "c.json: redis.default" NO_VALUE},
        {"{\"redis\": {\"default\": null}}", "c.json: redis.default" NO_VALUE},
        {"{\"redis\": {\"default\": \"\"}}", "c.json: redis.default" NO_VALUE},
        {"{\"redis\": {\"default\": \"../7\"}}", "c.json: redis.default" NO_VALUE},
        {"{\"redis\": {\"default\": \".7\"}}", "c.json: redis.default" NO_VALUE},
        {ENTRY("\"default\": \"7\""), "c.json: redis.default: given twice"},
        {ENTRY("\"Releases\": []"), "c.json: redis.Releases: no such key"},
        {ENTRY("\"releases\": " GOOD), "c.json: redis.releases: not a list"},
        {ENTRY("\"aliases\": []"), "c.json: redis.aliases: not an object"},
        {ENTRY("\"aliases\": {\"7\": 7}"), "c.json: redis.aliases.7" NO_VALUE},
        {ENTRY("\"aliases\": {\"7\": \"7.0\", \"7\": \"7.2\"}"), "c.json: redis.aliases.7: given twice"},
        {ENTRY("\"aliases\": {\"6\": \"7\", \"7\": \"7.0\"}"),
         "c.json: redis.aliases.6: an alias of an alias"},
        {ENTRY("\"upstream\": 1"), "c.json: redis.upstream: not a line of text"},
        {ENTRY("\"upstream\": \"https://x/\""),
         "c.json: redis.upstream: does not say where the version goes"},
        /* releases */
        {RELEASES("7"), AT ": not an object"},
        {RELEASES(GOOD ", null"), "c.json: redis.releases[1]: not an object"},
        {RELEASES("{}"), AT ": no version, or no from"},
        {RELEASES("{\"version\": \"7.0\"}"), AT ": no version, or no from"},
        {RELEASES("{\"from\": \"deb\"}"), AT ": no version, or no from"},
        {RELEASES("{\"version\": 7}"), AT ".version" NO_VALUE},
        {RELEASES("{\"version\": \"latest\"}"), AT ".version" NO_VALUE},
        {RELEASES("{\"importer\": \"from-deb\"}"), AT ".importer: no such key"},
        {RELEASES("{\"from\": [\"deb\"]}"), AT ".from" NO_VALUE},
        {RELEASES("{\"from\": \"/bin/sh\"}"), AT ".from" NO_VALUE},
        {RELEASES("{\"from\": \"../deb\"}"), AT ".from" NO_VALUE},
        {RELEASES("{\"from\": \"Deb\"}"), AT ".from" NO_VALUE},
        {RELEASES("{\"from\": \"deb\", \"from\": \"npm\"}"), AT ".from: given twice"},
        {RELEASES("{\"source\": 7}"), AT ".source: not a line of text"},
        {RELEASES("{\"source\": \"\"}"), AT ".source: not a line of text"},
        {RELEASES("{\"source\": \"a\\nb\"}"), AT ".source: not a line of text"},
        {RELEASES("{\"source\": {\"x86-64\": \"a\"}}"), AT ".source.x86-64: no such key"},
        {RELEASES("{\"source\": {\"x86_64\": 1}}"), AT ".source.x86_64: not a line of text"},
        {RELEASES("{\"digest\": {\"aarch64\": \"a\", \"aarch64\": \"b\"}}"),
         AT ".digest.aarch64: given twice"},
        {RELEASES("{\"client\": true}"), AT ".client: not a line of text"},
        {RELEASES("{\"with\": \"a\"}"), AT ".with: not a list"},
        {RELEASES("{\"with\": [1]}"), AT ".with: not a line of text"},
        {RELEASES("{\"version\": \"7.0\", \"from\": \"deb\"}"), AT ": no source"},
        {RELEASES("{\"version\": \"7.0\", \"from\": \"source\"}"), AT ": no source"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_error struct error err = {0};
        struct catalog *catalog = *state;
        if (catalog_parse("c.json", rows[i].text, &catalog, &err) != -1)
            fail_msg("taken: %s", rows[i].text);
        assert_null(catalog);
        assert_int_equal(err.status, STATUS_DATA);
        assert_string_equal(err.message, rows[i].message);
        assert_non_null(err.remedy);
    }
}

/* ---- Loading ---- */

static void test_load(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    cleanup_free char *path = text_format("%s/base.json", scratch.path);
    cleanup_error struct error err = {0};
    struct catalog *catalog;
    setenv("INDYNO_CATALOG", path, 1);
    setenv("INDYNO_CONFIG_DIR", scratch.path, 1);
    assert_int_equal(catalog_load(&catalog, &err), -1);
    assert_null(catalog);
    assert_non_null(strstr(err.message, path));
    scratch_write(&scratch, "base.json", RELEASES(GOOD));
    assert_int_equal(catalog_load(&catalog, &err), 0);
    assert_string_equal(catalog_default(catalog, "redis"), "7");
    catalog_free(catalog);
    scratch_write(&scratch, "catalog.json", "{\"redis\": {\"default\": \"6\"}}");
    assert_int_equal(catalog_load(&catalog, &err), 0);
    assert_string_equal(catalog_default(catalog, "redis"), "6");
    catalog_free(catalog);
    scratch_write(&scratch, "catalog.json", "{\"redis\": {\"default\": 6}}");
    assert_int_equal(catalog_load(&catalog, &err), -1);
    assert_null(catalog);
    assert_non_null(strstr(err.message, "/catalog.json: redis.default"));
    unsetenv("INDYNO_CATALOG");
    unsetenv("INDYNO_CONFIG_DIR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shipped_defaults), cmocka_unit_test(test_shipped_choices),
        cmocka_unit_test(test_shipped_upstream), cmocka_unit_test(test_shipped_releases),
        cmocka_unit_test(test_machine),          cmocka_unit_test(test_release),
        cmocka_unit_test(test_fields),           cmocka_unit_test(test_on_top),
        cmocka_unit_test(test_little_on_top),    cmocka_unit_test(test_refused_on_top),
        cmocka_unit_test(test_refused),          cmocka_unit_test(test_load),
    };
    return cmocka_run_group_tests(tests, load_shipped, free_shipped);
}
