/* Limits as the plan and the report have them. */
#ifndef INDYNO_LIMITS_JSON_H
#define INDYNO_LIMITS_JSON_H

#include <cJSON.h>

#include "sandbox/sandbox.h"

/* By the names that systemd has (systemd.resource-control(5), systemd.exec(5), systemd.service(5)), where it has one:
 * {MemoryMax, CPUQuota ("150%"), CPUWeight, AllowedCPUs ("0-3"), TasksMax, LimitNOFILE, LimitFSIZE, RuntimeMaxUSec,
 * TimeoutStopUSec, CPUTimeMaxUSec, DiskMax, InodesMax, OutputMax}: bytes, microseconds, counts; null for a limit that is
 * not set. */
cJSON *limits_json(const struct sandbox_limits *limits);

#endif
