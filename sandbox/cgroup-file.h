/* Files of cgroups: small reads and writes by path. For cgroup*.c only. */
#ifndef INDYNO_CGROUP_FILE_H
#define INDYNO_CGROUP_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Writes a value to folder/file. */
int cgroup_write(const char *folder, const char *file, const char *value, struct error *err);

/* A file that is one number; 0 where it cannot be read. */
uint64_t cgroup_number(const char *folder, const char *file);

/* The number after "key " at the start of a line; 0 where there is none. */
uint64_t cgroup_keyed(const char *folder, const char *file, const char *key);

/* The sum of the numbers that follow prefix, in all of a file's words: "rbytes=". */
uint64_t cgroup_sum(const char *folder, const char *file, const char *prefix);

/* Whether folder/file has word among its space-separated words. */
bool cgroup_has_word(const char *folder, const char *file, const char *word);

bool cgroup_has_file(const char *folder, const char *file);

/* Whether the caller can make groups in folder. */
bool cgroup_usable(const char *folder);

/* Removes a folder of groups: its children, then itself. A group is busy until its last process is reaped,
 * which for a killed dyno may be an instant after init is gone: where patient, it is then tried again, for at
 * most a second. Returns whether it is gone. */
bool cgroup_remove_tree(const char *folder, bool patient);

#endif
