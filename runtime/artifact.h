/*
 * Artifacts: what is copied out of /app when a dyno has ended.
 *
 * What the test left is hostile: it is read with the step's own host ids, beneath /app, without following a
 * symbolic link, and only regular files and folders count. It is written with the caller's rights (as root:
 * with those of the output folder's owner), loses set-id and sticky bits, and replaces what an earlier run
 * left there.
 */
#ifndef INDYNO_ARTIFACT_H
#define INDYNO_ARTIFACT_H

#include <stddef.h>
#include <stdint.h>

#include "plan.h"
#include "sandbox/sandbox.h"

/* All artifacts of a run together, and how deep folders may lie in each other. */
#define ARTIFACT_BYTES_MAX (UINT64_C(4) << 30)
enum { ARTIFACT_FILES_MAX = 100000, ARTIFACT_DEPTH_MAX = 64 };

struct artifact_totals {
    uint64_t bytes;
    size_t files;    /* and folders */
    size_t left_out; /* symbolic links and special files within folders */
};

/* Takes all of the plan's artifacts out, into the folder indyno-out of the working folder. Goes on to the
 * next where one fails, and then returns -1 with the first error (STATUS_ERRORED). */
int artifacts_take(const struct plan *plan, const struct sandbox_result *result,
                   struct artifact_totals *totals, struct error *err);

#endif
