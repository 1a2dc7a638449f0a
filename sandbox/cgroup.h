/*
 * Control groups: one group for the run, with a leaf for each service and one for the steps (cgroups(7)).
 *
 * Theory of operation. cgroup_plan looks at where the caller stands and decides, without making anything,
 * where the run's group will be: beneath the group that the caller is held by, so that its limits still hold.
 * cgroup_make makes the groups and sets the limits before the first process enters. On version 1 a group is
 * one folder in each of the hierarchies memory, pids and cpu, and a process joins by writing "0" to each
 * `tasks` itself (a hundred times faster than being moved); so the groups can be made while init already
 * makes its network namespace. On version 2 it is one folder, and a process is born in it
 * (CLONE_INTO_CGROUP). On hybrid hosts the controllers are version 1's.
 */
#ifndef INDYNO_CGROUP_H
#define INDYNO_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"
#include "idmap.h"
#include "sandbox.h"
#include "wire.h"

enum cgroup_controller { CGROUP_MEMORY, CGROUP_PIDS, CGROUP_CPU, CGROUP_CONTROLLERS };

/* Of version 1: hierarchies that programs look for before they believe any. The dyno is in them only where a limit takes
 * it. */
enum { CGROUP_SHOWN_CPUACCT, CGROUP_SHOWN_CPUSET, CGROUP_SHOWN };

/* Version 2 does not let a group with controllers have processes of its own: init gets a leaf. */
#define CGROUP_INIT_LEAF "init"

struct cgroup_leaf {
    const char *name;
    bool is_steps;
    int fds[CGROUP_CONTROLLERS]; /* version 1: each `tasks` open for writing; version 2: [0] is the group's
                                    folder */
};

struct cgroups {
    int version;         /* 2, 1, or 0: none */
    char *missing;       /* version 0: why, one line */
    bool is_undelegated; /* version 0: of version 2 there are groups, and none is the caller's */
    char *parents[CGROUP_CONTROLLERS]; /* version 1: a folder each; version 2: [0] */
    char *runs[CGROUP_CONTROLLERS];    /* parent/indyno.NAME.ID */
    char *shown[CGROUP_SHOWN];         /* version 1: one group for all of the run; NULL: none */
    int shown_fds[CGROUP_SHOWN];       /* `tasks` of those that init joins, open for writing; else -1 */
    bool is_given;  /* version 2: the parent is one that was named, whose controllers have to be enabled */
    char *own_leaf; /* version 2, where the parent is the caller's own group: launcher and janitor go there,
                     * for the group has to be empty */
    struct cgroup_leaf leaves[SANDBOX_LEAVES_MAX]; /* [0] is init's */
    size_t leaf_count;
};

/* "memory", "pids", "cpu"; then those that are shown only. */
extern const char *const cgroup_controller_names[CGROUP_CONTROLLERS + CGROUP_SHOWN];

/* Decides where the groups will be: in parent, "/indyno.slice", where that is not NULL, and nowhere else then. id makes
 * their names unique. Never fails: version 0 has the reason. */
void cgroup_plan(const char *name, const char *id, const char *parent, struct cgroups *groups);

/* Appends the lines for the claim's record from which cgroup_sweep removes the groups. */
char *cgroup_record(const struct cgroups *groups);

/* In the janitor: makes own_leaf, where there is to be one, and enters it. */
int cgroup_make_own_leaf(const struct cgroups *groups, struct error *err);

/* In the launcher: enters it too, and enables the controllers. All other processes of the run are born in
 * that leaf. */
int cgroup_delegate(const struct cgroups *groups, const struct sandbox_limits *limits, struct error *err);

/* Moves the caller back, by the last process of the run; while other runs use the group it stays as it is. */
void cgroup_undelegate(const struct cgroups *groups);

/* Makes the groups with the spec's limits. Where there can be none, or one of them cannot be had: 0 if no
 * limit that takes one (sandbox_takes_groups) was asked for (version is then 0) or SANDBOX_WEAKER_LIMITS is set,
 * else -1 with STATUS_DATA. Init, whose ids are among ids, can put processes into the leaves. */
int cgroup_make(const struct sandbox_spec *spec, const struct idmap *ids, struct cgroups *groups,
                struct error *err);

/* Sends the leaves to init, which was cloned before they were made (version 1), and takes them there.
 * cgroup_send returns 0, or -1 with errno; cgroup_take takes the descriptors over. */
int cgroup_send(const struct cgroups *groups, int wire);
void cgroup_take(const struct sandbox_spec *spec, struct cgroups *groups, const struct wire_message *message,
                 int *fds, size_t count);

/* The index of a leaf, -1 where there is none of that name. */
int cgroup_leaf(const struct cgroups *groups, const char *name);

/* In the dyno, by the process itself: joins a version 1 leaf. On version 2 nothing: it was born there. */
int cgroup_join(const struct cgroups *groups, int leaf, struct error *err);

/* What a process has to be cloned into: the folder of a version 2 leaf, else -1. */
int cgroup_clone_fd(const struct cgroups *groups, int leaf);

/* Processor time of all of the dyno up to now, in microseconds; -1 where the groups do not count it (cgroup-read.c). */
int64_t cgroup_cpu_us(const struct cgroups *groups);

/* Reads the counters into the result; called when the dyno has ended (cgroup-read.c). */
void cgroup_read(const struct cgroups *groups, struct sandbox_result *result);

/* Removes the groups; those that are not there are no error. */
void cgroup_remove(const struct cgroups *groups);

/* Removes what a record names: for a run whose launcher and janitor are both dead. Does not wait: false where something
 * of it is still there. */
bool cgroup_sweep(const char *record);

void cgroup_clear(struct cgroups *groups); /* memory and descriptors only */

#endif
