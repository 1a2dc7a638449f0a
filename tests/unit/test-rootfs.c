/* What of a root is shown whole, what entry by entry, what not at all; the runs of rootfs.bats show that it holds. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "runtime/rootfs.h"
#include "scratch.h"

static struct sandbox_mount own_items[] = {
    {.kind = SANDBOX_PROC, .target = "/proc"},
    {.kind = SANDBOX_SCRATCH, .target = "/var/log"},
    {.kind = SANDBOX_FILE, .target = "/etc/redis/redis.conf"},
    {.kind = SANDBOX_SCRATCH, .target = "/app"},
    {.kind = SANDBOX_BIND, .source = "/", .target = "//app/./beneath/"}, /* the user's */
};
static const struct mounts own = {.items = own_items, .count = 5};

static void open_scratch(const struct scratch *scratch, struct rootfs *rootfs)
{
    cleanup_error struct error err = {0};
    if (rootfs_open(scratch->path, NULL, 0, rootfs, &err) < 0)
        fail_msg("%s", err.message);
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct sandbox_mount *)a)->target, ((const struct sandbox_mount *)b)->target);
}

/* "folder /var; link /bin usr/bin; bind /usr; " in the order of targets. */
static char *dump(struct mounts *mounts)
{
    static const char *const kinds[] = {
        [SANDBOX_BIND] = "bind", [SANDBOX_LINK] = "link", [SANDBOX_FOLDER] = "folder"};
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (mounts->count)
        qsort(mounts->items, mounts->count, sizeof *mounts->items, compare);
    for (size_t i = 0; i < mounts->count; i++)
        fprintf(to, "%s %s%s%s; ", kinds[mounts->items[i].kind], mounts->items[i].target,
                mounts->items[i].content ? " " : "",
                mounts->items[i].content ? mounts->items[i].content : "");
    fclose(to);
    return text;
}

static void check(const struct scratch *scratch, const char *expected)
{
    struct rootfs rootfs;
    cleanup_mounts struct mounts mounts = {0};
    cleanup_error struct error err = {0};
    open_scratch(scratch, &rootfs);
    if (rootfs_add(&rootfs, &own, 1, &mounts, &err) < 0)
        fail_msg("%s", err.message);
    for (size_t i = 0; i < mounts.count; i++)
        if (mounts.items[i].kind == SANDBOX_BIND)
            assert_string_equal(mounts.items[i].within, rootfs.path);
    cleanup_free char *text = dump(&mounts);
    assert_string_equal(text, expected);
    rootfs_clear(&rootfs);
}

static void make_places(const struct scratch *scratch)
{
    static const char *const files[] = {"etc/passwd",      "etc/group",       "etc/hosts",
                                        "etc/hostname",    "etc/resolv.conf", "etc/redis/redis.conf",
                                        "var/log/dpkg.log"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        scratch_write(scratch, files[i], "");
}

static void link_to(const struct scratch *scratch, const char *to, const char *name)
{
    assert_int_equal(symlinkat(to, scratch->fd, name), 0);
}

static void test_whole(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    make_places(&scratch);
    scratch_write(&scratch, "usr/bin/sh", "");
    scratch_write(&scratch, "app/hidden", "");
    scratch_write(&scratch, "sys/hidden", "");
    scratch_write(&scratch, "proc/hidden", "");
    link_to(&scratch, "usr/bin", "bin");
    assert_int_equal(mkfifoat(scratch.fd, "fifo", 0644), 0);
    check(&scratch, "link /bin usr/bin; bind /etc; bind /usr; bind /var; ");
}

/* A missing place, one that is a link, and one of another kind. */
static void test_opened_up(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    make_places(&scratch);
    scratch_write(&scratch, "etc/other", "");
    scratch_write(&scratch, "var/lib/x", "");
    assert_int_equal(unlinkat(scratch.fd, "etc/hosts", 0), 0);
    link_to(&scratch, "/etc/shadow", "etc/hosts");
    assert_int_equal(unlinkat(scratch.fd, "var/log/dpkg.log", 0), 0);
    assert_int_equal(unlinkat(scratch.fd, "var/log", AT_REMOVEDIR), 0);
    scratch_write(&scratch, "var/log", "");
    check(&scratch, "folder /etc; bind /etc/other; bind /etc/redis; folder /var; bind /var/lib; ");
}

/* What is no folder above a place of the dyno's own gives way; above one of the user's it is refused. */
static void test_links_above(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    struct rootfs rootfs;
    struct sandbox_mount item = {.kind = SANDBOX_BIND, .source = "/", .target = "/etc/x"};
    const struct mounts users = {.items = &item, .count = 1};
    cleanup_mounts struct mounts mounts = {0};
    cleanup_error struct error err = {0};
    scratch_make(&scratch);
    link_to(&scratch, "/etc", "etc");
    scratch_write(&scratch, "var", "");
    check(&scratch, "");
    open_scratch(&scratch, &rootfs);
    assert_int_equal(rootfs_add(&rootfs, &users, 1, &mounts, &err), -1);
    assert_int_equal(err.status, STATUS_DATA);
    assert_non_null(strstr(err.message, "/etc is no folder in it, so that /etc/x cannot be there"));
    rootfs_clear(&rootfs);
}

static void test_shell(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    struct rootfs rootfs;
    scratch_make(&scratch);
    scratch_write(&scratch, "usr/bin/bash", ""); /* cannot be executed */
    scratch_write(&scratch, "usr/bin/dash", "");
    assert_int_equal(fchmodat(scratch.fd, "usr/bin/dash", 0755, 0), 0);
    link_to(&scratch, "/bin/dash", "usr/bin/sh"); /* in the root, not on the host */
    link_to(&scratch, "usr/bin", "bin");
    open_scratch(&scratch, &rootfs);
    assert_string_equal(rootfs.shell, "sh");
    assert_string_equal(rootfs.lang, "C.UTF-8");
    rootfs_clear(&rootfs);
    assert_int_equal(unlinkat(scratch.fd, "usr/bin/dash", 0), 0);
    open_scratch(&scratch, &rootfs);
    assert_null(rootfs.shell);
    rootfs_clear(&rootfs);
}

static void test_value(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool is_image;
    } rows[] = {{"heroku-24", true}, {"debian:12.1", true}, {"./debian", false}, {"/srv/root", false},
                {".", false},        {"..", false},         {"root/", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(rootfs_is_image(rows[i].value), rows[i].is_image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole), cmocka_unit_test(test_opened_up), cmocka_unit_test(test_links_above),
        cmocka_unit_test(test_shell), cmocka_unit_test(test_value),
    };
    return cmocka_run_group_tests_name("rootfs", tests, NULL, NULL);
}
