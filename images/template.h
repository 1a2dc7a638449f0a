/* The template cluster of a postgresql image, made once, when the image is installed. */
#ifndef INDYNO_TEMPLATE_H
#define INDYNO_TEMPLATE_H

#include "image.h"

/* Makes folder/template with the image's own server in a dyno (template-postgresql), starts that server on it once, and
 * sets template, locale, locpath, user, password and database of image, whose server is known. The locale is en_US.UTF-8
 * where the server's libc has it or it can be compiled (into folder/locale, or into the tree's root), else C.UTF-8. */
int template_make(const char *folder, struct image *image, struct error *err);

#endif
