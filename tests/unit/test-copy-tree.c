/* Copies of folders: what is copied and how, what is left out, and what is refused. */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "as-user.h"
#include "base/own.h"
#include "base/text.h"
#include "sandbox/copy-tree.h"

enum { DEPTH_MAX = 256 };

/* ---- What the tests share ---- */

static void make_sides(struct scratch *scratch)
{
    scratch_make(scratch);
    assert_int_equal(mkdirat(scratch->fd, "from", 0755), 0);
    assert_int_equal(mkdirat(scratch->fd, "to", 0755), 0);
}

static int open_side(const struct scratch *scratch, const char *side)
{
    int fd = openat(scratch->fd, side, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static int copy(const struct scratch *scratch, struct error *err)
{
    cleanup_fd int from = open_side(scratch, "from"), to = open_side(scratch, "to");
    return copy_tree(from, to, "what", err);
}

static void copy_all(const struct scratch *scratch)
{
    cleanup_error struct error err = {0};
    if (copy(scratch, &err) < 0)
        fail_msg("%s", err.message);
}

static struct stat stat_of(const struct scratch *scratch, const char *name)
{
    struct stat st;
    if (fstatat(scratch->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        fail_msg("%s: %s", name, strerror(errno));
    return st;
}

static size_t count_entries(const struct scratch *scratch, const char *folder)
{
    cleanup_free char *path = text_format("%s/%s", scratch->path, folder);
    cleanup_dir DIR *dir = opendir(path);
    size_t count = 0;
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        count += !text_equal(entry->d_name, ".") && !text_equal(entry->d_name, "..");
    return count;
}

/* ---- What is copied ---- */

static void test_files(void **state)
{
    (void)state;
    static const char *const names[] = {"empty", "file", ".hidden", "a/b/c/deep", "a/..b", "line\nbreak"};
    cleanup_scratch struct scratch scratch;
    make_sides(&scratch);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cleanup_free char *name = text_format("from/%s", names[i]);
        scratch_write(&scratch, name, i ? names[i] : "");
    }
    copy_all(&scratch);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cleanup_free char *name = text_format("to/%s", names[i]);
        cleanup_free char *text = text_read_file(scratch.fd, name, 100, NULL, NULL);
        assert_non_null(text);
        assert_string_equal(text, i ? names[i] : "");
    }
    assert_int_equal(count_entries(&scratch, "to"), 5);
    assert_int_equal(count_entries(&scratch, "to/a"), 2);
}

static const struct mode_row {
    const char *name;
    bool folder;
    mode_t mode, copied;
} mode_rows[] = {
    {"plain", false, 0644, 0644},     {"script", false, 0755, 0755}, {"private", false, 0600, 0600},
    {"read-only", false, 0444, 0444}, {"open", false, 0666, 0666},   {"set-uid", false, 04755, 0755},
    {"set-gid", false, 02755, 0755},  {"both", false, 06711, 0711},  {"folder", true, 0755, 0755},
    {"shared", true, 02775, 0775},    {"sticky", true, 01777, 0777}, {"closed", true, 0700, 0700},
    {"unwritable", true, 0555, 0555},
};

/* A folder has a file, which has to get into the copy before the folder is closed. */
static void make_with_mode(const struct scratch *scratch, const struct mode_row *row)
{
    cleanup_free char *name = text_format("from/%s", row->name);
    cleanup_free char *file = text_format("%s%s", name, row->folder ? "/file" : "");
    scratch_write(scratch, file, "x");
    assert_int_equal(fchmodat(scratch->fd, name, row->mode, 0), 0);
    assert_int_equal(stat_of(scratch, name).st_mode & 07777, row->mode);
}

static void check_mode(const struct scratch *scratch, const struct mode_row *row)
{
    cleanup_free char *name = text_format("to/%s", row->name);
    mode_t mode = stat_of(scratch, name).st_mode & 07777;
    if (mode != row->copied)
        fail_msg("%s has mode %o", name, mode);
    if (row->folder)
        assert_int_equal(count_entries(scratch, name), 1);
}

/* So that the scratch folder can be removed. */
static void open_up(const struct scratch *scratch)
{
    assert_int_equal(fchmodat(scratch->fd, "from/unwritable", 0755, 0), 0);
    assert_int_equal(fchmodat(scratch->fd, "to/unwritable", 0755, 0), 0);
}

static void test_modes(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    make_sides(&scratch);
    become_user(&scratch);
    for (size_t i = 0; i < sizeof mode_rows / sizeof *mode_rows; i++)
        make_with_mode(&scratch, &mode_rows[i]);
    mode_t mask = umask(077);
    copy_all(&scratch);
    umask(mask);
    for (size_t i = 0; i < sizeof mode_rows / sizeof *mode_rows; i++)
        check_mode(&scratch, &mode_rows[i]);
    open_up(&scratch);
    become_self();
}

static void test_times(void **state)
{
    (void)state;
    static const char *const names[] = {"file", "folder/file", "folder", "link"};
    cleanup_scratch struct scratch scratch;
    make_sides(&scratch);
    scratch_write(&scratch, "from/file", "x");
    scratch_write(&scratch, "from/folder/file", "x");
    assert_int_equal(symlinkat("file", scratch.fd, "from/link"), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct timespec times[2] = {{.tv_sec = 5000 + (time_t)i}, {1000000000 + (time_t)i, 123456789}};
        cleanup_free char *name = text_format("from/%s", names[i]);
        assert_int_equal(utimensat(scratch.fd, name, times, AT_SYMLINK_NOFOLLOW), 0);
    }
    copy_all(&scratch);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cleanup_free char *name = text_format("to/%s", names[i]);
        struct timespec time = stat_of(&scratch, name).st_mtim;
        if (time.tv_sec != 1000000000 + (time_t)i || time.tv_nsec != 123456789)
            fail_msg("%s has time %lld.%09ld", name, (long long)time.tv_sec, time.tv_nsec);
    }
}

/* Wherever they lead. */
static void test_links(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"from/file-link", "file"}, {"from/dangling", "nowhere"}, {"from/out", "../outside"},
        {"from/absolute", "/etc"},  {"from/loop", "loop"},        {"from/folder/up", ".."},
    };
    cleanup_scratch struct scratch scratch;
    make_sides(&scratch);
    scratch_write(&scratch, "outside/secret", "x");
    scratch_write(&scratch, "from/file", "x");
    scratch_write(&scratch, "from/folder/file", "x");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(symlinkat(rows[i][1], scratch.fd, rows[i][0]), 0);
    copy_all(&scratch);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_free char *name = text_format("to/%s", rows[i][0] + strlen("from/"));
        char target[PATH_MAX] = "";
        assert_true(readlinkat(scratch.fd, name, target, sizeof target - 1) > 0);
        assert_string_equal(target, rows[i][1]);
    }
}

/* ---- What is left out ---- */

static void make_socket(const struct scratch *scratch, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    cleanup_free char *path = text_format("%s/%s", scratch->path, name);
    cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(strlen(path) < sizeof address.sun_path);
    strcpy(address.sun_path, path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
}

/* Root's devices are tried where root may make one: not in a container. */
static void test_left_out(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    make_sides(&scratch);
    scratch_write(&scratch, "from/folder/file", "x");
    assert_int_equal(mkfifoat(scratch.fd, "from/fifo", 0644), 0);
    assert_int_equal(mkfifoat(scratch.fd, "from/folder/fifo", 0644), 0);
    make_socket(&scratch, "from/socket");
    if (mknodat(scratch.fd, "from/null", S_IFCHR | 0666, makedev(1, 3)) < 0)
        assert_int_equal(errno, EPERM);
    enum { HANG_S = 10 };
    alarm(HANG_S); /* whoever opens the fifo waits for its writer */
    copy_all(&scratch);
    alarm(0);
    assert_int_equal(count_entries(&scratch, "to"), 1);
    assert_int_equal(count_entries(&scratch, "to/folder"), 1);
}

/* ---- What is refused ---- */

/* A folder in a folder in from/, so many times. */
static void nest(const struct scratch *scratch, int levels)
{
    cleanup_fd int at = open_side(scratch, "from");
    for (int i = 0; i < levels; i++) {
        assert_int_equal(mkdirat(at, "d", 0755), 0);
        int inner = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(inner >= 0);
        close(at);
        at = inner;
    }
}

static int depth_of(const struct scratch *scratch, const char *side)
{
    cleanup_fd int at = open_side(scratch, side);
    int depth = 0;
    for (int inner; (inner = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0; depth++) {
        close(at);
        at = inner;
    }
    return depth;
}

static void test_deepest(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    make_sides(&scratch);
    nest(&scratch, DEPTH_MAX);
    copy_all(&scratch);
    assert_int_equal(depth_of(&scratch, "to"), DEPTH_MAX);
}

static void test_too_deep(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    cleanup_error struct error err = {0};
    make_sides(&scratch);
    nest(&scratch, DEPTH_MAX + 1);
    assert_int_equal(copy(&scratch, &err), -1);
    assert_int_equal(err.status, STATUS_DATA);
    assert_string_equal(err.message, "copy d: folders nest deeper than 256");
}

static void test_unreadable(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        mode_t mode;
        const char *message;
    } rows[] = {
        {"from/file", 0, "copy file: Permission denied"},
        {"from/folder", 0, "copy the folder folder: Permission denied"},
        {"from/folder", 0600, "list folder: Permission denied"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_scratch struct scratch scratch;
        cleanup_error struct error err = {0};
        make_sides(&scratch);
        become_user(&scratch);
        scratch_write(&scratch, text_equal(rows[i].name, "from/file") ? "from/file" : "from/folder/inside",
                      "x");
        assert_int_equal(fchmodat(scratch.fd, rows[i].name, rows[i].mode, 0), 0);
        int copied = copy(&scratch, &err);
        assert_int_equal(fchmodat(scratch.fd, rows[i].name, 0700, 0), 0);
        become_self();
        assert_int_equal(copied, -1);
        assert_int_equal(err.errnum, EACCES);
        assert_string_equal(err.message, rows[i].message);
    }
}

/* What is already in the copy is neither written over nor written through. */
static void test_not_into_what_is_there(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    cleanup_error struct error err = {0};
    make_sides(&scratch);
    scratch_write(&scratch, "from/file", "new");
    scratch_write(&scratch, "outside", "old");
    assert_int_equal(symlinkat("../outside", scratch.fd, "to/file"), 0);
    assert_int_equal(copy(&scratch, &err), -1);
    assert_int_equal(err.errnum, EEXIST);
    cleanup_free char *text = text_read_file(scratch.fd, "outside", 100, NULL, NULL);
    assert_string_equal(text, "old");
}

/* ---- Giving it away ---- */

static int give(const struct scratch *scratch, uid_t uid, gid_t gid, struct error *err)
{
    cleanup_fd int to = open_side(scratch, "to");
    return copy_tree_chown(to, uid, gid, "what", err);
}

static void test_given(void **state)
{
    (void)state;
    static const char *const names[] = {"to",      "to/file",      "to/folder", "to/folder/file",
                                        "to/link", "to/folder/out"};
    cleanup_scratch struct scratch scratch;
    uid_t uid = geteuid() ? geteuid() : SOME_USER;
    gid_t gid = geteuid() ? getegid() : SOME_USER + 1;
    make_sides(&scratch);
    scratch_write(&scratch, "to/file", "x");
    scratch_write(&scratch, "to/folder/file", "x");
    scratch_write(&scratch, "outside/file", "x");
    assert_int_equal(symlinkat("../outside/file", scratch.fd, "to/link"), 0);
    assert_int_equal(symlinkat("../../outside", scratch.fd, "to/folder/out"), 0);
    assert_int_equal(give(&scratch, uid, gid, NULL), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct stat st = stat_of(&scratch, names[i]);
        if (st.st_uid != uid || st.st_gid != gid)
            fail_msg("%s is %u:%u's", names[i], st.st_uid, st.st_gid);
    }
    assert_int_equal(stat_of(&scratch, "outside").st_uid, geteuid());
    assert_int_equal(stat_of(&scratch, "outside/file").st_uid, geteuid());
}

static void test_cannot_give(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    cleanup_error struct error err = {0};
    make_sides(&scratch);
    become_user(&scratch);
    scratch_write(&scratch, "to/file", "x");
    int given = give(&scratch, SOME_USER + 1, SOME_USER + 1, &err);
    become_self();
    assert_int_equal(given, -1);
    assert_int_equal(err.errnum, EPERM);
    assert_string_equal(err.message, "own the copy of what: Operation not permitted");
}

#define AS_USER(test) cmocka_unit_test_teardown(test, teardown_become_self)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        AS_USER(test_modes),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_deepest),
        cmocka_unit_test(test_too_deep),
        AS_USER(test_unreadable),
        cmocka_unit_test(test_not_into_what_is_there),
        cmocka_unit_test(test_given),
        AS_USER(test_cannot_give),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
