/* The root of a process whose tree brings its own libc (struct sandbox_root). */
#ifndef INDYNO_PROCESS_ROOT_H
#define INDYNO_PROCESS_ROOT_H

#include "base/error.h"
#include "sandbox.h"

/* Makes the calling process' root the tree, in a mount namespace of its own. It must still be the dyno's root, and
 * share its root and working folder with no other process (clone(2) without CLONE_FS). */
int process_root_enter(const struct sandbox_root *root, struct error *err);

#endif
