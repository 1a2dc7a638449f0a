/*
 * Theory of operation. A table of probes, each with a way to try what it is about by the very functions that a run uses,
 * in processes whose end is the end of all that was made. `indyno doctor` runs all of them. A plan runs some, and of these
 * the cheaper look where there is one, for a run tries the rest first anyway. A run that failed runs those that it
 * cannot do without. Only after a refusal it is looked at what can explain it (facts.c, cause.c).
 */
#include "probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "cause.h"
#include "cgroup.h"
#include "facts.h"
#include "try.h"

#define BIT(probe) (1u << (probe))

enum probe_id {
    PROBE_NAMESPACES,
    PROBE_IDS,
    PROBE_TMPFS,
    PROBE_READ_ONLY,
    PROBE_PROC,
    PROBE_IDMAP,
    PROBE_OVERLAY,
    PROBE_FILTER,
    PROBE_CGROUPS,
    PROBE_INTO_CGROUP,
    PROBE_PASTA,
    PROBE_COUNT
};
_Static_assert((int)PROBE_COUNT <= (int)SANDBOX_FINDINGS_MAX, "findings have room for all probes");

#define NO_RUNS "runs are refused"

struct probe {
    const char *name, *what, *cost, *weaker;
    enum refusal refused;
    bool vital;
    unsigned needs; /* set of probes without which there is nothing to try */
    int (*try)(const struct try *, struct error *);
    int (*look)(const struct try *, struct error *); /* cheaper, for a plan; NULL: try */
    const char *(*unneeded)(const struct try *);     /* why not here; NULL, or returns NULL: needed */
    char *(*more)(void);                             /* said of one that works; NULL: nothing */
};

static const char *unless_root(const struct try *try)
{
    return try->root ? NULL : "only root has id-mapped mounts";
}

static const char *without_source(const struct try *try)
{
    return try->source ? NULL : "no folder was named";
}

static const char *without_idmap_source(const struct try *try)
{
    return try->root ? without_source(try) : unless_root(try);
}

static int cgroup_version(void)
{
    struct cgroups groups;
    cgroup_plan("probe", "0", NULL, &groups);
    int version = groups.version;
    cgroup_clear(&groups);
    return version;
}

static const char *unless_version_2(const struct try *try)
{
    (void)try;
    int version = cgroup_version();
    return version == 2   ? NULL
           : version == 1 ? "groups of version 1 are joined another way"
                          : "there are no cgroups to be born in";
}

static char *describe_cgroups(void)
{
    return text_format("version %d: memory, pids, cpu", cgroup_version());
}

static const struct probe probes[PROBE_COUNT] = {
    [PROBE_NAMESPACES] = {.name = "namespaces",
                          .what = "user, mount, pid, network, ipc and uts namespaces of the dyno's own",
                          .cost = NO_RUNS,
                          .refused = REFUSED_NAMESPACES,
                          .vital = true,
                          .try = try_namespaces},
    [PROBE_IDS] = {.name = "ids",
                   .what = "an id of its own for the tests and for each server",
                   .cost = NO_RUNS "; as a user with --allow-weaker=ids all processes share one id",
                   .weaker = "ids",
                   .refused = REFUSED_IDS,
                   .vital = true,
                   .needs = BIT(PROBE_NAMESPACES),
                   .try = try_ids,
                   .look = look_for_ids},
    [PROBE_TMPFS] = {.name = "tmpfs",
                     .what = "a tmpfs for what the dyno writes",
                     .cost = NO_RUNS,
                     .refused = REFUSED_MOUNTS,
                     .vital = true,
                     .needs = BIT(PROBE_NAMESPACES),
                     .try = try_tmpfs},
    [PROBE_READ_ONLY] = {.name = "read-only-mounts",
                         .what =
                             "the host's folders read-only, with all that is mounted beneath (mount_setattr)",
                         .cost = NO_RUNS,
                         .refused = REFUSED_MOUNTS,
                         .vital = true,
                         .needs = BIT(PROBE_NAMESPACES),
                         .try = try_read_only},
    [PROBE_PROC] = {.name = "proc",
                    .what = "a fresh /proc of the dyno's processes alone",
                    .cost = NO_RUNS,
                    .refused = REFUSED_PROC,
                    .vital = true,
                    .needs = BIT(PROBE_NAMESPACES),
                    .try = try_proc},
    [PROBE_IDMAP] =
        {.name = "id-mapped-mounts",
         .what = "the app's files with the tests' id, without changing them",
         .cost = "the app and database clusters are copied for each run, and with --bind the tests write "
                 "only where everybody may",
         .refused = REFUSED_IDMAP,
         .needs = BIT(PROBE_NAMESPACES),
         .try = try_idmap,
         .unneeded = without_idmap_source},
    [PROBE_OVERLAY] = {.name = "overlay",
                       .what = "the app and database clusters copy-on-write",
                       .cost = "they are copied for each run, which takes time and memory",
                       .refused = REFUSED_OVERLAY,
                       .needs = BIT(PROBE_NAMESPACES) | BIT(PROBE_TMPFS),
                       .try = try_overlay,
                       .unneeded = without_source},
    [PROBE_FILTER] = {.name = "filter",
                      .what = "the system-call filter",
                      .cost = NO_RUNS,
                      .refused = REFUSED_FILTER,
                      .vital = true,
                      .try = try_filter},
    [PROBE_CGROUPS] = {.name = "cgroups",
                       .what = "--memory, --cpus and --pids-limit, and figures of what was used",
                       .cost =
                           "runs with these limits are refused; with --allow-weaker=limits they go without",
                       .weaker = "limits",
                       .refused = REFUSED_CGROUPS,
                       .try = try_cgroups,
                       .more = describe_cgroups},
    [PROBE_INTO_CGROUP] = {.name = "clone-into-cgroup",
                           .what = "processes that are born in their group (clone3)",
                           .cost = NO_RUNS,
                           .refused = REFUSED_NAMESPACES,
                           .vital = true,
                           .try = try_into_cgroup,
                           .unneeded = unless_version_2},
    [PROBE_PASTA] = {.name = "pasta",
                     .what = "--network=outbound",
                     .cost = "runs with --network=outbound are refused",
                     .refused = REFUSED_PASTA,
                     .try = try_pasta,
                     .look = look_for_pasta},
};

static int run_probe(enum probe_id id, const struct try *try, bool look, struct error *err)
{
    const struct probe *probe = &probes[id];
    return (look && probe->look ? probe->look : probe->try)(try, err);
}

/* ---- Examining ---- */

static void explain(const struct probe *probe, struct error *err, struct sandbox_finding *finding)
{
    struct facts facts;
    struct cause cause;
    facts_gather(err->errnum, &facts);
    cause_find(probe->refused, &facts, &cause);
    facts_clear(&facts);
    finding->cause = cause.name;
    finding->reason = cause.reason;
    finding->remedy = cause.remedy;
    finding->failure = steal_pointer(err->message);
}

/* As root, what is tried in the dyno's namespaces is tried with the dyno's ids. */
static unsigned needs_of(enum probe_id id, const struct try *try)
{
    unsigned needs = probes[id].needs;
    bool inside = (needs & BIT(PROBE_NAMESPACES)) && id != PROBE_IDS;
    return needs | (try->root && inside ? BIT(PROBE_IDS) : 0);
}

/* The first probe of a set that is missing; NULL where none is. */
static const char *find_missing(const struct sandbox_findings *findings, unsigned needs)
{
    for (size_t i = 0; i < findings->count; i++)
        if ((needs & BIT(i)) && findings->items[i].state != SANDBOX_FINDING_WORKS)
            return findings->items[i].name;
    return NULL;
}

static void examine(enum probe_id id, const struct try *try, struct sandbox_findings *findings)
{
    const struct probe *probe = &probes[id];
    cleanup_error struct error err = {0};
    const char *unneeded = probe->unneeded ? probe->unneeded(try) : NULL;
    const char *missing = find_missing(findings, needs_of(id, try));
    struct sandbox_finding *finding = &findings->items[findings->count++];
    *finding = (struct sandbox_finding){.name = probe->name,
                                        .what = probe->what,
                                        .cost = probe->cost,
                                        .weaker = probe->weaker,
                                        .vital = probe->vital};
    if (unneeded || missing) {
        finding->state = SANDBOX_FINDING_UNTRIED;
        finding->failure = unneeded ? copy_string(unneeded) : text_format("it needs %s", missing);
    } else if (run_probe(id, try, false, &err) < 0) {
        finding->state = SANDBOX_FINDING_MISSING;
        explain(probe, &err, finding);
    } else if (probe->more) {
        finding->failure = probe->more();
    }
}

void sandbox_examine(const char *source, struct sandbox_findings *findings)
{
    const struct try try = {.root = geteuid() == 0, .source = source};
    *findings = (struct sandbox_findings){0};
    for (int id = 0; id < PROBE_COUNT; id++)
        examine((enum probe_id)id, &try, findings);
}

void sandbox_findings_clear(struct sandbox_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        free(findings->items[i].failure);
        free(findings->items[i].reason);
        free(findings->items[i].remedy);
    }
    *findings = (struct sandbox_findings){0};
}

/* ---- Explaining a failed run ---- */

static bool is_vital(enum probe_id id, const struct sandbox_spec *spec)
{
    return probes[id].vital && (id != PROBE_IDS || spec->ids != SANDBOX_IDS_SINGLE);
}

/* A reason comes with a remedy. What the host refuses to every run is asked of the wrong host: no error of this run's,
 * and no other try helps, but where a limit is reached. */
static void amend(const struct sandbox_finding *finding, bool root, struct error *err)
{
    if (!finding->reason)
        return;
    char *message = text_format("%s (%s)", err->message ? err->message : "failed", finding->reason);
    free(err->message);
    err->message = message;
    if (err->errnum != ENOSPC && err->errnum != EUSERS)
        err->status = STATUS_DATA;
    bool weaker = finding->weaker && !root;
    error_remedy(err, "%s%s%s", finding->remedy, weaker ? "; or run with --allow-weaker=" : "",
                 weaker ? finding->weaker : "");
}

void probe_explain(const struct sandbox_spec *spec, struct error *err)
{
    const struct try try = {.root = spec->ids == SANDBOX_IDS_BLOCK};
    struct sandbox_findings findings = {0};
    bool explained = false;
    for (int id = 0; id < PROBE_COUNT && !explained; id++) {
        examine((enum probe_id)id, &try, &findings);
        struct sandbox_finding *last = &findings.items[findings.count - 1];
        explained = is_vital((enum probe_id)id, spec) && last->state == SANDBOX_FINDING_MISSING;
        if (explained)
            amend(last, try.root, err);
    }
    sandbox_findings_clear(&findings);
}

void sandbox_explain(struct error *err)
{
    const struct sandbox_spec spec = {.ids = geteuid() == 0 ? SANDBOX_IDS_BLOCK : SANDBOX_IDS_SINGLE};
    if (err->errnum == ENOSYS || err->errnum == EPERM)
        probe_explain(&spec, err);
}

/* ---- For a plan ---- */

char *sandbox_lacks_delegation(void)
{
    struct cgroups groups;
    cgroup_plan("probe", "0", NULL, &groups);
    char *reason = groups.is_undelegated ? steal_pointer(groups.missing) : NULL;
    cgroup_clear(&groups);
    return reason;
}

enum { MISSING_MAX = sizeof((struct sandbox_capabilities *)0)->missing / sizeof(char *) - 1 };

static void add_missing(struct sandbox_capabilities *found, const char *what, const char *why)
{
    size_t i = 0;
    while (i < MISSING_MAX && found->missing[i])
        i++;
    if (i < MISSING_MAX)
        found->missing[i] = text_format("%s: %s", what, why);
}

static bool is_there(enum probe_id id, const struct try *try, struct sandbox_capabilities *found)
{
    cleanup_error struct error err = {0};
    if (probes[id].unneeded && probes[id].unneeded(try))
        return false;
    if (run_probe(id, try, true, &err) == 0)
        return true;
    add_missing(found, probes[id].name, err.message);
    return false;
}

void sandbox_probe(const char *source, struct sandbox_capabilities *found)
{
    const struct try try = {.root = geteuid() == 0, .source = source};
    *found = (struct sandbox_capabilities){.root = try.root};
    found->user_namespaces = is_there(PROBE_NAMESPACES, &try, found);
    found->subordinate_ids = !try.root && is_there(PROBE_IDS, &try, found);
    bool cgroups = is_there(PROBE_CGROUPS, &try, found);
    found->cgroup_version = cgroups ? cgroup_version() : 0;
    found->cgroup_memory = found->cgroup_pids = found->cgroup_cpu = cgroups;
    found->pasta = is_there(PROBE_PASTA, &try, found);
    found->overlay = found->idmap = try.root && is_there(PROBE_OVERLAY, &try, found);
}

void sandbox_capabilities_clear(struct sandbox_capabilities *found)
{
    for (size_t i = 0; i < MISSING_MAX; i++)
        free(found->missing[i]);
    *found = (struct sandbox_capabilities){0};
}
