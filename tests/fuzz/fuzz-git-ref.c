/* The parsers of HEAD, refs and packed-refs. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "runtime/git-ref.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = allocate(size + 1, 1);
    if (size > 0)
        memcpy(text, data, size);
    cleanup_free char *name = git_parse_head(text);
    cleanup_free char *commit = git_parse_commit(text);
    cleanup_free char *packed = git_find_packed(text, name ? name : "refs/heads/main");
    if (name && (strstr(name, "..") || !git_ref_name_valid(name)))
        abort();
    if ((commit && strlen(commit) < 40) || (packed && strlen(packed) < 40))
        abort();
    return 0;
}
