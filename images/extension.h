/* Which package brings an extension. For images/ only. */
#ifndef INDYNO_EXTENSION_H
#define INDYNO_EXTENSION_H

#include "image.h"

struct extension_package {
    long major;    /* of the Postgres that it is for */
    char *package; /* the caller's to free; NULL: none is known */
};

/* Looks extension up in the file at path (images/extensions), for a server of that version, or of another major that is
 * as near as can be, newer rather than older. */
int extension_find_package(const char *path, const char *server_version, const char *extension,
                           struct extension_package *found, struct error *err);

#endif
