/* Pruning: which images of a store no run would choose any more. Pure. */
#ifndef INDYNO_PRUNE_H
#define INDYNO_PRUNE_H

#include "image.h"

enum prune_why {
    PRUNE_NOT,
    PRUNE_OLDER, /* a newer release of its line is there: postgresql's lines are majors, others' major.minor */
    PRUNE_UNNEEDED /* client programs that no installed server would get */
};

struct prune {
    enum prune_why why;
    const char *newer; /* PRUNE_OLDER: the version of the newest of the line; the images' memory */
};

/* Fills prunes[count]. The images are stores_list's; only those of store are chosen, and all servers count. */
void prune_choose(const struct image *images, size_t count, const char *store, struct prune *prunes);

#endif
