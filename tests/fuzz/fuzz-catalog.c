/* The catalog, alone and on top of another. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "images/catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char below[] = "{\"redis\": {\"default\": \"7.0\", \"aliases\": {\"7\": \"7.0\"}, \"releases\": "
                            "[{\"version\": \"7.0\", \"from\": \"deb\", \"source\": \"bookworm/redis\"}]}}";

static void use(const struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->entry_count; i++) {
        const struct catalog_entry *entry = &catalog->entries[i];
        if (!entry->name || !entry->default_version)
            abort();
        catalog_release(entry, entry->default_version, NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = allocate(size + 1, 1);
    cleanup_error struct error err = {0}, added = {0};
    struct catalog *catalog = NULL, *two = NULL;
    if (size > 0)
        memcpy(text, data, size);
    if (catalog_parse("c.json", text, &catalog, &err) == 0) {
        use(catalog);
        catalog_free(catalog);
    } else if (err.status != STATUS_DATA || !err.message) {
        abort();
    }
    if (catalog_parse("below.json", below, &two, NULL) < 0)
        abort();
    if (catalog_add(two, "c.json", text, &added) == 0)
        use(two);
    catalog_free(two);
    return 0;
}
