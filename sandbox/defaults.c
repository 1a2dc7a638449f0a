#include "sandbox.h"

#include <stdlib.h>
#include <unistd.h>

#include "id-range.h"

const char *const sandbox_weaker_names[] = {"ids", "limits", "userns", NULL};

char *sandbox_state_dir(void)
{
    if (geteuid() == 0)
        return text_format("/run/indyno");
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (runtime && runtime[0] == '/' && access(runtime, W_OK) == 0)
        return text_format("%s/indyno", runtime);
    return text_format("/tmp/indyno-%u", (unsigned)geteuid());
}

int sandbox_find_ids(struct sandbox_id_range *range, struct error *err)
{
    return id_range_find("/etc/subuid", "/etc/subgid", range, err);
}

int sandbox_check_ids(const struct sandbox_id_range *range, struct error *err)
{
    return id_range_check("/etc/subuid", "/etc/subgid", range, err);
}

uid_t sandbox_first_id(void)
{
    struct sandbox_id_range range;
    return sandbox_find_ids(&range, NULL) == 0 ? range.first : SANDBOX_BLOCK_FIRST;
}

int sandbox_default_ids(struct sandbox_spec *spec, struct error *err)
{
    struct sandbox_id_range range = {0};
    bool is_root = geteuid() == 0;
    spec->ids = is_root ? SANDBOX_IDS_BLOCK : SANDBOX_IDS_SUBORDINATE;
    if (is_root && sandbox_find_ids(&range, err) < 0)
        return -1;
    spec->block_first = range.first;
    spec->block_count = range.blocks;
    return 0;
}

bool sandbox_takes_groups(const struct sandbox_limits *limits)
{
    return limits->memory_bytes || limits->cpu_millis || limits->cpu_weight || limits->cpus[0] ||
           limits->pids || limits->cpu_ms;
}
