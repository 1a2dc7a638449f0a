/* The dyno's network namespace: loopback, and pasta(1) for a way out. */
#ifndef INDYNO_NET_H
#define INDYNO_NET_H

#include <sys/types.h>

#include "base/error.h"

/* Sets the loopback interface of the calling process's network namespace up (rtnetlink(7)). */
int net_loopback_up(struct error *err);

/* Starts pasta for the network namespace of process pid, and waits until it serves; no port of the host or of
 * the dyno is forwarded. Its process is the caller's to kill: returns a pidfd of it. The caller must be able
 * to adopt orphans (it is made a subreaper, prctl(2)), for pasta goes to the background when it is ready. */
int net_pasta_start(pid_t pid, const char *state_dir, unsigned slot, pid_t *pasta, struct error *err);

#endif
