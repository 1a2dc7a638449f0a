/*
 * Copy-on-write views of folders.
 *
 * Theory of operation. All that is writable in a dyno lives in one tmpfs, the scratch, so that --disk is one
 * number. A view is an overlay (overlayfs in the kernel's documentation) whose upper folder is in the scratch
 * and whose lower one is a read-only mount of the source.
 *
 * As root the files of the source must appear with ids of this run, which differ from run to run: the lower
 * mount is id-mapped, and the overlay is made by the launcher in a private mount namespace, because only the
 * initial user namespace may map there; init then moves it to its place. A user's overlay is made by init in
 * the dyno's user namespace (userxattr), and needs no map where the files are the caller's own.
 *
 * Where an overlay cannot be had (a filesystem that cannot be id-mapped, an upper or lower that is itself an
 * overlay twice over, a kernel whose tmpfs has no user xattrs, files of another id) the source is copied into
 * the scratch. As root the copy is read with the rights of the source's owner.
 */
#ifndef INDYNO_COW_H
#define INDYNO_COW_H

#include "base/error.h"
#include "idmap.h"
#include "sandbox.h"

/* Makes the view of mount number index. source is a detached clone of its source, and changed by this;
 * scratch is the attached scratch's root and the working folder of the process. *way is then "overlay" or
 * "copy". Returns a detached mount, or -1. */
int cow_make(const struct sandbox_mount *mount, size_t index, const struct idmap *ids, int source,
             int scratch, const char **way, struct error *err);

#endif
