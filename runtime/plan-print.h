/* Plans as text for people and as JSON for programs: both say all that is in the plan. What was made at
 * random or is secret is shown as "(generated)", unless with_secrets. */
#ifndef INDYNO_PLAN_PRINT_H
#define INDYNO_PLAN_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include "plan.h"

void plan_print(const struct plan *plan, bool with_secrets, FILE *to);

/* Keys: dir, name, ids, network, weaker[], size, scratch, limits{} (limits-json.h), services[{name, version, source, tree, variables[], argv[], environment{}, log}],
 * steps[{name, argv[], must_succeed, network, stdin}], environment{}, mounts[{kind, source, target, content, owner,
 * mode, writable}], artifacts[{source, target}], not_provisioned[], unset[], replaced[], unknown[],
 * buildpacks[], formation[], notes[], missing[]. A limit that is not set is null. */
void plan_print_json(const struct plan *plan, bool with_secrets, FILE *to);

#endif
