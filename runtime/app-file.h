/* The tenant's files, opened beneath a folder so that no name in them or of them leads outside. */
#ifndef INDYNO_APP_FILE_H
#define INDYNO_APP_FILE_H

#include <stddef.h>

#include "base/error.h"

/* Opens a folder to open files beneath; symbolic links in it are followed, as the caller wrote it. label is
 * what messages name. Returns an O_PATH descriptor, or -1 with err: STATUS_DATA, or STATUS_POLICY where
 * sudo's caller does not own it (caller.h). */
int folder_open(const char *folder, const char *label, struct error *err);

/* Reads a regular file beneath folder_fd whole: at most limit bytes. No symbolic link is followed anywhere in
 * name, and ".." does not lead out. label names the file in messages. Returns its text with a NUL behind it,
 * the caller's to free, and *size; or NULL with err: STATUS_DATA, with errnum ENOENT where there is no such
 * file, where it is no regular file, may not be read, or is larger. */
char *file_read_beneath(int folder_fd, const char *name, const char *label, size_t limit, size_t *size,
                        struct error *err);

/* Removes the regular file of that name that an earlier run left in a folder; none is no error. STATUS_ERRORED, with the
 * reason alone as message, where it cannot be removed, or is a folder, a device or another thing, which stays. */
int file_remove_old(int folder, const char *name, struct error *err);

#endif
