/*
 * The janitor: a tiny process outside the dyno, started before anything else is made.
 *
 * Theory of operation. It makes the first things itself, so that there is no instant at which something is
 * there and nobody to remove it: it takes the claim, records in it what will be made, and hands it to the
 * launcher. Then it sleeps until its wire ends. If the launcher said WIRE_DONE before, everything is already
 * removed and it just goes. Otherwise the launcher died: the janitor kills the dyno's init (and helpers such
 * as pasta), waits until the kernel has taken the whole pid namespace down, and removes what is left. It
 * holds the run's claim all the time, so no other run can get the same ids before.
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

/* Starts it. state_dir and slots are claim_take's; groups are planned, and their leaf for the launcher is
 * made where they need one. Fills claim. */
int janitor_start(const char *state_dir, unsigned slots, const struct cgroups *groups, struct claim *claim,
                  struct janitor *janitor, struct error *err);

/* Tells it of a process to kill should the launcher die. */
int janitor_watch(const struct janitor *janitor, int pidfd, struct error *err);

/* Tells it that all is removed, and waits for it. */
void janitor_dismiss(struct janitor *janitor);

#endif
