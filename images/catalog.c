#include "catalog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/own.h"

enum { CATALOG_MAX = 1 << 20 };

/* ---- Loading ---- */

static int add_operators(struct catalog *catalog, struct error *err)
{
    cleanup_error struct error missing = {0};
    cleanup_free char *path = text_format("%s/catalog.json", images_config_dir());
    cleanup_free char *text = text_read_file(AT_FDCWD, path, CATALOG_MAX, NULL, &missing);
    if (text)
        return catalog_add(catalog, path, text, err);
    if (missing.errnum == ENOENT)
        return 0;
    return fail(err, missing.status, "%s", missing.message);
}

int catalog_load(struct catalog **catalog, struct error *err)
{
    const char *path = text_from_env("INDYNO_CATALOG", PKGDATADIR "/catalog.json");
    cleanup_free char *text = text_read_file(AT_FDCWD, path, CATALOG_MAX, NULL, err);
    *catalog = NULL;
    if (!text || catalog_parse(path, text, catalog, err) < 0)
        return -1;
    if (add_operators(*catalog, err) == 0)
        return 0;
    catalog_free(*catalog);
    *catalog = NULL;
    return -1;
}

static void clear_release(struct release *release)
{
    free(release->version);
    free(release->from);
    free(release->source);
    free(release->digest);
    free(release->client);
    strings_clear(&release->with);
}

void catalog_entry_clear(struct catalog_entry *entry)
{
    for (size_t i = 0; i < entry->release_count; i++)
        clear_release(&entry->releases[i]);
    for (size_t i = 0; i < entry->alias_count; i++) {
        free(entry->aliases[i].word);
        free(entry->aliases[i].version);
    }
    free(entry->name);
    free(entry->default_version);
    free(entry->upstream);
    free(entry->aliases);
    free(entry->releases);
    *entry = (struct catalog_entry){0};
}

void catalog_free(struct catalog *catalog)
{
    if (!catalog)
        return;
    for (size_t i = 0; i < catalog->entry_count; i++)
        catalog_entry_clear(&catalog->entries[i]);
    free(catalog->entries);
    free(catalog);
}

/* ---- Looking up ---- */

const struct catalog_entry *catalog_entry(const struct catalog *catalog, const char *name)
{
    for (size_t i = 0; i < catalog->entry_count; i++)
        if (text_equal(catalog->entries[i].name, name))
            return &catalog->entries[i];
    return NULL;
}

const char *catalog_default(const struct catalog *catalog, const char *name)
{
    const struct catalog_entry *entry = catalog_entry(catalog, name);
    return entry ? entry->default_version : NULL;
}

const char *catalog_alias(const struct catalog_entry *entry, const char *wanted)
{
    for (size_t i = 0; i < entry->alias_count; i++)
        if (text_equal(entry->aliases[i].word, wanted))
            return entry->aliases[i].version;
    return wanted;
}

const struct release *catalog_release(const struct catalog_entry *entry, const char *wanted, const char *from)
{
    wanted = catalog_alias(entry, wanted);
    for (size_t i = 0; i < entry->release_count; i++) {
        const struct release *release = &entry->releases[i];
        if (release->source && (!from || text_equal(release->from, from)) &&
            version_matches(release->version, wanted))
            return release;
    }
    return NULL;
}

const char *catalog_offer(const struct catalog *catalog, const char *name, const char *wanted)
{
    const struct catalog_entry *entry = catalog_entry(catalog, name);
    const struct release *release =
        entry ? catalog_release(entry, wanted && *wanted ? wanted : entry->default_version, NULL) : NULL;
    return release ? release->version : NULL;
}
