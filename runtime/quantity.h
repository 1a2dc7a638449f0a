/* Sizes, times and counts as users write them: pure parsers. Each returns true and sets the value, or returns
 * false (not a number, a sign, an unknown unit, trailing text, an overflow) and leaves it alone. */
#ifndef INDYNO_QUANTITY_H
#define INDYNO_QUANTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "512M", "1.5G", "4096": bytes; b, k, m, g, t in either case, powers of 1024, an optional trailing iB or B.
 */
bool parse_size(const char *text, uint64_t *bytes);

/* "90s", "1.5m", "2h", "1d", "250ms", "10": milliseconds; a bare number is seconds, as for timeout(1). */
bool parse_duration(const char *text, uint64_t *ms);

/* "1.5": thousandths of a cpu, at least 1. */
bool parse_cpus(const char *text, uint64_t *millis);

/* "0-3,8": numbers of cpus, and ranges of them. Copies the text into list, which has room for size. */
bool parse_cpu_list(const char *text, char *list, size_t size);

/* "64": a positive whole number. */
bool parse_count(const char *text, uint64_t *count);

#endif
