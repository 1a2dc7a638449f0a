/*
 * What may remain of a run that was killed, by the record of its claim (claim.h): cgroups, which are removed here, and
 * processes, which are waited for by coming again.
 *
 * The lock of a claim goes when init's descriptors are closed, and that is before the kernel has ended the rest of its
 * pid namespace. It is after that end that init becomes a zombie.
 */
#ifndef INDYNO_REMAINS_H
#define INDYNO_REMAINS_H

#include <stdbool.h>
#include <sys/types.h>

/* The line of a record for a process that has just started: its id, and the time, since ids are used again: one that
 * started later is another. The caller's to free. */
char *remains_of_process(pid_t pid);

/* claim_take's sweep: removes the cgroups that a record names. Whether nothing remains. */
bool remains_sweep(const char *record);

#endif
