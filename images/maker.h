/* The maker: a dyno in which an image's own programs are run while it is installed, for nobody trusts a tree
 * yet. */
#ifndef INDYNO_MAKER_H
#define INDYNO_MAKER_H

#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"

/* Where the tree, the image's folder of locales and indyno's own scripts are in it. */
#define MAKER_TREE    "/image/tree"
#define MAKER_LOCALE  "/image/locale"
#define MAKER_SCRIPTS "/image/scripts"

struct maker {
    pid_t pid;
    int output; /* read end of the command's stdout */
};

/* Starts argv in a dyno with the image folder's tree, as an unprivileged user in an empty working folder. */
int maker_start(struct maker *maker, const char *folder, const struct strings *argv, struct error *err);

/* Closes the output and waits. -1 where the command did not succeed; its own words are on stderr then. */
int maker_finish(struct maker *maker, const char *what, struct error *err);

#endif
