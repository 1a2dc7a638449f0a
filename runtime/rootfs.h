/*
 * --rootfs: a root filesystem of the test's own in place of the host's, an image of the store or any folder.
 *
 * Whoever filled the folder may be hostile: it is read with no more rights than its owner's (or those of sudo's caller),
 * and none of its links is followed but as it would be with the folder as "/".
 */
#ifndef INDYNO_ROOTFS_H
#define INDYNO_ROOTFS_H

#include <stdbool.h>

#include "images/image.h"
#include "mounts.h"

struct rootfs {
    char *name; /* for people: "debian:12.1", or the folder; NULL: there is none, the host's is meant */
    char *path; /* the folder that is the root, absolute */
    int fd;     /* the same, open */
    int hold;   /* image_hold's, or -1 */
    const struct image *image; /* NULL: a folder */
    const char *search_path;   /* PATH of its programs */
    const char *shell;         /* "bash", or "sh" where it has no bash, or NULL where it has neither */
    const char *lang;          /* "en_US.UTF-8", where it has that, or "C.UTF-8" */
};

/* Whether the value of --rootfs names an image rather than a folder. */
bool rootfs_is_image(const char *value);

/* Finds what value names; images are those of the stores and must outlive rootfs. STATUS_DATA where it is not there or
 * no root filesystem, with the command that would bring it. rootfs is to be cleared also where this fails. */
int rootfs_open(const char *value, const struct image *images, size_t count, struct rootfs *rootfs,
                struct error *err);

/* Appends what of the root the dyno shows to mounts, as binds and links that are to be made before own, the dyno's
 * other mounts, of which the last user_count are the user's. Folders are shown whole where those need no place in them
 * that is not there, else entry by entry. STATUS_DATA where these are too many, or a place of the user's is behind a
 * link. */
int rootfs_add(const struct rootfs *rootfs, const struct mounts *own, size_t user_count,
               struct mounts *mounts, struct error *err);

void rootfs_clear(struct rootfs *rootfs);

#endif
