/* The counters of a run's groups. */
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "cgroup-file.h"
#include "cgroup.h"

enum { NS_PER_US = 1000, LIMIT_NEARED_BYTES = 1 << 20 };

static int64_t number_or_none(const char *folder, const char *file)
{
    return cgroup_has_file(folder, file) ? (int64_t)cgroup_number(folder, file) : -1;
}

static int64_t accounted_us(const char *folder)
{
    int64_t ns = number_or_none(folder, "cpuacct.usage");
    return ns < 0 ? -1 : ns / NS_PER_US;
}

/* Version 1 has them in a hierarchy with the quota's, or in one of their own, whose group init has joined. */
static int64_t cpu_us_v1(const struct cgroups *groups, const char *leaf)
{
    cleanup_free char *folder =
        leaf ? text_format("%s/%s", groups->runs[CGROUP_CPU], leaf) : copy_string(groups->runs[CGROUP_CPU]);
    int64_t us = accounted_us(folder);
    if (us >= 0 || leaf || groups->shown_fds[CGROUP_SHOWN_CPUACCT] < 0)
        return us;
    return accounted_us(groups->shown[CGROUP_SHOWN_CPUACCT]);
}

int64_t cgroup_cpu_us(const struct cgroups *groups)
{
    return groups->version == 1   ? cpu_us_v1(groups, NULL)
           : groups->version == 2 ? (int64_t)cgroup_keyed(groups->runs[0], "cpu.stat", "usage_usec")
                                  : -1;
}

static void read_v1(const struct cgroups *groups, const char *leaf, struct sandbox_leaf_result *result)
{
    char *folders[CGROUP_CONTROLLERS];
    for (int c = 0; c < CGROUP_CONTROLLERS; c++)
        folders[c] = leaf ? text_format("%s/%s", groups->runs[c], leaf) : copy_string(groups->runs[c]);
    result->memory_peak_bytes = cgroup_number(folders[CGROUP_MEMORY], "memory.max_usage_in_bytes");
    result->oom_kills = cgroup_keyed(folders[CGROUP_MEMORY], "memory.oom_control", "oom_kill");
    result->pids_denied = cgroup_keyed(folders[CGROUP_PIDS], "pids.events", "max");
    result->pids_peak = number_or_none(folders[CGROUP_PIDS], "pids.peak");
    result->cpu_us = cpu_us_v1(groups, leaf);
    result->read_bytes = result->write_bytes = -1;
    for (int c = 0; c < CGROUP_CONTROLLERS; c++)
        free(folders[c]);
}

static void read_v2(const struct cgroups *groups, const char *leaf, struct sandbox_leaf_result *result)
{
    cleanup_free char *folder =
        leaf ? text_format("%s/%s", groups->runs[0], leaf) : copy_string(groups->runs[0]);
    const char *events = leaf ? "memory.events" : "memory.events.local";
    bool counts_io = cgroup_has_file(folder, "io.stat");
    result->memory_peak_bytes = cgroup_number(folder, "memory.peak");
    result->oom_kills = cgroup_keyed(folder, events, "oom_kill");
    result->pids_denied = cgroup_keyed(folder, "pids.events", "max");
    result->pids_peak = number_or_none(folder, "pids.peak");
    result->cpu_us = (int64_t)cgroup_keyed(folder, "cpu.stat", "usage_usec");
    result->read_bytes = counts_io ? (int64_t)cgroup_sum(folder, "io.stat", "rbytes=") : -1;
    result->write_bytes = counts_io ? (int64_t)cgroup_sum(folder, "io.stat", "wbytes=") : -1;
}

/* No charge that could end in a kill is larger than some pages, and so the limit is neared that far. (Its failcnt is not
 * counted by every kernel.) Files that were read and written, and could be dropped again, near it as well: of a run that
 * had as many, this says nothing else. */
static bool reached_v1(const char *folder, const char *peak_file, const char *limit_file)
{
    uint64_t limit = cgroup_number(folder, limit_file), peak = cgroup_number(folder, peak_file);
    return limit > 0 && peak >= limit - (limit < LIMIT_NEARED_BYTES ? limit : LIMIT_NEARED_BYTES);
}

/* That of the dyno, or of the step, which is as large: the groups of services have none. */
static bool reached_memory_limit(const struct cgroups *groups)
{
    if (groups->version == 2)
        return cgroup_keyed(groups->runs[0], "memory.events", "oom") > 0;
    const char *dyno = groups->runs[CGROUP_MEMORY];
    return reached_v1(dyno, "memory.max_usage_in_bytes", "memory.limit_in_bytes") ||
           reached_v1(dyno, "memory.memsw.max_usage_in_bytes", "memory.memsw.limit_in_bytes");
}

void cgroup_read(const struct cgroups *groups, struct sandbox_result *result)
{
    result->cgroups = groups->version != 0;
    for (size_t i = 0; groups->version && i < groups->leaf_count; i++) {
        struct sandbox_leaf_result *leaf = &result->leaves[result->leaf_count++];
        leaf->name = i == 0 ? "dyno" : groups->leaves[i].name; /* init's place is taken by the whole */
        if (groups->version == 1)
            read_v1(groups, i == 0 ? NULL : leaf->name, leaf);
        else
            read_v2(groups, i == 0 ? NULL : leaf->name, leaf);
    }
    uint64_t killed = 0;
    for (size_t i = 0; i < result->leaf_count; i++)
        killed += result->leaves[i].oom_kills;
    result->oom_is_outside = killed > 0 && !reached_memory_limit(groups);
}
