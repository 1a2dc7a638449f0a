/*
 * Owned resources, freed by scope: a variable marked cleanup_X is released when its scope ends, unless what
 * it owns was taken away before (steal_fd, steal_pointer).
 */
#ifndef INDYNO_OWN_H
#define INDYNO_OWN_H

#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Closes *fd if it is open and sets it to -1. errno is kept. */
void close_fd(int *fd);

static inline int steal_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

static inline void free_pointer(void *pointer)
{
    free(*(void **)pointer);
    *(void **)pointer = NULL;
}

static inline void close_file(FILE **file)
{
    if (*file)
        fclose(*file);
    *file = NULL;
}

static inline void close_directory(DIR **directory)
{
    if (*directory)
        closedir(*directory);
    *directory = NULL;
}

#define steal_pointer(pointer)                                                                               \
    ({                                                                                                       \
        __typeof__(pointer) *at_ = &(pointer);                                                               \
        __typeof__(pointer) taken_ = *at_;                                                                   \
        *at_ = NULL;                                                                                         \
        taken_;                                                                                              \
    })

#define cleanup_fd   __attribute__((cleanup(close_fd)))
#define cleanup_free __attribute__((cleanup(free_pointer)))
#define cleanup_file __attribute__((cleanup(close_file)))
#define cleanup_dir  __attribute__((cleanup(close_directory)))

/* Allocation that cannot fail: on exhaustion the program says so and exits with STATUS_ERRORED; what it made
 * is then removed as after any other death of it. Memory is zeroed and the caller's to free. */
void *allocate(size_t count, size_t size);
void *reallocate(void *memory, size_t count, size_t size);
char *copy_string(const char *string); /* NULL gives NULL */

#endif
