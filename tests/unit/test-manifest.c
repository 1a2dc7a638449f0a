/* Manifests: what is written is read again, and what is none is refused by its key. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "images/manifest.h"
#include "scratch.h"

/* ---- There and back ---- */

static void fill_required(struct image *image)
{
    image->name = copy_string("redis");
    image->version = copy_string("7.0.15");
    image->source = copy_string("deb:bookworm \"redis-server\"\n\xc3\xa9\\");
    image->tree = copy_string("tree");
}

static void fill_optional(struct image *image)
{
    image->digest = copy_string("sha512-abc/+==");
    image->root = copy_string("root");
    image->server = copy_string("bin/postgres");
    strings_add(&image->bins, "bin");
    strings_add(&image->bins, "");
    image->template = copy_string("template");
    image->locale = copy_string("en_US.UTF-8");
    image->locpath = copy_string("locale");
    image->user = copy_string("u");
    image->password = copy_string("");
    image->database = copy_string("d");
    image->contents = copy_string("sha256:00");
    image->key = copy_string("17.10 en_US.UTF-8 settings 1");
    strings_add(&image->extensions, "uuid-ossp=1.1");
    strings_add(&image->extensions, "hstore=1.8");
    strings_add(&image->left_out, "plperl=could not load \"plperl.so\": a=b");
    strings_add(&image->features, "ssl=OpenSSL");
    strings_add(&image->features, "xml=");
    image->size = 4200000001;
    image->template_size = 1;
}

static void assert_text(const char *key, const char *text, const char *expected)
{
    if (!text_equal(text, expected))
        fail_msg("%s: %s, expected %s", key, text ? text : "NULL", expected ? expected : "NULL");
}

static void assert_strings(const struct strings *list, const struct strings *expected)
{
    assert_int_equal(list->count, expected->count);
    for (size_t i = 0; i < list->count; i++)
        assert_string_equal(list->items[i], expected->items[i]);
}

static void assert_same(const struct image *image, const struct image *expected)
{
    assert_text("name", image->name, expected->name);
    assert_text("version", image->version, expected->version);
    assert_text("source", image->source, expected->source);
    assert_text("digest", image->digest, expected->digest);
    assert_text("tree", image->tree, expected->tree);
    assert_text("root", image->root, expected->root);
    assert_text("server", image->server, expected->server);
    assert_text("template", image->template, expected->template);
    assert_text("locale", image->locale, expected->locale);
    assert_text("locpath", image->locpath, expected->locpath);
    assert_text("user", image->user, expected->user);
    assert_text("password", image->password, expected->password);
    assert_text("database", image->database, expected->database);
    assert_text("contents", image->contents, expected->contents);
    assert_int_equal(image->size, expected->size);
    assert_int_equal(image->template_size, expected->template_size);
    assert_text("key", image->key, expected->key);
    assert_strings(&image->bins, &expected->bins);
    assert_strings(&image->extensions, &expected->extensions);
    assert_strings(&image->left_out, &expected->left_out);
    assert_strings(&image->features, &expected->features);
}

static void test_written_is_read(void **state)
{
    (void)state;
    void (*const fills[])(struct image *) = {fill_required, fill_optional};
    cleanup_image struct image image = {0};
    for (size_t i = 0; i < sizeof fills / sizeof *fills; i++) {
        cleanup_scratch struct scratch scratch;
        cleanup_image struct image read = {0};
        cleanup_error struct error err = {0};
        scratch_make(&scratch);
        fills[i](&image);
        assert_int_equal(manifest_write(&image, scratch.path, &err), 0);
        assert_int_equal(manifest_read(scratch.path, &read, &err), 0);
        assert_same(&read, &image);
        assert_string_equal(read.path, scratch.path);
        assert_null(err.message);
    }
}

/* Every run reads it, whatever umask it was made under; and none is written over. */
static void test_file(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    cleanup_image struct image image = {0}, read = {0};
    cleanup_error struct error err = {0};
    struct stat st;
    scratch_make(&scratch);
    fill_required(&image);
    mode_t mask = umask(077);
    int written = manifest_write(&image, scratch.path, &err);
    umask(mask);
    assert_int_equal(written, 0);
    assert_int_equal(fstatat(scratch.fd, MANIFEST_FILE, &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0644);

    free(image.version);
    image.version = copy_string("8");
    assert_int_equal(manifest_write(&image, scratch.path, &err), -1);
    assert_int_equal(err.errnum, EEXIST);
    assert_int_equal(manifest_read(scratch.path, &read, NULL), 0);
    assert_string_equal(read.version, "7.0.15");
}

static void test_cleared_is_empty(void **state)
{
    (void)state;
    static const struct image empty;
    struct image image = {.path = copy_string("p")};
    fill_required(&image);
    fill_optional(&image);
    image_clear(&image);
    assert_memory_equal(&image, &empty, sizeof image);
}

/* ---- What is no manifest ---- */

static const struct {
    const char *key, *value;
} good[] = {
    {"name", "\"postgresql\""}, {"version", "\"16.14\""}, {"source", "\"npm:x\""}, {"digest", "null"},
    {"tree", "\"tree\""},       {"server", "\"bin/x\""},  {"template", "\"t\""},   {"locale", "\"C\""},
    {"locpath", "\"l\""},       {"user", "\"u\""},        {"password", "\"p\""},   {"database", "\"d\""},
    {"bins", "[\"bin\"]"},      {"contents", "\"c\""},    {"size", "1"},           {"template_size", "1"},
    {"key", "\"k\""},           {"extensions", "{}"},     {"left_out", "{}"},      {"features", "{}"},
};

/* The good one with key's value replaced, or left out where value is NULL. */
static char *manifest_with(const char *key, const char *value)
{
    char *text = copy_string("{\"unknown\": 1");
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        bool replaced = text_equal(good[i].key, key);
        if (replaced && !value)
            continue;
        char *longer = text_format("%s, \"%s\": %s", text, good[i].key, replaced ? value : good[i].value);
        free(text);
        text = longer;
    }
    char *whole = text_format("%s}", text);
    free(text);
    return whole;
}

/* Reads text as a manifest; returns the message without the path in front, or NULL where it is taken. */
static char *refusal(const char *text)
{
    cleanup_scratch struct scratch scratch;
    cleanup_image struct image image = {0};
    cleanup_error struct error err = {0};
    scratch_make(&scratch);
    scratch_write(&scratch, MANIFEST_FILE, text);
    if (manifest_read(scratch.path, &image, &err) == 0)
        return NULL;
    assert_int_equal(err.status, STATUS_DATA);
    assert_true(text_starts(err.message, scratch.path));
    return copy_string(err.message + strlen(scratch.path));
}

static void check_key(const char *key, const char *value, const char *expected)
{
    cleanup_free char *text = manifest_with(key, value);
    cleanup_free char *message = refusal(text);
    cleanup_free char *full = expected ? text_format("/" MANIFEST_FILE ": %s: %s", key, expected) : NULL;
    if (!text_equal(message, full))
        fail_msg("%s = %s: %s", key, value ? value : "(missing)", message ? message : "taken");
}

static void test_texts(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        bool required;
    } rows[] = {
        {"name", true},      {"version", true},   {"source", true},    {"tree", true},     {"digest", false},
        {"server", false},   {"template", false}, {"locale", false},   {"locpath", false}, {"user", false},
        {"password", false}, {"database", false}, {"contents", false}, {"key", false},
    };
    static const char *const wrong[] = {"1", "true", "[]", "{}", "[\"a\"]"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *absent = rows[i].required ? "expected a string" : NULL;
        check_key(rows[i].key, NULL, absent);
        check_key(rows[i].key, "null", absent);
        for (size_t j = 0; j < sizeof wrong / sizeof *wrong; j++)
            check_key(rows[i].key, wrong[j], "expected a string");
    }
}

static void test_lists(void **state)
{
    (void)state;
    static const struct {
        const char *value, *message;
    } rows[] = {
        {NULL, NULL},
        {"[]", NULL},
        {"[\"a\", \"b\"]", NULL},
        {"\"bin\"", "expected an array"},
        {"{}", "expected an array"},
        {"1", "expected an array"},
        {"[1]", "expected strings"},
        {"[null]", "expected strings"},
        {"[\"a\", [\"b\"]]", "expected strings"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_key("bins", rows[i].value, rows[i].message);
    }
}

static void test_maps(void **state)
{
    (void)state;
    static const char *const keys[] = {"extensions", "left_out", "features"};
    static const struct {
        const char *value, *message;
    } rows[] = {
        {NULL, NULL},
        {"{}", NULL},
        {"{\"a\": \"1\", \"b\": \"\"}", NULL},
        {"[]", "expected an object"},
        {"\"a\"", "expected an object"},
        {"null", "expected an object"},
        {"{\"a\": 1}", "expected strings"},
        {"{\"a\": \"1\", \"b\": {}}", "expected strings"},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        for (size_t j = 0; j < sizeof rows / sizeof *rows; j++)
            check_key(keys[i], rows[j].value, rows[j].message);
}

static void test_sizes(void **state)
{
    (void)state;
    static const char *const keys[] = {"size", "template_size"};
    static const struct {
        const char *value, *message;
    } rows[] = {
        {NULL, NULL},
        {"0", NULL},
        {"9007199254740992", NULL},
        {"-1", "expected a size"},
        {"1e300", "expected a size"},
        {"null", "expected a size"},
        {"\"1\"", "expected a size"},
        {"[1]", "expected a size"},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        for (size_t j = 0; j < sizeof rows / sizeof *rows; j++)
            check_key(keys[i], rows[j].value, rows[j].message);
}

static void test_no_manifest(void **state)
{
    (void)state;
    static const char *const rows[] = {"", "[]", "null", "\"redis\"", "{\"name\": \"redis\"", "{\"name\""};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_free char *message = refusal(rows[i]);
        assert_string_equal(message ? message : "taken", "/" MANIFEST_FILE ": not a manifest");
    }
}

static void test_no_file(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    cleanup_image struct image image = {0};
    cleanup_error struct error err = {0};
    scratch_make(&scratch);
    assert_int_equal(manifest_read(scratch.path, &image, &err), -1);
    assert_int_equal(err.errnum, ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_is_read),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_cleared_is_empty),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_maps),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_no_manifest),
        cmocka_unit_test(test_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
