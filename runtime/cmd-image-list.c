/* indyno image ls and inspect. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/own.h"
#include "cmd-image.h"
#include "images/manifest.h"
#include "images/store.h"
#include "policy.h"

int inventory_read(struct inventory *inventory, struct error *err)
{
    *inventory = (struct inventory){0};
    if (policy_stores(&inventory->stores, err) < 0)
        return -1;
    return stores_list(&inventory->stores, &inventory->images, &inventory->count, err);
}

void inventory_clear(struct inventory *inventory)
{
    images_free(inventory->images, inventory->count);
    strings_clear(&inventory->stores);
}

/* ---- ls ---- */

static char *size_text(uint64_t size)
{
    return size ? store_size_text(size) : copy_string("-");
}

static void print_table(const struct inventory *inventory)
{
    printf("%-20s %-10s %-8s %-8s %s\n", "NAME", "VERSION", "SIZE", "TEMPLATE", "SOURCE");
    for (size_t i = 0; i < inventory->count; i++) {
        const struct image *image = &inventory->images[i];
        cleanup_free char *size = size_text(image->size), *template = size_text(image->template_size);
        printf("%-20s %-10s %-8s %-8s %s\n", image->name, image->version, size, template, image->source);
    }
}

static cJSON *image_json(const struct image *image)
{
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "name", image->name);
    cJSON_AddStringToObject(item, "version", image->version);
    cJSON_AddStringToObject(item, "source", image->source);
    cJSON_AddStringToObject(item, "store", image->store);
    cJSON_AddStringToObject(item, "path", image->path);
    if (image->locale)
        cJSON_AddStringToObject(item, "locale", image->locale);
    if (image->size)
        cJSON_AddNumberToObject(item, "size", (double)image->size);
    if (image->template_size)
        cJSON_AddNumberToObject(item, "template_size", (double)image->template_size);
    return item;
}

static void print_json(const struct inventory *inventory)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < inventory->count; i++)
        cJSON_AddItemToArray(array, image_json(&inventory->images[i]));
    cleanup_free char *text = cJSON_Print(array);
    puts(text);
    cJSON_Delete(array);
}

static int list_available(struct error *err)
{
    cleanup_catalog struct catalog *catalog = NULL;
    if (catalog_load(&catalog, err) < 0)
        return -1;
    printf("%-20s %-10s %s\n", "NAME", "VERSION", "FROM");
    for (size_t i = 0; i < catalog->entry_count; i++)
        for (size_t j = 0; j < catalog->entries[i].release_count; j++) {
            const struct release *release = &catalog->entries[i].releases[j];
            if (release->source)
                printf("%-20s %-10s %s\n", catalog->entries[i].name, release->version, release->from);
        }
    return 0;
}

int image_ls(int argc, char **argv, struct error *err)
{
    bool json = false, available = false;
    for (int i = 1; i < argc; i++) {
        json = json || text_equal(argv[i], "--json");
        available = available || text_equal(argv[i], "--available");
        if (!text_equal(argv[i], "--json") && !text_equal(argv[i], "--available"))
            return image_usage("ls: it takes --available and --json only", err);
    }
    if (available)
        return list_available(err);
    cleanup_inventory struct inventory inventory;
    if (inventory_read(&inventory, err) < 0)
        return -1;
    (json ? print_json : print_table)(&inventory);
    return 0;
}

/* ---- inspect ---- */

static int print_manifest(const struct image *image)
{
    cleanup_free char *text = manifest_text(image);
    cJSON *json = cJSON_Parse(text);
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): an index that was found is of an image that is there */
    cJSON_AddStringToObject(json, "path", image->path);
    cleanup_free char *whole = cJSON_Print(json);
    puts(whole);
    cJSON_Delete(json);
    return 0;
}

/* What no catalog knows has no default: a root filesystem. */
static int find_inspected(const struct catalog *catalog, const struct inventory *inventory, const char *word,
                          struct error *err)
{
    cleanup_reference struct image_reference reference = image_reference_parse(word);
    if (!reference.version && !catalog_entry(catalog, reference.name))
        return resolve_root(inventory->images, inventory->count, reference.name, NULL, err);
    return resolve_image(catalog, inventory->images, inventory->count, reference.name, reference.version,
                         err);
}

int image_inspect(int argc, char **argv, struct error *err)
{
    if (argc != 2)
        return image_usage("inspect: expected NAME[:VERSION]", err);
    cleanup_catalog struct catalog *catalog = NULL;
    cleanup_inventory struct inventory inventory;
    if (inventory_read(&inventory, err) < 0 || catalog_load(&catalog, err) < 0)
        return -1;
    int index = find_inspected(catalog, &inventory, argv[1], err);
    return index < 0 ? -1 : print_manifest(&inventory.images[index]);
}
