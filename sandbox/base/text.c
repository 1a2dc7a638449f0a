#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "own.h"

char *text_vformat(const char *format, va_list args)
{
    char *text = NULL;
    return vasprintf(&text, format, args) < 0 ? copy_string("") : text;
}

char *text_format(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = text_vformat(format, args);
    va_end(args);
    return text;
}

bool text_equal(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool text_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_lies_in(const char *path, const char *folder)
{
    size_t length = text_equal(folder, "/") ? 0 : strlen(folder);
    return strncmp(path, folder, length) == 0 && (!path[length] || path[length] == '/');
}

bool text_ends(const char *text, const char *suffix)
{
    size_t length = strlen(text), tail = strlen(suffix);
    return length >= tail && strcmp(text + length - tail, suffix) == 0;
}

void strings_take(struct strings *list, char *item)
{
    list->items = reallocate(list->items, list->count + 2, sizeof *list->items);
    list->items[list->count++] = item;
    list->items[list->count] = NULL;
}

void strings_add(struct strings *list, const char *item)
{
    strings_take(list, copy_string(item));
}

void strings_addf(struct strings *list, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    strings_take(list, text_vformat(format, args));
    va_end(args);
}

void strings_copy(struct strings *to, const struct strings *from)
{
    for (size_t i = 0; i < from->count; i++)
        strings_add(to, from->items[i]);
}

char *strings_join(const struct strings *list, const char *separator)
{
    char *text = copy_string("");
    for (size_t i = 0; i < list->count; i++) {
        char *longer = text_format("%s%s%s", text, i ? separator : "", list->items[i]);
        free(text);
        text = longer;
    }
    return text;
}

const char *text_from_env(const char *variable, const char *otherwise)
{
    const char *given = getenv(variable);
    return given && *given ? given : otherwise;
}

void strings_clear(struct strings *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct strings){0};
}

static char **find_env(const struct strings *env, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < env->count; i++)
        if (strncmp(env->items[i], name, length) == 0 && env->items[i][length] == '=')
            return &env->items[i];
    return NULL;
}

void strings_env_set(struct strings *env, const char *name, const char *value)
{
    char *entry = text_format("%s=%s", name, value);
    char **there = find_env(env, name);
    if (!there) {
        strings_take(env, entry);
        return;
    }
    free(*there);
    *there = entry;
}

const char *strings_env_get(const struct strings *env, const char *name)
{
    char **there = find_env(env, name);
    return there ? *there + strlen(name) + 1 : NULL;
}

char *text_read_fd(int fd, const char *what, size_t limit, size_t *size, struct error *err)
{
    cleanup_free char *text = NULL;
    size_t used = 0, room = 0;
    for (;;) {
        if (room - used < 2)
            text = reallocate(text, room = room ? room * 2 : 4096, 1);
        ssize_t got = read(fd, text + used, room - used - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            fail_errno(err, "read %s", what);
            return NULL;
        }
        if (got == 0)
            break;
        used += (size_t)got;
        if (used > limit) {
            fail(err, STATUS_DATA, "%s: larger than %zu bytes", what, limit);
            return NULL;
        }
    }
    text[used] = '\0';
    if (size)
        *size = used;
    return steal_pointer(text);
}

char *text_read_file(int dirfd, const char *path, size_t limit, size_t *size, struct error *err)
{
    cleanup_fd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd >= 0)
        return text_read_fd(fd, path, limit, size, err);
    fail_errno(err, "open %s", path);
    return NULL;
}

int text_write_all(int fd, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        ssize_t put = write(fd, at, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        at += put;
        size -= (size_t)put;
    }
    return 0;
}

void text_random_hex(char *out, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char *bytes =
        (unsigned char *)out + size; /* the upper half, which is read before it is written */
    for (size_t got = 0; got < size;) {
        ssize_t more = getrandom(bytes + got, size - got, 0);
        got += more > 0 ? (size_t)more : 0;
    }
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = bytes[i];
        out[2 * i] = digits[byte >> 4];
        out[2 * i + 1] = digits[byte & 15];
    }
    out[2 * size] = '\0';
}
