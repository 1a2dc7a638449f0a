/* UTF-8, as RFC 3629 has it. */
#ifndef INDYNO_APP_UTF8_H
#define INDYNO_APP_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length in bytes (1 to 4) of the well-formed sequence that text starts with; 0 where there is none: a
 * stray or missing continuation byte, an overlong form, a surrogate, a value past U+10FFFF, or no text at
 * all. */
size_t utf8_sequence(const char *text, size_t size);

/* Whether all of text is well-formed. */
bool utf8_valid(const char *text, size_t size);

#endif
