/* --env-file's parser. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "runtime/app.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = allocate(size + 1, 1);
    cleanup_strings struct strings env = {0};
    cleanup_error struct error err = {0};
    if (size > 0)
        memcpy(text, data, size);
    int result = env_file_parse("f.env", text, &env, &err);
    if (result < 0 && (err.status != STATUS_DATA || !err.message))
        abort();
    for (size_t i = 0; i < env.count; i++)
        if (!strchr(env.items[i], '='))
            abort();
    return 0;
}
