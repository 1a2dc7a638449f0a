/*
 * Mounts through descriptors: every mount is made detached (open_tree(2), fsmount(2)), given its attributes,
 * and only then moved to its place, so that no path is resolved a second time and nothing is ever visible
 * half made. All functions return a descriptor or 0, or -1 with err.
 */
#ifndef INDYNO_MOUNT_H
#define INDYNO_MOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* A detached copy of the mount at path beneath dirfd (with those beneath it where recursive); path "" is
 * dirfd itself. */
int mount_clone(int dirfd, const char *path, bool recursive, struct error *err);

/* Sets MOUNT_ATTR_* attributes of a mount, and cuts it off from its peers, so that nothing that is mounted in
 * it reaches them (mount_namespaces(7), propagation). */
int mount_attributes(int mount, uint64_t attributes, bool recursive, const char *what, struct error *err);

/* Presents the files of a detached mount with the ids that the user namespace userns maps them to
 * (mount_setattr(2), "ID-mapped mounts"). */
int mount_idmap(int mount, int userns, const char *what, struct error *err);

/* A new filesystem with NULL-terminated pairs of key and value (value NULL: a flag); attributes are
 * MOUNT_ATTR_*. */
int mount_new(const char *filesystem, const char *const *options, unsigned attributes, struct error *err);

/* An empty tmpfs(5) of at most size bytes and inodes files (0: the kernel's default), root folder 0755; nosuid, nodev. */
int mount_tmpfs(uint64_t size, uint64_t inodes, struct error *err);

/* Moves a detached mount onto dirfd (path NULL or ""), or onto path beneath it. */
int mount_attach(int mount, int dirfd, const char *path, const char *what, struct error *err);

/* Makes the mount at root, of this mount namespace, "/" and the working folder; the old root goes. */
int mount_pivot(int root, struct error *err);

/* Makes all mounts of this mount namespace private, so that nothing made here reaches another. */
int mount_make_private(struct error *err);

#endif
