/* Branch and commit from .git's files: the layouts git has, and the broken and hostile ones. */
#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "base/text.h"
#include "runtime/git-ref.h"
#include "scratch.h"

#define SHA1   "0123456789abcdef0123456789abcdef01234567"
#define OTHER  "ffffffffffffffffffffffffffffffffffffffff"
#define SHA256 SHA1 "0123456789abcdef01234567"
#define UPPER  "0123456789ABCDEF0123456789ABCDEF01234567"

static void test_ref_names(void **state)
{
    (void)state;
    static const char *const good[] = {"main", "a/b/c", "feature-1", "v1.2", "\xc3\xa9t\xc3\xa9",
                                       "a@b",  "@",     "a{b"};
    static const char *const bad[] = {
        "",       "/",        "/a",    "a/",   "a//b", ".a",       "a/.b", "a..b", "a/../b",       "a.",
        "a.lock", "a b",      "a~",    "a^",   "a:b",  "a?",       "a*",   "a[b",  "a\\b",         "a@{b",
        "a\tb",   "a\x1b[0m", "a\x7f", "\xff", "\xc3", "a.lock/b", "..",   ".",    "\xed\xa0\x80",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!git_ref_name_valid(good[i]))
            fail_msg("%s is refused", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (git_ref_name_valid(bad[i]))
            fail_msg("%s is taken", bad[i]);
}

static void test_commits(void **state)
{
    (void)state;
    static const struct {
        const char *text, *commit;
    } rows[] = {
        {SHA1, SHA1},
        {SHA1 "\n", SHA1},
        {SHA256 "\n", SHA256},
        {SHA1 "\r\n", SHA1},
        {"", NULL},
        {SHA1 "0", NULL},
        {UPPER, NULL},
        {" " SHA1, NULL},
        {SHA1 " x", NULL},
        {"ref: refs/heads/a", NULL},
        {"abc", NULL},
        {"\n" SHA1, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_free char *commit = git_parse_commit(rows[i].text);
        assert_true(text_equal(commit, rows[i].commit));
    }
}

static void test_packed(void **state)
{
    (void)state;
    static const char packed[] =
        "# pack-refs with: peeled fully-peeled sorted\n" OTHER " refs/heads/main2\n" SHA1
        " refs/heads/main\n^" OTHER "\n" UPPER " refs/heads/upper\n" SHA256 " refs/heads/last";
    static const struct {
        const char *name, *commit;
    } rows[] = {
        {"refs/heads/main", SHA1},  {"refs/heads/main2", OTHER}, {"refs/heads/last", SHA256},
        {"refs/heads/upper", NULL}, {"refs/heads/mai", NULL},    {"heads/main", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_free char *commit = git_find_packed(packed, rows[i].name);
        assert_true(text_equal(commit, rows[i].commit));
    }
}

struct file {
    const char *name, *text;
};

static const struct {
    const char *what;
    struct file files[4];
    const char *branch, *commit;
} layouts[] = {
    {"no checkout", {{0}}, NULL, NULL},
    {"loose ref",
     {{".git/HEAD", "ref: refs/heads/main\n"}, {".git/refs/heads/main", SHA1 "\n"}},
     "main",
     SHA1},
    {"ref with slashes",
     {{".git/HEAD", "ref: refs/heads/a/b\n"}, {".git/refs/heads/a/b", SHA1}},
     "a/b",
     SHA1},
    {"packed ref",
     {{".git/HEAD", "ref: refs/heads/x"}, {".git/packed-refs", SHA1 " refs/heads/x\n"}},
     "x",
     SHA1},
    {"loose before packed",
     {{".git/HEAD", "ref: refs/heads/x"},
      {".git/refs/heads/x", SHA1},
      {".git/packed-refs", OTHER " refs/heads/x\n"}},
     "x",
     SHA1},
    {"detached", {{".git/HEAD", SHA1 "\n"}}, NULL, SHA1},
    {"no commit yet", {{".git/HEAD", "ref: refs/heads/main\n"}}, "main", NULL},
    {"ref outside heads", {{".git/HEAD", "ref: refs/pull/1\n"}, {".git/refs/pull/1", SHA1}}, NULL, SHA1},
    {"reftable", {{".git/HEAD", "ref: refs/heads/.invalid\n"}}, NULL, NULL},
    {"empty HEAD", {{".git/HEAD", ""}}, NULL, NULL},
    {"ref that leads out",
     {{".git/HEAD", "ref: refs/heads/../../../secret\n"}, {"secret", SHA1}},
     NULL,
     NULL},
    {"ref that is no commit",
     {{".git/HEAD", "ref: refs/heads/m\n"}, {".git/refs/heads/m", "top secret"}},
     "m",
     NULL},
    {"gitdir beneath",
     {{".git", "gitdir: sub/git\n"}, {"sub/git/HEAD", "ref: refs/heads/m\n"}, {"sub/git/refs/heads/m", SHA1}},
     "m",
     SHA1},
    {"worktree beneath",
     {{".git", "gitdir: main/worktrees/w\n"},
      {"main/worktrees/w/HEAD", "ref: refs/heads/m\n"},
      {"main/worktrees/w/commondir", "../..\n"},
      {"main/refs/heads/m", SHA1}},
     "m",
     SHA1},
    {"gitdir above", {{".git", "gitdir: ../elsewhere\n"}}, NULL, NULL},
    {"gitdir absolute", {{".git", "gitdir: /proc/self/cwd/.git\n"}}, NULL, NULL},
    {"commondir above",
     {{".git/HEAD", "ref: refs/heads/m\n"}, {".git/commondir", "../../..\n"}, {".git/refs/heads/m", SHA1}},
     "m",
     NULL},
    {"gitdir of nothing", {{".git", "gitdir: \n"}}, NULL, NULL},
    {"file that is no gitdir", {{".git", "hello\n"}}, NULL, NULL},
};

static void test_layouts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        cleanup_scratch struct scratch scratch;
        scratch_make(&scratch);
        for (const struct file *file = layouts[i].files; file < layouts[i].files + 4 && file->name; file++)
            scratch_write(&scratch, file->name, file->text);
        struct git_ref ref;
        assert_int_equal(git_ref_read(scratch.fd, "x", &ref, NULL), 0);
        if (!text_equal(ref.branch, layouts[i].branch) || !text_equal(ref.commit, layouts[i].commit))
            fail_msg("%s: branch %s, commit %s", layouts[i].what, ref.branch, ref.commit);
        git_ref_clear(&ref);
    }
}

static void check_nothing(const struct scratch *scratch)
{
    struct git_ref ref;
    assert_int_equal(git_ref_read(scratch->fd, "x", &ref, NULL), 0);
    assert_null(ref.branch);
    assert_null(ref.commit);
}

static void check_refused(const struct scratch *scratch, const char *message)
{
    struct git_ref ref;
    cleanup_error struct error err = {0};
    assert_int_equal(git_ref_read(scratch->fd, "x", &ref, &err), -1);
    assert_int_equal(err.status, STATUS_DATA);
    assert_string_equal(err.message, message);
    assert_null(ref.branch);
    assert_null(ref.commit);
}

static void test_hostile_files(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    scratch_write_bytes(&scratch, ".git/HEAD", SHA1 "\0x", sizeof SHA1 "\0x" - 1);
    check_nothing(&scratch);

    assert_int_equal(unlinkat(scratch.fd, ".git/HEAD", 0), 0);
    scratch_write(&scratch, "elsewhere", SHA1);
    assert_int_equal(symlinkat("../elsewhere", scratch.fd, ".git/HEAD"), 0);
    check_refused(&scratch, "x/.git/HEAD: it is a symbolic link, and only a regular file is read");

    assert_int_equal(unlinkat(scratch.fd, ".git/HEAD", 0), 0);
    assert_int_equal(mkfifoat(scratch.fd, ".git/HEAD", 0600), 0);
    check_refused(&scratch, "x/.git/HEAD: it is a fifo, and only a regular file is read");

    assert_int_equal(unlinkat(scratch.fd, ".git/HEAD", 0), 0);
    assert_int_equal(mkdirat(scratch.fd, ".git/HEAD", 0700), 0);
    check_refused(&scratch, "x/.git/HEAD: it is a folder, and only a regular file is read");
    assert_int_equal(unlinkat(scratch.fd, ".git/HEAD", AT_REMOVEDIR), 0);
    scratch_write(&scratch, ".git/HEAD", "");
    cleanup_free char *head = text_format("%s/.git/HEAD", scratch.path);
    assert_int_equal(truncate(head, (off_t)1 << 40), 0);
    check_refused(&scratch, "x/.git/HEAD: larger than 4096 bytes");

    assert_int_equal(unlinkat(scratch.fd, ".git/HEAD", 0), 0);
    scratch_write(&scratch, "real/HEAD", SHA1);
    assert_int_equal(unlinkat(scratch.fd, ".git", AT_REMOVEDIR), 0);
    assert_int_equal(symlinkat("real", scratch.fd, ".git"), 0);
    check_nothing(&scratch);
}

static void test_huge_files(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    scratch_write(&scratch, ".git/HEAD", "ref: refs/heads/m\n");
    scratch_write(&scratch, ".git/packed-refs", SHA1 " refs/heads/m\n");
    cleanup_free char *path = text_format("%s/.git/packed-refs", scratch.path);
    assert_int_equal(truncate(path, (off_t)1 << 40), 0);
    struct git_ref ref;
    assert_int_equal(git_ref_read(scratch.fd, "x", &ref, NULL), 0);
    assert_string_equal(ref.branch, "m");
    assert_null(ref.commit);
    git_ref_clear(&ref);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ref_names),     cmocka_unit_test(test_commits),
        cmocka_unit_test(test_packed),        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_hostile_files), cmocka_unit_test(test_huge_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
