/* Building one image in a staging folder. For images/ only. */
#ifndef INDYNO_BUILD_H
#define INDYNO_BUILD_H

#include "image.h"
#include "importer.h"
#include "install.h"
#include "kind.h"

struct build {
    const struct kind *kind;                 /* NULL: of a root filesystem for the step */
    struct import import;                    /* without progress and context */
    const char *wanted;                      /* the version that it must be of, or NULL */
    bool replace;                            /* an image of that version that is there */
    bool in_place;                           /* the import's source is the tree */
    const struct install_progress *progress; /* NULL: nobody wants to know */
    const char *what, *fetching;             /* for it */
};

/* Fills folder, which is empty, and image, zeroed by the caller, with all that image.h says of an image. */
int build_image(const struct build *build, const char *folder, struct image *image, struct error *err);

#endif
