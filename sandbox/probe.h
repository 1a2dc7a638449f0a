/* Probes (sandbox.h) from within the sandbox. */
#ifndef INDYNO_PROBE_H
#define INDYNO_PROBE_H

#include "base/error.h"
#include "sandbox.h"

/* For a dyno of this spec that could not be made: tries what every such dyno needs, and where one of these is refused,
 * adds the reason to err and makes the remedy that one's. Else leaves err as it is. */
void probe_explain(const struct sandbox_spec *spec, struct error *err);

#endif
