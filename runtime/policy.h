/*
 * The host's policy, indyno.conf of the operator's folder: what runs may have together, and what each may ask for.
 *
 * One table (policy_rows) says of each key what its value is and where it goes; the parser, `indyno config` and the
 * refusals walk it. Like the catalog it is read strictly: a misspelt key must not quietly permit something.
 *
 * It binds who is privileged, which are root and whoever root lets run indyno by sudo(8). For others it is a default: what
 * they could do without indyno, indyno need not forbid them.
 */
#ifndef INDYNO_POLICY_H
#define INDYNO_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/text.h"
#include "options.h"
#include "sandbox/sandbox.h"
#include "size.h"

enum policy_key {
    POLICY_IDS_FIRST,
    POLICY_IDS_COUNT,
    POLICY_SIZE_DEFAULT,
    POLICY_SIZE_LARGEST,
    POLICY_SIZE_CPUS,
    POLICY_TOTALS_RUNS,
    POLICY_TOTALS_RUNS_PER_CALLER,
    POLICY_TOTALS_MEMORY,
    POLICY_TOTALS_CPUS,
    POLICY_TOTALS_PROCESSES,
    POLICY_NETWORKS,
    POLICY_BINDS_READ_ONLY,
    POLICY_BINDS_WRITABLE,
    POLICY_IMAGES,
    POLICY_WEAKER,
    POLICY_STORE,
    POLICY_SCRATCH,
    POLICY_CGROUP_PARENT,
    POLICY_KEYS,
};

/* An empty list that is set permits nothing. */
struct policy_list {
    bool is_set;
    struct strings items;
};

/* A zeroed one has nothing to say: what is not set is 0, NULL or not is_set. */
struct policy {
    char *path;         /* of the file, there or not */
    bool is_there;      /* there was one, and it was read */
    bool is_unreadable; /* there is one, which this user may not read */
    bool binds;         /* the caller is held to it */
    uint64_t ids_first, ids_count;
    const struct size *default_size, *largest_size; /* static */
    uint64_t cpu_millis;                            /* of one run, and its default */
    uint64_t totals[SANDBOX_TOTALS];
    struct policy_list networks, read_only, writable, images, weaker;
    char *store, *scratch, *cgroup_parent;
};

struct policy_type {
    /* Takes a value, or says what is wrong with it; of a list, which has no take, so does check_item. */
    const char *(*take)(const cJSON *item, void *field);
    const char *(*check_item)(const char *text);
    const char *accepts;               /* for the remedy */
    cJSON *(*json)(const void *field); /* NULL where it is not set */
};

struct policy_row {
    const char *name; /* its path: "size.largest" */
    const struct policy_type *type;
    size_t offset;     /* in struct policy */
    bool is_a_default; /* it counts for those, too, whom the policy does not bind */
};

extern const struct policy_row policy_rows[POLICY_KEYS];

/* ---- Reading ---- */

/* All that is wrong with a text, message and remedy by their places in the lists. */
struct policy_mistakes {
    struct strings messages, remedies;
};
void policy_mistakes_clear(struct policy_mistakes *mistakes);
#define cleanup_mistakes __attribute__((cleanup(policy_mistakes_clear)))

/* Pure. file is for messages; policy is of no use where there are mistakes. */
void policy_parse(const char *file, const char *text, struct policy *policy,
                  struct policy_mistakes *mistakes);

/* Where the policy is: the caller's to free. */
char *policy_path(void);

/* Reads the host's. No file is a policy that says nothing. STATUS_DATA at the first mistake, and as root where somebody
 * else could have written the file. The policy is to be cleared also where this fails, as of the next two. */
int policy_load(struct policy *policy, struct error *err);

/* The same with all mistakes, which are no failure; and that of an open file, without a look at whose it is. */
int policy_read(struct policy *policy, struct policy_mistakes *mistakes, struct error *err);
int policy_read_fd(int fd, const char *path, struct policy *policy, struct policy_mistakes *mistakes,
                   struct error *err);
void policy_clear(struct policy *policy);
#define cleanup_policy __attribute__((cleanup(policy_clear)))

/* Those of store_search, on a host with this policy. STATUS_DATA as policy_load. */
int policy_stores(struct strings *stores, struct error *err);

/* Root's range of ids: the policy's, or sandbox_find_ids'. STATUS_DATA where somebody else's overlap. */
int policy_find_ids(const struct policy *policy, struct sandbox_id_range *range, struct error *err);

/* ---- Judging: pure ---- */

/* What the launcher has opened, by the paths that the kernel knows it by; NULL where there is none. */
struct policy_paths {
    struct strings binds; /* the options', in their order */
    char *app, *rootfs, *scratch;
};
void policy_paths_clear(struct policy_paths *paths);

/* STATUS_POLICY, and the key that forbids it, where the options ask for what a caller may not have. */
int policy_judge(const struct policy *policy, const struct options *options, const struct policy_paths *paths,
                 struct error *err);
int policy_judge_image(const struct policy *policy, const char *name, const char *version, struct error *err);

/* The folder for what a run writes: the option's, or the policy's for those whom it binds; NULL: it is kept in memory. */
const char *policy_scratch(const struct policy *policy, const struct options *options);

/* The size that is taken where nobody names one. */
const struct size *policy_default_size(const struct policy *policy);

/* Holds limits, which have the size's already, to what one run may have: what was asked for by an option and is more is
 * STATUS_POLICY, what was not is cut, which notes say. */
int policy_bound(const struct policy *policy, const struct options *options, const struct size *size,
                 struct sandbox_limits *limits, struct strings *notes, struct error *err);

/* Whether a run must not go without its limits. */
bool policy_needs_limits(const struct policy *policy);

#endif
