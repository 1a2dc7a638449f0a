/*
 * Theory of operation. The tree is a mount of the dyno's root already, read-only. In a mount namespace of its
 * own the process clones it over its own place, so that it is a mount to pivot to, clones what both sides
 * share onto the places that the tree has for it, and leaves the rest behind. Places are resolved within the
 * tree: a link that somebody has put there leads nowhere else. What is mounted here is seen by this process
 * and its children only, and goes with them.
 */
#include "process-root.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/own.h"
#include "base/sys.h"
#include "mount.h"

static int open_place(int tree, const char *path)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    return sys_openat2(tree, path, &how);
}

static int share(const struct sandbox_root *root, int tree, const char *path, struct error *err)
{
    cleanup_error struct error why = {0};
    cleanup_fd int mount = mount_clone(AT_FDCWD, path, true, &why);
    if (mount < 0 && why.errnum == ENOENT)
        return 0;
    if (mount < 0) {
        errno = why.errnum;
        return fail_errno(err, "share %s", path);
    }
    cleanup_fd int place = open_place(tree, path);
    if (place < 0)
        return fail_errno(err, "find a place for %s in the tree %s", path, root->path);
    return mount_attach(mount, place, NULL, path, err);
}

/* pivot_root(".", ".") stacks the old root on the new one; detaching it leaves the new one alone. */
static int pivot(int tree, struct error *err)
{
    if (fchdir(tree) < 0 || sys_pivot_root(".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return fail_errno(err, "enter the tree");
    return 0;
}

int process_root_enter(const struct sandbox_root *root, struct error *err)
{
    if (unshare(CLONE_NEWNS) < 0)
        return fail_errno(err, "make a mount namespace");
    cleanup_fd int tree = mount_clone(AT_FDCWD, root->path, true, err);
    if (tree < 0 || mount_attach(tree, AT_FDCWD, root->path, root->path, err) < 0)
        return -1;
    for (const char *const *path = root->shared; *path; path++)
        if (share(root, tree, *path, err) < 0)
            return -1;
    return pivot(tree, err);
}
