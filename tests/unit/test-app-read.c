/*
 * app_read on real folders: what is found, what is refused, and, as root, with whose rights. As a user
 * everything is read in the test's own process, as root in a child; the same cases must give the same
 * results.
 */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app-dump.h"
#include "base/own.h"
#include "runtime/app-file.h"
#include "runtime/app-rights.h"
#include "scratch.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

static const uid_t tenant = 54321, neighbour = 54322;

static void skip_unless_root(void)
{
    if (geteuid() != 0)
        skip();
}

static void expect_app(const struct scratch *scratch, const char *env_file, const char *dump)
{
    cleanup_app struct app app;
    cleanup_error struct error err = {0};
    cleanup_free char *env_path = env_file ? text_format("%s/%s", scratch->path, env_file) : NULL;
    if (app_read(scratch->fd, scratch->path, env_path, NULL, &app, &err) < 0)
        fail_msg("refused: %s", err.message);
    cleanup_free char *dumped = app_dump(&app), *path = text_format("%s/app.json", scratch->path);
    assert_string_equal(dumped, dump);
    assert_string_equal(app.path, path);
}

/* message is what follows the folder's path. */
static void expect_refusal(const struct scratch *scratch, const char *env_file, const char *message)
{
    cleanup_app struct app app;
    cleanup_error struct error err = {0};
    cleanup_free char *env_path = env_file ? text_format("%s/%s", scratch->path, env_file) : NULL;
    assert_int_equal(app_read(scratch->fd, scratch->path, env_path, NULL, &app, &err), -1);
    cleanup_free char *expected = text_format("%s%s", scratch->path, message);
    assert_string_equal(err.message, expected);
    assert_int_equal(err.status, STATUS_DATA);
    assert_null(app.path);
}

static void test_nothing_there(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    cleanup_app struct app app;
    cleanup_error struct error err = {0};
    assert_int_equal(app_read(scratch.fd, scratch.path, NULL, NULL, &app, &err), 0);
    assert_false(app.present);
    expect_app(&scratch, NULL, "");
}

static void test_all_there(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    scratch_write(&scratch, "app.json",
                  "{\"env\":{\"A\":\"1\"},\"environments\":{\"test\":{\"scripts\":{\"test\":\"t\"}}}}");
    scratch_write(&scratch, ".git/HEAD", "ref: refs/heads/main\n");
    scratch_write(&scratch, ".git/refs/heads/main", COMMIT "\n");
    scratch_write(&scratch, "sub/ci.env", "B=2\n");
    expect_app(&scratch, "sub/ci.env", "env A=1\ntest t\nenv-file B=2\nbranch main\ncommit " COMMIT "\n");
    expect_app(&scratch, "sub/../sub/ci.env",
               "env A=1\ntest t\nenv-file B=2\nbranch main\ncommit " COMMIT "\n");
}

static void test_large_files(void **state)
{
    (void)state;
    enum { VALUES = 7, LENGTH = 100000 };
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    cleanup_free char *value = allocate(LENGTH + 1, 1);
    memset(value, 'v', LENGTH);
    cleanup_free char *json = copy_string("{\"env\":{");
    cleanup_free char *dump = copy_string("");
    for (int i = 0; i < VALUES; i++) {
        char *longer = text_format("%s%s\"A%d\":\"%s\"", json, i ? "," : "", i, value);
        char *longer_dump = text_format("%senv A%d=%s\n", dump, i, value);
        free(json), json = longer;
        free(dump), dump = longer_dump;
    }
    char *whole = text_format("%s}}", json);
    free(json), json = whole;
    scratch_write(&scratch, "app.json", json);
    expect_app(&scratch, NULL, dump);
}

static void test_working_folder(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    scratch_write(&scratch, "app.json", "[");
    scratch_write(&scratch, "ci.env", "A=1");
    cleanup_fd int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(chdir(scratch.path), 0);
    cleanup_app struct app app;
    cleanup_error struct error err = {0};
    assert_int_equal(app_read(scratch.fd, ".", NULL, NULL, &app, &err), -1);
    assert_string_equal(err.message, "app.json:1:2: not valid JSON: expected a value");
    assert_int_equal(unlink("app.json"), 0);
    assert_int_equal(app_read(scratch.fd, "./", "ci.env", NULL, &app, &err), 0);
    assert_string_equal(app.path, "app.json");
    assert_int_equal(app.env_file.count, 1);
    assert_int_equal(fchdir(before), 0);
}

static void test_bad_folders(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    scratch_write(&scratch, "file", "");
    static const struct {
        const char *name, *why;
    } rows[] = {{"nowhere", "No such file or directory"}, {"file", "Not a directory"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_free char *dir = text_format("%s/%s", scratch.path, rows[i].name);
        cleanup_free char *expected = text_format("%s: %s", dir, rows[i].why);
        cleanup_error struct error err = {0};
        assert_int_equal(folder_open(dir, dir, &err), -1);
        assert_int_equal(err.status, STATUS_DATA);
        assert_string_equal(err.message, expected);
    }
}

static void test_refused_content(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    scratch_write(&scratch, "app.json", "{\n  \"name\": oops}");
    expect_refusal(&scratch, NULL, "/app.json:2:11: not valid JSON: expected a value");
    scratch_write(&scratch, "app.json", "{\"env\":[]}");
    expect_refusal(&scratch, NULL, "/app.json: env: expected an object, found an array");
    scratch_write_bytes(&scratch, "app.json", "{}\0", 3);
    expect_refusal(&scratch, NULL, "/app.json:1:3: not valid JSON: something follows the document");
    scratch_write(&scratch, "app.json", "{}");
    scratch_write(&scratch, "ci.env", "A=1\nnot this\n");
    expect_refusal(&scratch, "ci.env", "/ci.env:2: no variable's name in front");
    scratch_write_bytes(&scratch, "ci.env", "A=1\0B", 5);
    expect_refusal(&scratch, "ci.env", "/ci.env: a NUL byte stands in it");
    expect_refusal(&scratch, "none.env", "/none.env: No such file or directory");
    expect_refusal(&scratch, "none/ci.env", "/none/ci.env: No such file or directory");
}

static void truncate_to(const struct scratch *scratch, const char *name, off_t size)
{
    cleanup_free char *path = text_format("%s/%s", scratch->path, name);
    assert_int_equal(truncate(path, size), 0);
}

static void test_too_large(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    scratch_write(&scratch, "app.json", "{}");
    scratch_write(&scratch, "ci.env", "");
    truncate_to(&scratch, "ci.env", (off_t)1 << 40);
    expect_refusal(&scratch, "ci.env", "/ci.env: larger than 1048576 bytes");
    truncate_to(&scratch, "app.json", (1 << 20) + 1);
    expect_refusal(&scratch, NULL, "/app.json: larger than 1048576 bytes");
}

static void make_socket(const struct scratch *scratch, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", scratch->path, name);
    assert_true(length > 0 && (size_t)length < sizeof address.sun_path);
    cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
}

static void make_fifo(const struct scratch *scratch, const char *name)
{
    assert_int_equal(mkfifoat(scratch->fd, name, 0666), 0);
}

static void make_folder(const struct scratch *scratch, const char *name)
{
    assert_int_equal(mkdirat(scratch->fd, name, 0755), 0);
}

static void make_link(const struct scratch *scratch, const char *name)
{
    scratch_write(scratch, "target", "{}");
    assert_int_equal(symlinkat("target", scratch->fd, name), 0);
}

static void make_dangling_link(const struct scratch *scratch, const char *name)
{
    assert_int_equal(symlinkat("/nowhere", scratch->fd, name), 0);
}

static void make_proc_link(const struct scratch *scratch, const char *name)
{
    assert_int_equal(symlinkat("/proc/self/environ", scratch->fd, name), 0);
}

static void test_wrong_kinds(void **state)
{
    (void)state;
    static const struct {
        void (*make)(const struct scratch *, const char *name);
        const char *kind;
    } rows[] = {
        {make_socket, "a socket"},
        {make_fifo, "a fifo"},
        {make_folder, "a folder"},
        {make_link, "a symbolic link"},
        {make_dangling_link, "a symbolic link"},
        {make_proc_link, "a symbolic link"},
    };
    static const char *const names[] = {"app.json", "ci.env"};
    for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
        cleanup_scratch struct scratch scratch;
        scratch_make(&scratch);
        rows[i / 2].make(&scratch, names[i % 2]);
        cleanup_free char *message =
            text_format("/%s: it is %s, and only a regular file is read", names[i % 2], rows[i / 2].kind);
        expect_refusal(&scratch, i % 2 ? names[1] : NULL, message);
    }
}

static void test_device(void **state)
{
    (void)state;
    skip_unless_root();
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    if (mknodat(scratch.fd, "app.json", S_IFCHR | 0666, makedev(1, 3)) < 0)
        skip(); /* a container without mknod */
    cleanup_free char *path = text_format("%s/app.json", scratch.path);
    cleanup_fd int usable = open(path, O_RDONLY | O_CLOEXEC);
    expect_refusal(&scratch, NULL,
                   usable < 0 ? "/app.json: Permission denied"
                              : "/app.json: it is a device, and only a regular file is read");
}

/* ---- As root: whose rights
 * ------------------------------------------------------------------------------ */

static void test_owner_reads_own(void **state)
{
    (void)state;
    skip_unless_root();
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    scratch_write(&scratch, "app.json", "{\"name\":\"n\"}");
    scratch_write(&scratch, "ci.env", "A=1");
    assert_int_equal(fchmodat(scratch.fd, "app.json", 0400, 0), 0);
    assert_int_equal(fchmodat(scratch.fd, "ci.env", 0400, 0), 0);
    scratch_give(&scratch, tenant);
    expect_app(&scratch, "ci.env", "name n\nenv-file A=1\n");
}

/* A hard link to another's file, or a file that root put there: not the tenant's to read. */
static void test_owner_reads_no_others(void **state)
{
    (void)state;
    skip_unless_root();
    static const uid_t others[] = {0, 54322};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        cleanup_scratch struct scratch scratch;
        scratch_make(&scratch);
        scratch_write(&scratch, "app.json", "{\"name\":\"secret\"}");
        scratch_write(&scratch, ".git/HEAD", COMMIT);
        scratch_give(&scratch, tenant);
        assert_int_equal(fchownat(scratch.fd, "app.json", others[i], others[i], 0), 0);
        assert_int_equal(fchmodat(scratch.fd, "app.json", 0600, 0), 0);
        expect_refusal(&scratch, NULL, "/app.json: Permission denied");
    }
}

static void test_git_of_others_is_not_read(void **state)
{
    (void)state;
    skip_unless_root();
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    scratch_write(&scratch, ".git/HEAD", COMMIT);
    scratch_give(&scratch, tenant);
    assert_int_equal(fchownat(scratch.fd, ".git/HEAD", neighbour, neighbour, 0), 0);
    assert_int_equal(fchmodat(scratch.fd, ".git/HEAD", 0600, 0), 0);
    expect_app(&scratch, NULL, "");
}

/* What the process is when it reads, as seen from inside. */
static int tell_rights(int folder_fd, const char *path, struct app *app, struct error *err)
{
    (void)folder_fd, (void)path, (void)err;
    cleanup_file FILE *status = fopen("/proc/self/status", "re");
    char line[256];
    static const char *const wanted[] = {"Uid:", "Gid:", "Groups:", "CapPrm:", "CapEff:", "NoNewPrivs:"};
    while (status && fgets(line, sizeof line, status))
        for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
            if (text_starts(line, wanted[i]))
                strings_addf(&app->unknown, "%.*s", (int)strcspn(line, " \n"), line);
    int open_fds = 0;
    cleanup_dir DIR *fds = opendir("/proc/self/fd");
    for (struct dirent *entry; fds && (entry = readdir(fds));)
        open_fds += entry->d_name[0] != '.' && strtol(entry->d_name, NULL, 10) > STDERR_FILENO;
    strings_addf(&app->unknown, "fds %d", open_fds);
    return 0;
}

static void test_rights_of_child(void **state)
{
    (void)state;
    skip_unless_root();
    static const uid_t owners[] = {0, 54321};
    for (size_t i = 0; i < sizeof owners / sizeof *owners; i++) {
        cleanup_scratch struct scratch scratch;
        scratch_make(&scratch);
        scratch_give(&scratch, owners[i]);
        cleanup_fd int kept_from_it = open("/dev/null", O_RDONLY);
        assert_true(kept_from_it >= 0);
        cleanup_app struct app app = {0};
        cleanup_error struct error err = {0};
        assert_int_equal(read_as_owner(scratch.fd, "x", tell_rights, NULL, &app, &err), 0);
        cleanup_free char *uid =
            text_format("Uid:\t%u\t%u\t%u\t%u", owners[i], owners[i], owners[i], owners[i]);
        cleanup_free char *gid =
            text_format("Gid:\t%u\t%u\t%u\t%u", owners[i], owners[i], owners[i], owners[i]);
        /* the folder, the pipe, /proc/self/status, and the listing itself */
        const char *const expected[] = {uid,
                                        gid,
                                        "Groups:\t",
                                        "CapPrm:\t0000000000000000",
                                        "CapEff:\t0000000000000000",
                                        "NoNewPrivs:\t1",
                                        "fds 4"};
        assert_int_equal(app.unknown.count, sizeof expected / sizeof *expected);
        for (size_t j = 0; j < app.unknown.count; j++)
            assert_string_equal(app.unknown.items[j], expected[j]);
    }
}

static int die(int folder_fd, const char *path, struct app *app, struct error *err)
{
    (void)folder_fd, (void)path, (void)app, (void)err;
    raise(SIGKILL);
    return 0;
}

static int leave(int folder_fd, const char *path, struct app *app, struct error *err)
{
    (void)folder_fd, (void)path, (void)app, (void)err;
    _exit(0);
}

/* The pipe is the only descriptor that can be written. */
static void write_to_pipe(const void *data, size_t size)
{
    enum { LAST = 64 };
    for (int fd = STDERR_FILENO + 1; fd < LAST; fd++)
        if ((fcntl(fd, F_GETFL) & (O_ACCMODE | O_PATH)) == O_WRONLY)
            text_write_all(fd, data, size);
}

static int babble(int folder_fd, const char *path, struct app *app, struct error *err)
{
    static const char rubbish[] = "{\"name\":\"this is no message\"}";
    (void)folder_fd, (void)path, (void)app, (void)err;
    write_to_pipe(rubbish, sizeof rubbish);
    _exit(0);
}

_Noreturn static int flood(int folder_fd, const char *path, struct app *app, struct error *err)
{
    static const char block[65536];
    (void)folder_fd, (void)path, (void)app, (void)err;
    for (;;)
        write_to_pipe(block, sizeof block);
}

static int refuse(int folder_fd, const char *path, struct app *app, struct error *err)
{
    (void)folder_fd, (void)app;
    fail(err, STATUS_DATA, "%s: refused", path);
    error_remedy(err, "nothing helps");
    return -1;
}

static void test_outcomes_of_child(void **state)
{
    (void)state;
    skip_unless_root();
    static const struct {
        reader *read;
        int status;
        const char *message, *remedy;
    } rows[] = {
        {die, STATUS_ERRORED, "x: its reader was ended by signal 9", NULL},
        {leave, STATUS_ERRORED, "x: its reader failed", NULL},
        {babble, STATUS_ERRORED, "x: its reader failed", NULL},
        {flood, STATUS_ERRORED, "x: its reader sent too much", NULL},
        {refuse, STATUS_DATA, "x: refused", "nothing helps"},
    };
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_app struct app app = {0};
        cleanup_error struct error err = {0};
        assert_int_equal(read_as_owner(scratch.fd, "x", rows[i].read, NULL, &app, &err), -1);
        assert_int_equal(err.status, rows[i].status);
        assert_string_equal(err.message, rows[i].message);
        assert_true(text_equal(err.remedy, rows[i].remedy));
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_there),
        cmocka_unit_test(test_all_there),
        cmocka_unit_test(test_large_files),
        cmocka_unit_test(test_working_folder),
        cmocka_unit_test(test_bad_folders),
        cmocka_unit_test(test_refused_content),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_wrong_kinds),
        cmocka_unit_test(test_device),
        cmocka_unit_test(test_owner_reads_own),
        cmocka_unit_test(test_owner_reads_no_others),
        cmocka_unit_test(test_git_of_others_is_not_read),
        cmocka_unit_test(test_rights_of_child),
        cmocka_unit_test(test_outcomes_of_child),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
