/* Manifests: manifest.json of an image's folder, as struct image. */
#ifndef INDYNO_MANIFEST_H
#define INDYNO_MANIFEST_H

#include "base/error.h"
#include "image.h"

#define MANIFEST_FILE "manifest.json"

/* Reads folder/manifest.json into image (zeroed by the caller); path becomes folder. STATUS_DATA where it is
 * no manifest. */
int manifest_read(const char *folder, struct image *image, struct error *err);

/* The same of a manifest's text, but for path, which is for messages here. */
int manifest_parse(const char *path, const char *text, struct image *image, struct error *err);

/* Writes folder/manifest.json. */
int manifest_write(const struct image *image, const char *folder, struct error *err);

/* The manifest's text. The caller's to free. */
char *manifest_text(const struct image *image);

#endif
