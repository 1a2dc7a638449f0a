/*
 * The host ids that root's dynos have, from subuid(5) and subgid(5): the line "indyno:FIRST:COUNT" in both.
 *
 * A block stands for uids and gids alike, so both files must say the same. Ids below 65536 are refused: they are the
 * system's, people's and nobody's. So is what overlaps another user's line, for that user could act as the dynos' ids
 * (root's lines do not count: root can anyway). Blocks need not start at a multiple of anything; what is left over
 * at the end is not used.
 */
#ifndef INDYNO_ID_RANGE_H
#define INDYNO_ID_RANGE_H

#include "sandbox.h"

/* Fills range from the two files, or, where they have no such line or are not there, with the default; the default,
 * too, must not overlap anybody's. range->source is subuid or NULL. STATUS_DATA names file, line and value. */
int id_range_find(const char *subuid, const char *subgid, struct sandbox_id_range *range, struct error *err);

/* The last of these alone, for a range that is given; lines of indyno's do not count then. */
int id_range_check(const char *subuid, const char *subgid, const struct sandbox_id_range *range,
                   struct error *err);

#endif
