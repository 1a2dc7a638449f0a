/* What the probes try (probe.c): each by the functions that a run uses, in processes that take all of it with them. */
#ifndef INDYNO_TRY_H
#define INDYNO_TRY_H

#include <stdbool.h>

#include "base/error.h"

struct
try {
    bool root;          /* a run would have a block of host ids */
    const char *source; /* a folder that would be a COW, or NULL */
};

/* Each returns 0, or -1 with the error of what was refused. */
int try_namespaces(const struct try *try, struct error *err);
int try_ids(const struct try *try, struct error *err);
int try_tmpfs(const struct try *try, struct error *err);
int try_read_only(const struct try *try, struct error *err);
int try_proc(const struct try *try, struct error *err);
int try_idmap(const struct try *try, struct error *err);
int try_overlay(const struct try *try, struct error *err);
int try_filter(const struct try *try, struct error *err);
int try_cgroups(const struct try *try, struct error *err);
int try_into_cgroup(const struct try *try, struct error *err);
int try_pasta(const struct try *try, struct error *err);

/* Whether a range and the programs to map it are there, and pasta, without running any of them. */
int look_for_ids(const struct try *try, struct error *err);
int look_for_pasta(const struct try *try, struct error *err);

#endif
