/*
 * The steps' output through a process that counts it, where --output-size limits it.
 *
 * Theory of operation. Without a limit a step writes to the caller's own descriptors. With one it has the ends of pipes,
 * and the relay, a child of the launcher, hands on what comes out of them. When the limit is reached it ends, and so the
 * launcher hears of it. It ends too when the dyno has: nobody else has the pipes' other ends; and it is killed when the
 * launcher is. Where standard output and error are one file they are one pipe, so that what is written stays in order.
 */
#ifndef INDYNO_RELAY_H
#define INDYNO_RELAY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct relay {
    pid_t pid;
    int pidfd;  /* -1: there is none */
    int fds[2]; /* what init makes its standard output and error; -1: as it is */
};

#define RELAY_NONE                                                                                           \
    {                                                                                                        \
        0, -1,                                                                                               \
        {                                                                                                    \
            -1, -1                                                                                           \
        }                                                                                                    \
    }

/* Starts it; limit in bytes, of both together. Standard input, output and error are open. */
int relay_start(uint64_t limit, struct relay *relay, struct error *err);

/* In init: takes the ends as standard output and error. */
int relay_take(const struct relay *relay);

/* In the launcher: leaves the pipes' ends to init. */
void relay_release(struct relay *relay);

/* Of a relay that has ended: whether there was more than the limit. */
bool relay_overflowed(const struct relay *relay);

enum relay_outcome {
    RELAY_DONE,       /* all was handed on, or there was nobody to hand it to, or no relay */
    RELAY_OVERFLOWED, /* there was more than the limit */
    RELAY_CUT,        /* its reader was not waited for any longer */
};

/* Waits until all that the dyno, which is gone, has written is handed on: until deadline_us of wire_now_us (0: none), and
 * not when there is a signal to be read from signals. Then ends it. */
enum relay_outcome relay_end(struct relay *relay, int signals, int64_t deadline_us);

#endif
