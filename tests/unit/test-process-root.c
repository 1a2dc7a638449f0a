/* A process with a root of its own, in real dynos: a tree made of a static busybox. What it sees, what it
 * shares with the dyno, and what it does not reach. As root in a block of ids; as a user with subordinate ids
 * where there are any, else with a single one. */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "base/text.h"
#include "sandbox/sandbox.h"
#include "scratch.h"

#define BUSYBOX "/bin/busybox"
#define TREE    "/opt/tree"
#define VIEW    "/opt/view" /* of the same, and the step's to write */

enum {
    STEPS_MAX = 40,
    SERVER = SANDBOX_ID_FIRST + 1,
    OUTPUT_MAX = 8192,
    ELF_HEAD = 4096,
    CHUNK = 65536,
    READY_MS = 10000
};

/* ---- Two roots ---- */

/* A static one: its loader's name would stand near the start. */
static bool have_busybox(void)
{
    char head[ELF_HEAD];
    cleanup_fd int fd = open(BUSYBOX, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, head, sizeof head);
    return size > 0 && !memmem(head, (size_t)size, "/ld-", 4);
}

static void add_busybox(const struct scratch *scratch, const char *folder)
{
    static const char *const applets[] = {"cat", "grep", "ls", "readlink", "sh", "sleep", "touch", "wc"};
    cleanup_free char *path = text_format("%s/busybox", folder);
    char chunk[CHUNK];
    cleanup_fd int from = open(BUSYBOX, O_RDONLY | O_CLOEXEC);
    scratch_write(scratch, path, "");
    cleanup_fd int to = openat(scratch->fd, path, O_WRONLY | O_CLOEXEC);
    for (ssize_t size; (size = read(from, chunk, sizeof chunk)) > 0;)
        assert_int_equal(text_write_all(to, chunk, (size_t)size), 0);
    assert_int_equal(fchmod(to, 0755), 0);
    for (size_t i = 0; i < sizeof applets / sizeof *applets; i++) {
        cleanup_free char *link = text_format("%s/%s", folder, applets[i]);
        assert_int_equal(symlinkat("busybox", scratch->fd, link), 0);
    }
}

/* The file `which` in both roots' /usr says whose it is. */
static void make_roots(struct scratch *scratch)
{
    static const char *const folders[] = {"tree/dev",      "tree/elsewhere", "tree/proc", "tree/sub",
                                          "tree/sub/file", "tree/tmp",       "tree/var",  "tree/var/log"};
    scratch_make(scratch);
    scratch_write(scratch, "usr/which", "dyno\n");
    scratch_write(scratch, "tree/usr/which", "tree\n");
    scratch_write(scratch, "tree/etc/passwd", "");
    add_busybox(scratch, "bin");
    add_busybox(scratch, "tree/bin");
    scratch_write(scratch, "tree/bin/only-here", "#!/bin/sh\necho only-here\n");
    assert_int_equal(fchmodat(scratch->fd, "tree/bin/only-here", 0755, 0), 0);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        assert_int_equal(mkdirat(scratch->fd, folders[i], 0755), 0);
    scratch_write(scratch, "tree/sub/folder", "");
    assert_int_equal(symlinkat("/../../elsewhere", scratch->fd, "tree/var/tmp"), 0);
}

/* ---- A run ---- */

struct row {
    bool in_tree;
    const char *script, *output;
};

struct run {
    const struct sandbox_root *root; /* of the service, and of the rows in the tree */
    const struct sandbox_process *service;
    const struct row *rows;
    size_t row_count;
};

static void choose_ids(struct sandbox_spec *spec)
{
    struct sandbox_capabilities capabilities;
    assert_int_equal(sandbox_default_ids(spec, NULL), 0);
    sandbox_probe(NULL, &capabilities);
    if (spec->ids == SANDBOX_IDS_SUBORDINATE && !capabilities.subordinate_ids) {
        spec->ids = SANDBOX_IDS_SINGLE;
        spec->weaker = SANDBOX_WEAKER_IDS;
    }
    sandbox_capabilities_clear(&capabilities);
}

static const char *const environment[] = {"PATH=/bin", NULL};

static struct sandbox_process process_of(const char *const *argv, const struct sandbox_root *root)
{
    return (struct sandbox_process){.name = "step",
                                    .argv = argv,
                                    .envp = environment,
                                    .cwd = "/tmp",
                                    .root = root,
                                    .user = SANDBOX_ID_FIRST,
                                    .role = SANDBOX_ROLE_STEP,
                                    .leaf = "step"};
}

static int run_dyno(const struct scratch *scratch, const struct run *run, struct sandbox_result *result,
                    struct error *err)
{
    cleanup_free char *bin = text_format("%s/bin", scratch->path),
                      *usr = text_format("%s/usr", scratch->path);
    cleanup_free char *tree = text_format("%s/tree", scratch->path), *state = sandbox_state_dir();
    const struct sandbox_mount mounts[] = {
        {.kind = SANDBOX_BIND, .source = bin, .target = "/bin"},
        {.kind = SANDBOX_BIND, .source = usr, .target = "/usr"},
        {.kind = SANDBOX_BIND, .source = tree, .target = TREE},
        {.kind = SANDBOX_COW, .source = tree, .target = VIEW, .owner = SANDBOX_ID_FIRST},
        {.kind = SANDBOX_PROC, .target = "/proc"},
        {.kind = SANDBOX_DEV, .target = "/dev"},
        {.kind = SANDBOX_SCRATCH, .target = "/tmp", .mode = 01777},
        {.kind = SANDBOX_SCRATCH, .target = "/var/tmp", .mode = 01777},
        {.kind = SANDBOX_SCRATCH, .target = "/var/log"},
        {.kind = SANDBOX_FOLDER, .target = "/sub/deeper"},
        {.kind = SANDBOX_FOLDER, .target = "/sub/folder"},
        {.kind = SANDBOX_FILE, .target = "/sub/file", .content = ""},
    };
    const char *argv[STEPS_MAX][4];
    struct sandbox_process steps[STEPS_MAX];
    for (size_t i = 0; i < run->row_count; i++) {
        memcpy(argv[i], (const char *[]){"sh", "-c", run->rows[i].script, NULL}, sizeof argv[i]);
        steps[i] = process_of(argv[i], run->rows[i].in_tree ? run->root : NULL);
    }
    struct sandbox_spec spec = {.name = "test",
                                .state_dir = state,
                                .mounts = mounts,
                                .mount_count = sizeof mounts / sizeof *mounts,
                                .services = run->service,
                                .service_count = run->service != NULL,
                                .steps = steps,
                                .step_count = run->row_count};
    choose_ids(&spec);
    return sandbox_run(&spec, result, err);
}

static void say(const char *text)
{
    assert_int_equal(text_write_all(STDOUT_FILENO, text, strlen(text)), 0);
}

/* In a process of its own: steps write to the caller's output, and as root it stays in the mount namespace
 * that the dyno was made in. Says the error, and what the service's log had. */
static void child_main(const struct scratch *scratch, const struct run *run, int output)
{
    struct sandbox_result result;
    struct error err = {0};
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    if (run_dyno(scratch, run, &result, &err) < 0)
        say(err.message);
    if (run->service && result.services[0].log_marked)
        say(result.services[0].log_marked);
    sandbox_result_clear(&result);
    error_clear(&err);
    _exit(0);
}

/* What the run said, with "|" for line ends. */
static void output_of(const struct scratch *scratch, const struct run *run, char output[OUTPUT_MAX])
{
    int ends[2];
    size_t size = 0;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0)
        child_main(scratch, run, ends[1]);
    close(ends[1]);
    for (ssize_t got; (got = read(ends[0], output + size, OUTPUT_MAX - 1 - size)) > 0;)
        size += (size_t)got;
    output[size] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    for (char *end = output; (end = strchr(end, '\n'));)
        *end = '|';
}

static void check_rows(const struct scratch *scratch, const struct run *run, const char *last)
{
    char output[OUTPUT_MAX];
    const char *at = output;
    output_of(scratch, run, output);
    for (size_t i = 0; i < run->row_count; i++) {
        size_t length = strlen(run->rows[i].output);
        if (strncmp(at, run->rows[i].output, length) != 0)
            fail_msg("%s: %s instead of %s", run->rows[i].script, at, run->rows[i].output);
        at += length;
    }
    /* a sanitizer remarks on the borrowed stack of a process that does not come to be executed */
    if (strncmp(at, "==", strlen("==")) == 0 && strlen(at) > strlen(last))
        at += strlen(at) - strlen(last);
    assert_string_equal(at, last);
}

/* ---- Tests ---- */

/* Skips the test where there is none. */
static const struct scratch *scratch_of(void **state)
{
    if (!*state)
        skip();
    return *state;
}

static const struct sandbox_root root = {
    .path = TREE,
    .shared = (const char *const[]){"/tmp", "/proc", "/dev", "/etc/passwd", "/var/tmp", "/var/log",
                                    "/not-there", NULL},
};

/* In busybox's words. */
#define DENIED               "Permission denied|"
#define NOT_THERE            "No such file or directory|"
#define READ_ONLY            "Read-only file system|"
#define COUNT(pattern, file) "grep -c '" pattern "' " file " || true"

static const struct row rows[] = {
    /* the tree is "/", and the dyno's root is not there */
    {true, "ls /", "bin|dev|elsewhere|etc|proc|sub|tmp|usr|var|"},
    {true, "cat /usr/which", "tree|"},
    {true, "only-here", "only-here|"},
    {true, "ls /opt 2>&1", "ls: /opt: " NOT_THERE},
    {true, "ls ../../../../../opt 2>&1", "ls: ../../../../../opt: " NOT_THERE},
    {true, "cd / && cd .. && ls -d opt sub 2>/dev/null", "sub|"},
    {true, "readlink /proc/self/root", "/|"},
    {true, "readlink /proc/1/root || echo no", "no|"},
    {true, "ls /proc/1/root/ 2>&1", "ls: /proc/1/root/: " DENIED},
    {true, "ls /proc/1/cwd/ 2>&1", "ls: /proc/1/cwd/: " DENIED},
    {true, COUNT(" /opt", "/proc/self/mountinfo"), "0|"},
    {true, COUNT(" / ro,nosuid,nodev", "/proc/self/mountinfo"), "1|"},
    {true, "ls /proc/self/fd", "0|1|2|3|"}, /* ls has opened the last */
    /* it cannot be written, and gives no privilege */
    {true, "touch /new 2>&1", "touch: /new: " READ_ONLY},
    {true, "touch /bin/busybox 2>&1", "touch: /bin/busybox: " READ_ONLY},
    {true, COUNT("^Cap.*: *\t0000000000000000$", "/proc/self/status"), "5|"},
    {true, COUNT("NoNewPrivs:\t1", "/proc/self/status"), "1|"},
    {true, "busybox mount -t tmpfs none /tmp 2>/dev/null || echo no", "no|"},
    {true, "busybox unshare -m true 2>/dev/null || echo no", "no|"},
    /* what is shared is the same, by links of the tree within it, too */
    {true, "cat /proc/1/comm", "indyno-init|"},
    {true, "grep -c ^nobody: /etc/passwd", "1|"},
    {true, "cat /tmp/from-server", "hello|"},
    {true, "echo 1 > /tmp/from-step && echo 2 > /elsewhere/tmp && ls /var/tmp/", "tmp|"},
    {true, "echo x > /dev/null; ls /dev/shm; ls /dev/pts", "ptmx|"},
    {false, "cat /usr/which", "dyno|"},
    {false, "cat /tmp/from-server /tmp/from-step /var/tmp/tmp", "hello|1|2|"},
    {false, "ls /elsewhere 2>&1", "ls: /elsewhere: " NOT_THERE},
    {false, "only-here 2>/dev/null || echo no", "no|"},
    /* what one process' root has is no other's */
    {false, "ls " TREE "/tmp " TREE "/proc | wc -l", "3|"},
};

#define SERVER_SCRIPT                                                                                        \
    "cat /usr/which; echo 'mark 1'; echo noise; echo 'a mark 2'; echo hello >/tmp/from-server; exec sleep "  \
    "99"

static void test_root_of_its_own(void **state)
{
    static const char *const argv[] = {"sh", "-c", SERVER_SCRIPT, NULL};
    struct sandbox_process service = process_of(argv, &root);
    service.name = service.leaf = "server";
    service.role = SANDBOX_ROLE_POSTGRES;
    service.user = SERVER;
    service.log = "/var/log/server.log";
    service.log_mark = "mark";
    service.ready = (struct sandbox_ready){
        .kind = SANDBOX_READY_FILE, .path = "/tmp/from-server", .text = "hello", .timeout_ms = READY_MS};
    const struct run run = {
        .root = &root, .service = &service, .rows = rows, .row_count = sizeof rows / sizeof *rows};
    check_rows(scratch_of(state), &run, "mark 1|a mark 2|");
}

/* Each is an error of the whole run that names what is wrong, before the script could say a word. */
static void test_refusals(void **state)
{
    static const struct {
        const char *tree, *shared, *error;
    } refusals[] = {
        {TREE, "/sub/deeper", "start step: the tree " TREE " has no folder /sub/deeper"},
        {TREE, "/sub/folder", "start step: the tree " TREE " has no folder /sub/folder"},
        {TREE, "/sub/file", "start step: the tree " TREE " has no file /sub/file"},
        {TREE, "/sub/file/", "start step: open /sub/file/: Not a directory"},
        {TREE "/usr", "/usr/which", "start step: the tree " TREE "/usr has no file /usr/which"},
        {"/opt/other", "/tmp", "start step: open the tree /opt/other: No such file or directory"},
        {TREE "/usr/which", "/tmp", "start step: open the tree " TREE "/usr/which: Not a directory"},
    };
    const struct row row = {true, "echo started", ""};
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const char *shared[] = {refusals[i].shared, NULL};
        const struct sandbox_root bad = {refusals[i].tree, shared};
        const struct run run = {.root = &bad, .rows = &row, .row_count = 1};
        check_rows(scratch_of(state), &run, refusals[i].error);
    }
}

/* Nothing has to be shared. */
static void test_bare(void **state)
{
    const struct sandbox_root bare = {.path = TREE};
    struct row row = {true, "ls /proc /dev", "/dev:||/proc:|"};
    const struct run run = {.root = &bare, .rows = &row, .row_count = 1};
    check_rows(scratch_of(state), &run, "");
}

static void test_writable_tree(void **state)
{
    static const struct sandbox_root view = {.path = VIEW};
    static const struct row both[] = {
        {true, "touch /new 2>&1", "touch: /new: " READ_ONLY},
        {false, "touch " VIEW "/new && echo made", "made|"},
        {true, "ls /new", "/new|"},
    };
    const struct run run = {.root = &view, .rows = both, .row_count = sizeof both / sizeof *both};
    check_rows(scratch_of(state), &run, "");
}

static int setup(void **state)
{
    static struct scratch scratch;
    struct sandbox_capabilities capabilities;
    sandbox_probe(NULL, &capabilities);
    bool possible = capabilities.user_namespaces;
    sandbox_capabilities_clear(&capabilities);
    if (!possible || !have_busybox()) {
        print_message("no user namespaces, or no static " BUSYBOX "\n");
        return 0;
    }
    make_roots(&scratch);
    *state = &scratch;
    return 0;
}

static int teardown(void **state)
{
    if (*state)
        scratch_remove(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_root_of_its_own),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_bare),
        cmocka_unit_test(test_writable_tree),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
