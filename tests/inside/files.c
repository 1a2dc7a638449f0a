/* The root, its mounts and devices, and programs with rights of their own. */
#include "inside.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- What is read-only ---- */

static const char *write_read_only(void)
{
    static const char *const folders[] = {"/",    "/usr", "/usr/bin", "/etc",       "/dev",
                                          "/bin", "/lib", "/opt",     "/opt/indyno"};
    struct tally tally = {.should = "EROFS"};
    for (size_t i = 0; i < COUNT(folders); i++)
        if (access(folders[i], F_OK) == 0)
            tally_add(&tally, folders[i], opening(told("%s/indyno-inside", folders[i]), O_WRONLY | O_CREAT));
    return tally_result(&tally);
}

static const char *write_trees(void)
{
    DIR *trees = opendir("/opt/indyno");
    struct tally tally = {.should = "EROFS"};
    for (struct dirent *entry; trees && (entry = readdir(trees));)
        if (*entry->d_name != '.')
            tally_add(&tally, entry->d_name,
                      opening(told("/opt/indyno/%s/indyno-inside", entry->d_name), O_WRONLY | O_CREAT));
    return trees ? tally_result(&tally) : NULL;
}

static const char *write_own_files(void)
{
    static const char *const files[] = {"/etc/passwd", "/etc/group", "/etc/hosts", "/etc/resolv.conf",
                                        "/etc/hostname"};
    struct tally tally = {.should = "EROFS"};
    for (size_t i = 0; i < COUNT(files); i++)
        tally_add(&tally, files[i], opening(files[i], O_WRONLY | O_TRUNC));
    return tally_result(&tally);
}

static const char *write_read_only_bind(void)
{
    return prepared("bound") ? opening("/bound/indyno-inside", O_WRONLY | O_CREAT) : NULL;
}

/* ---- Mounts ---- */

struct mount_line {
    char point[256], options[128];
};

static bool is_one_of(const char *what, const char *const list[])
{
    for (; *list; list++)
        if (strcmp(what, *list) == 0)
            return true;
    return false;
}

static bool is_device(const char *point)
{
    struct stat st;
    return stat(point, &st) == 0 && S_ISCHR(st.st_mode);
}

/* Calls each with every mount, and gathers the points that it is true for. */
static const char *mounts_that(bool (*each)(const struct mount_line *mount))
{
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    char line[4096], found[800] = "";
    while (mounts && fgets(line, sizeof line, mounts)) {
        struct mount_line mount;
        if (sscanf(line, "%*d %*d %*s %*s %255s %127s", mount.point, mount.options) != 2 || !each(&mount))
            continue;
        size_t used = strlen(found);
        snprintf(found + used, sizeof found - used, "%s%s", used ? " " : "", mount.point);
    }
    if (!mounts)
        return "no mountinfo";
    fclose(mounts);
    return *found ? told("%s", found) : "none";
}

static bool honours_set_id(const struct mount_line *mount)
{
    return !strstr(mount->options, "nosuid");
}

static bool honours_devices(const struct mount_line *mount)
{
    return !strstr(mount->options, "nodev") && !is_device(mount->point) &&
           strcmp(mount->point, "/dev/pts") != 0;
}

static bool is_writable_unasked(const struct mount_line *mount)
{
    static const char *const writable[] = {"/app",     "/tmp",     "/run",     "/dev/shm", "/var/tmp",
                                           "/var/log", "/written", "/dev/pts", "/proc",    NULL};
    return strncmp(mount->options, "rw", 2) == 0 && !is_one_of(mount->point, writable) &&
           !is_device(mount->point) && strncmp(mount->point, "/var/lib/", strlen("/var/lib/")) != 0;
}

static const char *set_id_mounts(void)
{
    return mounts_that(honours_set_id);
}

static const char *device_mounts(void)
{
    return mounts_that(honours_devices);
}

static const char *writable_mounts(void)
{
    return mounts_that(is_writable_unasked);
}

static const char *remount(void)
{
    return result_of(mount(NULL, "/usr", NULL, MS_REMOUNT | MS_BIND, NULL));
}

static const char *remount_by_new_api(void)
{
    struct mount_attr attr = {.attr_clr = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID};
    return result_of(syscall(SYS_mount_setattr, AT_FDCWD, "/usr", 0, &attr, sizeof attr));
}

static const char *mount_over(void)
{
    return result_of(mount("none", "/tmp", "tmpfs", 0, NULL));
}

static const char *bind_mount(void)
{
    return result_of(mount("/tmp", "/app", NULL, MS_BIND, NULL));
}

static const char *unmount(void)
{
    return result_of(umount2("/app", MNT_DETACH));
}

static const char *pivot(void)
{
    return result_of(syscall(SYS_pivot_root, "/tmp", "/tmp"));
}

/* The old way out of chroot(2): a folder that is kept open, a root beneath it, and up from the folder. */
static const char *leave_by_chroot(void)
{
    int folder = open("/", O_RDONLY | O_DIRECTORY);
    if (mkdir("/tmp/root", 0700) < 0 && access("/tmp/root", F_OK) < 0)
        return result_of(-1);
    if (chroot("/tmp/root") < 0)
        return result_of(-1);
    return fchdir(folder) < 0 ? result_of(-1) : "done";
}

static const char *open_by_handle(void)
{
    struct {
        struct file_handle head;
        unsigned char bytes[128];
    } handle = {.head = {.handle_bytes = 128}};
    int root = open("/usr", O_RDONLY | O_DIRECTORY);
    return result_of(open_by_handle_at(root, &handle.head, O_RDONLY));
}

/* ---- What is there ---- */

static const char *hidden_paths(void)
{
    static const char *const paths[] = {"/sys/kernel",
                                        "/sys/class",
                                        "/sys/devices",
                                        "/sys/module",
                                        "/sys/power",
                                        "/sys/fs/bpf",
                                        "/home",
                                        "/root",
                                        "/boot",
                                        "/srv",
                                        "/mnt",
                                        "/media",
                                        "/lost+found",
                                        "/var/cache",
                                        "/var/spool",
                                        "/etc/shadow",
                                        "/etc/sudoers",
                                        "/etc/ssh",
                                        "/etc/fstab",
                                        "/etc/machine-id",
                                        "/etc/ssl/private",
                                        "/run/indyno",
                                        "/run/docker.sock",
                                        "/var/run/docker.sock",
                                        "/run/systemd",
                                        "/run/dbus",
                                        "/var/lib/indyno",
                                        "/var/lib/dpkg"};
    struct tally tally = {.should = "ENOENT"};
    for (size_t i = 0; i < COUNT(paths); i++)
        tally_add(&tally, paths[i], result_of(access(paths[i], F_OK)));
    return tally_result(&tally);
}

/* Its own groups are shown to it, to size itself by. Opens only: what is written would outlive the attack. */
static const char *control_groups(void)
{
    static const char *const files[] = {"cgroup.procs",
                                        "memory.max",
                                        "cpu.max",
                                        "pids.max",
                                        "memory/cgroup.procs",
                                        "memory/memory.limit_in_bytes",
                                        "cpu/cpu.cfs_quota_us",
                                        "pids/pids.max",
                                        "cpuset/cpuset.cpus",
                                        "pids/tasks"};
    struct tally tally = {.should = "refused"};
    for (size_t i = 0; i < COUNT(files); i++) {
        const char *path = told("/sys/fs/cgroup/%s", files[i]);
        if (access(path, F_OK) == 0)
            tally_add(&tally, files[i], refusal_of(open(path, O_WRONLY | O_CLOEXEC)));
    }
    return tally.count ? tally_result(&tally) : "refused";
}

static const char *host_files(void)
{
    static const char *const keys[] = {"folder", "tmp-file", "shm-file"};
    struct tally tally = {.should = "ENOENT"};
    for (size_t i = 0; i < COUNT(keys); i++) {
        const char *path = prepared(keys[i]);
        if (path)
            tally_add(&tally, keys[i], result_of(access(path, F_OK)));
    }
    return tally.count == COUNT(keys) ? tally_result(&tally) : NULL;
}

/* The kernel shows a bind's folder from the root of its filesystem; a view shows nothing of the kind. */
static const char *host_path_in_mounts(void)
{
    static char text[65536];
    const char *path = prepared("app");
    if (!path)
        return NULL;
    char name[256];
    snprintf(name, sizeof name, "%s", path);
    read_text("/proc/self/mountinfo", text, sizeof text);
    return strstr(text, name) ? "there" : "not there";
}

/* ---- Devices ---- */

static const char *device_list(void)
{
    static const char *const listed[] = {".",    "..",  "null", "zero", "full",  "random", "urandom", "tty",
                                         "ptmx", "pts", "shm",  "fd",   "stdin", "stdout", "stderr",  NULL};
    DIR *dev = opendir("/dev");
    for (struct dirent *entry; dev && (entry = readdir(dev));)
        if (!is_one_of(entry->d_name, listed))
            return told("%s", entry->d_name);
    return dev ? "nothing" : "no /dev";
}

static const char *make_block_device(void)
{
    return result_of(mknod("/tmp/inside-disk", S_IFBLK | 0600, makedev(8, 0)));
}

static const char *make_character_device(void)
{
    return result_of(mknod("/tmp/inside-mem", S_IFCHR | 0600, makedev(1, 1)));
}

static const char *open_brought_device(void)
{
    return prepared("device") ? opening("/app/device", O_RDONLY) : NULL;
}

static const char *open_bound_device(void)
{
    return prepared("device") ? opening("/bound/device", O_RDONLY) : NULL;
}

/* Null and its like are the host's: what belongs to them must stay. */
static const char *change_device(void)
{
    struct stat st;
    stat("/dev/null", &st);
    struct tally tally = {.should = "EPERM"};
    tally_add(&tally, "chmod", result_of(chmod("/dev/null", st.st_mode & 07777)));
    tally_add(&tally, "chown", result_of(chown("/dev/null", getuid(), getgid())));
    tally_add(&tally, "entropy",
              result_of(syscall(SYS_ioctl, open("/dev/urandom", O_RDWR), 0x5206 /* RNDCLEARPOOL */, 0)));
    return tally_result(&tally);
}

/* ---- Rights from files ---- */

/* The program says by whom it is run, and with which capabilities. */
static const char *gain_by(const char *program)
{
    char nothing[64];
    const char *const argv[] = {program, "--who", NULL};
    snprintf(nothing, sizeof nothing, "%u 0000000000000000", geteuid());
    if (access(program, F_OK) < 0)
        return NULL;
    const char *line = first_line_of(argv);
    return strcmp(line, nothing) == 0 ? "gained nothing" : told("%s", line);
}

static const char *run_set_id_of_root(void)
{
    return prepared("set-id") ? gain_by("/bound/set-id") : NULL;
}

static const char *run_set_id_of_root_in_app(void)
{
    return prepared("set-id") ? gain_by("/app/set-id") : NULL;
}

static const char *run_set_id_of_server(void)
{
    return gain_by("/tmp/set-id-of-server");
}

static const char *run_file_capability(void)
{
    return prepared("capable") ? gain_by("/bound/capable") : NULL;
}

/* Files that leave the dyno: /written is a folder of the host's. */
static const char *make_set_id_outside(void)
{
    const char *file = "/written/set-id";
    if (access("/written", F_OK) < 0)
        return NULL;
    unlink(file);
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL, 0700);
    if (fd < 0)
        return told("open: %s", result_of(fd));
    struct tally tally = {.should = "EPERM"};
    tally_add(&tally, "chmod", result_of(syscall(SYS_chmod, file, 04755)));
    tally_add(&tally, "chmod set-group-id", result_of(syscall(SYS_chmod, file, 02755)));
    tally_add(&tally, "fchmod", result_of(syscall(SYS_fchmod, fd, 04755)));
    tally_add(&tally, "fchmodat", result_of(syscall(SYS_fchmodat, AT_FDCWD, file, 04755)));
    tally_add(&tally, "fchmod, high bits", result_of(syscall(SYS_fchmod, fd, 0x1000009edUL)));
    tally_add(&tally, "open", result_of(syscall(SYS_open, "/written/a", O_CREAT | O_WRONLY, 04755)));
    tally_add(&tally, "openat",
              result_of(syscall(SYS_openat, AT_FDCWD, "/written/b", O_CREAT | O_WRONLY, 06755)));
    tally_add(&tally, "creat", result_of(syscall(SYS_creat, "/written/c", 04755)));
    tally_add(&tally, "mknod", result_of(syscall(SYS_mknod, "/written/d", S_IFREG | 04755, 0)));
    tally_add(&tally, "unnamed", result_of(syscall(SYS_open, "/written", O_TMPFILE | O_WRONLY, 04755)));
    return tally_result(&tally);
}

/* chmod(2) by the numbers that the filter above does not know. */
static const char *make_set_id_outside_otherwise(void)
{
    struct {
        unsigned long flags, mode, resolve;
    } how = {O_CREAT | O_WRONLY, 04755, 0};
    if (access("/written", F_OK) < 0)
        return NULL;
    struct stat st;
    syscall(452 /* fchmodat2 */, AT_FDCWD, "/written/set-id", 04755, 0);
    syscall(SYS_openat2, AT_FDCWD, "/written/e", &how, sizeof how);
    mkdir("/written/set-group-id", 06755);
    struct tally tally = {.should = "no"};
    static const char *const paths[] = {"/written/set-id", "/written/e", "/written/set-group-id"};
    for (size_t i = 0; i < COUNT(paths); i++)
        tally_add(&tally, paths[i], stat(paths[i], &st) == 0 && (st.st_mode & 06000) ? "yes" : "no");
    return tally_result(&tally);
}

const struct attack files_attacks[] = {
    {"write-read-only", BOTH, "to make a file in /, /usr, /etc, /dev, /bin, /lib, /opt", "EROFS",
     write_read_only},
    {"write-trees", BOTH, "to make a file in each image's tree", "EROFS", write_trees},
    {"write-own-files", BOTH, "to write passwd, group, hosts, resolv.conf, hostname", "EROFS",
     write_own_files},
    {"write-bind", BOTH, "to make a file in what --ro-bind shows", "EROFS", write_read_only_bind},
    {"set-id-mounts", BOTH, "to find a mount without nosuid", "none", set_id_mounts},
    {"device-mounts", BOTH, "to find a mount without nodev", "none", device_mounts},
    {"writable-mounts", BOTH, "to find another writable mount", "none", writable_mounts},
    {"remount", BOTH, "to remount /usr writable", "EPERM", remount},
    {"remount-new", BOTH, "to remount /usr by mount_setattr", "EPERM", remount_by_new_api},
    {"mount-over", BOTH, "to mount a tmpfs", "EPERM", mount_over},
    {"bind-mount", BOTH, "to bind a folder", "EPERM", bind_mount},
    {"unmount", BOTH, "to unmount /app", "EPERM", unmount},
    {"pivot-root", BOTH, "pivot_root", "EPERM", pivot},
    {"leave-by-chroot", BOTH, "to leave by chroot and fchdir", "EPERM", leave_by_chroot},
    {"open-by-handle", BOTH, "to open a file by its handle", "EPERM", open_by_handle},
    {"hidden-paths", STEP, "to see /sys/kernel, /home, /root, /etc/shadow and so on", "ENOENT", hidden_paths},
    {"control-groups", BOTH, "to change the control groups that it sees", "refused", control_groups},
    {"host-files", BOTH, "to see files of the host's /tmp and /dev/shm", "ENOENT", host_files},
    {"host-path-in-mounts", BOTH, "to find the app's host path in mountinfo", "not there",
     host_path_in_mounts},
    {"device-list", BOTH, "to find more in /dev than is listed", "nothing", device_list},
    {"make-block-device", BOTH, "to make a disk's node", "EPERM", make_block_device},
    {"make-character-device", BOTH, "to make /dev/mem's node", "EPERM", make_character_device},
    {"brought-device", BOTH, "to open a device node in the app", "EACCES or ENOENT", open_brought_device},
    {"bound-device", BOTH, "to open a device node in what --ro-bind shows", "EACCES", open_bound_device},
    {"change-device", BOTH, "to change the host's /dev/null and /dev/urandom", "EPERM", change_device},
    {"set-id-of-root", BOTH, "to run a set-user-ID program of root's", "gained nothing", run_set_id_of_root},
    {"set-id-in-app", BOTH, "the same in the app's view", "gained nothing", run_set_id_of_root_in_app},
    {"set-id-of-server", STEP, "to run a set-user-ID program that a server's user made", "gained nothing",
     run_set_id_of_server},
    {"file-capability", BOTH, "to run a program with a file capability", "gained nothing or EPERM",
     run_file_capability},
    {"set-id-outside", STEP, "to make set-id files in a folder of the host's", "EPERM", make_set_id_outside},
    {"set-id-outside-otherwise", STEP, "the same by fchmodat2, openat2, mkdir", "no",
     make_set_id_outside_otherwise},
    {0},
};
