/*
 * Theory of operation. What can be tried without making anything that outlives the try is tried, in a child
 * process: a user namespace is made and mapped, an overlay over the source is made and dropped with its mount
 * namespace. A user's subordinate ids are looked up, not mapped, for that is what a run does first anyway.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "base/sys.h"
#include "cgroup.h"
#include "cow.h"
#include "idmap.h"
#include "mount.h"

enum { MISSING_MAX = sizeof((struct sandbox_capabilities *)0)->missing / sizeof(char *) - 1 };

static void add_missing(struct sandbox_capabilities *found, const char *what, const char *why)
{
    size_t i = 0;
    while (i < MISSING_MAX && found->missing[i])
        i++;
    if (i < MISSING_MAX)
        found->missing[i] = text_format("%s: %s", what, why);
}

/* Runs try in a child; what it writes to its error travels back. Returns whether it succeeded. */
static bool try_in_child(int (*try)(const void *, struct error *), const void *argument, char **why)
{
    int ends[2];
    *why = NULL;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    pid_t pid = fork();
    if (pid == 0) {
        struct error err = {0};
        int result = try(argument, &err);
        if (result < 0 && err.message)
            text_write_all(ends[1], err.message, strlen(err.message));
        _exit(result < 0);
    }
    close(ends[1]);
    char text[1024];
    ssize_t size = read(ends[0], text, sizeof text - 1);
    close(ends[0]);
    int status = -1;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    *why = text_format("%.*s", size > 0 ? (int)size : 0, text);
    return false;
}

static int try_user_namespace(const void *unused, struct error *err)
{
    (void)unused;
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ? fail_errno(err, "make a user namespace") : 0;
}

static int try_overlay(const void *argument, struct error *err)
{
    const struct sandbox_mount mount = {
        .kind = SANDBOX_COW, .source = argument, .target = "/app", .owner = SANDBOX_ID_FIRST};
    const struct idmap ids = {
        .mode = SANDBOX_IDS_BLOCK, .uid_base = SANDBOX_BLOCK_FIRST, .gid_base = SANDBOX_BLOCK_FIRST};
    const char *way = NULL;
    if (unshare(CLONE_NEWNS) < 0)
        return fail_errno(err, "make a mount namespace");
    cleanup_fd int source =
        mount_make_private(err) < 0 ? -1 : mount_clone(AT_FDCWD, mount.source, false, err);
    cleanup_fd int scratch = source < 0 ? -1 : mount_tmpfs(0, err);
    if (scratch < 0)
        return -1;
    if (mount_attach(scratch, AT_FDCWD, "/sys", "the scratch", err) < 0 || chdir("/sys") < 0)
        return -1;
    cleanup_fd int folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_fd int view = cow_make(&mount, 0, &ids, source, folder, &way, err);
    if (view < 0)
        return -1;
    return text_equal(way, "overlay") ? 0 : fail(err, STATUS_DATA, "%s is copied", mount.source);
}

static void probe_ids(struct sandbox_capabilities *found)
{
    cleanup_free char *why = NULL;
    cleanup_error struct error err = {0};
    struct idmap map;
    const struct sandbox_spec spec = {.ids = SANDBOX_IDS_SUBORDINATE};
    found->user_namespaces = try_in_child(try_user_namespace, NULL, &why);
    if (!found->user_namespaces)
        add_missing(found, "user namespaces", why);
    if (found->root)
        return;
    found->subordinate_ids = idmap_choose(&spec, 0, &map, &err) == 0;
    if (!found->subordinate_ids)
        add_missing(found, "subordinate ids", err.message);
}

static void probe_cgroups(struct sandbox_capabilities *found)
{
    struct cgroups groups;
    cgroup_plan("probe", "0", &groups);
    found->cgroup_version = groups.version;
    found->cgroup_memory = found->cgroup_pids = found->cgroup_cpu = groups.version != 0;
    if (!groups.version)
        add_missing(found, "cgroups", groups.missing);
    cgroup_clear(&groups);
}

static bool is_on_path(const char *program)
{
    const char *path = getenv("PATH");
    for (path = path ? path : ""; *path;) {
        size_t length = strcspn(path, ":");
        cleanup_free char *file = text_format("%.*s/%s", (int)length, path, program);
        if (length && access(file, X_OK) == 0)
            return true;
        path += length + (path[length] == ':');
    }
    return false;
}

void sandbox_probe(const char *source, struct sandbox_capabilities *found)
{
    *found = (struct sandbox_capabilities){.root = geteuid() == 0};
    cleanup_free char *why = NULL;
    probe_ids(found);
    probe_cgroups(found);
    found->pasta = is_on_path("pasta");
    if (!found->pasta)
        add_missing(found, "--network=outbound", "pasta is not installed");
    if (!found->root || !source)
        return;
    found->overlay = found->idmap = try_in_child(try_overlay, source, &why);
    if (!found->overlay)
        add_missing(found, "copy-on-write by overlay", why);
}

void sandbox_capabilities_clear(struct sandbox_capabilities *found)
{
    for (size_t i = 0; i < MISSING_MAX; i++)
        free(found->missing[i]);
    *found = (struct sandbox_capabilities){0};
}
