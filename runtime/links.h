/*
 * Whose word a symbolic link is. Where root names a path in somebody's folder, that somebody may have put a link there:
 * it must lead to nothing but what is theirs, or root would read, show or write what they only pointed at.
 */
#ifndef INDYNO_LINKS_H
#define INDYNO_LINKS_H

#include "base/error.h"

/* Opens path with O_PATH, and O_DIRECTORY where flags has it. A link on the way, or at the end, that root does not own
 * is followed only if what the whole path leads to belongs to the link's owner. Returns a descriptor, or -1 with err,
 * STATUS_DATA, whose message is only the reason, and errnum. */
int links_open(const char *path, int flags, struct error *err);

#endif
