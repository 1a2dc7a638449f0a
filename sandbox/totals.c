#include "totals.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/text.h"

#define RECORD_KEY "share "

const char *const sandbox_total_names[] = {"runs", "runs_per_caller", "memory", "cpus", "processes"};

/* What a line has, or all lines, seen by a caller. */
struct share {
    uid_t caller;
    uint64_t amounts[SANDBOX_TOTALS];
};

static struct share share_of(const struct sandbox_spec *spec)
{
    return (struct share){spec->caller,
                          {[SANDBOX_TOTAL_RUNS] = 1,
                           [SANDBOX_TOTAL_RUNS_PER_CALLER] = 1,
                           [SANDBOX_TOTAL_MEMORY] = spec->limits.memory_bytes,
                           [SANDBOX_TOTAL_CPUS] = spec->limits.cpu_millis,
                           [SANDBOX_TOTAL_PROCESSES] = spec->limits.pids}};
}

char *totals_record(const struct sandbox_spec *spec)
{
    struct share share = share_of(spec);
    if (spec->ids != SANDBOX_IDS_BLOCK)
        return copy_string("");
    return text_format(RECORD_KEY "%u %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", (unsigned)share.caller,
                       share.amounts[SANDBOX_TOTAL_MEMORY], share.amounts[SANDBOX_TOTAL_CPUS],
                       share.amounts[SANDBOX_TOTAL_PROCESSES]);
}

/* False where the record has no such line. */
static bool read_share(const char *record, struct share *share)
{
    static const enum sandbox_total order[] = {SANDBOX_TOTAL_MEMORY, SANDBOX_TOTAL_CPUS,
                                               SANDBOX_TOTAL_PROCESSES};
    const char *line = text_starts(record, RECORD_KEY) ? record : strstr(record, "\n" RECORD_KEY);
    if (!line)
        return false;
    char *at;
    share->caller = (uid_t)strtoul(line + (*line == '\n') + strlen(RECORD_KEY), &at, 10);
    share->amounts[SANDBOX_TOTAL_RUNS] = share->amounts[SANDBOX_TOTAL_RUNS_PER_CALLER] = 1;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        share->amounts[order[i]] = strtoull(at, &at, 10);
    return true;
}

static void add_share(const char *record, void *context)
{
    struct share *sum = context;
    struct share share;
    if (!read_share(record, &share))
        return;
    if (share.caller != sum->caller)
        share.amounts[SANDBOX_TOTAL_RUNS_PER_CALLER] = 0;
    for (int i = 0; i < SANDBOX_TOTALS; i++)
        if (__builtin_add_overflow(sum->amounts[i], share.amounts[i], &sum->amounts[i]))
            sum->amounts[i] = UINT64_MAX;
}

static int refuse(int which, uint64_t taken, uint64_t total, uint64_t wanted, struct error *err)
{
    static const char *const units[] = {"runs", "runs of this caller", "bytes", "thousandths of a cpu",
                                        "processes"};
    fail(err, STATUS_NO_ROOM,
         "no room for another dyno: totals.%s: %" PRIu64 " of %" PRIu64
         " %s are taken, and this one takes %" PRIu64,
         sandbox_total_names[which], taken, total, units[which], wanted);
    error_remedy(err, "try again when another run has ended");
    return -1;
}

static int check(const struct claim *claim, const struct sandbox_spec *spec, struct error *err)
{
    const struct share share = share_of(spec);
    struct share sum = {.caller = spec->caller};
    if (claim_each(claim, add_share, &sum, err) < 0)
        return -1;
    for (int i = 0; i < SANDBOX_TOTALS; i++) {
        uint64_t total = spec->totals[i], taken = sum.amounts[i];
        if (total && (taken > total || share.amounts[i] > total - taken))
            return refuse(i, taken, total, share.amounts[i], err);
    }
    return 0;
}

static bool has_totals(const struct sandbox_spec *spec)
{
    for (int i = 0; i < SANDBOX_TOTALS; i++)
        if (spec->totals[i])
            return true;
    return false;
}

int totals_claim(const struct claim *claim, const struct sandbox_spec *spec, const char *record,
                 struct error *err)
{
    cleanup_free char *share = totals_record(spec), *whole = text_format("%s%s", record, share);
    if (!*whole)
        return 0;
    if (claim_record(claim, whole, err) < 0)
        return -1;
    return has_totals(spec) ? check(claim, spec, err) : 0;
}
