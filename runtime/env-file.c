/*
 * --env-file, as podman and docker read it: a line is NAME=VALUE and the value is everything behind the first
 * '=', as it stands: quotes, blanks and '#' included. Blanks in front of a name are skipped, and so are blank
 * lines, lines that start with '#', a carriage return at a line's end, and a UTF-8 byte order mark. What a
 * shell or dotenv would read differently (export, quotes around a name) has no valid name, and is refused by
 * line rather than guessed at.
 */
#include <string.h>

#include "app-name.h"
#include "app.h"
#include "base/own.h"

struct line {
    const char *path;
    size_t number; /* from 1 */
    const char *text;
    size_t length;
};

static int refuse(const struct line *line, const char *why, struct error *err)
{
    return fail(err, STATUS_DATA, "%s:%zu: %s", line->path, line->number, why);
}

static int set(const struct line *line, const char *name, const char *value, struct strings *env,
               struct error *err)
{
    if (strlen(name) + 1 + strlen(value) > ARGUMENT_MAX)
        return refuse(line, "longer than Linux passes to a program", err);
    if (env->count >= VARIABLES_MAX && !strings_env_get(env, name))
        return refuse(line, "too many variables", err);
    strings_env_set(env, name, value);
    return 0;
}

static int parse_line(const struct line *line, struct strings *env, struct error *err)
{
    cleanup_free char *name = text_format("%.*s", (int)line->length, line->text);
    char *equals = strchr(name, '=');
    if (equals)
        *equals = '\0';
    if (!variable_name_valid(name, strlen(name))) {
        refuse(line, "no variable's name in front", err);
        error_remedy(err,
                     "write NAME=VALUE or NAME: letters, digits and underscores, with no digit in front");
        return -1;
    }
    const char *value = equals ? equals + 1 : getenv(name);
    return value ? set(line, name, value, env, err) : 0;
}

int env_file_parse(const char *path, const char *text, struct strings *env, struct error *err)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    if (text_starts(text, byte_order_mark))
        text += sizeof byte_order_mark - 1;
    for (size_t number = 1; *text; number++) {
        size_t length = strcspn(text, "\n");
        const char *next = text + length + (text[length] == '\n');
        size_t blanks = strspn(text, " \t");
        if (length > 0 && text[length - 1] == '\r')
            length--;
        blanks = blanks < length ? blanks : length;
        struct line line = {.path = path, .number = number, .text = text + blanks, .length = length - blanks};
        if (line.length > 0 && line.text[0] != '#' && parse_line(&line, env, err) < 0)
            return -1;
        text = next;
    }
    return 0;
}
