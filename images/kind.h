/* Kinds: what is to be known of an image by its name. For images/ only. */
#ifndef INDYNO_KIND_H
#define INDYNO_KIND_H

#include <stdbool.h>

enum { KIND_FOLDERS_MAX = 5, KIND_CLIENTS_MAX = 16 };

struct kind {
    const char *name;
    const char *program; /* run with --version to say what the tree is */
    const char *mark;    /* the version follows this in what it says */
    const char
        *folders[KIND_FOLDERS_MAX]; /* where in a root filesystem the program may be: glob(7) patterns */
    const char *clients[KIND_CLIENTS_MAX]; /* of the programs beside it, those that tests use: fnmatch(3) */
    bool is_server, has_template;
};

/* NULL where no image has that name. */
const struct kind *kind_find(const char *name);

/* "postgresql, redis, ...": for messages. */
#define KIND_NAMES "postgresql, redis, valkey, postgresql-client"

#endif
