/* Finding lines in a log. */
#ifndef INDYNO_LOG_LINES_H
#define INDYNO_LOG_LINES_H

#include <stddef.h>

/* Longer logs are searched to here, so that one that a service floods costs the end of a run little. */
enum { LOG_LINES_SEARCHED = 64 << 20 };

/* Puts the first lines of the file log that contain mark into text, each with its newline, as much as size
 * bytes hold with their NUL. Lines longer than some kilobytes are looked at piece by piece. Returns the
 * length; what cannot be read has no lines. */
size_t log_lines_with(int log, const char *mark, char *text, size_t size);

#endif
