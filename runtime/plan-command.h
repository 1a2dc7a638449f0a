/* What `indyno plan` and `indyno run --dry-run` are. */
#ifndef INDYNO_PLAN_COMMAND_H
#define INDYNO_PLAN_COMMAND_H

#include "options.h"

/* Prints the plan that the options make. Returns 0, or -1 with err. */
int plan_command(const struct options *options, struct error *err);

#endif
