#include "limits-json.h"

/* A limit that nobody set is null, which 0 could be mistaken for. */
static void add_limit(cJSON *object, const char *name, uint64_t value)
{
    if (value)
        cJSON_AddNumberToObject(object, name, (double)value);
    else
        cJSON_AddNullToObject(object, name);
}

cJSON *limits_json(const struct sandbox_limits *limits)
{
    cJSON *object = cJSON_CreateObject();
    add_limit(object, "memory_bytes", limits->memory_bytes);
    add_limit(object, "cpu_millis", limits->cpu_millis);
    add_limit(object, "pids", limits->pids);
    add_limit(object, "disk_bytes", limits->disk_bytes);
    add_limit(object, "timeout_ms", limits->wall_ms);
    cJSON_AddNumberToObject(object, "kill_after_ms", (double)limits->kill_after_ms);
    return object;
}
