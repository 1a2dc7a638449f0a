#include "size.h"

#include <inttypes.h>
#include <strings.h>

#include "base/own.h"

enum { MIB = 1 << 20 };

/* The weights are in proportion to what Heroku calls compute, performance-m's 12x being what is usual. */
static const struct size sizes[] = {
    {"standard-1x", 512, 256, 8},
    {"standard-2x", 1024, 512, 17},
    {"performance-m", 2560, 16384, 100},
    {"performance-l", 14336, 32768, 417},
    {"performance-l-ram", 30720, 32768, 200},
    {"performance-xl", 63488, 32768, 417},
    {"performance-2xl", 129024, 32768, 833},
};

static const struct {
    const char *name, *size;
} aliases[] = {
    {"free", "standard-1x"},       {"hobby", "standard-1x"},       {"eco", "standard-1x"},
    {"basic", "standard-1x"},      {"1x", "standard-1x"},          {"2x", "standard-2x"},
    {"private-s", "standard-2x"},  {"private-m", "performance-m"}, {"private-l", "performance-l"},
    {"px", "performance-l"},       {"shield-s", "standard-2x"},    {"shield-m", "performance-m"},
    {"shield-l", "performance-l"},
};

const struct size *size_find(const char *name)
{
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strcasecmp(aliases[i].name, name) == 0)
            name = aliases[i].size;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (strcasecmp(sizes[i].name, name) == 0)
            return &sizes[i];
    return NULL;
}

static void apply(uint64_t *limit, uint64_t value)
{
    if (!*limit)
        *limit = value;
}

void size_apply(const struct size *size, uint64_t host_bytes, struct sandbox_limits *limits,
                struct strings *notes)
{
    uint64_t bytes = size->memory_mib * MIB;
    if (!limits->memory_bytes && host_bytes && bytes > host_bytes) {
        bytes = host_bytes;
        strings_addf(notes,
                     "%s: its %" PRIu64 " MiB of memory are cut to the %" PRIu64 " MiB that the host has",
                     size->name, size->memory_mib, host_bytes / MIB);
    }
    apply(&limits->memory_bytes, bytes);
    apply(&limits->pids, size->pids);
    apply(&limits->cpu_weight, size->cpu_weight);
}
