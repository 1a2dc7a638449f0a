/* What an image was made from, as a key. For images/ only. */
#ifndef INDYNO_FIT_H
#define INDYNO_FIT_H

#include "image.h"

/* The key that the image has now; *key, the caller's to free, is NULL where it needs none (neither a template nor a tree
 * that is used in place). */
int image_key_make(const struct image *image, char **key, struct error *err);

#endif
