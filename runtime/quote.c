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
    cleanup_strings struct strings quoted = {0};
    for (size_t i = 0; i < words->count; i++)
        strings_take(&quoted, quote_word(words->items[i]));
    return strings_join(&quoted, " ");
}
