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

char *store_path(void)
{
    const char *given = text_from_env("INDYNO_STORE", NULL), *data = text_from_env("XDG_DATA_HOME", "");
    if (given)
        return copy_string(given);
    if (geteuid() == 0)
        return copy_string("/var/lib/indyno");
    if (*data == '/')
        return text_format("%s/indyno", data);
    return text_format("%s/.local/share/indyno", text_from_env("HOME", ""));
}

const char *images_config_dir(void)
{
    return text_from_env("INDYNO_CONFIG_DIR", SYSCONFDIR "/indyno");
}

/* ---- Listing ---- */

static int by_name_and_version(const void *a, const void *b)
{
    const struct image *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : version_compare(y->version, x->version);
}

static void add_image(const char *folder, struct image **images, size_t *count)
{
    struct image image = {0};
    if (manifest_read(folder, &image, NULL) < 0) {
        image_clear(&image); /* not an image: nothing that a run could use */
        return;
    }
    *images = reallocate(*images, *count + 1, sizeof **images);
    (*images)[(*count)++] = image;
}

static void list_versions(const char *folder, struct image **images, size_t *count)
{
    cleanup_dir DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        cleanup_free char *image = text_format("%s/%s", folder, entry->d_name);
        add_image(image, images, count);
    }
}

int store_list(const char *store, struct image **images, size_t *count, struct error *err)
{
    *images = NULL;
    *count = 0;
    cleanup_free char *folder = text_format("%s/images", store);
    cleanup_dir DIR *dir = opendir(folder);
    if (!dir && errno == ENOENT)
        return 0;
    if (!dir)
        return fail_errno(err, "read the store %s", folder);
    struct dirent *entry;
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        cleanup_free char *name = text_format("%s/%s", folder, entry->d_name);
        list_versions(name, images, count);
    }
    if (*count)
        qsort(*images, *count, sizeof **images, by_name_and_version);
    return 0;
}

void images_free(struct image *images, size_t count)
{
    for (size_t i = 0; i < count; i++)
        image_clear(&images[i]);
    free(images);
}

/* ---- Changing ---- */

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

int store_lock(const char *store, struct error *err)
{
    cleanup_free char *path = text_format("%s/.lock", store);
    cleanup_fd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == ENOENT)
        return fail(err, STATUS_DATA, "%s: there is no store yet", store);
    if (fd < 0)
        return fail_errno(err, "open %s", path);
    while (flock(fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return fail_errno(err, "lock %s", path);
    return steal_fd(&fd);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)where;
    return type == FTW_DP ? rmdir(path) : unlink(path);
}

/* Only root can remove what is in a folder that its owner cannot write. */
static int open_up(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)where;
    if ((type == FTW_D || type == FTW_DNR) && (st->st_mode & S_IRWXU) != S_IRWXU)
        chmod(path, S_IRWXU);
    return 0;
}

void store_delete_tree(const char *folder)
{
    enum { OPEN_FOLDERS = 32 };
    nftw(folder, open_up, OPEN_FOLDERS, FTW_PHYS);
    nftw(folder, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

void store_sweep(const char *store)
{
    cleanup_dir DIR *dir = opendir(store);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        if (!text_starts(entry->d_name, STAGING_PREFIX))
            continue;
        cleanup_free char *folder = text_format("%s/%s", store, entry->d_name);
        store_delete_tree(folder);
    }
}

char *store_staging(const char *store, struct error *err)
{
    cleanup_free char *folder = text_format("%s/" STAGING_PREFIX "XXXXXX", store);
    if (!mkdtemp(folder) || chmod(folder, 0755) < 0) {
        fail_errno(err, "make a folder in %s", store);
        return NULL;
    }
    return steal_pointer(folder);
}

/* Whether there is an image that this indyno can use. */
static bool is_usable(const char *place)
{
    cleanup_image struct image image = {0};
    return manifest_read(place, &image, NULL) == 0;
}

int store_publish(const char *store, const char *staging, const struct image *image, bool replace,
                  struct error *err)
{
    cleanup_free char *folder = text_format("%s/images/%s", store, image->name);
    cleanup_free char *place = text_format("%s/%s", folder, image->version);
    if (make_folders(folder, err) < 0)
        return -1;
    if (rename(staging, place) == 0)
        return 0;
    if (errno != EEXIST && errno != ENOTEMPTY)
        return fail_errno(err, "move the image to %s", place);
    if ((replace || !is_usable(place)) && renameat2(AT_FDCWD, staging, AT_FDCWD, place, RENAME_EXCHANGE) < 0)
        return fail_errno(err, "exchange the image at %s", place);
    store_delete_tree(staging);
    return 0;
}

int store_remove(const char *store, const char *name, const char *version, struct error *err)
{
    cleanup_free char *place = text_format("%s/images/%s/%s", store, name, version);
    cleanup_free char *staging = store_staging(store, err);
    cleanup_free char *grave = staging ? text_format("%s/image", staging) : NULL;
    if (!grave)
        return -1;
    /* renamed first, so that it is gone at once and whole, and a sweep finishes a removal that is killed */
    if (rename(place, grave) < 0) {
        if (errno == ENOENT)
            fail(err, STATUS_DATA, "%s:%s is not installed", name, version);
        else
            fail_errno(err, "remove %s", place);
        store_delete_tree(staging);
        return -1;
    }
    store_delete_tree(staging);
    return 0;
}
