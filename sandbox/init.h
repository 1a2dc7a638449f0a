/* pid 1 of the dyno: builds it from inside, starts and reaps its processes. */
#ifndef INDYNO_INIT_H
#define INDYNO_INIT_H

#include "cgroup.h"
#include "claim.h"
#include "idmap.h"
#include "net.h"
#include "root.h"
#include "sandbox.h"

struct init_parts {
    const struct sandbox_spec *spec;
    const struct idmap *ids;
    struct cgroups *groups;
    struct root_parts *root;
    const struct net_host *host; /* of a dyno with a way out */
    struct net *net;             /* made by enter_dyno */
    int wire;                    /* init's end */
};

/* Runs as the first process of the new namespaces, until the last step has ended or the launcher is gone. */
void init_main(const struct init_parts *parts) __attribute__((noreturn));

#endif
