/*
 * The janitor: a tiny process outside the dyno, started before anything else is made.
 *
 * Theory of operation. It sleeps until its wire ends. If the launcher said WIRE_DONE before, all but
 * the claim is already removed. Otherwise the launcher died: the janitor kills the dyno's init (and helpers
 * such as pasta), waits until the kernel has taken the whole pid namespace down, and removes what is left.
 * Either way it is the last to go: it drops the claim when there is nothing more that could be left. It holds the run's claim, so no other run can get the same ids before. What a launcher says is read
 * even when it is dead: so it is told of the claim and of each process before anything depends on them. A
 * launcher that died in between left no more than the claim's unlocked file: that the janitor sweeps.
 */
#ifndef INDYNO_JANITOR_H
#define INDYNO_JANITOR_H

#include <sys/types.h>

#include "cgroup.h"
#include "claim.h"

struct janitor {
    pid_t pid;
    int wire; /* the launcher's end */
};

/* Starts it. groups are planned, and nothing is made yet. */
int janitor_start(const char *state_dir, const struct cgroups *groups, struct janitor *janitor,
                  struct error *err);

/* Shares the claim with it. Where launcher and janitor need a leaf of their own, returns when it is in that.
 */
int janitor_share_claim(const struct janitor *janitor, const struct claim *claim,
                        const struct cgroups *groups, struct error *err);

/* Tells it of a process to kill should the launcher die. */
int janitor_watch(const struct janitor *janitor, int pidfd, struct error *err);

/* Tells it that all but the claim is removed, and waits until that is, too. */
void janitor_dismiss(struct janitor *janitor);

#endif
