/*
 * Making the dyno from inside, by its first process: network namespace, root, loopback, and the loss of
 * privileges.
 *
 * Theory of operation. The network namespace is made here and not by clone(2), because it takes as long as
 * all others together, and the launcher writes the id maps meanwhile. WIRE_GO then says that the maps are
 * there and that the janitor knows of this process.
 */
#ifndef INDYNO_ENTER_H
#define INDYNO_ENTER_H

#include "base/error.h"
#include "init.h"

int enter_dyno(const struct init_parts *parts, struct error *err);

#endif
