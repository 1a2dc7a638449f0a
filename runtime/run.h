/* Running a plan: plan -> spec -> sandbox_run -> what came of it. Decides nothing that is not in the plan. */
#ifndef INDYNO_RUN_H
#define INDYNO_RUN_H

#include "artifact.h"
#include "plan.h"
#include "sandbox/sandbox.h"
#include "verdict.h"

struct run_outcome {
    struct sandbox_result result;
    struct verdict verdict;
    struct artifact_totals artifacts;
    bool artifacts_tried;
};

/* Runs the plan and takes its artifacts out. What fails is in the verdict. */
void run_plan(const struct plan *plan, struct run_outcome *outcome);
void run_outcome_clear(struct run_outcome *outcome);

#endif
