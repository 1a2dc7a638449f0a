/* Words as a shell would take them. */
#ifndef INDYNO_QUOTE_H
#define INDYNO_QUOTE_H

#include "base/text.h"

/* The word, in single quotes where it needs them. The caller's to free. */
char *quote_word(const char *word);

/* All words, quoted, with blanks between them. The caller's to free. */
char *quote_words(const struct strings *words);

#endif
