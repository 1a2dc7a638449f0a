/*
 * The verdict of a run: what happened, by what, and which exit status says so. Pure.
 *
 * A hostile test command can end with any status itself; the verdict is made from what the sandbox saw.
 */
#ifndef INDYNO_VERDICT_H
#define INDYNO_VERDICT_H

#include "plan.h"
#include "sandbox/sandbox.h"

enum verdict_kind {
    VERDICT_SUCCEEDED, /* the last step said 0, the services were well, what was asked for was taken out */
    VERDICT_FAILED,    /* the last step said otherwise */
    VERDICT_ERRORED,   /* indyno could not run it to a result that counts */
    VERDICT_TIMED_OUT,
    VERDICT_CANCELLED,
};

enum verdict_cause {
    CAUSE_EXIT,           /* the step's own exit status */
    CAUSE_SIGNAL,         /* a signal ended the step */
    CAUSE_MEMORY_LIMIT,   /* failed, and the memory limit had killed a process of the step */
    CAUSE_PIDS_LIMIT,     /* failed, and the limit of processes had refused one */
    CAUSE_DISK_FULL,      /* failed, and what is writable in the dyno was full */
    CAUSE_TIMEOUT,        /* --timeout */
    CAUSE_CPU_TIME,       /* --cpu-time */
    CAUSE_OUTPUT_LIMIT,   /* --output-size */
    CAUSE_CANCELLED,      /* SIGINT, SIGTERM or SIGHUP to indyno */
    CAUSE_TEST_SETUP,     /* the test-setup script failed */
    CAUSE_NOT_EXECUTABLE, /* 126 */
    CAUSE_NOT_FOUND,      /* 127 */
    CAUSE_SERVICE,        /* a service crashed, was killed, or did not become ready */
    CAUSE_SETUP,          /* the dyno could not be made */
    CAUSE_ARTIFACT,       /* an artifact could not be taken out */
    CAUSE_HOST_MEMORY,    /* a process was killed for want of memory, and it was not the dyno's limit */
    CAUSE_REFUSED,        /* what was asked for cannot be met; nothing was started */
};

struct verdict {
    enum verdict_kind kind;
    enum verdict_cause cause;
    int exit_status;      /* of indyno */
    char *message;        /* what and why, one line; NULL where the exit status says it all */
    char *remedy;         /* or NULL */
    int service;          /* index of the service that is the cause, or -1 */
    struct strings notes; /* remarks that change nothing: a service that a client shut down */
};

/* Judges a run. failure is sandbox_run's error, or NULL where it returned 0; artifacts is the first error of
 * taking artifacts out, or NULL. */
void verdict_judge(const struct plan *plan, const struct sandbox_result *result, const struct error *failure,
                   const struct error *artifacts, struct verdict *verdict);

/* The verdict of a run that was refused before it began. */
void verdict_refused(const struct error *why, struct verdict *verdict);

void verdict_clear(struct verdict *verdict);
#define cleanup_verdict __attribute__((cleanup(verdict_clear)))

const char *verdict_kind_name(enum verdict_kind kind);    /* "timed-out" */
const char *verdict_cause_name(enum verdict_cause cause); /* "memory-limit" */

#endif
