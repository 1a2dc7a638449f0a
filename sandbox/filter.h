/* The system-call filter, compiled at build time (filter-compile.c) from filter-table.c. */
#ifndef INDYNO_FILTER_H
#define INDYNO_FILTER_H

#include <linux/filter.h>
#include <stddef.h>

#include "sandbox.h"

enum filter_variant {
    FILTER_OUTSIDE =
        1 << 0, /* the dyno can write to folders of the host: one more filter denies set-id modes */
    FILTER_NESTED = 1 << 1, /* the step may make user namespaces */
};

/* Puts the calling process under the filter of a role, for good; it must have no_new_privs set. Variants is a set of enum
 * filter_variant. Returns 0, or -1 with errno (seccomp(2)). */
int filter_load(enum sandbox_role role, unsigned variants);

/* The BPF of a role's filter, for the seccomp_data of seccomp(2); *count instructions. */
const struct sock_filter *filter_program(enum sandbox_role role, size_t *count);

/* As answers: the rule decides; or the call succeeds and does nothing. */
enum { FILTER_BY_ARGUMENT = -1, FILTER_IGNORED = -2 };

/* A call that the table names. One of another number, or of another ABI, is answered with ENOSYS. */
struct filter_call {
    const char *name;
    int number;
    int answers[SANDBOX_ROLE_COUNT]; /* errno; 0: allowed; FILTER_BY_ARGUMENT: as rule says */
    const char *rule; /* "argument 0 = 0x1: allowed, else EAFNOSUPPORT"; NULL where there is none */
    const char *why;
};

/* All of them, sorted by number. */
const struct filter_call *filter_calls(size_t *count);

/* "step", "postgres", "redis". */
extern const char *const filter_role_names[SANDBOX_ROLE_COUNT];

/* "EPERM"; "allowed" of 0. */
const char *filter_answer_name(int answer);

#endif
