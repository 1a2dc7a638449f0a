/* The dyno's network namespace, seen from inside. */
#ifndef INDYNO_NET_H
#define INDYNO_NET_H

#include <stdint.h>

#include "base/error.h"

/* Sets the loopback interface of the calling process's network namespace up (rtnetlink(7)). */
int net_loopback_up(struct error *err);

/* Waits until the calling process's network namespace has a default route, of either family. */
int net_await_default_route(uint64_t timeout_ms, struct error *err);

#endif
