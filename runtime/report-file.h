/*
 * Where a report goes: a file, written whole or not at all, and a descriptor.
 *
 * The file's folder is opened before the run, and a report of an earlier run is removed from it: whoever
 * finds a report finds this run's, and where indyno was killed none. As root, the file is made with the
 * rights of the folder's owner.
 */
#ifndef INDYNO_REPORT_FILE_H
#define INDYNO_REPORT_FILE_H

#include "base/error.h"

struct report_file {
    int folder; /* -1: no file was asked for */
    char *name;
};

/* path NULL: no file. STATUS_DATA where nothing can be written there. */
int report_file_open(const char *path, struct report_file *file, struct error *err);

/* Writes text and a line break, and gives the file its name when it is whole. */
int report_file_write(const struct report_file *file, const char *text, struct error *err);
void report_file_close(struct report_file *file);
#define cleanup_report_file __attribute__((cleanup(report_file_close)))

/* Writes text and a line break to a descriptor. -1: none was asked for. */
int report_fd_write(int fd, const char *text, struct error *err);

#endif
