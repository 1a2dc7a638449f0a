#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/loop.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/own.h"
#include "base/sys.h"
#include "base/text.h"
#include "mount.h"

#ifndef LOOP_CONFIGURE
#define LOOP_CONFIGURE 0x4C0A
struct loop_config {
    __u32 fd, block_size;
    struct loop_info64 info;
    __u64 reserved[8];
};
#endif

enum { DEVICE_TRIES = 64, NOT_EXECUTED = 127 };

/* ---- The file ---- */

static int size_file(const struct sandbox_spec *spec, int file, struct error *err)
{
    struct statvfs fs;
    if (fstatvfs(file, &fs) < 0)
        return fail_errno(err, "find how much room %s has", spec->scratch);
    uint64_t room = (uint64_t)fs.f_bavail * fs.f_frsize;
    uint64_t size = spec->limits.disk_bytes ? spec->limits.disk_bytes : room;
    if (size > room) {
        fail(err, STATUS_NO_ROOM, "%s has room for %" PRIu64 " bytes, not for %" PRIu64, spec->scratch, room,
             size);
        error_remedy(err, "ask for less with --disk, or make room");
        return -1;
    }
    return ftruncate(file, (off_t)size) < 0
               ? fail_errno(err, "make a file of %" PRIu64 " bytes in %s", size, spec->scratch)
               : 0;
}

static int make_file(const struct sandbox_spec *spec, struct error *err)
{
    cleanup_fd int file = openat(spec->scratch_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0)
        return fail_errno(err, "make a file without a name in %s", spec->scratch);
    return size_file(spec, file, err) < 0 ? -1 : steal_fd(&file);
}

/* ---- The filesystem in it ---- */

static void execute_mke2fs(int file, const char *inodes)
{
    static const char *const environment[] = {"PATH=/usr/sbin:/sbin:/usr/bin:/bin", "LC_ALL=C", NULL};
    cleanup_free char *path = text_format("/proc/self/fd/%d", file);
    const char *argv[] = {
        "mke2fs", "-q",        "-F", "-t", "ext4", "-m", "0", "-O", "^has_journal,^resize_inode",
        "-E",     "nodiscard", path, NULL, NULL,   NULL};
    if (inodes) {
        argv[11] = "-N";
        argv[12] = inodes;
        argv[13] = path;
    }
    fcntl(file, F_SETFD, 0);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    execvpe(argv[0], (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)environment);
    _exit(NOT_EXECUTED);
}

static int make_filesystem(const struct sandbox_spec *spec, int file, struct error *err)
{
    cleanup_free char *inodes = text_format("%" PRIu64, spec->limits.inodes);
    int status;
    pid_t pid = fork();
    if (pid == 0)
        execute_mke2fs(file, spec->limits.inodes ? inodes : NULL);
    if (pid < 0 || sys_wait(pid, &status) < 0)
        return fail_errno(err, "run mke2fs");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    bool missing = WIFEXITED(status) && WEXITSTATUS(status) == NOT_EXECUTED;
    fail(err, missing ? STATUS_DATA : STATUS_ERRORED, "make an ext4 in %s: mke2fs %s", spec->scratch,
         missing ? "is not there" : "failed");
    if (missing)
        error_remedy(err, "install e2fsprogs, or leave out --scratch");
    return -1;
}

/* ---- The device ---- */

/* Of several that look for a free one at once each but one is told that it is busy. */
static int try_device(int control, int file, char **path)
{
    int number = ioctl(control, LOOP_CTL_GET_FREE);
    if (number < 0)
        return -1;
    cleanup_free char *name = text_format("/dev/loop%d", number);
    cleanup_fd int device = open(name, O_RDWR | O_CLOEXEC);
    const struct loop_config config = {.fd = (__u32)file, .info = {.lo_flags = LO_FLAGS_AUTOCLEAR}};
    if (device < 0 || ioctl(device, LOOP_CONFIGURE, &config) < 0)
        return -1;
    *path = steal_pointer(name);
    return steal_fd(&device);
}

static int open_device(int file, char **path, struct error *err)
{
    cleanup_fd int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    int device = -1;
    for (int tries = 0; control >= 0 && device < 0 && tries < DEVICE_TRIES; tries++) {
        device = try_device(control, file, path);
        if (device < 0 && errno != EBUSY)
            break;
    }
    if (device >= 0)
        return device;
    fail_errno(err, "get a loop device");
    error_remedy(err, "load the module loop, or leave out --scratch");
    return -1;
}

static int mount_on_disk(const struct sandbox_spec *spec, struct error *err)
{
    cleanup_fd int file = make_file(spec, err);
    if (file < 0 || make_filesystem(spec, file, err) < 0)
        return -1;
    cleanup_free char *path = NULL;
    cleanup_fd int device = open_device(file, &path, err);
    const char *const options[] = {"source", path, NULL};
    return device < 0 ? -1 : mount_new("ext4", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err);
}

int scratch_mount(const struct sandbox_spec *spec, struct error *err)
{
    return spec->scratch ? mount_on_disk(spec, err)
                         : mount_tmpfs(spec->limits.disk_bytes, spec->limits.inodes, err);
}
