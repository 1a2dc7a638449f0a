/* The survey of a postgresql image: what its server can do, found out by trying, when the image is installed. */
#ifndef INDYNO_SURVEY_H
#define INDYNO_SURVEY_H

#include "image.h"

/* Runs survey-postgresql with the image's own server in a dyno, on a view of folder/template, and sets extensions, left_out
 * and features of image. */
int survey_make(const char *folder, struct image *image, struct error *err);

/* Takes what survey-postgresql printed, and leaves out whatever is not of its form: it comes from a tree that nobody
 * trusts. Changes text. */
void survey_take(struct image *image, char *text);

#endif
