/* What a run says on stderr besides its one error line: notes before it, the end of a dead service's log and,
 * with
 * --verbose, the figures after it. Control characters in what the dyno wrote are shown as '?'. */
#ifndef INDYNO_SUMMARY_H
#define INDYNO_SUMMARY_H

#include <stdio.h>

#include "plan.h"
#include "run.h"

/* Before the run: what of app.json is not done, and what is not as on Heroku. */
void summary_before(const struct plan *plan, FILE *to);

/* After it. With verbose, also of a run that went well. */
void summary_after(const struct plan *plan, const struct run_outcome *outcome, bool verbose, FILE *to);

#endif
