/* A request to systemd, over sd-bus(3). */
#ifndef INDYNO_SYSTEMD_H
#define INDYNO_SYSTEMD_H

#include "base/error.h"

/* Has the systemd whose private socket is at path make the scope unit, delegated and gone with its last process, and move
 * this process there; returns when that is done (org.freedesktop.systemd1(5), StartTransientUnit). An error where it
 * refuses, says nothing for 25 s, or there is no libsystemd. */
int systemd_start_scope(const char *path, const char *unit, struct error *err);

#endif
