#include "try.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apart.h"
#include "base/own.h"
#include "base/sys.h"
#include "base/text.h"
#include "cgroup.h"
#include "cow.h"
#include "facts.h"
#include "filter.h"
#include "mount.h"
#include "privilege.h"
#include "sandbox.h"

#define DYNO_NAMESPACES (CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS)

/* Room for an overlay's folders and for no file, so that a view that is copied instead fails soon and says why. */
enum { SCRATCH_BYTES = 4096, WORDS_MAX = 1024 };

static int do_nothing(const void *unused, struct error *err)
{
    (void)unused;
    (void)err;
    return 0;
}

/* The ids of a dyno's, but for a user its own alone: whether subordinate ones can be mapped is a try by itself. */
static struct idmap ids_of(const struct try *try)
{
    const uid_t first = try->root ? sandbox_first_id() : 0;
    return (struct idmap){.mode = try->root ? SANDBOX_IDS_BLOCK : SANDBOX_IDS_SINGLE,
                          .caller_uid = geteuid(),
                          .caller_gid = getegid(),
                          .uid_base = first,
                          .gid_base = first};
}

static int inside(const struct try *try, int (*act)(const void *, struct error *), struct error *err)
{
    const struct idmap ids = ids_of(try);
    return apart(DYNO_NAMESPACES, &ids, act, try, err);
}

/* In the namespaces in which a run of this caller's opens sources and makes views. */
static int where_views_are(const struct try *try, int (*act)(const void *, struct error *), struct error *err)
{
    return try->root ? apart(0, NULL, act, try, err) : inside(try, act, err);
}

/* ---- Namespaces and ids ---- */

/* By a call of its own, as init makes it: that shows whether the new namespace's rights count. */
static int make_network(const void *unused, struct error *err)
{
    (void)unused;
    return unshare(CLONE_NEWNET) < 0 ? fail_errno(err, "make a network namespace") : 0;
}

int try_namespaces(const struct try *try, struct error *err)
{
    (void)try;
    return apart(DYNO_NAMESPACES, NULL, make_network, NULL, err);
}

static int choose(const struct try *try, struct idmap *ids, struct error *err)
{
    const struct sandbox_spec spec = {.ids = SANDBOX_IDS_SUBORDINATE};
    *ids = ids_of(try);
    return try->root ? 0 : idmap_choose(&spec, 0, ids, err);
}

/* The first line of what the mapping program said, less its trailing blanks. */
static int blame(int said, struct error *err)
{
    char words[WORDS_MAX];
    ssize_t size = pread(said, words, sizeof words - 1, 0);
    words[size > 0 ? size : 0] = '\0';
    words[strcspn(words, "\n")] = '\0';
    return *words ? fail(err, STATUS_DATA, "%s", words) : -1;
}

static int map_ids(const void *argument, struct error *err)
{
    struct idmap ids;
    cleanup_fd int said = memfd_create("newuidmap", MFD_CLOEXEC);
    if (choose(argument, &ids, err) < 0)
        return -1;
    if (said < 0 || dup2(said, STDERR_FILENO) < 0)
        return fail_errno(err, "hear the mapping program");
    return apart(CLONE_NEWUSER, &ids, do_nothing, NULL, err) < 0 ? blame(said, err) : 0;
}

int try_ids(const struct try *try, struct error *err)
{
    return apart(0, NULL, map_ids, try, err);
}

int look_for_ids(const struct try *try, struct error *err)
{
    struct idmap ids;
    struct facts facts = {0};
    struct cause cause;
    if (choose(try, &ids, err) < 0)
        return -1;
    facts_gather_ids(&facts);
    cause_find(REFUSED_IDS, &facts, &cause);
    int status = cause.name ? fail(err, STATUS_DATA, "%s", cause.reason ? cause.reason : cause.name) : 0;
    cause_clear(&cause);
    facts_clear(&facts);
    return status;
}

/* ---- Mounts ---- */

static int make_tmpfs(const void *unused, struct error *err)
{
    (void)unused;
    cleanup_fd int mount = mount_tmpfs(0, 0, err);
    return mount < 0 ? -1 : 0;
}

/* As root the scratch is made in a mount namespace of the launcher's. */
static int make_tmpfs_outside(const void *unused, struct error *err)
{
    if (unshare(CLONE_NEWNS) < 0)
        return fail_errno(err, "make a mount namespace");
    return mount_make_private(err) < 0 ? -1 : make_tmpfs(unused, err);
}

int try_tmpfs(const struct try *try, struct error *err)
{
    if (try->root && apart(0, NULL, make_tmpfs_outside, NULL, err) < 0)
        return -1;
    return inside(try, make_tmpfs, err);
}

static int bind_read_only(const void *unused, struct error *err)
{
    (void)unused;
    cleanup_fd int tree = mount_clone(AT_FDCWD, "/usr", true, err);
    if (tree < 0)
        return -1;
    return mount_attributes(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, true, "/usr",
                            err);
}

int try_read_only(const struct try *try, struct error *err)
{
    return where_views_are(try, bind_read_only, err);
}

static int mount_proc(const void *unused, struct error *err)
{
    (void)unused;
    cleanup_fd int mount =
        mount_new("proc", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err);
    return mount < 0 ? -1 : 0;
}

int try_proc(const struct try *try, struct error *err)
{
    return inside(try, mount_proc, err);
}

static int map_folder(const void *argument, struct error *err)
{
    const struct try *try = argument;
    const struct idmap ids = ids_of(try);
    struct stat st;
    cleanup_fd int source = mount_clone(AT_FDCWD, try->source, false, err);
    if (source < 0 || fstat(source, &st) < 0)
        return err->message ? -1 : fail_errno(err, "%s", try->source);
    cleanup_fd int userns = idmap_userns_for_folder(&ids, st.st_uid, st.st_gid, SANDBOX_ID_FIRST, false, err);
    return userns < 0 ? -1 : mount_idmap(source, userns, try->source, err);
}

int try_idmap(const struct try *try, struct error *err)
{
    return apart(0, NULL, map_folder, try, err);
}

static int enter_scratch(struct error *err)
{
    cleanup_fd int scratch = mount_make_private(err) < 0 ? -1 : mount_tmpfs(SCRATCH_BYTES, 0, err);
    if (scratch < 0 || mount_attach(scratch, AT_FDCWD, "/sys", "the scratch", err) < 0)
        return -1;
    return chdir("/sys") < 0 ? fail_errno(err, "enter the scratch") : 0;
}

static int make_view(const void *argument, struct error *err)
{
    const struct try *try = argument;
    const struct sandbox_mount mount = {
        .kind = SANDBOX_COW, .source = try->source, .target = "/app", .owner = SANDBOX_ID_FIRST};
    const struct idmap ids = ids_of(try);
    const char *way = NULL;
    if (try->root && unshare(CLONE_NEWNS) < 0)
        return fail_errno(err, "make a mount namespace");
    cleanup_fd int source = mount_clone(AT_FDCWD, try->source, !try->root, err);
    if (source < 0 || enter_scratch(err) < 0)
        return -1;
    cleanup_fd int folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_fd int view = cow_make(&mount, 0, &ids, source, folder, &way, err);
    if (view < 0)
        return -1;
    return text_equal(way, "overlay") ? 0 : fail(err, STATUS_DATA, "%s is copied", try->source);
}

int try_overlay(const struct try *try, struct error *err)
{
    return where_views_are(try, make_view, err);
}

/* ---- The filter ---- */

static int load_filter(const void *unused, struct error *err)
{
    (void)unused;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || filter_load(SANDBOX_ROLE_STEP, FILTER_OUTSIDE) < 0)
        return fail_errno(err, "load the system-call filter");
    return 0;
}

int try_filter(const struct try *try, struct error *err)
{
    (void)try;
    return apart(0, NULL, load_filter, NULL, err);
}

/* ---- Cgroups ---- */

int try_cgroups(const struct try *try, struct error *err)
{
    (void)try;
    struct cgroups groups;
    cgroup_plan("probe", "0", NULL, &groups);
    int status = groups.version ? 0 : fail(err, STATUS_DATA, "%s", groups.missing);
    cgroup_clear(&groups);
    return status;
}

/* Into the group that has the dynos' beneath it, so that none is made. That may have no processes itself: EBUSY comes
 * last of all checks. */
static int clone_into(const char *folder, struct error *err)
{
    cleanup_fd int group = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (group < 0)
        return fail_errno(err, "open the cgroup %s", folder);
    struct clone_args args = {.flags = CLONE_INTO_CGROUP, .cgroup = (uint64_t)group, .exit_signal = SIGCHLD};
    pid_t pid = sys_clone3(&args);
    if (pid == 0)
        _exit(0);
    int errnum = errno;
    if (pid > 0)
        sys_wait(pid, NULL);
    errno = errnum;
    return pid > 0 || errno == EBUSY ? 0 : fail_errno(err, "make a process in the cgroup %s", folder);
}

int try_into_cgroup(const struct try *try, struct error *err)
{
    (void)try;
    struct cgroups groups;
    cgroup_plan("probe", "0", NULL, &groups);
    int status = groups.version == 2 ? clone_into(groups.parents[0], err) : 0;
    cgroup_clear(&groups);
    return status;
}

/* ---- The network ---- */

int look_for_pasta(const struct try *try, struct error *err)
{
    (void)try;
    cleanup_free char *path = facts_find_program("pasta");
    return path ? 0 : fail(err, STATUS_DATA, "pasta is not installed");
}

static int execute_pasta(const void *unused, struct error *err)
{
    (void)unused;
    int said = memfd_create("pasta", MFD_CLOEXEC);
    if (said < 0 || dup2(said, STDOUT_FILENO) < 0 || dup2(said, STDERR_FILENO) < 0)
        return fail_errno(err, "keep what pasta says");
    privilege_reset_signals(); /* pasta does not start where some are ignored */
    execlp("pasta", "pasta", "--version", NULL);
    return fail_errno(err, "execute pasta");
}

int try_pasta(const struct try *try, struct error *err)
{
    if (look_for_pasta(try, err) < 0 || apart(0, NULL, execute_pasta, NULL, err) < 0)
        return -1;
    return facts_has_tun() ? 0 : fail(err, STATUS_DATA, "/dev/net/tun cannot be opened");
}
