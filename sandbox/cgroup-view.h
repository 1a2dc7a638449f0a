/*
 * What a dyno sees of its cgroups: /sys/fs/cgroup, read-only, so that virtual machines of languages size themselves by the
 * dyno's limits and not by the host.
 *
 * Theory of operation. Processes are in cgroup namespaces whose root is their own leaf, and what is shown is the folder of
 * the steps' leaf: so /proc/self/cgroup says "/", and that is where the limits are. Nothing of other groups is there to be
 * seen. Of version 1 each hierarchy has a folder, as programs expect; cpuacct and cpuset, without which they look no
 * further, are groups without processes.
 */
#ifndef INDYNO_CGROUP_VIEW_H
#define INDYNO_CGROUP_VIEW_H

#include "cgroup.h"
#include "sandbox.h"

struct cgroup_view {
    struct sandbox_spec spec; /* the given one, with the view's mounts behind its own */
    struct sandbox_mount *mounts;
    struct strings texts;
};

/* Plans it: the groups need not be there yet, and where they never will be nothing is mounted. spec must outlive the
 * view. */
void cgroup_view_plan(const struct sandbox_spec *spec, const struct cgroups *groups,
                      struct cgroup_view *view);
void cgroup_view_clear(struct cgroup_view *view);

#endif
