/* indyno image verify, rm and prune. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "cmd-image.h"
#include "images/contents.h"
#include "images/prune.h"
#include "images/store.h"

/* ---- verify ---- */

static void print_difference(void *context, const char *what, const char *path)
{
    const struct image *image = context;
    cleanup_free char *escaped = contents_escape(path);
    printf("%s:%s: %s: %s\n", image->name, image->version, what, escaped);
}

/* Measured while nobody takes it away. */
static int measure(struct image *image, struct error *err)
{
    cleanup_fd int hold = image_hold(image, err);
    return hold < 0 ? -1 : contents_verify(image, print_difference, image, err);
}

/* What is wrong with one image does not keep others from being verified. */
static bool verify(struct image *image)
{
    cleanup_error struct error err = {0};
    if (!image->contents) {
        printf("%s:%s: not measured: install it again\n", image->name, image->version);
        return false;
    }
    int differences = measure(image, &err);
    if (differences < 0) {
        error_print(&err, stderr);
        printf("%s:%s: cannot be measured\n", image->name, image->version);
    } else if (differences == 0) {
        printf("%s:%s: ok\n", image->name, image->version);
    }
    fflush(stdout);
    return differences == 0;
}

static bool is_meant(const struct image *image, const struct image_reference *reference)
{
    return text_equal(image->name, reference->name) &&
           (!reference->version || version_matches(image->version, reference->version));
}

static int find_meant(const struct inventory *inventory, const char *word, bool *meant, struct error *err)
{
    cleanup_reference struct image_reference reference = image_reference_parse(word);
    bool found = false;
    for (size_t i = 0; i < inventory->count; i++)
        if (is_meant(&inventory->images[i], &reference))
            found = meant[i] = true;
    return found ? 0 : fail(err, STATUS_DATA, "%s is not installed", word);
}

int image_verify(int argc, char **argv, struct error *err)
{
    cleanup_inventory struct inventory inventory;
    if (inventory_read(&inventory, err) < 0)
        return -1;
    cleanup_free bool *meant = allocate(inventory.count, sizeof *meant);
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-')
            return image_usage("verify: expected NAME[:VERSION]", err);
        if (find_meant(&inventory, argv[i], meant, err) < 0)
            return -1;
    }
    bool all_are_good = true;
    for (size_t i = 0; i < inventory.count; i++)
        if ((argc == 1 || meant[i]) && !verify(&inventory.images[i]))
            all_are_good = false;
    return all_are_good ? 0 : 1;
}

/* ---- rm ---- */

/* What only a later store has. */
static int refuse_elsewhere(const struct inventory *inventory, const struct image_reference *reference,
                            struct error *err)
{
    for (size_t i = 0; i < inventory->count; i++) {
        const struct image *image = &inventory->images[i];
        if (!text_equal(image->name, reference->name) || !text_equal(image->version, reference->version) ||
            text_equal(image->store, inventory->stores.items[0]))
            continue;
        fail(err, STATUS_DATA, "%s:%s is in %s, which is only read", image->name, image->version,
             image->store);
        error_remedy(err, "who may change that store: INDYNO_STORE=%s indyno image rm %s:%s", image->store,
                     image->name, image->version);
        return -1;
    }
    return 0;
}

static int remove_one(const struct inventory *inventory, const char *word, struct error *err)
{
    cleanup_reference struct image_reference reference = image_reference_parse(word);
    if (refuse_elsewhere(inventory, &reference, err) < 0 ||
        store_remove(inventory->stores.items[0], reference.name, reference.version, err) < 0)
        return -1;
    fprintf(stderr, "indyno: %s:%s removed\n", reference.name, reference.version);
    return 0;
}

static bool is_full(const char *word)
{
    cleanup_reference struct image_reference reference = image_reference_parse(word);
    return reference.version && is_version(reference.version) && *reference.name && *reference.name != '.' &&
           !strchr(reference.name, '/');
}

int image_rm(int argc, char **argv, struct error *err)
{
    cleanup_inventory struct inventory inventory = {0};
    if (argc < 2)
        return image_usage("rm: expected NAME:VERSION", err);
    for (int i = 1; i < argc; i++)
        if (!is_full(argv[i]))
            return image_usage("rm: expected NAME:VERSION, a full version", err);
    if (inventory_read(&inventory, err) < 0)
        return -1;
    for (int i = 1; i < argc; i++)
        if (remove_one(&inventory, argv[i], err) < 0)
            return -1;
    return 0;
}

/* ---- prune ---- */

struct pruning {
    bool is_dry;
    uint64_t total;
};

static char *why_text(const struct prune *prune)
{
    return prune->why == PRUNE_OLDER ? text_format("%s is there", prune->newer)
                                     : copy_string("no installed server needs it");
}

static void tell_pruned(struct pruning *pruning, const char *what, const char *why, uint64_t size)
{
    cleanup_free char *text = store_size_text(size);
    printf("%s: %s, %s: %s\n", what, pruning->is_dry ? "would be removed" : "removed", text, why);
    pruning->total += size;
}

static int prune_image(struct pruning *pruning, const struct image *image, const struct prune *prune,
                       struct error *err)
{
    cleanup_free char *what = text_format("%s:%s", image->name, image->version), *why = why_text(prune);
    uint64_t size = store_tree_size(image->path);
    bool in_use = pruning->is_dry && store_in_use(image->store, image->name, image->version);
    if (!pruning->is_dry && store_remove(image->store, image->name, image->version, err) < 0) {
        if (err->status != STATUS_NO_ROOM)
            return -1;
        error_clear(err);
        in_use = true;
    }
    if (in_use)
        printf("%s: kept: in use by a run\n", what);
    else
        tell_pruned(pruning, what, why, size);
    return 0;
}

static void prune_dead(const char *folder, void *context)
{
    struct pruning *pruning = context;
    uint64_t size = store_tree_size(folder);
    if (!pruning->is_dry)
        store_delete_tree(folder);
    tell_pruned(pruning, folder, "left by an install that was killed", size);
}

int image_prune(int argc, char **argv, struct error *err)
{
    cleanup_inventory struct inventory inventory = {0};
    struct pruning pruning = {.is_dry = argc == 2 && text_equal(argv[1], "--dry-run")};
    if (argc > 1 && !pruning.is_dry)
        return image_usage("prune: it takes --dry-run only", err);
    if (inventory_read(&inventory, err) < 0)
        return -1;
    const char *store = inventory.stores.items[0];
    cleanup_free struct prune *prunes = allocate(inventory.count, sizeof *prunes);
    prune_choose(inventory.images, inventory.count, store, prunes);
    for (size_t i = 0; i < inventory.count; i++)
        if (prunes[i].why != PRUNE_NOT && prune_image(&pruning, &inventory.images[i], &prunes[i], err) < 0)
            return -1;
    store_each_dead(store, prune_dead, &pruning);
    cleanup_free char *total = store_size_text(pruning.total);
    printf("total: %s\n", total);
    return 0;
}
