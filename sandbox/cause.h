/*
 * Why something was refused: from what can be seen of the host to a name, a reason and a remedy.
 *
 * Pure: facts.c looks, this decides. A refusal itself is always found by trying (probe.c); facts only tell apart what
 * can be behind the same errno.
 */
#ifndef INDYNO_CAUSE_H
#define INDYNO_CAUSE_H

#include <stdbool.h>

/* What was refused. */
enum refusal {
    REFUSED_NAMESPACES,
    REFUSED_IDS,
    REFUSED_MOUNTS,
    REFUSED_PROC,
    REFUSED_OVERLAY,
    REFUSED_IDMAP,
    REFUSED_FILTER,
    REFUSED_CGROUPS,
    REFUSED_PASTA,
    REFUSED_COUNT
};

enum { FACT_UNKNOWN = -1 }; /* of a number: there is no such file, or it cannot be read */

struct facts {
    int errnum;        /* of the refusal; 0: it was no system call that failed */
    bool root;         /* effective uid 0 */
    bool admin;        /* CAP_SYS_ADMIN */
    bool filtered;     /* a call that the kernel answers with EINVAL, whoever asks, was answered otherwise */
    int seccomp;       /* Seccomp of proc(5)'s status: 2 under a filter */
    bool chrooted;     /* "/" is not the root of the mount namespace */
    bool id_mapped;    /* the caller's ids are mapped in its user namespace */
    int debian_clone;  /* kernel.unprivileged_userns_clone */
    int apparmor;      /* kernel.apparmor_restrict_unprivileged_userns */
    const char *limit; /* the first of user.max_*_namespaces that is 0, or NULL */
    bool proc;         /* /proc is a proc(5) */
    char *over;        /* the first mount that hides a part of /proc, or NULL; owned */
    bool proc_read_only; /* its mount, or all of it */
    bool proc_foreign;   /* it shows the processes of another pid namespace than the caller's */
    /* ids */
    bool uid_range, gid_range; /* of /etc/subuid and /etc/subgid */
    bool block_mapped;         /* root: the host ids of dynos are mapped in the caller's user namespace */
    bool range_mapped;         /* a user: so are those of its ranges */
    const char *mapper;        /* the first of newuidmap and newgidmap that lacks something, or the first */
    char *mapper_path;         /* NULL: not found; owned */
    bool mapper_rights;        /* set-uid root, or file capabilities */
    bool mapper_nosuid;        /* its filesystem is mounted nosuid */
    bool no_new_privs;
    char *user; /* the caller's name; owned */
    /* others */
    bool cgroupfs;
    bool pasta, tun;
};

struct cause {
    const char *name; /* "apparmor"; NULL: not known */
    char *reason;     /* one line; NULL: not known. Both are the caller's to free */
    char *remedy;
};

/* Finds the cause of a refusal, as far as it can be told. */
void cause_find(enum refusal refused, const struct facts *facts, struct cause *cause);
void cause_clear(struct cause *cause);

#endif
