#include "idmap.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/own.h"
#include "base/sys.h"
#include "base/teeth.h"
#include "base/text.h"

enum { NOBODY_OFFSET = SANDBOX_ID_BLOCK - 1, SUBID_FILE_MAX = 1 << 20, HOLDER_STACK = 16384 };
#define ID_LAST 4294967294u /* (uid_t)-1 is no id */

/* ---- Choosing ---- */

/* One line of subuid(5), "NAME:FIRST:COUNT": true where it is for name or id and has a block's worth. */
static bool parse_subid_line(char *line, const char *name, uid_t id, uid_t *first)
{
    char *first_text = strchr(line, ':');
    char *count_text = first_text ? strchr(first_text + 1, ':') : NULL;
    if (!count_text)
        return false;
    *first_text++ = *count_text++ = '\0';
    char by_id[16];
    snprintf(by_id, sizeof by_id, "%u", id);
    if (!text_equal(line, name) && !text_equal(line, by_id))
        return false;
    unsigned long start = strtoul(first_text, NULL, 10), count = strtoul(count_text, NULL, 10);
    if (start == 0 || start > ID_LAST - SANDBOX_ID_BLOCK || count < SANDBOX_ID_BLOCK)
        return false;
    *first = (uid_t)start;
    return true;
}

static int find_subids(const char *file, uid_t *first, struct error *err)
{
    cleanup_free char *text = text_read_file(AT_FDCWD, file, SUBID_FILE_MAX, NULL, NULL);
    const struct passwd *user = getpwuid(getuid());
    const char *name = user ? user->pw_name : NULL;
    char *rest = text;
    for (char *line; rest && (line = strsep(&rest, "\n"));)
        if (parse_subid_line(line, name, getuid(), first))
            return 0;
    fail(err, STATUS_DATA, "%s: no range of at least %d ids for %s", file, SANDBOX_ID_BLOCK,
         name ? name : "this user");
    error_remedy(
        err,
        "have root run: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 %s; or run with "
        "--allow-weaker=ids (all processes then share one id)",
        name ? name : "USER");
    return -1;
}

int idmap_choose(const struct sandbox_spec *spec, uint32_t slot, struct idmap *map, struct error *err)
{
    *map = (struct idmap){.mode = spec->ids, .caller_uid = geteuid(), .caller_gid = getegid()};
    if (spec->ids == SANDBOX_IDS_BLOCK)
        map->uid_base = map->gid_base = teeth_out("ids") ? 0 : slot;
    if (spec->ids == SANDBOX_IDS_SUBORDINATE)
        return find_subids("/etc/subuid", &map->uid_base, err) < 0
                   ? -1
                   : find_subids("/etc/subgid", &map->gid_base, err);
    return 0;
}

static uid_t host_id(const struct idmap *map, uid_t base, uid_t caller, uid_t inner)
{
    if (map->mode == SANDBOX_IDS_SINGLE ||
        (map->mode == SANDBOX_IDS_SUBORDINATE && inner == SANDBOX_ID_FIRST))
        return caller;
    if (inner == SANDBOX_ID_NOBODY)
        return base + NOBODY_OFFSET;
    return inner == 0 ? base : base + 1 + inner - SANDBOX_ID_FIRST;
}

uid_t idmap_host_uid(const struct idmap *map, uid_t inner)
{
    return host_id(map, map->uid_base, map->caller_uid, inner);
}

gid_t idmap_host_gid(const struct idmap *map, gid_t inner)
{
    return host_id(map, map->gid_base, map->caller_gid, inner);
}

/* ---- Writing ---- */

struct extent {
    uid_t inside, outside, count;
};

/* The extents of the dyno's map, at most four. */
static size_t dyno_extents(const struct idmap *map, uid_t base, uid_t caller, struct extent *extents)
{
    if (map->mode == SANDBOX_IDS_SINGLE) {
        extents[0] = (struct extent){SANDBOX_ID_FIRST, caller, 1};
        return 1;
    }
    size_t n = 0;
    extents[n++] = (struct extent){0, base, 1};
    if (map->mode == SANDBOX_IDS_BLOCK) {
        extents[n++] = (struct extent){SANDBOX_ID_FIRST, base + 1, SANDBOX_ID_COUNT};
    } else {
        extents[n++] = (struct extent){SANDBOX_ID_FIRST, caller, 1};
        extents[n++] = (struct extent){SANDBOX_ID_FIRST + 1, base + 2, SANDBOX_ID_COUNT - 1};
    }
    extents[n++] = (struct extent){SANDBOX_ID_NOBODY, base + NOBODY_OFFSET, 1};
    return n;
}

static int write_proc(pid_t pid, const char *file, const char *text, struct error *err)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
    cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        return fail_errno(err, "write %s", path);
    return 0;
}

static int write_extents(pid_t pid, const char *file, const struct extent *extents, size_t count,
                         struct error *err)
{
    char text[512];
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%u %u %u\n", extents[i].inside,
                                 extents[i].outside, extents[i].count);
    return write_proc(pid, file, text, err);
}

/* newuidmap PID INSIDE OUTSIDE COUNT ... */
static pid_t spawn_mapper(const char *tool, pid_t pid, const struct extent *extents, size_t count,
                          struct error *err)
{
    cleanup_strings struct strings argv = {0};
    strings_add(&argv, tool);
    strings_addf(&argv, "%d", pid);
    for (size_t i = 0; i < count; i++) {
        strings_addf(&argv, "%u", extents[i].inside);
        strings_addf(&argv, "%u", extents[i].outside);
        strings_addf(&argv, "%u", extents[i].count);
    }
    pid_t child;
    errno = posix_spawnp(&child, tool, NULL, NULL, argv.items, environ);
    if (errno) {
        fail_errno(err, "run %s", tool);
        error_remedy(err, "install it (Debian: uidmap), or run with --allow-weaker=ids");
        return -1;
    }
    return child;
}

static int await_mapper(pid_t child, const char *tool, struct error *err)
{
    int status;
    if (sys_wait(child, &status) < 0)
        return fail_errno(err, "wait for %s", tool);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    fail(err, STATUS_DATA, "%s refused this user's subordinate ids (its reason is above)", tool);
    error_remedy(err, "check /etc/subuid, /etc/subgid and that %s is set-uid root", tool);
    return -1;
}

/* Both tools run at the same time: each takes some 3 ms. */
static int write_subordinate(pid_t pid, const struct extent *uids, const struct extent *gids, size_t count,
                             struct error *err)
{
    pid_t uid_mapper = spawn_mapper("newuidmap", pid, uids, count, err);
    if (uid_mapper < 0)
        return -1;
    pid_t gid_mapper = spawn_mapper("newgidmap", pid, gids, count, err);
    int uid_status = await_mapper(uid_mapper, "newuidmap", err);
    if (gid_mapper < 0)
        return -1;
    return await_mapper(gid_mapper, "newgidmap", err) < 0 ? -1 : uid_status;
}

int idmap_write(const struct idmap *map, pid_t pid, struct error *err)
{
    struct extent uids[4], gids[4];
    size_t count = dyno_extents(map, map->uid_base, map->caller_uid, uids);
    dyno_extents(map, map->gid_base, map->caller_gid, gids);
    if (map->mode == SANDBOX_IDS_SUBORDINATE)
        return write_subordinate(pid, uids, gids, count, err);
    if (map->mode == SANDBOX_IDS_SINGLE && write_proc(pid, "setgroups", "deny", err) < 0)
        return -1;
    if (write_extents(pid, "uid_map", uids, count, err) < 0)
        return -1;
    return write_extents(pid, "gid_map", gids, count, err);
}

/* ---- Folders ---- */

/* Adds the identity for [from, to), less the ids of the block, which nothing on disk has. */
static size_t add_identity(struct extent *extents, size_t n, uid_t from, uid_t to, uid_t base)
{
    uid_t end = base + SANDBOX_ID_BLOCK;
    if (from < base && from < to)
        extents[n++] = (struct extent){from, from, (to < base ? to : base) - from};
    if (to > end)
        extents[n++] =
            (struct extent){from > end ? from : end, from > end ? from : end, to - (from > end ? from : end)};
    return n;
}

/* On disk -> presented. Injective, and 0 is never presented. */
static size_t folder_extents(uid_t on_disk, uid_t presented, uid_t base, bool writable,
                             struct extent *extents)
{
    size_t n = 0;
    if (writable) {
        extents[0] = (struct extent){on_disk, presented, 1};
        return 1;
    }
    if (on_disk != 0)
        extents[n++] = (struct extent){0, base + NOBODY_OFFSET, 1};
    extents[n++] = (struct extent){on_disk, presented, 1};
    n = add_identity(extents, n, 1, on_disk > 1 ? on_disk : 1, base);
    return add_identity(extents, n, on_disk + 1 > 1 ? on_disk + 1 : 1, ID_LAST, base);
}

/* A child in a fresh user namespace, which lives only until its namespace is opened, or its parent is gone.
 * It shares the parent's memory, which saves copying its page tables, and touches nothing of it but what is
 * here. */
struct holder {
    _Alignas(16) char stack[HOLDER_STACK];
    pid_t parent;
};

static int hold_userns(void *argument)
{
    const struct holder *holder = argument;
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    while (getppid() == holder->parent)
        pause();
    return 0;
}

static pid_t clone_userns_holder(struct holder *holder, int *pidfd)
{
    int flags = CLONE_NEWUSER | CLONE_VM | CLONE_PIDFD | SIGCHLD;
    holder->parent = getpid();
    return clone(hold_userns, holder->stack + sizeof holder->stack, flags, holder, pidfd);
}

int idmap_userns_for_folder(const struct idmap *map, uid_t uid, gid_t gid, uid_t owner, bool writable,
                            struct error *err)
{
    cleanup_fd int pidfd = -1;
    struct holder holder;
    pid_t pid = clone_userns_holder(&holder, &pidfd);
    if (pid < 0)
        return fail_errno(err, "make a user namespace");
    struct extent uids[8], gids[8];
    size_t uid_count = folder_extents(uid, idmap_host_uid(map, owner), map->uid_base, writable, uids);
    size_t gid_count = folder_extents(gid, idmap_host_gid(map, owner), map->gid_base, writable, gids);
    int userns = -1;
    if (write_extents(pid, "uid_map", uids, uid_count, err) == 0 &&
        write_extents(pid, "gid_map", gids, gid_count, err) == 0) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
        userns = open(path, O_RDONLY | O_CLOEXEC);
        if (userns < 0)
            fail_errno(err, "open %s", path);
    }
    sys_pidfd_kill(pidfd, SIGKILL);
    sys_wait(pid, NULL);
    return userns;
}
