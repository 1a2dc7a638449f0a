/*
 * Totals: what all runs of a state folder have together.
 *
 * Theory of operation. Each run's claim says in a line of its record what share its limits give it, from before anything
 * of it exists until the claim goes. Who wants to run writes its own line and then adds up all: of two that come at the
 * same time, at least one sees the other, and gives way. (Both may, where there is room for one; but there is no lock that
 * somebody could sit on: who is stopped here keeps no more than the share of a run.) What a dead run has left that is not
 * swept yet counts: it is still there.
 */
#ifndef INDYNO_TOTALS_H
#define INDYNO_TOTALS_H

#include "base/error.h"
#include "claim.h"
#include "sandbox.h"

/* The line of the record, which is empty where the spec's ids are no block. The caller's to free. */
char *totals_record(const struct sandbox_spec *spec);

/* Records that line behind record; the claim is to be dropped where this fails. STATUS_NO_ROOM where with this run there would be more of something than the spec
 * allows; its name, as in totals.memory, is in the message. */
int totals_claim(const struct claim *claim, const struct sandbox_spec *spec, const char *record,
                 struct error *err);

#endif
