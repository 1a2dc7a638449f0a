/* Limits as files of a run's groups. For cgroup.c only. */
#ifndef INDYNO_CGROUP_LIMITS_H
#define INDYNO_CGROUP_LIMITS_H

#include "cgroup.h"

/* Sets those of a run's group, or, of a leaf of its steps, those that programs look at there. -1 with err where one that
 * is asked for cannot be set. */
int cgroup_limit(const struct cgroups *groups, const struct sandbox_limits *limits, const char *leaf,
                 struct error *err);

#endif
