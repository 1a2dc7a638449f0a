#include "own.h"

#include <errno.h>
#include <string.h>

#include "error.h"

void close_fd(int *fd)
{
    int saved = errno;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = saved;
}

static void *must(void *memory)
{
    static const char message[] = "indyno: out of memory\n";
    if (!memory) {
        ssize_t ignored = write(STDERR_FILENO, message, sizeof message - 1);
        (void)ignored;
        _exit(STATUS_ERRORED);
    }
    return memory;
}

void *allocate(size_t count, size_t size)
{
    return must(calloc(count ? count : 1, size ? size : 1));
}

void *reallocate(void *memory, size_t count, size_t size)
{
    return must(reallocarray(memory, count ? count : 1, size ? size : 1));
}

char *copy_string(const char *string)
{
    return string ? must(strdup(string)) : NULL;
}
