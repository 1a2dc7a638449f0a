/* Root filesystems in trees: what an importer of layout=root brings, made ready to be run and to lend its programs. */
#ifndef INDYNO_ROOT_TREE_H
#define INDYNO_ROOT_TREE_H

#include "base/error.h"
#include "kind.h"

/* Moves what is in folder/tree to folder/tree/root, and makes the places that the server shares with the dyno. */
int root_tree_arrange(const char *folder, struct error *err);

/* Moves the folder name of the folder from into the root's folder to ("/usr/lib/locale"). */
int root_tree_take(const char *folder, const char *from, const char *to, const char *name, struct error *err);

/* The path of the kind's program, relative to the root. The caller's to free; NULL with err where it is not there. */
char *root_tree_program(const char *folder, const struct kind *kind, struct error *err);

/* Makes folder/tree/clients: a shim for each of the kind's client programs, which are beside program. */
int root_tree_add_clients(const char *folder, const struct kind *kind, const char *program,
                          struct error *err);

#endif
