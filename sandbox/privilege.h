/* What a process of the dyno must not have: capabilities, rights of the caller, its descriptors and signal
 * state. */
#ifndef INDYNO_PRIVILEGE_H
#define INDYNO_PRIVILEGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* For init: drops every capability but the few that pid 1 needs (start processes as other users, signal them,
 * see into their folders, and with has_network change its routes), and empties the bounding set, so that nothing in the
 * dyno can ever gain one. */
int privilege_reduce_init(bool has_network, struct error *err);

/* For a process about to be executed: becomes the inner user id with no groups but its own, drops all
 * capabilities and sets no_new_privs. set_groups is false where the user namespace forbids setgroups(2) (a
 * single id). */
int privilege_drop(uid_t user, bool set_groups, struct error *err);

/* Signal mask empty, every disposition the default. */
void privilege_reset_signals(void);

/* For init, and all of the dyno with it: no real-time scheduling of processors or disks and no negative niceness. That
 * the caller wants little is kept. */
void privilege_reset_priority(void);

/* Resource limits, umask, personality and timers as a login would have them, whatever the caller's are; no core dumps.
 */
void privilege_reset_limits(void);

/* A hard and soft limit (getrlimit(2)) of the process; value 0: as it is. The caller's own is never exceeded. */
void privilege_limit(int resource, uint64_t value);

#endif
