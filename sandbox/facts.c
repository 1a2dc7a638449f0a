#include "facts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "apart.h"
#include "base/own.h"
#include "base/sys.h"
#include "base/text.h"
#include "sandbox.h"

#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000U
#endif
#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x2000
#endif

enum { FILE_MAX = 1 << 20, CAP_SYS_ADMIN_BIT = 21 };

/* ---- Files of /proc ---- */

static char *read_file(const char *path)
{
    return text_read_file(AT_FDCWD, path, FILE_MAX, NULL, NULL);
}

static int read_number(const char *path)
{
    cleanup_free char *text = read_file(path);
    return text && *text ? (int)strtol(text, NULL, 10) : FACT_UNKNOWN;
}

/* The value of "key:" in status, in base; 0 where there is none. */
static unsigned long long status_number(const char *status, const char *key, int base)
{
    cleanup_free char *line = text_format("\n%s:", key);
    const char *found = status ? strstr(status, line) : NULL;
    return found ? strtoull(found + strlen(line), NULL, base) : 0;
}

/* A line of a map of ids: inside, outside, size. */
static bool take_range(char **at, uint64_t *inside, uint64_t *size)
{
    *inside = strtoull(*at, at, 10);
    (void)strtoull(*at, at, 10);
    *size = strtoull(*at, at, 10);
    return *size > 0;
}

/* Whether ids from first on are in the map of the caller's own user namespace. Where it cannot be read, it is taken
 * that they are. */
static bool is_mapped(const char *file, uint64_t first, uint64_t count)
{
    cleanup_free char *text = read_file(file);
    if (!text)
        return true;
    uint64_t inside, size;
    for (char *at = text; take_range(&at, &inside, &size);)
        if (first >= inside && first + count <= inside + size)
            return true;
    return false;
}

/* ---- Mounts ---- */

/* One line of mountinfo, proc(5). Its texts lie in the line. */
struct mount_line {
    uint64_t id;
    const char *point, *options, *super;
};

static bool parse_mount(char *line, struct mount_line *mount)
{
    char *fields[6], *rest = line;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (!(fields[i] = strsep(&rest, " ")))
            return false;
    const char *separator = rest ? strstr(rest, "- ") : NULL;
    const char *super = separator ? strrchr(separator, ' ') : NULL;
    *mount = (struct mount_line){strtoull(fields[0], NULL, 10), fields[4], fields[5], super ? super + 1 : ""};
    return true;
}

/* Folders that the kernel has for nothing but to be mounted on: they hide nothing. */
static bool hides_something(const char *point)
{
    return text_starts(point, "/proc/") && !text_equal(point, "/proc/sys/fs/binfmt_misc") &&
           !text_equal(point, "/proc/fs/nfsd");
}

static void look_at_mounts(struct facts *facts)
{
    cleanup_free char *text = read_file("/proc/self/mountinfo");
    struct mount_line mount;
    char *rest = text;
    for (char *line; rest && (line = strsep(&rest, "\n"));) {
        if (!parse_mount(line, &mount))
            continue;
        if (!facts->over && hides_something(mount.point))
            facts->over = copy_string(mount.point);
        if (text_equal(mount.point, "/proc"))
            facts->proc_read_only = text_starts(mount.options, "ro,") || text_equal(mount.options, "ro") ||
                                    text_starts(mount.super, "ro,") || text_equal(mount.super, "ro");
    }
}

/* Where pid 1 has the mount of this number; NULL where it has none. */
static char *point_for_init(uint64_t id)
{
    cleanup_free char *text = read_file("/proc/1/mountinfo");
    struct mount_line mount;
    char *rest = text;
    for (char *line; rest && (line = strsep(&rest, "\n"));)
        if (parse_mount(line, &mount) && mount.id == id)
            return copy_string(mount.point);
    return NULL;
}

/* Where "/" is no mount, it cannot be the mount namespace's root; where it is one, pid 1 may have it elsewhere. */
static bool is_chrooted(void)
{
    struct statx root;
    if (statx(AT_FDCWD, "/", 0, STATX_MNT_ID, &root) < 0)
        return false;
    if ((root.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) && !(root.stx_attributes & STATX_ATTR_MOUNT_ROOT))
        return true;
    cleanup_free char *point = root.stx_mask & STATX_MNT_ID ? point_for_init(root.stx_mnt_id) : NULL;
    return point && !text_equal(point, "/");
}

/* A process that has no number there has no "self" either. */
static bool is_proc_foreign(void)
{
    char self[32];
    ssize_t size = readlink("/proc/self", self, sizeof self - 1);
    self[size > 0 ? size : 0] = '\0';
    return strtol(self, NULL, 10) != getpid();
}

/* ---- Namespaces ---- */

static const char *find_limit(void)
{
    static const char *const limits[] = {"max_user_namespaces",  "max_pid_namespaces", "max_mnt_namespaces",
                                         "max_ipc_namespaces",   "max_uts_namespaces", "max_net_namespaces",
                                         "max_cgroup_namespaces"};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        cleanup_free char *path = text_format("/proc/sys/user/%s", limits[i]);
        if (read_number(path) == 0)
            return limits[i];
    }
    return NULL;
}

/* Each is answered with EINVAL by the kernel before it looks at anybody's rights. */
static int call_in_vain(const void *unused, struct error *err)
{
    (void)unused;
    if (syscall(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_VFORK) >= 0 ||
        errno != EINVAL)
        return fail_errno(err, "unshare");
    if (syscall(SYS_clone, CLONE_NEWUSER | CLONE_FS | SIGCHLD, 0, 0, 0, 0) >= 0 || errno != EINVAL)
        return fail_errno(err, "clone");
    if (syscall(SYS_clone3, NULL, 0) >= 0 || errno != EINVAL)
        return fail_errno(err, "clone3");
    return 0;
}

static bool is_filtered(void)
{
    cleanup_error struct error err = {0};
    return apart(0, NULL, call_in_vain, NULL, &err) < 0 && err.errnum != EAGAIN && err.errnum != ENOMEM;
}

static void look_at_process(struct facts *facts)
{
    cleanup_free char *status = read_file("/proc/self/status");
    struct statfs fs;
    facts->admin = status_number(status, "CapEff", 16) >> CAP_SYS_ADMIN_BIT & 1;
    facts->seccomp = (int)status_number(status, "Seccomp", 10);
    facts->proc = statfs("/proc", &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
    facts->proc_foreign = facts->proc && is_proc_foreign();
    facts->filtered = is_filtered();
    facts->chrooted = is_chrooted();
}

static void look_at_namespaces(struct facts *facts)
{
    facts->debian_clone = read_number("/proc/sys/kernel/unprivileged_userns_clone");
    facts->apparmor = read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
    facts->limit = find_limit();
    facts->id_mapped =
        is_mapped("/proc/self/uid_map", geteuid(), 1) && is_mapped("/proc/self/gid_map", getegid(), 1);
}

/* ---- Ids ---- */

char *facts_find_program(const char *program)
{
    const char *path = getenv("PATH");
    struct stat st;
    for (path = path ? path : ""; *path;) {
        size_t length = strcspn(path, ":");
        cleanup_free char *file = text_format("%.*s/%s", (int)length, path, program);
        if (length && stat(file, &st) == 0 && S_ISREG(st.st_mode) && access(file, X_OK) == 0)
            return steal_pointer(file);
        path += length + (path[length] == ':');
    }
    return NULL;
}

/* Whether nothing hinders the tool from writing maps. */
static bool look_at_mapper(const char *tool, struct facts *facts)
{
    struct stat st;
    struct statvfs fs;
    free(facts->mapper_path);
    facts->mapper = tool;
    facts->mapper_path = facts_find_program(tool);
    if (!facts->mapper_path || stat(facts->mapper_path, &st) < 0)
        return false;
    facts->mapper_rights = (st.st_uid == 0 && (st.st_mode & S_ISUID)) ||
                           getxattr(facts->mapper_path, "security.capability", NULL, 0) > 0;
    facts->mapper_nosuid = statvfs(facts->mapper_path, &fs) == 0 && (fs.f_flag & ST_NOSUID);
    return facts->mapper_rights && !facts->mapper_nosuid;
}

void facts_gather_ids(struct facts *facts)
{
    const struct sandbox_spec spec = {.ids = SANDBOX_IDS_SUBORDINATE};
    const struct passwd *user = getpwuid(getuid());
    struct idmap map;
    facts->root = geteuid() == 0;
    const uid_t first = facts->root ? sandbox_first_id() : SANDBOX_BLOCK_FIRST;
    facts->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
    facts->block_mapped = is_mapped("/proc/self/uid_map", first, SANDBOX_ID_BLOCK) &&
                          is_mapped("/proc/self/gid_map", first, SANDBOX_ID_BLOCK);
    facts->user = user ? copy_string(user->pw_name) : text_format("%u", getuid());
    facts->gid_range = idmap_choose(&spec, 0, &map, NULL) == 0;
    facts->uid_range = facts->gid_range || map.uid_base;
    facts->range_mapped = facts->gid_range &&
                          is_mapped("/proc/self/uid_map", map.uid_base, SANDBOX_ID_BLOCK) &&
                          is_mapped("/proc/self/gid_map", map.gid_base, SANDBOX_ID_BLOCK);
    if (look_at_mapper("newuidmap", facts))
        look_at_mapper("newgidmap", facts);
}

/* ---- Others ---- */

bool facts_has_tun(void)
{
    struct stat st;
    if (geteuid() != 0)
        return access("/dev/net/tun", R_OK | W_OK) == 0;
    return stat("/dev/net/tun", &st) == 0 && (st.st_mode & 06) == 06;
}

static void look_at_others(struct facts *facts)
{
    struct statfs fs;
    cleanup_free char *pasta = facts_find_program("pasta");
    facts->cgroupfs =
        statfs("/sys/fs/cgroup", &fs) == 0 && (fs.f_type == CGROUP2_SUPER_MAGIC || fs.f_type == TMPFS_MAGIC);
    facts->pasta = pasta != NULL;
    facts->tun = facts_has_tun();
}

void facts_gather(int errnum, struct facts *facts)
{
    *facts = (struct facts){.errnum = errnum};
    look_at_process(facts);
    look_at_namespaces(facts);
    look_at_mounts(facts);
    facts_gather_ids(facts);
    look_at_others(facts);
}

void facts_clear(struct facts *facts)
{
    free(facts->over);
    free(facts->mapper_path);
    free(facts->user);
    *facts = (struct facts){0};
}
