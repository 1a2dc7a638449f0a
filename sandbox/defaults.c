#include "sandbox.h"

#include <stdlib.h>
#include <unistd.h>

char *sandbox_state_dir(void)
{
    if (geteuid() == 0)
        return text_format("/run/indyno");
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (runtime && runtime[0] == '/' && access(runtime, W_OK) == 0)
        return text_format("%s/indyno", runtime);
    return text_format("/tmp/indyno-%u", (unsigned)geteuid());
}

void sandbox_default_ids(struct sandbox_spec *spec)
{
    spec->ids = geteuid() == 0 ? SANDBOX_IDS_BLOCK : SANDBOX_IDS_SUBORDINATE;
    spec->block_first = SANDBOX_BLOCK_FIRST;
    spec->block_count = SANDBOX_BLOCK_COUNT;
}
