/*
 * Readiness: seeing that a service serves, without polling for it.
 *
 * Theory of operation. Before the service starts, the folder of its sign (a file or a Unix socket) and its
 * log are watched with inotify(7). Each event is a reason to look again: at the file's lines, or to connect
 * and send. The log is watched because nothing happens in the folder when a server begins to listen on a
 * socket that it has bound (Redis binds, changes the mode, and only then listens); but a server that is ready
 * says so.
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

/* Starts to watch; one of kind NONE is seen at once. log is the path of the service's log, which is there
 * already, or NULL. */
int readiness_watch(struct readiness *state, const struct sandbox_ready *ready, const char *log,
                    struct error *err);

/* The descriptor that poll(2) should wait for POLLIN on, -1 if none. */
int readiness_fd(const struct readiness *state);

/* Looks, after that descriptor had something. */
int readiness_look(struct readiness *state, struct error *err);

void readiness_clear(struct readiness *state);

#endif
