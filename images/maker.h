/* The maker: a dyno in which an image's own programs are run while it is installed, for nobody trusts a tree
 * yet. */
#ifndef INDYNO_MAKER_H
#define INDYNO_MAKER_H

#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"
#include "sandbox/sandbox.h"

/* Where the tree, and a root filesystem in it, are in the dyno, and the empty working folder that all have. */
#define MAKER_TREE "/image/tree"
#define MAKER_ROOT MAKER_TREE "/root"
#define MAKER_WORK "/work"

enum { MAKER_STEPS_MAX = 2 };

struct maker_step {
    const struct strings *argv;
    bool on_host; /* with the host's programs; else, where the tree has a root filesystem, in that */
};

struct maker_job {
    const char *folder; /* the image's */
    bool has_root;
    struct maker_step steps[MAKER_STEPS_MAX]; /* one after the other, while they succeed */
    size_t step_count;
    /* To try a server: it has to become ready before the steps, and runs beside them; NULL: none */
    const struct strings *server;
    const struct sandbox_ready *ready;
    bool has_locale;  /* LOCPATH is the image's folder of locales */
    const char *data; /* a folder whose copy-on-write view is MAKER_WORK/data, or NULL */
};

struct maker {
    pid_t pid;
    int output; /* read end of the steps' stdout */
};

/* Runs the job in a dyno without network, as an unprivileged user. */
int maker_start(struct maker *maker, const struct maker_job *job, struct error *err);

/* Closes the output and waits. -1 where a step or the server did not succeed; its own words are on stderr then. */
int maker_finish(struct maker *maker, const char *what, struct error *err);

#endif
