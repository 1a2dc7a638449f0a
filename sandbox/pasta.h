/*
 * The way out of an outbound dyno: pasta(1), a process outside that speaks for the dyno's network namespace.
 *
 * Theory of operation. Pasta runs in the foreground as a child of the launcher, so that its process is known,
 * to the janitor too, before it is executed. It is ready when it is at the other end of the interface that init has
 * made (net.h), and configures nothing by itself. As root it runs with the dyno's own ids in the dyno's user namespace, and never as the
 * host's root; as a user it is the user's. No port is forwarded in either direction.
 */
#ifndef INDYNO_PASTA_H
#define INDYNO_PASTA_H

#include <sys/types.h>

#include "base/error.h"
#include "idmap.h"
#include "net-host.h"

struct pasta {
    pid_t pid;
    int pidfd;  /* -1: none was started */
    int gate;   /* it is executed when this ends */
    int output; /* what it said */
};

/* Starts a process that becomes pasta for the network namespace of process init, whose ids are mapped, once
 * pasta_go is called. place, as root, is a folder of the launcher's own mount namespace that anybody may
 * search. */
int pasta_start(const struct idmap *ids, const struct net_host *host, pid_t init, const char *place,
                struct pasta *pasta, struct error *err);
void pasta_go(struct pasta *pasta);

/* Fails with what it said last: for when it has ended by itself. */
int pasta_blame(const struct pasta *pasta, struct error *err);

/* Ends it, if there is one. */
void pasta_end(struct pasta *pasta);

#endif
