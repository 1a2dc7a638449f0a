#include "process-root.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/own.h"
#include "base/sys.h"
#include "mount.h"

struct share {
    const char *path;
    bool folder;
    int source; /* detached clone, or -1: missing in the dyno */
    int point;  /* where it goes in the tree, O_PATH */
};

struct shares {
    struct share *items;
    size_t count;
};

static void clear_shares(struct shares *shares)
{
    for (size_t i = 0; i < shares->count; i++) {
        close_fd(&shares->items[i].source);
        close_fd(&shares->items[i].point);
    }
    free_pointer(&shares->items);
}

static size_t count_shared(const struct sandbox_root *root)
{
    size_t count = 0;
    while (root->shared && root->shared[count])
        count++;
    return count;
}

static int is_folder(int fd, bool *folder)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -1;
    *folder = S_ISDIR(st.st_mode);
    return 0;
}

/* What is missing in the dyno is left out. */
static int clone_source(int dyno, struct share *share, struct error *err)
{
    cleanup_fd int source = sys_open_inside(dyno, share->path, O_PATH);
    if (source < 0 && errno == ENOENT)
        return 0;
    if (source < 0 || is_folder(source, &share->folder) < 0)
        return fail_errno(err, "open %s", share->path);
    share->source = mount_clone(source, "", true, err);
    return share->source < 0 ? error_context(err, "share %s", share->path) : 0;
}

static int clone_sources(const struct sandbox_root *root, int dyno, struct shares *shares, struct error *err)
{
    size_t count = count_shared(root);
    shares->items = allocate(count, sizeof *shares->items);
    for (; shares->count < count; shares->count++)
        shares->items[shares->count] =
            (struct share){.path = root->shared[shares->count], .source = -1, .point = -1};
    for (size_t i = 0; i < count; i++)
        if (clone_source(dyno, &shares->items[i], err) < 0)
            return -1;
    return 0;
}

/* Returns the tree as a mount of this namespace. */
static int mount_tree(int dyno, const char *path, struct error *err)
{
    cleanup_fd int folder = sys_open_inside(dyno, path, O_PATH | O_DIRECTORY);
    if (folder < 0)
        return fail_errno(err, "open the tree %s", path);
    cleanup_fd int tree = mount_clone(folder, "", true, err);
    if (tree < 0 || mount_attributes(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, false,
                                     path, err) < 0)
        return -1;
    return mount_attach(tree, folder, NULL, path, err) < 0 ? -1 : steal_fd(&tree);
}

static int open_point(const struct sandbox_root *root, int tree, struct share *share, struct error *err)
{
    bool folder = !share->folder;
    share->point = sys_open_inside(tree, share->path, O_PATH);
    bool missing = share->point < 0 && (errno == ENOENT || errno == ENOTDIR);
    if (!missing && (share->point < 0 || is_folder(share->point, &folder) < 0))
        return fail_errno(err, "open %s in the tree %s", share->path, root->path);
    if (folder == share->folder)
        return 0;
    return fail(err, STATUS_ERRORED, "the tree %s has no %s %s", root->path,
                share->folder ? "folder" : "file", share->path);
}

static int open_points(const struct sandbox_root *root, int tree, struct shares *shares, struct error *err)
{
    for (size_t i = 0; i < shares->count; i++)
        if (shares->items[i].source >= 0 && open_point(root, tree, &shares->items[i], err) < 0)
            return -1;
    return 0;
}

static int attach_shares(const struct shares *shares, struct error *err)
{
    for (size_t i = 0; i < shares->count; i++) {
        const struct share *share = &shares->items[i];
        if (share->source >= 0 && mount_attach(share->source, share->point, NULL, share->path, err) < 0)
            return -1;
    }
    return 0;
}

int process_root_enter(const struct sandbox_root *root, struct error *err)
{
    __attribute__((cleanup(clear_shares))) struct shares shares = {0};
    if (unshare(CLONE_NEWNS) < 0)
        return fail_errno(err, "make a mount namespace");
    cleanup_fd int dyno = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dyno < 0)
        return fail_errno(err, "open the dyno's root");
    if (clone_sources(root, dyno, &shares, err) < 0)
        return -1;
    cleanup_fd int tree = mount_tree(dyno, root->path, err);
    if (tree < 0 || open_points(root, tree, &shares, err) < 0 || attach_shares(&shares, err) < 0)
        return -1;
    return mount_pivot(tree, err);
}
