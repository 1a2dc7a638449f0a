#include "prune.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"

#define CLIENT "postgresql-client"

static bool is_one_line(const char *name, const char *a, const char *b)
{
    char *rest_a, *rest_b;
    if (strtoul(a, &rest_a, 10) != strtoul(b, &rest_b, 10))
        return false;
    if (text_starts(name, "postgresql"))
        return true;
    a = rest_a + (*rest_a == '.');
    b = rest_b + (*rest_b == '.');
    return strtoul(a, NULL, 10) == strtoul(b, NULL, 10);
}

static bool is_newer(const struct image *image, const struct image *than)
{
    return text_equal(image->store, than->store) && text_equal(image->name, than->name) &&
           is_one_line(image->name, image->version, than->version) &&
           version_compare(image->version, than->version) > 0;
}

static void choose_older(const struct image *images, size_t count, const char *store, struct prune *prunes)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++) {
            if (!text_equal(images[i].store, store) || !is_newer(&images[j], &images[i]))
                continue;
            if (prunes[i].newer && version_compare(images[j].version, prunes[i].newer) < 0)
                continue;
            prunes[i] = (struct prune){PRUNE_OLDER, images[j].version};
        }
}

/* What is left after the older releases went. */
struct left {
    struct image *images; /* shallow copies */
    size_t *index;        /* in the whole list */
    size_t count;
};

static void find_left(const struct image *images, size_t count, const struct prune *prunes, struct left *left)
{
    left->images = allocate(count, sizeof *left->images);
    left->index = allocate(count, sizeof *left->index);
    for (size_t i = 0; i < count; i++) {
        if (prunes[i].why != PRUNE_NOT)
            continue;
        left->images[left->count] = images[i];
        left->index[left->count++] = i;
    }
}

static void mark_needed(const struct left *left, bool *needed)
{
    for (size_t i = 0; i < left->count; i++) {
        if (!text_equal(left->images[i].name, "postgresql"))
            continue;
        int client = resolve_client(left->images, left->count, left->images[i].version);
        if (client >= 0)
            needed[left->index[client]] = true;
    }
}

static void choose_unneeded(const struct image *images, size_t count, const char *store, struct prune *prunes)
{
    struct left left = {0};
    cleanup_free bool *needed = allocate(count, sizeof *needed);
    find_left(images, count, prunes, &left);
    mark_needed(&left, needed);
    for (size_t i = 0; i < count; i++)
        if (prunes[i].why == PRUNE_NOT && !needed[i] && text_equal(images[i].name, CLIENT) &&
            text_equal(images[i].store, store))
            prunes[i].why = PRUNE_UNNEEDED;
    free(left.images);
    free(left.index);
}

void prune_choose(const struct image *images, size_t count, const char *store, struct prune *prunes)
{
    for (size_t i = 0; i < count; i++)
        prunes[i] = (struct prune){PRUNE_NOT, NULL};
    choose_older(images, count, store, prunes);
    choose_unneeded(images, count, store, prunes);
}
