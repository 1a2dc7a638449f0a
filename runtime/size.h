/* Heroku's dyno sizes: memory, processes and share of the cpus by a name. */
#ifndef INDYNO_SIZE_H
#define INDYNO_SIZE_H

#include <stdint.h>

#include "base/text.h"
#include "sandbox/sandbox.h"

/* As https://devcenter.heroku.com/articles/dyno-types and /limits have them. */
struct size {
    const char *name;
    uint64_t memory_mib, pids, cpu_weight;
};

#define SIZE_DEFAULT "performance-m"
#define SIZE_NAMES                                                                                           \
    "standard-1x, standard-2x, performance-m, performance-l, performance-l-ram, performance-xl or "          \
    "performance-2xl"

/* By its name, in either case, or by one of an older or private size that is as large; NULL: there is none. */
const struct size *size_find(const char *name);

/* Sets those of limits that are not set to the size's, the memory to at most host_bytes (0: not known). What was cut is
 * said in notes. */
void size_apply(const struct size *size, uint64_t host_bytes, struct sandbox_limits *limits,
                struct strings *notes);

#endif
