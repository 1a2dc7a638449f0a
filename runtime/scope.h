/* A cgroup for a user's run, from the user's own systemd. */
#ifndef INDYNO_SCOPE_H
#define INDYNO_SCOPE_H

#include <stdbool.h>

#include "base/error.h"
#include "options.h"

/* Whether the options ask for limits that take cgroups, and not for going without where there are none. */
bool scope_is_wanted(const struct options *options);

/* Whether scope_enter would ask for one, and there is a systemd to ask. */
bool scope_is_due(void);

/* Where no cgroup is delegated to this process, a user's, on a host of systemd's: has it moved to a scope of its own,
 * which is delegated, and goes with the last of its processes. Else does nothing. To be called by a process that has no
 * children. STATUS_DATA where no scope can be had. */
int scope_enter(struct error *err);

#endif
