/*
 * Importers: the small programs that bring a tree from where its users have it.
 *
 * The contract. An importer is an executable, called with two arguments: a source, in words of its own, and
 * an empty folder. It fills the folder with a tree (programs in bin/, nothing that depends on where the tree
 * is), checks what it brought against a digest or a signature, prints facts on stdout, one NAME=VALUE a line,
 * and says what goes wrong on stderr, with an exit status that is not 0. A tree that brings its own libc has
 * its loader as lib/ld.so and all its libraries beside it. The facts:
 *
 *     source=    where the tree came from, for people
 *     digest=    of what was fetched: "sha512-...", "sha256:..."
 *
 * They are in INDYNO_LIBEXECDIR, or where indyno was installed.
 */
#ifndef INDYNO_IMPORTER_H
#define INDYNO_IMPORTER_H

#include "image.h"

/* Runs importer on source, and sets source and digest of image by its facts. */
int importer_run(const char *importer, const char *source, const char *folder, struct image *image,
                 struct error *err);

/* The path of a program of indyno's own that is not for users: an importer, the shim. The caller's to free.
 */
char *importer_path(const char *name);

#endif
