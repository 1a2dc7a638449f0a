/* The store's inside, for images/ only. */
#ifndef INDYNO_STORE_H
#define INDYNO_STORE_H

#include "image.h"

/* Makes the store's folders (0755) where they are missing. */
int store_make(const char *store, struct error *err);

/* Takes the lock under which images are made and removed: one process at a time; the others wait. The
 * descriptor is the lock; the kernel drops it with its holder. */
int store_lock(const char *store, struct error *err);

/* Removes what installs that were killed left behind. With the lock held. */
void store_sweep(const char *store);

/* An empty folder in the store to build an image in. The caller's to free. */
char *store_staging(const char *store, struct error *err);

/* Moves a finished staging folder to its place. Of an image that is there already and this one, which replace tells
 * stays, and the other goes; one that cannot be read never stays. */
int store_publish(const char *store, const char *staging, const struct image *image, bool replace,
                  struct error *err);

/* Removes an image. STATUS_DATA where it is not installed. */
int store_remove(const char *store, const char *name, const char *version, struct error *err);

/* Removes a folder with all that is in it; what is not there is no error. */
void store_delete_tree(const char *folder);

#endif
