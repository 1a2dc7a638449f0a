/*
 * Where all that a dyno may write is: a filesystem of its own, in memory (tmpfs(5)) or in a file on disk.
 *
 * Theory of operation of the one on disk. The file never has a name (O_TMPFILE), and the loop device that presents it is
 * let go by the kernel with its last user (LO_FLAGS_AUTOCLEAR): whoever is killed when, nothing of it stays. It is sparse,
 * and as large as the dyno may write; mke2fs(8) puts an ext4 without a journal in it, for nothing in it outlives the run.
 */
#ifndef INDYNO_SCRATCH_H
#define INDYNO_SCRATCH_H

#include "base/error.h"
#include "sandbox.h"

/* Returns a detached mount whose root folder is 0755 and the caller's, or -1 with err. */
int scratch_mount(const struct sandbox_spec *spec, struct error *err);

#endif
