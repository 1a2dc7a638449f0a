/*
 * Claims: which runs there are, and which host ids each has.
 *
 * Theory of operation. A run holds one slot: a file state_dir/N that it has locked (flock(2)). Launcher,
 * janitor and the dyno's init share the open file, so the kernel drops the lock when the last of them has
 * ended. The file's text is a record of what the lock does not tell (remains.h): cgroups, which the kernel does not
 * remove by itself, written before they are made, so that whoever finds an unlocked file can remove them; and the dyno's
 * init, whose descriptors are closed before the kernel has ended the rest of its pid namespace.
 *
 * As root, N is the first host id of the run's block, and not its place in a range: ranges can be changed while
 * runs go on, and blocks of an old range and a new one may overlap. So whoever has got a name looks for others that
 * overlap it, and gives it back where there is one: of two that come at the same time, at least one sees the other.
 *
 * A file gets its name when it is locked already, so that one which can be locked is a dead run's. It is unlinked
 * while it is locked; a locker therefore checks that the file it locked is still the one that the name leads to.
 */
#ifndef INDYNO_CLAIM_H
#define INDYNO_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

/* Slots that can be claimed: count blocks of width numbers, from first on. */
struct claim_range {
    uint32_t first, width, count;
};

struct claim {
    int dir_fd;    /* the state folder */
    int lock_fd;   /* the locked file; shared with janitor and init */
    uint32_t slot; /* the first number of the block */
};

/* Opens (and makes, mode 0700) the state folder and takes the lowest free slot of range. STATUS_NO_ROOM where all are
 * taken. Slots whose holders are all dead are swept on the way: for each, sweep is called with its record, and says whether
 * everything of it is gone; a slot of which something is left is not taken. */
int claim_take(struct claim *claim, const char *state_dir, const struct claim_range *range,
               bool (*sweep)(const char *record), struct error *err);

/* Only sweeps, as far as it can. */
void claim_sweep(const char *state_dir, bool (*sweep)(const char *record));

/* Replaces the claim's record: lines of text for a later sweep. */
int claim_record(const struct claim *claim, const char *record, struct error *err);

/* Calls visit with the record of each other claim. */
int claim_each(const struct claim *claim, void (*visit)(const char *record, void *context), void *context,
               struct error *err);

/* Unlinks the file and closes the descriptors. */
void claim_drop(struct claim *claim);

/* Closes the descriptors only: for a process that shared the claim. */
void claim_close(struct claim *claim);

#endif
