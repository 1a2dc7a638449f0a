/*
 * Theory of operation. What the dyno mounts besides the root are places, and the root is walked against them: what is at
 * a place is left out, what has none in it is bound whole, and a folder with places in it is opened up (made anew, and
 * its entries taken one by one), unless all of them are there to be mounted onto. The trees of images have the usual ones
 * (root-tree.c), so that their /etc and /var are a bind each.
 *
 * What a walk has seen may be something else when it is mounted, so binds go through no links either (sandbox.h, within):
 * the worst that somebody who exchanges entries meanwhile gets is a run that fails.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/own.h"
#include "base/sys.h"
#include "caller.h"
#include "rootfs.h"

/* Each is a mount, and a descriptor while the dyno is made. */
enum { ENTRIES_MAX = 400 };

/* ---- Places ---- */

enum place_type { PLACE_FOLDER, PLACE_FILE };

struct place {
    char *path; /* without double slashes and dots */
    enum place_type type;
    bool is_users;
};

struct places {
    struct place *items;
    size_t count;
};

static void places_clear(struct places *places)
{
    for (size_t i = 0; i < places->count; i++)
        free(places->items[i].path);
    free(places->items);
}

/* "/a/b" of "//a/./b/". */
static char *normalize(const char *path)
{
    char *clean = allocate(strlen(path) + 2, 1), *end = clean;
    while (*(path += strspn(path, "/"))) {
        size_t length = strcspn(path, "/");
        if (length != 1 || *path != '.') {
            *end++ = '/';
            end = mempcpy(end, path, length);
        }
        path += length;
    }
    return clean;
}

static bool is_beneath(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && path[length] == '/';
}

/* One that lies in another is that one's matter. */
static void add_place(struct places *places, const char *path, enum place_type type, bool is_users)
{
    cleanup_free char *clean = normalize(path);
    for (size_t i = 0; i < places->count; i++)
        if (text_equal(clean, places->items[i].path) || is_beneath(clean, places->items[i].path))
            return;
    places->items = reallocate(places->items, places->count + 1, sizeof *places->items);
    places->items[places->count++] = (struct place){steal_pointer(clean), type, is_users};
}

static enum place_type type_of(const struct sandbox_mount *mount)
{
    struct stat st;
    if (mount->kind == SANDBOX_FILE)
        return PLACE_FILE;
    if (mount->kind != SANDBOX_BIND)
        return PLACE_FOLDER;
    int status = mount->source_fd ? fstat(mount->source_fd, &st) : stat(mount->source, &st);
    return status == 0 && !S_ISDIR(st.st_mode) ? PLACE_FILE : PLACE_FOLDER;
}

static void find_places(const struct mounts *own, size_t user_count, struct places *places)
{
    static const char *const files[] = {"/etc/passwd", "/etc/group", "/etc/hosts", "/etc/hostname",
                                        "/etc/resolv.conf"};
    static const char *const kernels[] = {"/proc", "/dev", "/sys"};
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
        add_place(places, kernels[i], PLACE_FOLDER, false);
    for (size_t i = 0; i < own->count; i++)
        add_place(places, own->items[i].target, type_of(&own->items[i]), i >= own->count - user_count);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        add_place(places, files[i], PLACE_FILE, false);
}

/* ---- The walk ---- */

struct walk {
    const struct rootfs *rootfs;
    struct places places;
    struct mounts *mounts;
    size_t count;
};

static bool is_place(const struct walk *walk, const char *path)
{
    for (size_t i = 0; i < walk->places.count; i++)
        if (text_equal(walk->places.items[i].path, path))
            return true;
    return false;
}

/* The first place beneath path, the user's before others; NULL where there is none. */
static const struct place *place_beneath(const struct walk *walk, const char *path)
{
    const struct place *found = NULL;
    for (size_t i = 0; i < walk->places.count; i++) {
        const struct place *place = &walk->places.items[i];
        if (is_beneath(place->path, path) && (!found || (place->is_users && !found->is_users)))
            found = place;
    }
    return found;
}

static bool is_there(int folder, const char *path, enum place_type type)
{
    struct stat st;
    struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    cleanup_fd int fd = sys_openat2(folder, path, &how);
    return fd >= 0 && fstat(fd, &st) == 0 &&
           (type == PLACE_FOLDER ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode));
}

static bool has_all_places(const struct walk *walk, int folder, const char *path)
{
    for (size_t i = 0; i < walk->places.count; i++) {
        const struct place *place = &walk->places.items[i];
        if (is_beneath(place->path, path) && !is_there(folder, place->path + strlen(path) + 1, place->type))
            return false;
    }
    return true;
}

static int count_entry(struct walk *walk, const char *path, struct error *err)
{
    if (++walk->count <= ENTRIES_MAX)
        return 0;
    fail(err, STATUS_DATA, "--rootfs %s: more than %d entries to show one by one, the last: %s",
         walk->rootfs->name, ENTRIES_MAX, path);
    error_remedy(
        err,
        "a folder is shown whole unless the dyno needs a place in it that is not there: make it there, or "
        "have --bind and --ro-bind show their files elsewhere");
    return -1;
}

static int add_bind(struct walk *walk, const char *path, struct error *err)
{
    cleanup_free char *source = text_format("%s%s", walk->rootfs->path, path);
    mounts_add(walk->mounts, &(struct sandbox_mount){.kind = SANDBOX_BIND,
                                                     .source = source,
                                                     .source_fd = walk->rootfs->fd,
                                                     .within = walk->rootfs->path,
                                                     .target = path});
    return count_entry(walk, path, err);
}

static int add_link(struct walk *walk, int folder, const char *name, const char *path, struct error *err)
{
    char to[PATH_MAX];
    ssize_t size = readlinkat(folder, name, to, sizeof to - 1);
    if (size <= 0) /* it is none any more */
        return 0;
    to[size] = '\0';
    mounts_add(walk->mounts, &(struct sandbox_mount){.kind = SANDBOX_LINK, .target = path, .content = to});
    return count_entry(walk, path, err);
}

static int walk_folder(struct walk *walk, int folder, const char *path, struct error *err);

static int open_up(struct walk *walk, int folder, const char *path, struct error *err)
{
    mounts_add(walk->mounts, &(struct sandbox_mount){.kind = SANDBOX_FOLDER, .target = path});
    return walk_folder(walk, folder, path, err);
}

/* What is above a place and no folder gives way to one; but a user who names a place behind a link means what it leads
 * to. */
static int add_above(struct walk *walk, int folder, const char *name, const char *path,
                     const struct place *place, struct error *err)
{
    cleanup_fd int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        return has_all_places(walk, fd, path) ? add_bind(walk, path, err) : open_up(walk, fd, path, err);
    if (errno != ENOTDIR && errno != ELOOP)
        return fail(err, STATUS_DATA, "--rootfs %s: %s: %s", walk->rootfs->name, path, strerror(errno));
    if (!place->is_users)
        return 0;
    fail(err, STATUS_DATA, "--rootfs %s: %s is no folder in it, so that %s cannot be there",
         walk->rootfs->name, path, place->path);
    error_remedy(err, "name a place that goes through no links");
    return -1;
}

static int add_entry(struct walk *walk, int folder, const char *name, const char *path, struct error *err)
{
    struct stat st;
    const struct place *beneath = place_beneath(walk, path);
    if (is_place(walk, path) || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    if (beneath)
        return add_above(walk, folder, name, path, beneath, err);
    if (S_ISLNK(st.st_mode))
        return add_link(walk, folder, name, path, err);
    return S_ISDIR(st.st_mode) || S_ISREG(st.st_mode) ? add_bind(walk, path, err) : 0;
}

static int walk_folder(struct walk *walk, int folder, const char *path, struct error *err)
{
    cleanup_dir DIR *list = sys_list(folder);
    if (!list)
        return fail(err, STATUS_DATA, "--rootfs %s: read %s/: %s", walk->rootfs->name, path, strerror(errno));
    for (struct dirent *entry; (entry = readdir(list));) {
        cleanup_free char *at = text_format("%s/%s", path, entry->d_name);
        if (!text_equal(entry->d_name, ".") && !text_equal(entry->d_name, "..") &&
            add_entry(walk, folder, entry->d_name, at, err) < 0)
            return -1;
    }
    return 0;
}

int rootfs_add(const struct rootfs *rootfs, const struct mounts *own, size_t user_count,
               struct mounts *mounts, struct error *err)
{
    struct walk walk = {.rootfs = rootfs, .mounts = mounts};
    cleanup_borrowed struct borrowed rights = {0};
    find_places(own, user_count, &walk.places);
    int status = caller_borrow(rootfs->fd, &rights, err);
    if (status == 0)
        status = walk_folder(&walk, rootfs->fd, "", err);
    places_clear(&walk.places);
    return status;
}
