/* What can be seen of the host that explains a refusal (cause.h). Only looked at once something was refused. */
#ifndef INDYNO_FACTS_H
#define INDYNO_FACTS_H

#include "cause.h"

/* Looks at all of them. May run children; changes nothing. */
void facts_gather(int errnum, struct facts *facts);
/* Those of ids alone, which a run can afford. */
void facts_gather_ids(struct facts *facts);
void facts_clear(struct facts *facts);

/* Whether pasta can open /dev/net/tun: as root it runs with ids of a dyno's. */
bool facts_has_tun(void);

/* Whether program is found on PATH; its path is the caller's to free, or NULL. */
char *facts_find_program(const char *program);

#endif
