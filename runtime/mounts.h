/* A growing list of the sandbox's mounts that owns its strings. A zeroed struct is an empty list. */
#ifndef INDYNO_MOUNTS_H
#define INDYNO_MOUNTS_H

#include <stddef.h>

#include "base/text.h"
#include "sandbox/sandbox.h"

struct mounts {
    struct sandbox_mount *items;
    size_t count;
    struct strings texts; /* what items' pointers point to */
};

/* Appends a copy of mount, whose strings are copied. Returns its index. */
size_t mounts_add(struct mounts *mounts, const struct sandbox_mount *mount);

/* Appends all of more. */
void mounts_append(struct mounts *mounts, const struct mounts *more);

void mounts_clear(struct mounts *mounts);
#define cleanup_mounts __attribute__((cleanup(mounts_clear)))

#endif
