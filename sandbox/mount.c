#include "mount.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "base/own.h"
#include "base/sys.h"
#include "base/teeth.h"
#include "base/text.h"

static uint64_t less_teeth(uint64_t attributes)
{
    return attributes & ~(uint64_t)((teeth_out("nosuid") ? MOUNT_ATTR_NOSUID : 0) |
                                    (teeth_out("nodev") ? MOUNT_ATTR_NODEV : 0) |
                                    (teeth_out("read-only") ? MOUNT_ATTR_RDONLY : 0));
}

int mount_clone(int dirfd, const char *path, bool recursive, struct error *err)
{
    unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
    if (!*path)
        flags |= AT_EMPTY_PATH;
    int mount = sys_open_tree(dirfd, path, flags);
    return mount < 0 ? fail_errno(err, "bind %s", *path ? path : "a folder") : mount;
}

/* Reads errno. */
static int fail_setattr(struct error *err, const char *tried, const char *what)
{
    bool missing = errno == ENOSYS;
    fail_errno(err, "%s of %s (mount_setattr)", tried, what);
    if (missing)
        error_remedy(err, "this kernel is too old: Linux 5.12 is the first with mount_setattr(2)");
    return -1;
}

int mount_attributes(int mount, uint64_t attributes, bool recursive, const char *what, struct error *err)
{
    struct mount_attr attr = {.attr_set = less_teeth(attributes), .propagation = MS_PRIVATE};
    if (sys_mount_setattr(mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr) < 0)
        return fail_setattr(err, "restrict the mount", what);
    return 0;
}

int mount_idmap(int mount, int userns, const char *what, struct error *err)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns};
    if (sys_mount_setattr(mount, "", AT_EMPTY_PATH, &attr) < 0)
        return fail_setattr(err, "map the ids", what);
    return 0;
}

int mount_new(const char *filesystem, const char *const *options, unsigned attributes, struct error *err)
{
    cleanup_fd int fs = sys_fsopen(filesystem, FSOPEN_CLOEXEC);
    if (fs < 0)
        return fail_errno(err, "open a %s filesystem", filesystem);
    for (; options && options[0]; options += 2) {
        unsigned command = options[1] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;
        if (sys_fsconfig(fs, command, options[0], options[1], 0) < 0)
            return fail_errno(err, "set %s of a %s filesystem", options[0], filesystem);
    }
    if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return fail_errno(err, "make a %s filesystem", filesystem);
    int mount = sys_fsmount(fs, FSMOUNT_CLOEXEC, (unsigned)less_teeth(attributes));
    return mount < 0 ? fail_errno(err, "mount a %s filesystem", filesystem) : mount;
}

int mount_tmpfs(uint64_t size, uint64_t inodes, struct error *err)
{
    const char *options[8] = {"mode", "0755"};
    size_t count = 2;
    cleanup_free char *bytes = text_format("%llu", (unsigned long long)size);
    cleanup_free char *files = text_format("%llu", (unsigned long long)inodes);
    if (size) {
        options[count++] = "size";
        options[count++] = bytes;
    }
    if (inodes) {
        options[count++] = "nr_inodes";
        options[count++] = files;
    }
    return mount_new("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err);
}

int mount_attach(int mount, int dirfd, const char *path, const char *what, struct error *err)
{
    unsigned flags = MOVE_MOUNT_F_EMPTY_PATH;
    if (!path || !*path)
        flags |= MOVE_MOUNT_T_EMPTY_PATH;
    if (sys_move_mount(mount, "", dirfd, path ? path : "", flags) < 0)
        return fail_errno(err, "mount %s", what);
    return 0;
}

/* pivot_root(".", ".") stacks the old root on the new one; detaching it leaves the new one alone. */
int mount_pivot(int root, struct error *err)
{
    if (fchdir(root) < 0 || sys_pivot_root(".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return fail_errno(err, "enter the root");
    return 0;
}

int mount_make_private(struct error *err)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return fail_errno(err, "make the mount namespace private");
    return 0;
}
