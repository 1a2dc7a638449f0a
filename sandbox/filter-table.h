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

#include <stdint.h>

enum { FILTER_MATCHES_MAX = 8 };

struct filter_group {
    const char *what; /* why these calls stand together */
    const char *const
        *names; /* NULL-terminated; "name=NUMBER" where libseccomp may be too old to know the name */
};

extern const struct filter_group filter_allowed[]; /* ends with an empty row, as all three do */
extern const struct filter_group filter_denied[];

/* Allowed only as one argument says: the first match (argument & mask) == value decides, else otherwise. */
struct filter_match {
    uint32_t mask, value;
    int error; /* errno; 0: allowed */
};

struct filter_argument {
    const char *name;
    unsigned argument; /* from 0 */
    struct filter_match matches[FILTER_MATCHES_MAX];
    unsigned match_count;
    int otherwise; /* errno; 0: allowed */
    const char *why;
};

extern const struct filter_argument filter_arguments[];

#endif
