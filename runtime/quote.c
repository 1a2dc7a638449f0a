#include "quote.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"

char *quote_word(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";
    if (*word && word[strspn(word, plain)] == '\0')
        return copy_string(word);
    char *quoted = allocate(4 * strlen(word) + 3, 1);
    char *at = stpcpy(quoted, "'");
    for (; *word; word++)
        at = *word == '\'' ? stpcpy(at, "'\\''") : mempcpy(at, word, 1);
    stpcpy(at, "'");
    return quoted;
}

char *quote_words(const struct strings *words)
{
    char *line = copy_string("");
    for (size_t i = 0; i < words->count; i++) {
        cleanup_free char *word = quote_word(words->items[i]);
        char *longer = text_format("%s%s%s", line, i ? " " : "", word);
        free(line);
        line = longer;
    }
    return line;
}
