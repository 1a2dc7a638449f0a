/* Installing images: from the catalog by an importer, or from a directory. */
#ifndef INDYNO_INSTALL_H
#define INDYNO_INSTALL_H

#include "image.h"

/* What happened, for progress: text is one line without a newline. NULL: nobody wants to know. */
typedef void install_progress(const char *text);

/* Says it on stderr. */
install_progress install_say;

/* What the user says of the source; all NULL or empty: the catalog decides. */
struct install_options {
    char *from;          /* importer's name: "deb" */
    char *source;        /* in the importer's words; goes with from */
    struct strings with; /* further packages */
    char *tarball, *digest;
};

void install_options_clear(struct install_options *options);
#define cleanup_install_options __attribute__((cleanup(install_options_clear)))

/* Whether the user asks for something of their own: that is built anew, and takes the place of an image of its
 * version. */
bool install_is_express(const struct install_options *options);

/* Installs what wanted (NULL: the default; with a source: whatever it is) means of name, unless it is there and the
 * options are not express, and for a postgresql the client programs that the catalog gives it. STATUS_DATA
 * where the catalog does not have it. */
int install_image(const struct catalog *catalog, const char *store, const char *name, const char *wanted,
                  const struct install_options *options, install_progress *progress, struct error *err);

/* Installs a root filesystem for the step as name:version; the options have from and source. STATUS_DATA where the name
 * is a server's, or the source brings no root filesystem. */
int install_root(const char *store, const char *name, const char *version,
                 const struct install_options *options, install_progress *progress, struct error *err);

#endif
