#include "limits-json.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/own.h"
#include "json.h"

enum { MILLIS_PER_PERCENT = 10, US_PER_MS = 1000 };

/* A limit that nobody set is null, which 0 could be mistaken for. */
static void add_limit(cJSON *object, const char *name, uint64_t value)
{
    if (value)
        cJSON_AddNumberToObject(object, name, (double)value);
    else
        cJSON_AddNullToObject(object, name);
}

/* "150%" */
static void add_quota(cJSON *object, uint64_t millis)
{
    cleanup_free char *percent = text_format("%.15g%%", (double)millis / MILLIS_PER_PERCENT);
    json_add_text(object, "CPUQuota", millis ? percent : NULL);
}

cJSON *limits_json(const struct sandbox_limits *limits)
{
    cJSON *object = cJSON_CreateObject();
    add_limit(object, "MemoryMax", limits->memory_bytes);
    add_quota(object, limits->cpu_millis);
    add_limit(object, "CPUWeight", limits->cpu_weight);
    json_add_text(object, "AllowedCPUs", limits->cpus[0] ? limits->cpus : NULL);
    add_limit(object, "TasksMax", limits->pids);
    add_limit(object, "LimitNOFILE", limits->open_files);
    add_limit(object, "LimitFSIZE", limits->file_bytes);
    add_limit(object, "RuntimeMaxUSec", limits->wall_ms * US_PER_MS);
    cJSON_AddNumberToObject(object, "TimeoutStopUSec", (double)(limits->kill_after_ms * US_PER_MS));
    add_limit(object, "CPUTimeMaxUSec", limits->cpu_ms * US_PER_MS);
    add_limit(object, "DiskMax", limits->disk_bytes);
    add_limit(object, "InodesMax", limits->inodes);
    add_limit(object, "OutputMax", limits->output_bytes);
    return object;
}
