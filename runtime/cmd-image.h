/* What the files of indyno image share. */
#ifndef INDYNO_CMD_IMAGE_H
#define INDYNO_CMD_IMAGE_H

#include <stdbool.h>

#include "base/error.h"
#include "images/catalog.h"
#include "images/image.h"

static inline void free_catalog(struct catalog **catalog)
{
    catalog_free(*catalog);
}

#define cleanup_catalog __attribute__((cleanup(free_catalog)))

/* Whether it can be the name of a folder, as a full version is. */
bool is_version(const char *version);

/* The images of all stores. */
struct inventory {
    struct strings stores; /* the first is the one to change */
    struct image *images;
    size_t count;
};

int inventory_read(struct inventory *inventory, struct error *err);
void inventory_clear(struct inventory *inventory);
#define cleanup_inventory __attribute__((cleanup(inventory_clear)))

int image_usage(const char *what, struct error *err);

/* Actions: argv[0] is the action's name. */
int image_ls(int argc, char **argv, struct error *err);
int image_inspect(int argc, char **argv, struct error *err);
int image_verify(int argc, char **argv, struct error *err);
int image_rm(int argc, char **argv, struct error *err);
int image_prune(int argc, char **argv, struct error *err);

#endif
