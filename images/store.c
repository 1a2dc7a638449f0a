#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "manifest.h"

#define STAGING_PREFIX ".new-"

enum { LOCK_NAME_MAX = 200 };

/* ---- Locks ---- */

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* The descriptor, if the path still leads to what it is of; takes it over. */
static int if_still_there(int fd, const char *path)
{
    cleanup_fd int owned = fd;
    struct stat held, there;
    if (fstat(fd, &held) < 0 || stat(path, &there) < 0)
        return -1;
    if (!is_same(&held, &there)) {
        errno = ESTALE;
        return -1;
    }
    return steal_fd(&owned);
}

int store_lock_folder(const char *path, int operation)
{
    cleanup_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || flock(fd, operation | LOCK_NB) < 0)
        return -1;
    return if_still_there(steal_fd(&fd), path);
}

/* Of the image's manifest: to lock that exclusively it has to be open for writing, so that whoever may only read a store
 * cannot keep others from its images. */
int store_lock_image(const char *folder, bool exclusive)
{
    cleanup_free char *path = text_format("%s/" MANIFEST_FILE, folder);
    struct flock lock = {.l_type = exclusive ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET};
    cleanup_fd int fd = open(path, (exclusive ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
        errno = errno == EACCES || errno == EAGAIN ? EWOULDBLOCK : errno;
        return -1;
    }
    return if_still_there(steal_fd(&fd), path);
}

static bool is_inode(const char *folder, ino_t inode)
{
    struct stat st;
    return inode == 0 || (stat(folder, &st) == 0 && st.st_ino == inode);
}

int image_hold(const struct image *image, struct error *err)
{
    cleanup_fd int fd = store_lock_image(image->path, false);
    if (fd >= 0 && is_inode(image->path, image->inode))
        return steal_fd(&fd);
    if (fd < 0 && errno != ENOENT && errno != ESTALE && errno != EWOULDBLOCK)
        return fail_errno(err, "hold %s", image->path);
    fail(err, STATUS_NO_ROOM, "%s:%s was removed while this run was starting", image->name, image->version);
    error_remedy(err, "try again");
    return -1;
}

static int is_in_use(const char *name, const char *version, struct error *err)
{
    fail(err, STATUS_NO_ROOM, "%s:%s is in use by a run", name, version);
    error_remedy(err, "try again when the run has ended");
    return -1;
}

/* What is no image, for lack of a manifest, nobody uses. */
static int lock_place(const char *place)
{
    int fd = store_lock_image(place, true);
    return fd < 0 && errno == ENOENT ? open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : fd;
}

/* A descriptor that keeps others from an image that nobody uses, or -1 with errno ENOENT where there is none. */
static int lock_image(const char *place, const char *name, const char *version, struct error *err)
{
    int fd;
    do
        fd = lock_place(place);
    while (fd < 0 && errno == ESTALE); /* another took its place in between */
    if (fd >= 0 || errno == ENOENT)
        return fd;
    int errnum = errno;
    if (errnum == EWOULDBLOCK)
        is_in_use(name, version, err);
    else
        fail_errno(err, "lock %s", place);
    errno = errnum;
    return -1;
}

/* Two words that become one share a lock, which only makes one of them wait. */
static char *lock_path(const char *store, const char *name, const char *wanted)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    cleanup_free char *word = text_format("%s-%s", name, wanted ? wanted : "");
    for (char *c = word; *(c += strspn(c, safe));)
        *c = '_';
    return text_format("%s/.lock-%.*s", store, LOCK_NAME_MAX, word);
}

/* The file stays: whoever removed it would take it from under one who has it open and waits. It is empty, and
 * there are no more of them than words that were ever asked for. */
int store_lock_install(const char *store, const char *name, const char *wanted, struct error *err)
{
    cleanup_free char *path = lock_path(store, name, wanted);
    cleanup_fd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail_errno(err, "open %s", path);
    while (flock(fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return fail_errno(err, "lock %s", path);
    return steal_fd(&fd);
}

/* ---- Folders ---- */

static int make_each_folder(const char *path, struct error *err)
{
    cleanup_free char *part = copy_string(path);
    for (char *slash = part + 1; *slash; slash++) {
        if (*slash != '/')
            continue;
        *slash = '\0';
        if (mkdir(part, 0755) < 0 && errno != EEXIST)
            return fail_errno(err, "make the folder %s", part);
        *slash = '/';
    }
    if (mkdir(part, 0755) < 0 && errno != EEXIST)
        return fail_errno(err, "make the folder %s", part);
    return 0;
}

/* Makes path and what is above it. A store is read by every run, whatever its maker's umask is. */
static int make_folders(const char *path, struct error *err)
{
    mode_t mask = umask(022);
    int made = make_each_folder(path, err);
    umask(mask);
    return made;
}

int store_make(const char *store, struct error *err)
{
    cleanup_free char *folder = text_format("%s/images", store);
    return make_folders(folder, err);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)where;
    return type == FTW_DP ? rmdir(path) : unlink(path);
}

/* Only root can remove what is in a folder that its owner cannot write. Ends the walk at one that it could not look into:
 * there is another for what that holds. */
static int open_up(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)where;
    bool closed = (type == FTW_D || type == FTW_DNR) && (st->st_mode & S_IRWXU) != S_IRWXU;
    return closed && chmod(path, S_IRWXU) == 0 && type == FTW_DNR;
}

void store_delete_tree(const char *folder)
{
    enum { OPEN_FOLDERS = 32 };
    while (nftw(folder, open_up, OPEN_FOLDERS, FTW_PHYS) > 0)
        ;
    nftw(folder, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

/* ---- Staging ---- */

void store_each_dead(const char *store, store_visit *visit, void *context)
{
    cleanup_dir DIR *dir = opendir(store);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        if (!text_starts(entry->d_name, STAGING_PREFIX))
            continue;
        cleanup_free char *folder = text_format("%s/%s", store, entry->d_name);
        cleanup_fd int lock = store_lock_folder(folder, LOCK_EX);
        if (lock >= 0 || errno == ENOTDIR)
            visit(folder, context);
    }
}

static void delete_dead(const char *folder, void *context)
{
    (void)context;
    store_delete_tree(folder);
}

void store_sweep(const char *store)
{
    store_each_dead(store, delete_dead, NULL);
}

char *store_staging(const char *store, int *lock, struct error *err)
{
    for (;;) {
        cleanup_free char *folder = text_format("%s/" STAGING_PREFIX "XXXXXX", store);
        if (!mkdtemp(folder))
            break;
        *lock = store_lock_folder(folder, LOCK_SH);
        if (*lock >= 0 && fchmod(*lock, 0755) == 0)
            return steal_pointer(folder);
        /* a sweep that came before the lock took it for a dead one's */
        if (*lock >= 0 || (errno != EWOULDBLOCK && errno != ENOENT))
            break;
    }
    fail_errno(err, "make a folder in %s", store);
    return NULL;
}

/* ---- Publishing ---- */

/* Whether there is an image that this indyno can use. */
static bool is_usable(const char *place)
{
    cleanup_image struct image image = {0};
    return manifest_read(place, &image, NULL) == 0;
}

/* Puts staging where an image is that nobody uses, and deletes that. 1: there is none any more. */
static int exchange(const char *staging, const char *place, const struct image *image, struct error *err)
{
    cleanup_fd int old = lock_image(place, image->name, image->version, err);
    if (old < 0)
        return errno == ENOENT ? 1 : -1;
    if (renameat2(AT_FDCWD, staging, AT_FDCWD, place, RENAME_EXCHANGE) < 0)
        return fail_errno(err, "exchange the image at %s", place);
    store_delete_tree(staging);
    return 0;
}

static int publish(const char *staging, const char *place, const struct image *image, bool replace,
                   struct error *err)
{
    for (int status;;) {
        if (rename(staging, place) == 0)
            return 0;
        if (errno != EEXIST && errno != ENOTEMPTY)
            return fail_errno(err, "move the image to %s", place);
        if (!replace && is_usable(place)) {
            store_delete_tree(staging);
            return 0;
        }
        if ((status = exchange(staging, place, image, err)) <= 0)
            return status;
    }
}

int store_publish(const char *store, const char *staging, const struct image *image, bool replace,
                  struct error *err)
{
    cleanup_free char *folder = text_format("%s/images/%s", store, image->name);
    cleanup_free char *place = text_format("%s/%s", folder, image->version);
    return make_folders(folder, err) < 0 ? -1 : publish(staging, place, image, replace, err);
}

/* ---- Removing ---- */

/* Renamed first, so that it is gone at once and whole, and a sweep finishes a removal that is killed. */
static int bury(const char *store, const char *place, struct error *err)
{
    cleanup_fd int lock = -1;
    cleanup_free char *staging = store_staging(store, &lock, err);
    cleanup_free char *grave = staging ? text_format("%s/image", staging) : NULL;
    if (!grave)
        return -1;
    int status = rename(place, grave) < 0 ? fail_errno(err, "remove %s", place) : 0;
    store_delete_tree(staging);
    return status;
}

int store_remove(const char *store, const char *name, const char *version, struct error *err)
{
    cleanup_free char *place = text_format("%s/images/%s/%s", store, name, version);
    cleanup_fd int lock = lock_image(place, name, version, err);
    if (lock >= 0)
        return bury(store, place, err);
    return errno == ENOENT ? fail(err, STATUS_DATA, "%s:%s is not installed", name, version) : -1;
}

bool store_in_use(const char *store, const char *name, const char *version)
{
    cleanup_free char *place = text_format("%s/images/%s/%s", store, name, version);
    cleanup_fd int lock = store_lock_image(place, true);
    return lock < 0 && errno == EWOULDBLOCK;
}
