/*
 * The plan: all that a run will do, as plain data, decided and refused before anything is created.
 *
 * Making a plan is pure: what it needs to know of the host is in struct plan_input. `indyno plan` prints a
 * plan (plan-print.h), `indyno run` runs it (run.h); neither decides anything.
 */
#ifndef INDYNO_PLAN_H
#define INDYNO_PLAN_H

#include "app.h"
#include "environment.h"
#include "mounts.h"
#include "options.h"
#include "policy.h"
#include "rootfs.h"
#include "sandbox/sandbox.h"
#include "services.h"

struct plan_input {
    const struct options *options;
    const struct app *app;
    const struct image *images; /* of the store; must outlive the plan */
    size_t image_count;
    const struct catalog *catalog;
    const struct sandbox_capabilities *capabilities; /* NULL: not probed; then what is needed is taken to be
                                                      * there, and sandbox_run says what is not */
    const struct mounts *root; /* the host's files, root_files_add's, and the dyno's own */
    const struct rootfs
        *rootfs;               /* NULL: none; root are then the dyno's own only, and plan_put_root follows */
    const struct mounts *host; /* with rootfs: the host's files, at LAYOUT_HOST */
    bool is_root;              /* effective uid 0 */
    struct sandbox_id_range id_range; /* as root */
    const char *dir;                  /* DIR, absolute */
    int dir_fd;                       /* DIR, and the options' binds, open; must outlive the plan */
    const int *bind_fds;
    const char *cwd; /* the caller's working folder, absolute: artifacts go beneath it */
    const char *state_dir;
    const char *lang, *term;          /* as struct environment_input has them */
    int scratch_fd;                   /* options' scratch, open; must outlive the plan */
    uint64_t host_bytes;              /* of memory; 0: not known */
    const struct policy *policy;      /* must not be NULL */
    const struct policy_paths *paths; /* of what is open */
    uid_t caller;                     /* whose run this is */
    bool has_other_caller;            /* root's, for somebody else */
    bool has_scope;                   /* the run will be put into one (scope.h) */
    void (*random_hex)(char *out, size_t size);
};

struct plan_step {
    const char *name; /* "test-setup", "test" or "command" */
    struct strings argv;
    bool must_succeed;
    bool inherit_stdin;
    unsigned networks; /* set of enum sandbox_network */
};

enum { PLAN_STEPS_MAX = 2, PLAN_USERS_MAX = 1 + ENGINE_COUNT };

struct plan {
    char *dir, *name, *state_dir;
    struct services services;
    struct environment environment; /* of the steps */
    struct plan_step steps[PLAN_STEPS_MAX];
    size_t step_count;
    struct sandbox_user users[PLAN_USERS_MAX];
    size_t user_count;
    char *rootfs; /* its name; NULL: the host's */
    struct mounts mounts;
    size_t base_count; /* so many mounts are those of the rootfs */
    size_t app_mount;  /* index of /app's */
    const char *size;  /* static: the size that limits not given are taken from */
    struct sandbox_limits limits;
    bool has_scope; /* the input's */
    char *scratch;  /* a folder on disk for what the dyno writes; NULL: that is kept in memory */
    int scratch_fd; /* the input's */
    uint64_t totals[SANDBOX_TOTALS]; /* this run and all others together */
    uid_t caller;
    char *cgroup_parent;
    struct networks networks; /* as given; what counts are the steps' */
    enum sandbox_ids ids;
    struct sandbox_id_range id_range;  /* SANDBOX_IDS_BLOCK: what the block is taken from; else no blocks */
    unsigned weaker;                   /* what the user is ready to go without */
    char *output;                      /* absolute: the folder that artifacts go to */
    struct option_artifact *artifacts; /* copies */
    size_t artifact_count;
    /* What is said and not done. */
    struct strings not_provisioned; /* addons: "papertrail:choklad", with where they stand */
    struct strings buildpacks, formation, unknown;
    struct strings notes;   /* remarks for the summary */
    struct strings missing; /* of the host, where it was probed: one line each */
};

/* Whether the user asked for a limit that takes cgroups: such a one must hold. */
bool plan_asks_for_limits(const struct options *options);

/* STATUS_POLICY where the options ask for what the policy forbids. That takes no images, so that none need be fetched for
 * what is refused. plan_make does it, too. */
int plan_judge(const struct plan_input *input, struct error *err);

/* STATUS_USAGE where there is nothing to run, STATUS_DATA where what was asked for cannot be met, STATUS_POLICY where the
 * policy forbids it. */
int plan_make(const struct plan_input *input, struct plan *plan, struct error *err);

/* Puts the mounts of the rootfs in front of the plan's others, which they are made for (rootfs_add). */
void plan_put_root(struct plan *plan, const struct mounts *root);

void plan_clear(struct plan *plan);
#define cleanup_plan __attribute__((cleanup(plan_clear)))

/* Words for people and for JSON: "block", "subordinate", "single". */
const char *plan_ids_name(enum sandbox_ids ids);

#endif
