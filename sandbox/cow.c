#include "cow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/own.h"
#include "base/sys.h"
#include "base/text.h"
#include "copy-tree.h"
#include "mount.h"

/* The launcher as root is the only one that makes views before the dyno's ids are its own. */
static bool in_host_ids(const struct idmap *ids)
{
    return ids->mode == SANDBOX_IDS_BLOCK;
}

/* In the initial user namespace ids are host ids, inside the dyno they are its own: the id to give files to.
 */
static uid_t owner_uid(const struct idmap *ids, uid_t inner)
{
    if (ids->mode == SANDBOX_IDS_SINGLE)
        return SANDBOX_ID_FIRST;
    return in_host_ids(ids) ? idmap_host_uid(ids, inner) : inner;
}

static gid_t owner_gid(const struct idmap *ids, gid_t inner)
{
    if (ids->mode == SANDBOX_IDS_SINGLE)
        return SANDBOX_ID_FIRST;
    return in_host_ids(ids) ? idmap_host_gid(ids, inner) : inner;
}

/* A folder of the scratch: "up-3". */
static int make_folder(int scratch, const char *kind, size_t index, mode_t mode, char name[32],
                       struct error *err)
{
    snprintf(name, 32, "%s-%zu", kind, index);
    if (mkdirat(scratch, name, mode) < 0 || fchmodat(scratch, name, mode, 0) < 0)
        return fail_errno(err, "make a scratch folder");
    return 0;
}

static mode_t top_mode(const struct sandbox_mount *mount)
{
    return mount->mode ? mount->mode : 0755;
}

/* Makes the source a layer: read-only, with the run's ids where they are host ids. */
static int make_layer(const struct sandbox_mount *mount, const struct stat *st, const struct idmap *ids,
                      int source, struct error *err)
{
    if (in_host_ids(ids)) {
        cleanup_fd int userns =
            idmap_userns_for_folder(ids, st->st_uid, st->st_gid, mount->owner, false, err);
        if (userns < 0 || mount_idmap(source, userns, mount->source, err) < 0)
            return -1;
    }
    return mount_attributes(source, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, false,
                            mount->source, err);
}

/* On kernels before 6.6 an overlay with userxattr over a tmpfs without user xattrs mounts without an error
 * and then fails at renames and removals: so the xattr is tried, not the mount. */
static bool has_user_xattrs(int scratch, const char *folder)
{
    cleanup_fd int fd = openat(scratch, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsetxattr(fd, "user.indyno", "1", 1, 0) == 0 && fremovexattr(fd, "user.indyno") == 0;
}

/* Whether a process of the owner could write the files as they appear in the dyno: the overlay does not
 * change ids. */
static bool is_owned(const struct sandbox_mount *mount, const struct stat *st, const struct idmap *ids)
{
    return in_host_ids(ids) || st->st_uid == owner_uid(ids, mount->owner);
}

static int make_overlay(const struct sandbox_mount *mount, size_t index, const struct stat *st,
                        const struct idmap *ids, int source, int scratch, struct error *err)
{
    char up[32], work[32], low[32];
    if (!is_owned(mount, st, ids))
        return fail(err, STATUS_ERRORED, "%s belongs to another id of the dyno", mount->source);
    if (make_layer(mount, st, ids, source, err) < 0 ||
        make_folder(scratch, "up", index, top_mode(mount), up, err) < 0 ||
        make_folder(scratch, "work", index, 0700, work, err) < 0 ||
        make_folder(scratch, "low", index, 0700, low, err) < 0)
        return -1;
    if (fchownat(scratch, up, owner_uid(ids, mount->owner), owner_gid(ids, mount->owner), 0) < 0)
        return fail_errno(err, "own a scratch folder");
    if (!in_host_ids(ids) && !has_user_xattrs(scratch, up))
        return fail(err, STATUS_ERRORED, "this kernel's tmpfs has no user xattrs");
    if (mount_attach(source, scratch, low, mount->source, err) < 0)
        return -1;
    const char *options[] = {"lowerdir",
                             low,
                             "upperdir",
                             up,
                             "workdir",
                             work,
                             in_host_ids(ids) ? "redirect_dir" : "userxattr",
                             in_host_ids(ids) ? "on" : NULL,
                             NULL};
    return mount_new("overlay", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err);
}

/* Reads as the owner of the source would, which the mount may present by another id; a process keeps its
 * other rights (setfsuid(2)). */
static int copy_as_owner(int from, int to, const struct stat *st, const char *what, struct error *err)
{
    uid_t uid = (uid_t)setfsuid(st->st_uid);
    gid_t gid = (gid_t)setfsgid(st->st_gid);
    int result = copy_tree(from, to, what, err);
    setfsgid(gid);
    setfsuid(uid);
    return result;
}

static int make_copy(const struct sandbox_mount *mount, size_t index, const struct idmap *ids, int source,
                     int scratch, struct error *err)
{
    char name[32];
    struct stat st;
    cleanup_fd int from = openat(source, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (from < 0 || fstat(from, &st) < 0)
        return fail_errno(err, "open %s", mount->source);
    if (make_folder(scratch, "copy", index, 0700, name, err) < 0)
        return -1;
    cleanup_fd int to = openat(scratch, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (to < 0)
        return fail_errno(err, "open a scratch folder");
    if (in_host_ids(ids)) {
        if (fchown(to, st.st_uid, st.st_gid) < 0 || copy_as_owner(from, to, &st, mount->source, err) < 0)
            return err && err->message ? -1 : fail_errno(err, "own a scratch folder");
    } else if (copy_tree(from, to, mount->source, err) < 0) {
        return -1;
    }
    uid_t uid = owner_uid(ids, mount->owner);
    if (copy_tree_chown(to, uid, owner_gid(ids, mount->owner), mount->source, err) < 0)
        return -1;
    if (fchmod(to, top_mode(mount)) < 0)
        return fail_errno(err, "own a scratch folder");
    return mount_clone(to, "", false, err);
}

int cow_make(const struct sandbox_mount *mount, size_t index, const struct idmap *ids, int source,
             int scratch, const char **way, struct error *err)
{
    struct stat st;
    cleanup_error struct error no_overlay = {0};
    if (fstat(source, &st) < 0)
        return fail_errno(err, "open %s", mount->source);
    *way = "overlay";
    int view = make_overlay(mount, index, &st, ids, source, scratch, &no_overlay);
    if (view >= 0)
        return view;
    *way = "copy";
    view = make_copy(mount, index, ids, source, scratch, err);
    return view < 0 ? error_context(err, "a view of %s (no overlay: %s)", mount->source, no_overlay.message)
                    : view;
}
