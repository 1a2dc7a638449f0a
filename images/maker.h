/* The maker: a dyno in which an image's own programs are run while it is installed, for nobody trusts a tree
 * yet. */
#ifndef INDYNO_MAKER_H
#define INDYNO_MAKER_H

#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"
#include "image.h"
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
    const char *folder;                       /* the image's */
    const struct image *image;                /* its tree, root and locpath count */
    struct maker_step steps[MAKER_STEPS_MAX]; /* one after the other, while they succeed */
    size_t step_count;
    const char *data; /* a folder whose copy-on-write view is MAKER_WORK/data, or NULL */
};

/* To try a server: what it is called with behind its path, and how it shows that it is ready. */
struct maker_trial {
    const char *folder;
    const struct image *image;
    const char *const *options; /* NULL-terminated */
    struct sandbox_ready ready;
    const char *data; /* as a job's */
};

struct maker {
    pid_t pid;
    int output; /* read end of the steps' stdout */
};

/* Runs the job in a dyno without network, as an unprivileged user. */
int maker_start(struct maker *maker, const struct maker_job *job, struct error *err);

/* Starts the image's server once. -1 where it does not become ready; its own words are on stderr then. */
int maker_try(const struct maker_trial *trial, struct error *err);

/* The path of the image's server in the dyno. The caller's to free. */
char *maker_server_path(const struct image *image);

/* Adds a script of PKGLIBEXECDIR as the command of a step in the tree's root: its text, since the script's file is not
 * there, and the folder of the server's programs as its first argument. */
int maker_add_script(struct strings *argv, const struct image *image, const char *name, struct error *err);

/* Closes the output and waits. -1 where a step or the server did not succeed; its own words are on stderr then. */
int maker_finish(struct maker *maker, const char *what, struct error *err);

#endif
