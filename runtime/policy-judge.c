/* What a caller may not have: each refusal names the key that forbids it. Pure. */
#include "policy.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <string.h>

#include "base/own.h"
#include "images/image.h"

static int refuse(const struct policy *policy, enum policy_key key, const char *what, struct error *err)
{
    fail(err, STATUS_POLICY, "%s: forbidden by %s of %s", what, policy_rows[key].name, policy->path);
    return -1;
}

/* "allowed are: a, b" */
static int refuse_by_list(const struct policy *policy, enum policy_key key, const struct policy_list *list,
                          const char *what, struct error *err)
{
    cleanup_free char *allowed = strings_join(&list->items, ", ");
    refuse(policy, key, what, err);
    error_remedy(err, "allowed: %s", list->items.count ? allowed : "none");
    return -1;
}

static bool has(const struct policy_list *list, const char *word)
{
    for (size_t i = 0; i < list->items.count; i++)
        if (text_equal(list->items.items[i], word))
            return true;
    return false;
}

/* ---- Networks ---- */

/* To have less is never forbidden. */
static int judge_network(const struct policy *policy, const struct options *options,
                         const struct policy_paths *paths, struct error *err)
{
    unsigned wanted = options->networks.of[PHASE_SETUP] | options->networks.of[PHASE_TEST];
    (void)paths;
    for (const char *name; policy->networks.is_set && (name = networks_take(&wanted));) {
        cleanup_free char *what = text_format("--network=%s", name);
        if (!has(&policy->networks, name))
            return refuse_by_list(policy, POLICY_NETWORKS, &policy->networks, what, err);
    }
    return 0;
}

/* ---- Files ---- */

static bool lies_in_one(const char *path, const struct policy_list *list)
{
    for (size_t i = 0; i < list->items.count; i++)
        if (text_lies_in(path, list->items.items[i]))
            return true;
    return false;
}

/* Where it may be written to it may be read. */
static int judge_path(const struct policy *policy, bool writable, const char *path, const char *what,
                      struct error *err)
{
    const struct policy_list *list = writable ? &policy->writable : &policy->read_only;
    if (!list->is_set || lies_in_one(path, list) || (!writable && lies_in_one(path, &policy->writable)))
        return 0;
    cleanup_free char *whole = text_format("%s: %s", what, path);
    return refuse_by_list(policy, writable ? POLICY_BINDS_WRITABLE : POLICY_BINDS_READ_ONLY, list, whole,
                          err);
}

static int judge_binds(const struct policy *policy, const struct options *options,
                       const struct policy_paths *paths, struct error *err)
{
    if (!policy->read_only.is_set && !policy->writable.is_set)
        return 0;
    for (size_t i = 0; i < options->bind_count; i++) {
        const struct option_bind *bind = &options->binds[i];
        cleanup_free char *what = text_format("--%s %s", bind->writable ? "bind" : "ro-bind", bind->host);
        if (judge_path(policy, bind->writable, paths->binds.items[i], what, err) < 0)
            return -1;
    }
    if (options->app_writable && judge_path(policy, true, paths->app, "--app=rw", err) < 0)
        return -1;
    return paths->rootfs ? judge_path(policy, false, paths->rootfs, "--rootfs", err) : 0;
}

static int judge_scratch(const struct policy *policy, const struct options *options,
                         const struct policy_paths *paths, struct error *err)
{
    if (!options->scratch || !policy->scratch || text_equal(paths->scratch, policy->scratch))
        return 0;
    cleanup_free char *what = text_format("--scratch %s", options->scratch);
    refuse(policy, POLICY_SCRATCH, what, err);
    error_remedy(err, "leave it out: what the dyno writes is kept in %s", policy->scratch);
    return -1;
}

const char *policy_scratch(const struct policy *policy, const struct options *options)
{
    return options->scratch ? options->scratch : policy->binds ? policy->scratch : NULL;
}

/* ---- Weaker modes ---- */

/* The key that holds a run to limits of its own, or POLICY_KEYS. */
static enum policy_key key_of_limits(const struct policy *policy)
{
    static const enum policy_key keys[] = {POLICY_SIZE_LARGEST,     POLICY_SIZE_CPUS,
                                           POLICY_TOTALS_MEMORY,    POLICY_TOTALS_CPUS,
                                           POLICY_TOTALS_PROCESSES, POLICY_CGROUP_PARENT};
    const bool set[] = {policy->largest_size != NULL,
                        policy->cpu_millis != 0,
                        policy->totals[SANDBOX_TOTAL_MEMORY] != 0,
                        policy->totals[SANDBOX_TOTAL_CPUS] != 0,
                        policy->totals[SANDBOX_TOTAL_PROCESSES] != 0,
                        policy->cgroup_parent != NULL};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (set[i])
            return keys[i];
    return POLICY_KEYS;
}

bool policy_needs_limits(const struct policy *policy)
{
    return policy->binds && key_of_limits(policy) != POLICY_KEYS;
}

static int judge_one_weaker(const struct policy *policy, unsigned bit, const char *name, struct error *err)
{
    cleanup_free char *what =
        bit == SANDBOX_WEAKER_USERNS ? copy_string("--allow-userns") : text_format("--allow-weaker=%s", name);
    if (policy->weaker.is_set)
        return has(&policy->weaker, name) ? 0
                                          : refuse_by_list(policy, POLICY_WEAKER, &policy->weaker, what, err);
    enum policy_key key = key_of_limits(policy);
    if (bit != SANDBOX_WEAKER_LIMITS || key == POLICY_KEYS)
        return 0;
    refuse(policy, key, what, err);
    error_remedy(err, "leave it out, or have an administrator allow it by the key weaker");
    return -1;
}

static int judge_weaker(const struct policy *policy, const struct options *options,
                        const struct policy_paths *paths, struct error *err)
{
    (void)paths;
    for (unsigned i = 0; sandbox_weaker_names[i]; i++)
        if ((options->weaker & 1U << i) &&
            judge_one_weaker(policy, 1U << i, sandbox_weaker_names[i], err) < 0)
            return -1;
    return 0;
}

/* ---- Options ---- */

int policy_judge(const struct policy *policy, const struct options *options, const struct policy_paths *paths,
                 struct error *err)
{
    static int (*const judges[])(const struct policy *, const struct options *, const struct policy_paths *,
                                 struct error *) = {judge_network, judge_binds, judge_scratch, judge_weaker};
    for (size_t i = 0; policy->binds && i < sizeof judges / sizeof judges[0]; i++)
        if (judges[i](policy, options, paths, err) < 0)
            return -1;
    return 0;
}

/* ---- Images ---- */

/* A line stands for its releases, as everywhere: "postgresql:16". */
static bool is_meant(const char *allowed, const char *name, const char *version)
{
    cleanup_reference struct image_reference reference = image_reference_parse(allowed);
    return fnmatch(reference.name, name, 0) == 0 &&
           (!reference.version || fnmatch(reference.version, version, 0) == 0 ||
            version_matches(version, reference.version));
}

int policy_judge_image(const struct policy *policy, const char *name, const char *version, struct error *err)
{
    const struct policy_list *list = &policy->images;
    if (!policy->binds || !list->is_set)
        return 0;
    for (size_t i = 0; i < list->items.count; i++)
        if (is_meant(list->items.items[i], name, version))
            return 0;
    cleanup_free char *what = text_format("%s:%s", name, version);
    return refuse_by_list(policy, POLICY_IMAGES, list, what, err);
}

/* ---- Limits ---- */

enum { MIB = 1 << 20 };

const struct size *policy_default_size(const struct policy *policy)
{
    const struct size *usual = size_find(SIZE_DEFAULT), *largest = policy->largest_size;
    if (policy->default_size)
        return policy->default_size;
    return policy->binds && largest && largest->memory_mib < usual->memory_mib ? largest : usual;
}

/* The most that one run may have of something, and the key that says so. */
struct bound {
    enum policy_key key;
    uint64_t most; /* 0: no bound */
    size_t offset; /* in struct sandbox_limits */
    const char *option, *what, *unit;
    uint64_t scale; /* of most in that unit */
};

static int refuse_more(const struct policy *policy, const struct bound *bound, const char *option,
                       struct error *err)
{
    cleanup_free char *what = text_format("%s: more %s than one run may have", option, bound->what);
    refuse(policy, bound->key, what, err);
    error_remedy(err, "ask for at most %.12g%s", (double)bound->most / (double)bound->scale, bound->unit);
    return -1;
}

static uint64_t limit_of(const struct sandbox_limits *limits, const struct bound *bound)
{
    uint64_t value;
    memcpy(&value, (const char *)limits + bound->offset, sizeof value);
    return value;
}

static int hold_to(const struct policy *policy, const struct bound *bound, const struct options *options,
                   const struct size *size, struct sandbox_limits *limits, struct strings *notes,
                   struct error *err)
{
    uint64_t value = limit_of(limits, bound);
    bool is_given = limit_of(&options->limits, bound) != 0;
    if (!bound->most || (value && value <= bound->most))
        return 0;
    if (value && is_given)
        return refuse_more(policy, bound, bound->option, err);
    if (value && options->size) {
        cleanup_free char *option = text_format("--size %s", options->size);
        return refuse_more(policy, bound, option, err);
    }
    if (value)
        strings_addf(notes, "%s: %s of %s cuts its %s to %.12g%s", size->name, policy_rows[bound->key].name,
                     policy->path, bound->what, (double)bound->most / (double)bound->scale, bound->unit);
    memcpy((char *)limits + bound->offset, &bound->most, sizeof bound->most);
    return 0;
}

#define MEMORY offsetof(struct sandbox_limits, memory_bytes), "--memory", "memory", " MiB", MIB
#define PIDS   offsetof(struct sandbox_limits, pids), "--pids-limit", "processes", "", 1
#define WEIGHT offsetof(struct sandbox_limits, cpu_weight), "--cpu-weight", "cpu weight", "", 1
#define CPUS   offsetof(struct sandbox_limits, cpu_millis), "--cpus", "cpus", "", 1000

int policy_bound(const struct policy *policy, const struct options *options, const struct size *size,
                 struct sandbox_limits *limits, struct strings *notes, struct error *err)
{
    static const struct size none;
    const struct size *largest = policy->largest_size ? policy->largest_size : &none;
    const struct bound bounds[] = {
        {POLICY_SIZE_LARGEST, largest->memory_mib * MIB, MEMORY},
        {POLICY_SIZE_LARGEST, largest->pids, PIDS},
        {POLICY_SIZE_LARGEST, largest->cpu_weight, WEIGHT},
        {POLICY_SIZE_CPUS, policy->cpu_millis, CPUS},
        {POLICY_TOTALS_MEMORY, policy->totals[SANDBOX_TOTAL_MEMORY], MEMORY},
        {POLICY_TOTALS_PROCESSES, policy->totals[SANDBOX_TOTAL_PROCESSES], PIDS},
        {POLICY_TOTALS_CPUS, policy->totals[SANDBOX_TOTAL_CPUS], CPUS},
    };
    for (size_t i = 0; policy->binds && i < sizeof bounds / sizeof bounds[0]; i++)
        if (hold_to(policy, &bounds[i], options, size, limits, notes, err) < 0)
            return -1;
    return 0;
}
