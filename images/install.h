/* Installing images: from the catalog by an importer, or from a directory. */
#ifndef INDYNO_INSTALL_H
#define INDYNO_INSTALL_H

#include "image.h"

/* What happened, for progress: text is one line without a newline. */
typedef void install_progress(const char *text);

/* Installs what wanted (NULL: the default) means of name, unless it is there, and for a postgresql the client
 * programs that go with it. STATUS_DATA where the catalog does not have it. */
int install_image(const struct catalog *catalog, const char *store, const char *name, const char *wanted,
                  install_progress *progress, struct error *err);

/* Installs a copy of directory as name, whose server must say that it is of this version. */
int install_directory(const char *store, const char *name, const char *version, const char *directory,
                      install_progress *progress, struct error *err);

#endif
