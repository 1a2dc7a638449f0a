#include "log-lines.h"

#include <stdbool.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { CHUNK = 16 * 1024 };

struct found {
    char *text;
    size_t length, room;
};

/* Returns false once it is full. */
static bool add_line(struct found *found, const char *line, size_t length)
{
    bool whole = length <= found->room - found->length;
    if (!whole)
        length = found->room - found->length;
    memcpy(found->text + found->length, line, length);
    found->length += length;
    return whole && found->length < found->room;
}

/* Of a chunk that starts with a line. Returns false once found is full. */
static bool search_lines(struct found *found, const char *mark, const char *chunk, const char *end)
{
    const char *line = chunk, *hit;
    while (line < end && (hit = memmem(line, (size_t)(end - line), mark, strlen(mark)))) {
        const char *before = memrchr(line, '\n', (size_t)(hit - line));
        const char *newline = memchr(hit, '\n', (size_t)(end - hit));
        const char *start = before ? before + 1 : line, *next = newline ? newline + 1 : end;
        if (!add_line(found, start, (size_t)(next - start)))
            return false;
        line = next;
    }
    return true;
}

/* Of what a chunk has, the part that is whole lines; all of it where no line ends in it. */
static size_t whole_lines(const char *chunk, size_t size)
{
    const char *last = memrchr(chunk, '\n', size);
    return last ? (size_t)(last + 1 - chunk) : size;
}

size_t log_lines_with(int log, const char *mark, char *text, size_t size)
{
    char chunk[CHUNK];
    struct found found = {.text = text, .room = size - 1};
    off_t at = 0;
    for (ssize_t got; at < LOG_LINES_SEARCHED && (got = pread(log, chunk, sizeof chunk, at)) > 0;) {
        size_t whole = whole_lines(chunk, (size_t)got);
        if (!search_lines(&found, mark, chunk, chunk + whole))
            break;
        at += (off_t)whole;
    }
    text[found.length] = '\0';
    return found.length;
}
