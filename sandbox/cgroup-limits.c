#include "cgroup-limits.h"

#include <fcntl.h>
#include <inttypes.h>

#include "base/own.h"
#include "cgroup-file.h"

enum { CPU_PERIOD_US = 100000, SHARES_USUAL = 1024, LIMIT_MAX = 160 };

/* What a limit is set to, as text; an empty one is not set. */
static void memory_value(const struct sandbox_limits *limits, char value[LIMIT_MAX])
{
    if (limits->memory_bytes)
        snprintf(value, LIMIT_MAX, "%" PRIu64, limits->memory_bytes);
}

static void no_swap_value(const struct sandbox_limits *limits, char value[LIMIT_MAX])
{
    if (limits->memory_bytes)
        snprintf(value, LIMIT_MAX, "0");
}

static void pids_value(const struct sandbox_limits *limits, char value[LIMIT_MAX])
{
    if (limits->pids)
        snprintf(value, LIMIT_MAX, "%" PRIu64, limits->pids);
}

static uint64_t quota_of(const struct sandbox_limits *limits)
{
    return limits->cpu_millis * (CPU_PERIOD_US / 1000);
}

static void quota_value(const struct sandbox_limits *limits, char value[LIMIT_MAX])
{
    if (limits->cpu_millis)
        snprintf(value, LIMIT_MAX, "%" PRIu64, quota_of(limits));
}

static void quota_and_period_value(const struct sandbox_limits *limits, char value[LIMIT_MAX])
{
    if (limits->cpu_millis)
        snprintf(value, LIMIT_MAX, "%" PRIu64 " %d", quota_of(limits), CPU_PERIOD_US);
}

/* The usual one is what a new group has. */
static bool has_weight(const struct sandbox_limits *limits)
{
    return limits->cpu_weight && limits->cpu_weight != SANDBOX_CPU_WEIGHT_USUAL;
}

static void weight_value(const struct sandbox_limits *limits, char value[LIMIT_MAX])
{
    if (has_weight(limits))
        snprintf(value, LIMIT_MAX, "%" PRIu64, limits->cpu_weight);
}

static void shares_value(const struct sandbox_limits *limits, char value[LIMIT_MAX])
{
    if (has_weight(limits))
        snprintf(value, LIMIT_MAX, "%" PRIu64, limits->cpu_weight * SHARES_USUAL / SANDBOX_CPU_WEIGHT_USUAL);
}

static void cpus_value(const struct sandbox_limits *limits, char value[LIMIT_MAX])
{
    snprintf(value, LIMIT_MAX, "%s", limits->cpus);
}

/* A group of version 1 has no memory nodes of its own at first, and lets nobody in. */
static int inherit_nodes(const char *folder, struct error *err)
{
    cleanup_free char *path = text_format("%s/../cpuset.mems", folder);
    cleanup_free char *nodes = text_read_file(AT_FDCWD, path, LIMIT_MAX, NULL, NULL);
    return nodes ? cgroup_write(folder, "cpuset.mems", nodes, err) : fail_errno(err, "read %s", path);
}

enum place { PLACE_MEMORY, PLACE_PIDS, PLACE_CPU, PLACE_CPUSET };

static const struct limit {
    int version;
    enum place place;
    const char *file;
    const char *what;  /* as a user asks for it, for messages */
    bool is_tried;     /* one that cannot be set is no failure */
    bool on_step_leaf; /* also on the leaf of the steps, which is what programs look at */
    void (*value)(const struct sandbox_limits *, char[LIMIT_MAX]);
} table[] = {
    {1, PLACE_MEMORY, "memory.limit_in_bytes", "memory", false, true, memory_value},
    /* swap accounting may be off: there is then nothing to limit */
    {1, PLACE_MEMORY, "memory.memsw.limit_in_bytes", "memory", true, true, memory_value},
    {1, PLACE_PIDS, "pids.max", "pids", false, false, pids_value},
    {1, PLACE_CPU, "cpu.cfs_quota_us", "cpus", false, true, quota_value},
    {1, PLACE_CPU, "cpu.shares", "cpu weight", false, false, shares_value},
    {1, PLACE_CPUSET, "cpuset.cpus", "cpuset", false, false, cpus_value},
    {2, PLACE_MEMORY, "memory.max", "memory", false, true, memory_value},
    {2, PLACE_MEMORY, "memory.swap.max", "memory", true, true, no_swap_value},
    {2, PLACE_PIDS, "pids.max", "pids", false, false, pids_value},
    {2, PLACE_CPU, "cpu.max", "cpus", false, true, quota_and_period_value},
    {2, PLACE_CPU, "cpu.weight", "cpu weight", false, false, weight_value},
    {2, PLACE_CPUSET, "cpuset.cpus", "cpuset", false, false, cpus_value},
};

static const char *folder_of(const struct cgroups *groups, enum place place)
{
    static const enum cgroup_controller controllers[] = {
        [PLACE_MEMORY] = CGROUP_MEMORY, [PLACE_PIDS] = CGROUP_PIDS, [PLACE_CPU] = CGROUP_CPU};
    if (groups->version == 2)
        return groups->runs[0];
    return place == PLACE_CPUSET ? groups->shown[CGROUP_SHOWN_CPUSET] : groups->runs[controllers[place]];
}

static int set(const struct cgroups *groups, const struct limit *limit, const char *leaf, const char *value,
               struct error *err)
{
    const char *run = folder_of(groups, limit->place);
    if (!run)
        return fail(err, STATUS_DATA, "there is no cpuset controller");
    cleanup_free char *folder = leaf ? text_format("%s/%s", run, leaf) : copy_string(run);
    if (groups->version == 1 && limit->place == PLACE_CPUSET && inherit_nodes(folder, err) < 0)
        return -1;
    cleanup_error struct error own = {0};
    if (cgroup_write(folder, limit->file, value, &own) == 0 || limit->is_tried)
        return 0;
    return fail(err, STATUS_DATA, "set the %s limit: %s", limit->what, own.message);
}

int cgroup_limit(const struct cgroups *groups, const struct sandbox_limits *limits, const char *leaf,
                 struct error *err)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char value[LIMIT_MAX] = "";
        if (table[i].version != groups->version || (leaf && !table[i].on_step_leaf))
            continue;
        table[i].value(limits, value);
        if (value[0] && set(groups, &table[i], leaf, value, err) < 0)
            return -1;
    }
    return 0;
}
