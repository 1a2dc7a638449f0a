/* What the two printers of plans have in common. */
#ifndef INDYNO_PLAN_WORDS_H
#define INDYNO_PLAN_WORDS_H

#include "plan.h"

/* "bind", "cow", ... */
const char *plan_mount_kind(enum sandbox_mount_kind kind);

/* Names of what the user is ready to go without. */
struct strings plan_weaker(const struct plan *plan);

/* A copy of text (NULL: NULL) with each string of hidden replaced by "(generated)". The caller's to free. */
char *plan_hide(const char *text, const struct strings *hidden);

#endif
