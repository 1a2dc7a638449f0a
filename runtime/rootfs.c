#include "rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/own.h"
#include "base/sys.h"
#include "caller.h"
#include "layout.h"

bool rootfs_is_image(const char *value)
{
    return !strchr(value, '/') && !text_equal(value, ".") && !text_equal(value, "..");
}

/* ---- What it is ---- */

static int open_image(const char *value, const struct image *images, size_t count, struct rootfs *rootfs,
                      struct error *err)
{
    cleanup_reference struct image_reference reference = image_reference_parse(value);
    int index = resolve_root(images, count, reference.name, reference.version, err);
    if (index < 0)
        return error_context(err, "--rootfs");
    const struct image *image = &images[index];
    rootfs->image = image;
    rootfs->name = text_format("%s:%s", image->name, image->version);
    rootfs->path = text_format("%s/%s/%s", image->path, image->tree, image->root);
    rootfs->hold = image_hold(image, err);
    if (rootfs->hold < 0)
        return -1;
    rootfs->fd = open(rootfs->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return rootfs->fd < 0 ? fail_errno(err, "--rootfs %s: open %s", value, rootfs->path) : 0;
}

static int open_folder(const char *value, struct rootfs *rootfs, struct error *err)
{
    rootfs->name = copy_string(value);
    rootfs->fd = caller_open(value, O_DIRECTORY, err);
    if (rootfs->fd < 0)
        return error_context(err, "--rootfs %s", value);
    if (caller_check_readable(rootfs->fd) < 0)
        return fail(err, STATUS_DATA, "--rootfs %s: %s", value, strerror(errno));
    rootfs->path = realpath(value, NULL);
    if (!rootfs->path)
        return fail_errno(err, "--rootfs %s", value);
    if (!text_equal(rootfs->path, "/"))
        return 0;
    fail(err, STATUS_DATA, "--rootfs %s: the host's whole root", value);
    error_remedy(err, "without --rootfs a dyno has the host's /usr, and what programs need of /etc");
    return -1;
}

/* ---- What is in it ---- */

static bool has_program(int root, const char *folder, int length, const char *name)
{
    struct stat st;
    cleanup_free char *path = text_format("%.*s/%s", length, folder, name);
    cleanup_fd int file = sys_open_inside(root, path, O_PATH);
    return file >= 0 && fstat(file, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111);
}

static bool is_on_path(const struct rootfs *rootfs, const char *name)
{
    for (const char *at = rootfs->search_path; *at;) {
        size_t length = strcspn(at, ":");
        if (has_program(rootfs->fd, at, (int)length, name))
            return true;
        at += length + (at[length] == ':');
    }
    return false;
}

static void find_shell(struct rootfs *rootfs)
{
    static const char *const shells[] = {"bash", "sh"};
    for (size_t i = 0; i < sizeof shells / sizeof *shells && !rootfs->shell; i++)
        if (is_on_path(rootfs, shells[i]))
            rootfs->shell = shells[i];
}

/* An archive of locales is not looked into: C.UTF-8 is always right. */
static void find_lang(struct rootfs *rootfs)
{
    cleanup_fd int locale = sys_open_inside(rootfs->fd, "/usr/lib/locale/en_US.utf8", O_PATH | O_DIRECTORY);
    rootfs->lang = locale >= 0 ? "en_US.UTF-8" : "C.UTF-8";
}

int rootfs_open(const char *value, const struct image *images, size_t count, struct rootfs *rootfs,
                struct error *err)
{
    cleanup_borrowed struct borrowed rights = {0};
    *rootfs = (struct rootfs){.fd = -1, .hold = -1, .search_path = LAYOUT_SYSTEM_PATH};
    int opened = rootfs_is_image(value) ? open_image(value, images, count, rootfs, err)
                                        : open_folder(value, rootfs, err);
    if (opened < 0 || caller_borrow(rootfs->fd, &rights, err) < 0)
        return -1;
    if (rootfs->image && rootfs->image->search_path)
        rootfs->search_path = rootfs->image->search_path;
    find_shell(rootfs);
    find_lang(rootfs);
    return 0;
}

void rootfs_clear(struct rootfs *rootfs)
{
    if (!rootfs->name)
        return;
    close_fd(&rootfs->fd);
    close_fd(&rootfs->hold);
    free(rootfs->name);
    free(rootfs->path);
    *rootfs = (struct rootfs){0};
}
