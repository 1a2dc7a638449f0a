/*
 * Readiness: seeing that a service serves, without polling for it.
 *
 * Theory of operation. Before the service starts, the folder of its sign (a file or a Unix socket) is watched
 * with inotify(7). Each event there is a reason to look again: at the file's lines, or to connect and send. A
 * server that makes its socket's file before it listens must touch it again afterwards (Redis does, by
 * unixsocketperm).
 */
#ifndef INDYNO_READY_H
#define INDYNO_READY_H

#include <poll.h>
#include <stdbool.h>

#include "base/error.h"
#include "sandbox.h"

struct readiness {
    const struct sandbox_ready *ready;
    int inotify; /* -1: not watched (any more) */
    int peer;    /* the connected socket whose reply is awaited, or -1 */
    bool seen;
};

/* Starts to watch; one of kind NONE is seen at once. */
int readiness_watch(struct readiness *state, const struct sandbox_ready *ready, struct error *err);

/* The descriptor that poll(2) should wait for POLLIN on, -1 if none. */
int readiness_fd(const struct readiness *state);

/* Looks, after that descriptor had something. */
int readiness_look(struct readiness *state, struct error *err);

void readiness_clear(struct readiness *state);

#endif
