/* Limits as the plan and the report have them. */
#ifndef INDYNO_LIMITS_JSON_H
#define INDYNO_LIMITS_JSON_H

#include <cJSON.h>

#include "sandbox/sandbox.h"

/* {memory_bytes, cpu_millis, pids, disk_bytes, timeout_ms, kill_after_ms}; null for a limit that is not set.
 */
cJSON *limits_json(const struct sandbox_limits *limits);

#endif
