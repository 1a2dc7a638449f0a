#include "survey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "maker.h"

enum { SURVEY_MAX = 1 << 20, NAME_MAX_SIZE = 63, VALUE_MAX_SIZE = 200, ENTRIES_MAX = 1000 };

static const struct {
    const char *kind;
    size_t offset;
} kinds[] = {
    {"extension", offsetof(struct image, extensions)},
    {"left-out", offsetof(struct image, left_out)},
    {"feature", offsetof(struct image, features)},
};

/* ---- Taking ---- */

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

/* ---- Making ---- */

/* All that is printed, or NULL. The caller's to free. */
static char *read_output(int output, struct error *err)
{
    cleanup_free char *text = allocate(SURVEY_MAX + 1, 1);
    size_t size = 0;
    for (ssize_t got; size < SURVEY_MAX && (got = read(output, text + size, SURVEY_MAX - size)) != 0;) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            fail_errno(err, "read what the server can do");
            return NULL;
        }
        size += (size_t)got;
    }
    if (size < SURVEY_MAX)
        return steal_pointer(text);
    fail(err, STATUS_ERRORED, "the survey of what the server can do is longer than %d bytes", SURVEY_MAX);
    return NULL;
}

int survey_make(const char *folder, struct image *image, struct error *err)
{
    cleanup_strings struct strings argv = {0};
    cleanup_free char *data = text_format("%s/template", folder);
    struct maker maker;
    if (maker_add_script(&argv, image, "survey-postgresql", err) < 0)
        return -1;
    const struct maker_job job = {
        .folder = folder, .image = image, .steps = {{&argv, false}}, .step_count = 1, .data = data};
    if (maker_start(&maker, &job, err) < 0)
        return -1;
    cleanup_free char *text = read_output(maker.output, err);
    if (maker_finish(&maker, "the survey of what the server can do", text ? err : NULL) < 0 || !text)
        return -1;
    survey_take(image, text);
    return 0;
}
