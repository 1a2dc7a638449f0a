/* Text: formatted strings and growing lists of strings. Everything returned is the caller's to free. */
#ifndef INDYNO_TEXT_H
#define INDYNO_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "error.h"

char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *text_vformat(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

bool text_equal(const char *a, const char *b); /* NULL equals only NULL */
bool text_starts(const char *text, const char *prefix);
bool text_lies_in(const char *path, const char *folder); /* absolute paths: it is folder, or beneath it */
bool text_ends(const char *text, const char *suffix);

/* A NULL-terminated list of owned strings, as execve(2) takes it. A zeroed struct is an empty list. */
struct strings {
    char **items; /* NULL while the list is empty; items[count] is NULL otherwise */
    size_t count;
};

void strings_add(struct strings *list, const char *item); /* copies item */
void strings_take(struct strings *list, char *item);      /* takes ownership of item */
void strings_addf(struct strings *list, const char *format, ...) __attribute__((format(printf, 2, 3)));
void strings_copy(struct strings *to, const struct strings *from); /* appends copies */
char *strings_join(const struct strings *list, const char *separator);
void strings_clear(struct strings *list);
#define cleanup_strings __attribute__((cleanup(strings_clear)))

/* "NAME=VALUE" lists, as environ(7): set replaces an entry of that name in place or appends one; get returns
 * the value inside the list, or NULL. */
void strings_env_set(struct strings *env, const char *name, const char *value);
const char *strings_env_get(const struct strings *env, const char *name);

/* The value of an environment variable that is set and not empty, else otherwise. Not the caller's to free. */
const char *text_from_env(const char *variable, const char *otherwise);

/* Reads a whole file, at most limit bytes (else STATUS_DATA), NUL-terminated; *size (may be NULL) is its
 * length. */
char *text_read_file(int dirfd, const char *path, size_t limit, size_t *size, struct error *err);

/* The same of an open descriptor, which stays the caller's, from where it is to its end; what names it in messages. */
char *text_read_fd(int fd, const char *what, size_t limit, size_t *size, struct error *err);

/* Writes all of text to an open file, retrying short writes. Returns 0, or -1 with errno. */
int text_write_all(int fd, const void *data, size_t size);

/* Fills out with size*2 hex digits of size bytes from getrandom(2), and a NUL. */
void text_random_hex(char *out, size_t size);

#endif
