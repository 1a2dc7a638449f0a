/* Following a dyno from outside, until its init has ended: messages into the result, signals and time limits
 * into it. */
#ifndef INDYNO_FOLLOW_H
#define INDYNO_FOLLOW_H

#include "base/error.h"
#include "cgroup.h"
#include "net-host.h"
#include "pasta.h"
#include "relay.h"
#include "sandbox.h"

struct follow {
    const struct sandbox_spec *spec;
    struct sandbox_result *result;
    int64_t start_us; /* CLOCK_MONOTONIC at launch */
    int wire;         /* the launcher's end */
    int init_pidfd;
    struct pasta *pasta;   /* its pidfd is -1 where there is none */
    struct net_host *host; /* of a dyno with a way out; its fd is -1 where there is none */
    const struct cgroups *groups;
    const struct relay *relay; /* its pidfd is -1 where there is none */
    int signals;               /* signalfd of SIGINT, SIGTERM and SIGHUP, which are blocked */
};

/* Returns when init is gone. -1 with err where the dyno could not be set up, or ended without a word. */
int follow_dyno(const struct follow *follow, struct error *err);

/* Adds a timing to the result. */
void follow_timing(struct sandbox_result *result, const char *name, int64_t at_us);

#endif
