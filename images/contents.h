/*
 * Contents: what is in an image, measured when it was installed, so that it can be verified.
 *
 * The file contents of an image's folder is what the script measure printed (its format is told there); the manifest
 * has its digest.
 */
#ifndef INDYNO_CONTENTS_H
#define INDYNO_CONTENTS_H

#include "image.h"

#define CONTENTS_FILE "contents"

/* Measures the image that is being made in folder: writes folder/contents, and sets contents, size and
 * template_size. */
int contents_write(const char *folder, struct image *image, struct error *err);

/* One difference: "changed", "mode changed", "missing" or "added", and the path in the image's folder. */
typedef void contents_report(void *context, const char *what, const char *path);

/* Measures an installed image anew and reports what differs. The number of differences, or -1 where it cannot be
 * measured. image->contents must be there. */
int contents_verify(const struct image *image, contents_report *report, void *context, struct error *err);

/* What differs between two measurements, which are destroyed. Pure. */
int contents_compare(char *then, char *now, contents_report *report, void *context);

/* A name in which every byte that is not printable ASCII, and the backslash, is an escape: "\x1b". The caller's to
 * free. */
char *contents_escape(const char *name);

#endif
