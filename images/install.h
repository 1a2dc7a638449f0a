/* Installing images: from the catalog by an importer, or from a directory. */
#ifndef INDYNO_INSTALL_H
#define INDYNO_INSTALL_H

#include "image.h"

/* What is being done to an image. */
struct install_state {
    const char *what;  /* as it was asked for: "redis:7.0" */
    const char *phase; /* "fetching (deb)" */
    int percent;       /* of the phase, 0 to 100; -1: not known */
};

/* Who wants to know what happens to images, one after the other. NULL where it is taken: nobody. */
struct install_progress {
    /* As it changes; NULL when nothing more is done to the image, before an error of its is returned. */
    void (*show)(void *context, const struct install_state *state);
    /* The image is installed; was_there: it was before, and nothing was done. */
    void (*done)(void *context, const struct image *image, bool was_there);
    void *context;
};

/* What the user says of the source; all NULL or empty: the catalog decides. */
struct install_options {
    char *from;          /* importer's name: "deb" */
    char *source;        /* in the importer's words; goes with from */
    struct strings with; /* further packages */
    char *tarball, *digest;
    bool in_place; /* the source is a prefix, whose tree is used where it is, instead of a copy */
};

void install_options_clear(struct install_options *options);
#define cleanup_install_options __attribute__((cleanup(install_options_clear)))

/* Whether the user asks for something of their own: that is built anew, and takes the place of an image of its
 * version. */
bool install_is_express(const struct install_options *options);

/* Installs into the first of the stores what wanted (NULL: the default; with a source: whatever it is) means of name, unless it is in one of them and the
 * options are not express, and for a postgresql the client programs that the catalog gives it. STATUS_DATA
 * where the catalog does not have it. */
int install_image(const struct catalog *catalog, const struct strings *stores, const char *name,
                  const char *wanted, const struct install_options *options,
                  const struct install_progress *progress, struct error *err);

/* Installs a root filesystem for the step as name:version; the options have from and source. STATUS_DATA where the name
 * is a server's, or the source brings no root filesystem. */
int install_root(const struct strings *stores, const char *name, const char *version,
                 const struct install_options *options, const struct install_progress *progress,
                 struct error *err);

#endif
