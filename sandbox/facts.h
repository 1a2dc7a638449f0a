/* What can be seen of the host that explains a refusal (cause.h). Only looked at once something was refused. */
#ifndef INDYNO_FACTS_H
#define INDYNO_FACTS_H

#include "cause.h"

/* Looks at all of them. May run children; changes nothing. */
void facts_gather(int errnum, struct facts *facts);
void facts_clear(struct facts *facts);

/* Whether program is found on PATH; its path is the caller's to free, or NULL. */
char *facts_find_program(const char *program);

#endif
