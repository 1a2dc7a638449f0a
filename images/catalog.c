#include "catalog.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/own.h"

enum { CATALOG_MAX = 1 << 20 };

static void delete_json(cJSON **json)
{
    cJSON_Delete(*json);
}

static char *member(const cJSON *object, const char *key)
{
    return copy_string(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key)));
}

static char *source_here(const cJSON *release)
{
    struct utsname machine;
    const cJSON *sources = cJSON_GetObjectItemCaseSensitive(release, "source");
    char *source = uname(&machine) == 0 ? member(sources, machine.machine) : NULL;
    return source ? source : member(sources, "any");
}

static int read_release(const char *path, const char *name, const cJSON *json, struct release *release,
                        struct error *err)
{
    *release = (struct release){.version = member(json, "version"),
                                .importer = member(json, "importer"),
                                .source = source_here(json),
                                .client = member(json, "client")};
    if (!release->version || !release->importer || strchr(release->importer, '/'))
        return fail(err, STATUS_DATA, "%s: %s.releases: a release needs a version and an importer", path,
                    name);
    return 0;
}

static int read_entry(const char *path, const cJSON *json, struct catalog_entry *entry, struct error *err)
{
    const cJSON *releases = cJSON_GetObjectItemCaseSensitive(json, "releases"), *item;
    entry->name = copy_string(json->string);
    entry->default_version = member(json, "default");
    if (!entry->default_version || !cJSON_IsArray(releases))
        return fail(err, STATUS_DATA, "%s: %s: needs a default and releases", path, entry->name);
    entry->releases = allocate((size_t)cJSON_GetArraySize(releases), sizeof *entry->releases);
    cJSON_ArrayForEach (item, releases)
        if (read_release(path, entry->name, item, &entry->releases[entry->release_count++], err) < 0)
            return -1;
    return 0;
}

int catalog_parse(const char *path, const char *text, struct catalog **catalog, struct error *err)
{
    __attribute__((cleanup(delete_json))) cJSON *json = cJSON_Parse(text);
    *catalog = NULL;
    if (!cJSON_IsObject(json))
        return fail(err, STATUS_DATA, "%s: not a catalog", path);
    struct catalog *made = allocate(1, sizeof *made);
    made->entries = allocate((size_t)cJSON_GetArraySize(json), sizeof *made->entries);
    const cJSON *item;
    cJSON_ArrayForEach (item, json)
        if (read_entry(path, item, &made->entries[made->entry_count++], err) < 0) {
            catalog_free(made);
            return -1;
        }
    *catalog = made;
    return 0;
}

int catalog_load(struct catalog **catalog, struct error *err)
{
    const char *given = getenv("INDYNO_CATALOG");
    const char *path = given && *given ? given : PKGDATADIR "/catalog.json";
    cleanup_free char *text = text_read_file(AT_FDCWD, path, CATALOG_MAX, NULL, err);
    *catalog = NULL;
    return text ? catalog_parse(path, text, catalog, err) : -1;
}

void catalog_free(struct catalog *catalog)
{
    for (size_t i = 0; catalog && i < catalog->entry_count; i++) {
        struct catalog_entry *entry = &catalog->entries[i];
        for (size_t j = 0; j < entry->release_count; j++) {
            free(entry->releases[j].version);
            free(entry->releases[j].importer);
            free(entry->releases[j].source);
            free(entry->releases[j].client);
        }
        free(entry->name);
        free(entry->default_version);
        free(entry->releases);
    }
    if (catalog)
        free(catalog->entries);
    free(catalog);
}

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

const struct release *catalog_release(const struct catalog_entry *entry, const char *wanted)
{
    const struct release *best = NULL;
    for (size_t i = 0; i < entry->release_count; i++) {
        const struct release *release = &entry->releases[i];
        if (!release->source || !version_matches(release->version, wanted))
            continue;
        if (!best || version_compare(release->version, best->version) > 0)
            best = release;
    }
    return best;
}
