/* Starting one process of the dyno, from init: its cgroups, its user, its filter, and execve(2). */
#ifndef INDYNO_PROCESS_H
#define INDYNO_PROCESS_H

#include "base/error.h"
#include "cgroup.h"
#include "idmap.h"
#include "sandbox.h"

struct spawned {
    pid_t pid;
    int report; /* read end: what went wrong before execve succeeded */
};

/* What is the same for all processes of a dyno. */
struct spawn_place {
    const struct idmap *ids;
    const struct cgroups *groups;
    const struct sandbox_limits *limits; /* of a step's processes */
    unsigned filter_variants;            /* filter_load's */
};

/* Starts the process; output is the descriptor for its stdout and stderr, or -1 for init's own. */
int spawn_start(const struct sandbox_process *process, const struct spawn_place *place, int output,
                struct spawned *spawned, struct error *err);

/* Waits until it is executed. Returns 0; or -1 where it could not be, with *exec_errno set if execve itself
 * failed and 0 if something before it did; err has the message in both cases. */
int spawn_confirm(struct spawned *spawned, const struct sandbox_process *process, int *exec_errno,
                  struct error *err);

#endif
