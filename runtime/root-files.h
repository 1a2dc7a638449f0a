/*
 * What of the host a dyno sees: its programs and libraries, and of /etc what they need to work. A table, and
 * the one look at the host that turns it into mounts.
 */
#ifndef INDYNO_ROOT_FILES_H
#define INDYNO_ROOT_FILES_H

#include <stdbool.h>

#include "mounts.h"

/* Appends the mounts of the host's /usr, /bin, /lib... and of files of /etc, beneath the dyno's folder at ("": its
 * root). What the host does not have is left out. */
int root_files_add(const char *at, struct mounts *mounts, struct error *err);

/* Appends those of /proc, /dev, /tmp, /run, /var/tmp and /var/log, which are every dyno's own. */
void root_files_add_own(struct mounts *mounts);

/* Pure: whether a dyno sees /etc/NAME, where NAME may be "ssl/certs" or one that matches a pattern of the
 * table. */
bool root_files_shows(const char *name);

#endif
