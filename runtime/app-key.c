#include "app-key.h"

#include <stdbool.h>
#include <string.h>

#include "base/own.h"
#include "base/text.h"

enum { LABEL_MAX = 64 };

static const char word_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

char *key_label(const char *name)
{
    size_t length = strnlen(name, LABEL_MAX + 1);
    char *label = text_format("%.*s%s", LABEL_MAX, name, length > LABEL_MAX ? "..." : "");
    for (char *c = label; *c; c++)
        if (*c < ' ' || *c > '~' || *c == '"' || *c == '\\')
            *c = '?';
    return label;
}

static char *append(const char *path, const struct key *key)
{
    if (!key->name)
        return text_format("%s[%zu]", path, key->index);
    cleanup_free char *label = key_label(key->name);
    size_t length = strlen(key->name);
    bool word = length > 0 && length <= LABEL_MAX && strspn(label, word_characters) == length;
    if (!word)
        return text_format("%s[\"%s\"]", path, label);
    return text_format("%s%s%s", path, *path ? "." : "", label);
}

char *key_path(const struct key *key)
{
    if (!key->parent)
        return copy_string("");
    cleanup_free char *path = key_path(key->parent);
    return append(path, key);
}
