/*
 * Importers: the small programs that bring a tree from where its users have it.
 *
 * The contract. An importer is an executable, called with two arguments: a source, in words of its own, and
 * an empty folder. It fills the folder with a tree, checks what it brought against a digest or a signature,
 * prints facts on stdout, one NAME=VALUE a line, and says what goes wrong on stderr, in one line "from-X:
 * what: why" after what the tools below it said, with an exit status that is not 0. It finds in its
 * environment:
 *
 *     INDYNO_IMAGE    the image's name: postgresql, redis, valkey, or any name of a root image
 *     INDYNO_VERSION  the version or the line that is wanted, may be empty; who asked measures it afterwards
 *     INDYNO_WITH     further packages, space separated: from-deb adds them, the others fail
 *     INDYNO_DIGEST   what the digest of what is fetched must be ("sha256:...", "sha512-..."), may be empty
 *     INDYNO_TARBALL  a file of the user's in place of what would be fetched: from-source only
 *     INDYNO          the absolute path of the indyno program, for a build in a dyno; may be unset
 *     TMPDIR          a work folder on the store's filesystem, which the caller removes however it ends
 *
 * The facts; a name that is not known is no error, and a line that is longer than 64 KiB is none:
 *
 *     source=           where the tree came from, for people
 *     digest=           of what was fetched; given as INDYNO_DIGEST it brings the same files or fails. Of
 *                       packages it is the sha256 of the sorted list of all their sha256s, of a container
 *                       image its manifest's
 *     layout=           prefix or root
 *     progress=         a percentage, 0 to 100, as often as it likes: shown as it comes
 *     package_version=  of the first package, in its distribution's words
 *     packages=         NAME=VERSION of all, space separated
 *     path=             the PATH that a container image asks for
 *
 * The layouts. A prefix has its programs in bin/, nothing in it depends on where it is put, and it runs with
 * the host's libc. A root is a whole root filesystem with its own libc: usr/, bin/ (or a link), the places
 * that are mounted over. In both every file is readable by all, none is set-id or has capabilities, and there
 * are no devices, fifos and sockets. Links may be absolute in a root, and mean its own files.
 *
 * An operator's own are in ${INDYNO_CONFIG_DIR:-/etc/indyno}/importers, and come first; indyno's are in
 * INDYNO_LIBEXECDIR, or where it was installed. They need no root, and leave owners to the caller's id. What they
 * trust is told at the top of each. What indyno's own do alike is in importer.sh.
 */
#ifndef INDYNO_IMPORTER_H
#define INDYNO_IMPORTER_H

#include "image.h"

/* Is called with each percentage, 0 to 100, while the importer works. */
typedef void importer_progress(void *context, int percent);

struct import {
    const char *from;                    /* "deb": the importer is from-deb */
    const char *source;                  /* in its words */
    const char *name, *version;          /* of the image; version may be NULL */
    const char *with, *digest, *tarball; /* as in the contract; NULL or "": none */
    importer_progress *progress;         /* NULL: nobody wants to know */
    void *context;                       /* its first argument */
};

/* What follows "progress=" as a percentage, or -1 where that is not all that it is. Pure. */
int importer_percent(const char *text);

/* Has the importer fill folder/tree, with folder/tmp to work in, and sets source, digest and search_path of image by its facts;
 * *root tells whether it brought a root filesystem. */
int importer_run(const struct import *import, const char *folder, struct image *image, bool *root,
                 struct error *err);

/* The path of a program of indyno's own that is not for users: an importer, the shim. The caller's to free.
 */
char *importer_path(const char *name);

#endif
