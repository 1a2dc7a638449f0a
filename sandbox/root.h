/*
 * The dyno's private root.
 *
 * Theory of operation. The scratch tmpfs is attached in init's own mount namespace over the state folder (any
 * folder that exists will do, and nothing below that one is ever a source). Its folder root/ becomes the
 * dyno's root: files, links and mount points are made in it in the spec's order, each source is mounted from
 * a detached clone, and at last pivot_root(2) makes it "/" and the host's root goes. Only then is the root
 * itself made read-only. Targets are resolved inside the root (openat2(2), RESOLVE_IN_ROOT), so that a link
 * in the tenant's folder leads nowhere else.
 */
#ifndef INDYNO_ROOT_H
#define INDYNO_ROOT_H

#include "base/error.h"
#include "idmap.h"
#include "sandbox.h"
#include "wire.h"

enum { ROOT_DEVICES = 6 }; /* null, zero, full, random, urandom, tty */

/* What is there before the root is built. The sources and, as root, the scratch and the views are made by the
 * launcher. */
struct root_parts {
    int scratch;  /* detached mount, or -1: init makes it */
    int *sources; /* per mount of the spec: BIND and COW, a detached clone of its source; -1 elsewhere */
    int *views;   /* per mount of the spec: a detached COW, or -1 */
    const char **ways;
    int devices[ROOT_DEVICES]; /* detached clones of the host's, or -1 */
};

/* Empty parts for count mounts; freed with root_parts_clear. */
void root_parts_start(struct root_parts *parts, size_t count);

/* Clones the sources with the rights that the calling process has: the launcher's as root, else init's while
 * it still has the caller's ids. Binds get their attributes. */
int root_open_sources(const struct sandbox_spec *spec, const struct idmap *ids, struct root_parts *parts,
                      struct error *err);

/* In init, while the launcher still prepares: clones the devices of a minimal /dev. */
int root_open_devices(struct root_parts *parts, struct error *err);

/* As root, in the initial user namespace: opens the sources, makes scratch and views, in a private mount
 * namespace in which the calling process then is, its working folder in the scratch. Else nothing. */
int root_prepare(const struct sandbox_spec *spec, const struct idmap *ids, struct root_parts *parts,
                 struct error *err);

/* Sends what root_prepare made to init, which takes it from each WIRE_MOUNTS: the root is prepared while init
 * makes the network namespace. Places are: a source per mount, a view per mount, the scratch. root_send
 * returns 0, or -1 with errno; root_take takes the descriptors over. */
int root_send(const struct root_parts *parts, size_t mount_count, int wire);
void root_take(struct root_parts *parts, size_t mount_count, const struct wire_message *message, int *fds,
               size_t count);

/* In init: builds the root and enters it. Kept mounts' descriptors are put into kept (per mount, -1). */
int root_enter(const struct sandbox_spec *spec, const struct idmap *ids, struct root_parts *parts, int *kept,
               struct error *err);

void root_parts_clear(struct root_parts *parts, size_t mount_count);

#endif
