/* Contents: what is measured, and what is said of a difference. The script is the source's. */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "images/contents.h"
#include "scratch.h"

/* ---- What the tests share ---- */

static void add_report(void *context, const char *what, const char *path)
{
    char **text = context;
    cleanup_free char *escaped = contents_escape(path);
    char *longer = text_format("%s%s: %s\n", *text, what, escaped);
    free(*text);
    *text = longer;
}

/* ---- Comparing ---- */

static void test_compare(void **state)
{
    (void)state;
    static const struct {
        const char *then, *now, *expected;
    } rows[] = {
        {"", "", ""},
        {"f 644 a\tx\n", "f 644 a\tx\n", ""},
        {"f 644 a\tx\n", "f 644 b\tx\n", "changed: x\n"},
        {"f 644 a\tx\n", "f 755 a\tx\n", "mode changed: x\n"},
        {"f 644 a\tx\n", "f 755 b\tx\n", "changed: x\n"},
        {"f 644 a\tx\n", "l 777 a\tx\n", "changed: x\n"},
        {"f 644 a\tx\n", "", "missing: x\n"},
        {"", "f 644 a\tx\n", "added: x\n"},
        {"d 755 -\ta\nd 755 -\tc\n", "d 755 -\tb\nd 755 -\tc\nd 755 -\td\n",
         "missing: a\nadded: b\nadded: d\n"},
        {"l 777 to a place\tx y\n", "l 777 to a place\tx y\n", ""},
        {"l 777 to a place\tx y\n", "l 777 to another place\tx y\n", "changed: x y\n"},
        {"f 644 a\tx\xff\n", "f 644 b\tx\xff\n", "changed: x\\xff\n"},
        {"garbage\n", "f 644 a\tx\n", "missing: garbage\nadded: x\n"},
        {"f 644 a\tx", "f 644 a\tx\n", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_free char *then = copy_string(rows[i].then), *now = copy_string(rows[i].now);
        cleanup_free char *text = copy_string("");
        int count = contents_compare(then, now, add_report, &text);
        assert_string_equal(text, rows[i].expected);
        size_t lines = 0;
        for (const char *c = text; *c; c++)
            lines += *c == '\n';
        assert_int_equal(count, lines);
    }
}

static void test_escape(void **state)
{
    (void)state;
    cleanup_free char *plain = contents_escape("tree/a b~!"), *empty = contents_escape("");
    cleanup_free char *odd = contents_escape("\\x1b\x1b[0m\n\t\x7f\xc3\xa9");
    assert_string_equal(plain, "tree/a b~!");
    assert_string_equal(empty, "");
    assert_string_equal(odd, "\\x5cx1b\\x1b[0m\\x0a\\x09\\x7f\\xc3\\xa9");
}

/* ---- Measuring ---- */

struct fixture {
    struct scratch scratch;
    struct image image;
};

static void clear_fixture(struct fixture *fixture)
{
    image_clear(&fixture->image);
    scratch_remove(&fixture->scratch);
}

#define cleanup_fixture __attribute__((cleanup(clear_fixture)))

static void make_folder(struct fixture *fixture, const char *tree)
{
    *fixture = (struct fixture){.image = {.name = copy_string("redis"), .version = copy_string("7")}};
    scratch_make(&fixture->scratch);
    fixture->image.path = copy_string(fixture->scratch.path);
    fixture->image.tree =
        *tree == '@' ? text_format("%s/%s", fixture->scratch.path, tree + 1) : copy_string(tree);
    scratch_write(&fixture->scratch, "tree/bin/redis", "1234567890");
    scratch_write(&fixture->scratch, "tree/-x \\ %m", "odd");
    scratch_write(&fixture->scratch, "template/PG_VERSION", "16");
    scratch_write(&fixture->scratch, "elsewhere/bin/redis", "elsewhere");
    scratch_write(&fixture->scratch, "not-measured", "");
    assert_int_equal(symlinkat("bin/a b", fixture->scratch.fd, "tree/link"), 0);
    assert_int_equal(linkat(fixture->scratch.fd, "tree/bin/redis", fixture->scratch.fd, "tree/again", 0), 0);
}

static void measure(struct fixture *fixture)
{
    cleanup_error struct error err = {0};
    if (contents_write(fixture->scratch.path, &fixture->image, &err) < 0)
        fail_msg("%s", err.message);
}

static void assert_differences(struct fixture *fixture, const char *expected)
{
    cleanup_error struct error err = {0};
    cleanup_free char *text = copy_string("");
    if (contents_verify(&fixture->image, add_report, &text, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(text, expected);
}

static void test_written(void **state)
{
    (void)state;
    cleanup_fixture struct fixture fixture;
    struct stat st;
    make_folder(&fixture, "tree");
    mode_t mask = umask(077);
    measure(&fixture);
    umask(mask);
    assert_int_equal(fixture.image.size, 13);
    assert_int_equal(fixture.image.template_size, 2);
    assert_true(text_starts(fixture.image.contents, "sha256:"));
    assert_int_equal(strlen(fixture.image.contents), strlen("sha256:") + 64);
    assert_int_equal(fstatat(fixture.scratch.fd, CONTENTS_FILE, &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    cleanup_free char *path = text_format("%s/" CONTENTS_FILE, fixture.scratch.path);
    cleanup_free char *text = text_read_file(AT_FDCWD, path, 1 << 16, NULL, NULL);
    static const char *const lines[] = {
        "d 755 -\ttemplate/\nf 644 ",
        "b17ef6d19c7a5b1ee83b907c595526dcb1eb06db8227d650d5dda0a9f4ce8cd9\ttemplate/PG_VERSION\n",
        "template/PG_VERSION\nd 755 -\ttree/\n",
        "l 777 bin/a b\ttree/link\n",
        "c775e7b757ede630cd0aa1113bd102661ab38829ca52a6422ab782862f268646\ttree/bin/redis\n",
        "c775e7b757ede630cd0aa1113bd102661ab38829ca52a6422ab782862f268646\ttree/again\n",
        "\ttree/-x \\ %m\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (!strstr(text, lines[i]))
            fail_msg("no line %s in\n%s", lines[i], text);
    assert_null(strstr(text, "not-measured"));
}

static void test_verified(void **state)
{
    (void)state;
    cleanup_fixture struct fixture fixture;
    make_folder(&fixture, "tree");
    measure(&fixture);
    assert_differences(&fixture, "");
    scratch_write(&fixture.scratch, "tree/bin/redis", "1234567891");
    scratch_write(&fixture.scratch, "template/new\x1b", "");
    assert_int_equal(fchmodat(fixture.scratch.fd, "template/PG_VERSION", 04755, 0), 0);
    assert_int_equal(unlinkat(fixture.scratch.fd, "tree/link", 0), 0);
    assert_int_equal(unlinkat(fixture.scratch.fd, "tree/-x \\ %m", 0), 0);
    assert_differences(&fixture, "mode changed: template/PG_VERSION\nadded: template/new\\x1b\n"
                                 "missing: tree/-x \\x5c %m\nchanged: tree/again\n"
                                 "changed: tree/bin/redis\nmissing: tree/link\n");
}

static void test_all_is_missing(void **state)
{
    (void)state;
    cleanup_fixture struct fixture fixture;
    make_folder(&fixture, "tree");
    measure(&fixture);
    assert_int_equal(renameat(fixture.scratch.fd, "template", fixture.scratch.fd, "t"), 0);
    assert_differences(&fixture, "missing: template/\nmissing: template/PG_VERSION\n");
}

/* What was written down is itself held against the manifest. */
static void test_contents_of_contents(void **state)
{
    (void)state;
    cleanup_fixture struct fixture fixture;
    make_folder(&fixture, "tree");
    measure(&fixture);
    fixture.image.contents[strlen("sha256:")] ^= 1;
    assert_differences(&fixture, "changed: contents\n");
    assert_int_equal(unlinkat(fixture.scratch.fd, CONTENTS_FILE, 0), 0);
    assert_differences(&fixture, "missing: contents\n");
}

static void test_tree_elsewhere(void **state)
{
    (void)state;
    cleanup_fixture struct fixture fixture;
    make_folder(&fixture, "@elsewhere");
    measure(&fixture);
    assert_int_equal(fixture.image.size, 9);
    scratch_write(&fixture.scratch, "tree/bin/redis", "not the tree");
    assert_differences(&fixture, "");
    scratch_write(&fixture.scratch, "elsewhere/bin/redis", "");
    assert_differences(&fixture, "changed: tree/bin/redis\n");
}

static void test_newline_in_a_name(void **state)
{
    (void)state;
    static const char *const names[] = {"tree/a\nb", "template/\n"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cleanup_fixture struct fixture fixture;
        cleanup_error struct error err = {0};
        make_folder(&fixture, "tree");
        scratch_write(&fixture.scratch, names[i], "");
        assert_int_equal(contents_write(fixture.scratch.path, &fixture.image, &err), -1);
        assert_true(text_starts(err.message, "measure redis:7: "));
    }
    cleanup_fixture struct fixture fixture;
    make_folder(&fixture, "tree");
    assert_int_equal(symlinkat("a\nb", fixture.scratch.fd, "tree/lines"), 0);
    assert_int_equal(contents_write(fixture.scratch.path, &fixture.image, NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare),        cmocka_unit_test(test_escape),
        cmocka_unit_test(test_written),        cmocka_unit_test(test_verified),
        cmocka_unit_test(test_all_is_missing), cmocka_unit_test(test_contents_of_contents),
        cmocka_unit_test(test_tree_elsewhere), cmocka_unit_test(test_newline_in_a_name),
    };
    setenv("INDYNO_LIBEXECDIR", IMAGES_DIR, 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
