/* Copies a folder's files where no overlay can be had. */
#ifndef INDYNO_COPY_TREE_H
#define INDYNO_COPY_TREE_H

#include <sys/types.h>

#include "base/error.h"

/* Copies folders, regular files and symbolic links of from (a folder's descriptor) into the empty folder to,
 * with their modes less set-id bits and their times of change; devices, fifos and sockets are left out.
 * Nothing but what is in from is followed or crossed into. */
int copy_tree(int from, int to, const char *what, struct error *err);

/* Gives to and all that is in it to uid and gid; nobody else may be changing it. */
int copy_tree_chown(int to, uid_t uid, gid_t gid, const char *what, struct error *err);

#endif
