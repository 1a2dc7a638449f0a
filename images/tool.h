/* Programs of the host that do what they do better than we would: tar, sha256sum. For images/ only. */
#ifndef INDYNO_TOOL_H
#define INDYNO_TOOL_H

#include "base/error.h"

/* Runs argv, searched in PATH where it has no slash, with these as its stdin and stdout (-1: the caller's), and waits.
 * STATUS_ERRORED where it cannot be run or does not succeed; its own words are on stderr then. */
int tool_run(const char *const *argv, int input, int output, struct error *err);

#endif
