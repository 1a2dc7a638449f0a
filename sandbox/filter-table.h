/*
 * The system-call table: what each role may call. Read at build time by filter-compile, which turns it into
 * BPF.
 *
 * A call that the table does not name answers ENOSYS, so that newer libcs fall back to what it names. A call
 * that is named but not allowed answers EPERM, or what its row says. Integer arguments are compared on their
 * low 32 bits only, because the kernel itself drops the high ones.
 */
#ifndef INDYNO_FILTER_TABLE_H
#define INDYNO_FILTER_TABLE_H

#include <stdbool.h>
#include <stdint.h>

enum { FILTER_MATCHES_MAX = 8 };

/* The table's columns: 1 << enum sandbox_role. */
enum {
    FILTER_NONE = 0,
    FILTER_STEP = 1 << 0,
    FILTER_POSTGRES = 1 << 1,
    FILTER_REDIS = 1 << 2,
    FILTER_ALL = 7
};

struct filter_group {
    const char *what; /* why these calls stand together */
    unsigned roles;   /* those that may call them; for the others they are denied */
    const char *const
        *names; /* NULL-terminated; "name=NUMBER" where libseccomp may be too old to know the name */
};

extern const struct filter_group filter_groups[]; /* ends with an empty row, as both tables do */

/* (argument & mask) == value, of the low 32 bits; arguments count from 0, and argument + FILTER_HIGH is its high 32 bits,
 * which count in a pointer. A mask of 0 holds for all. */
enum { FILTER_HIGH = 8 };

struct filter_condition {
    unsigned argument;
    uint32_t mask, value;
};

struct filter_match {
    struct filter_condition first, second; /* both must hold */
    int error;                             /* errno; 0: allowed; FILTER_IGNORED (filter.h) */
};

/* Allowed, to every role, as its arguments say: the first match decides, else otherwise. */
struct filter_argument {
    const char *name; /* as a group's */
    struct filter_match matches[FILTER_MATCHES_MAX];
    unsigned match_count;
    int otherwise; /* errno; 0: allowed */
    const char *why;
    bool nests; /* allowed altogether where steps may make user namespaces */
};

extern const struct filter_argument filter_arguments[];

/* What is denied besides, where the dyno can write to folders of the host. */
extern const struct filter_argument filter_outside[];

#endif
