/* The system-call filter, compiled at build time (filter-compile.c) from filter-table.c. */
#ifndef INDYNO_FILTER_H
#define INDYNO_FILTER_H

#include "sandbox.h"

/* Puts the calling process under the filter of a role, for good; it must have no_new_privs set. Returns 0, or
 * -1 with errno (seccomp(2)). */
int filter_load(enum sandbox_role role);

#endif
