#include "survey.h"

#include <string.h>

#include "base/own.h"

enum { NAME_MAX_SIZE = 63, VALUE_MAX_SIZE = 200, ENTRIES_MAX = 1000 };

static const struct {
    const char *kind;
    size_t offset;
} kinds[] = {
    {"extension", offsetof(struct image, extensions)},
    {"left-out", offsetof(struct image, left_out)},
    {"feature", offsetof(struct image, features)},
};

static struct strings *list_of(struct image *image, const char *kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (text_equal(kinds[i].kind, kind))
            return (struct strings *)(void *)((char *)image + kinds[i].offset);
    return NULL;
}

static bool is_name(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t length = strlen(text);
    return length > 0 && length <= NAME_MAX_SIZE && strspn(text, letters) == length;
}

/* It goes into messages and onto terminals. */
static void make_printable(char *value)
{
    for (size_t i = 0; value[i]; i++) {
        if (value[i] < ' ' || value[i] > '~')
            value[i] = '?';
        if (i == VALUE_MAX_SIZE)
            value[i] = '\0';
    }
}

static void take_line(struct image *image, char *line)
{
    const char *kind = strsep(&line, "\t"), *name = strsep(&line, "\t");
    struct strings *list = list_of(image, kind);
    if (!list || !line || !is_name(name) || strings_env_get(list, name) || list->count == ENTRIES_MAX)
        return;
    make_printable(line);
    strings_addf(list, "%s=%s", name, line);
}

void survey_take(struct image *image, char *text)
{
    for (char *line; (line = strsep(&text, "\n"));)
        take_line(image, line);
}
