#include "catalog.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/own.h"
#include "importer.h"

enum { CATALOG_MAX = 1 << 20 };

static void delete_json(cJSON **json)
{
    cJSON_Delete(*json);
}

static char *member(const cJSON *object, const char *key)
{
    return copy_string(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key)));
}

/* A string, or of an object the member for this machine's architecture, else "any". */
static char *member_here(const cJSON *object, const char *key)
{
    struct utsname machine;
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (cJSON_IsObject(item)) {
        char *here = uname(&machine) == 0 ? member(item, machine.machine) : NULL;
        return here ? here : member(item, "any");
    }
    return copy_string(cJSON_GetStringValue(item));
}

/* "https://.../redis-{version}.tar.gz" for a version. */
static char *expand(const char *upstream, const char *version)
{
    static const char mark[] = "{version}";
    const char *at = upstream ? strstr(upstream, mark) : NULL;
    return at ? text_format("%.*s%s%s", (int)(at - upstream), upstream, version, at + strlen(mark)) : NULL;
}

static int read_release(const char *path, const struct catalog_entry *entry, const char *upstream,
                        const cJSON *json, struct release *release, struct error *err)
{
    *release = (struct release){.version = member(json, "version"),
                                .from = member(json, "from"),
                                .source = member_here(json, "source"),
                                .digest = member_here(json, "digest"),
                                .client = member(json, "client")};
    if (!release->version || !release->from || !importer_is_name(release->from))
        return fail(err, STATUS_DATA,
                    "%s: %s.releases: a release needs a version and an importer's name as from", path,
                    entry->name);
    if (!release->source && text_equal(release->from, "source"))
        release->source = expand(upstream, release->version);
    return 0;
}

static int read_aliases(const char *path, const cJSON *json, struct catalog_entry *entry, struct error *err)
{
    const cJSON *aliases = cJSON_GetObjectItemCaseSensitive(json, "aliases"), *item;
    entry->aliases = allocate((size_t)cJSON_GetArraySize(aliases), sizeof *entry->aliases);
    cJSON_ArrayForEach (item, aliases) {
        if (!cJSON_IsString(item))
            return fail(err, STATUS_DATA, "%s: %s.aliases.%s: expected a version", path, entry->name,
                        item->string);
        entry->aliases[entry->alias_count++] =
            (struct catalog_alias){copy_string(item->string), copy_string(item->valuestring)};
    }
    return 0;
}

static int read_entry(const char *path, const cJSON *json, struct catalog_entry *entry, struct error *err)
{
    const cJSON *releases = cJSON_GetObjectItemCaseSensitive(json, "releases"), *item;
    entry->name = copy_string(json->string);
    entry->default_version = member(json, "default");
    const char *upstream = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "upstream"));
    if (!entry->default_version || !cJSON_IsArray(releases))
        return fail(err, STATUS_DATA, "%s: %s: needs a default and releases", path, entry->name);
    entry->releases = allocate((size_t)cJSON_GetArraySize(releases), sizeof *entry->releases);
    cJSON_ArrayForEach (item, releases)
        if (read_release(path, entry, upstream, item, &entry->releases[entry->release_count++], err) < 0)
            return -1;
    return read_aliases(path, json, entry, err);
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

/* ---- An operator's on top ---- */

static struct catalog_entry *find_entry(struct catalog *catalog, const char *name)
{
    for (size_t i = 0; i < catalog->entry_count; i++)
        if (text_equal(catalog->entries[i].name, name))
            return &catalog->entries[i];
    return NULL;
}

/* Moves what is in from in front of what is in to. */
static void put_in_front(struct catalog_entry *to, struct catalog_entry *from)
{
    from->releases =
        reallocate(from->releases, from->release_count + to->release_count, sizeof *from->releases);
    memcpy(from->releases + from->release_count, to->releases, to->release_count * sizeof *to->releases);
    from->release_count += to->release_count;
    from->aliases = reallocate(from->aliases, from->alias_count + to->alias_count, sizeof *from->aliases);
    memcpy(from->aliases + from->alias_count, to->aliases, to->alias_count * sizeof *to->aliases);
    from->alias_count += to->alias_count;
    free(to->releases);
    free(to->aliases);
    free(to->name);
    free(to->default_version);
    *to = *from;
}

void catalog_merge(struct catalog *catalog, struct catalog *over)
{
    for (size_t i = 0; i < over->entry_count; i++) {
        struct catalog_entry *entry = find_entry(catalog, over->entries[i].name);
        if (entry) {
            put_in_front(entry, &over->entries[i]);
            continue;
        }
        catalog->entries = reallocate(catalog->entries, catalog->entry_count + 1, sizeof *catalog->entries);
        catalog->entries[catalog->entry_count++] = over->entries[i];
    }
    free(over->entries);
    free(over);
}

static int load_file(const char *path, struct catalog **catalog, struct error *err)
{
    cleanup_free char *text = text_read_file(AT_FDCWD, path, CATALOG_MAX, NULL, err);
    return text ? catalog_parse(path, text, catalog, err) : -1;
}

int catalog_load(struct catalog **catalog, struct error *err)
{
    const char *given = getenv("INDYNO_CATALOG"), *config = getenv("INDYNO_CONFIG_DIR");
    cleanup_free char *operators =
        text_format("%s/catalog.json", config && *config ? config : SYSCONFDIR "/indyno");
    *catalog = NULL;
    if (load_file(given && *given ? given : PKGDATADIR "/catalog.json", catalog, err) < 0)
        return -1;
    struct catalog *over;
    if (access(operators, F_OK) < 0)
        return 0;
    if (load_file(operators, &over, err) < 0) {
        catalog_free(*catalog);
        *catalog = NULL;
        return -1;
    }
    catalog_merge(*catalog, over);
    return 0;
}

void catalog_free(struct catalog *catalog)
{
    for (size_t i = 0; catalog && i < catalog->entry_count; i++) {
        struct catalog_entry *entry = &catalog->entries[i];
        for (size_t j = 0; j < entry->release_count; j++) {
            free(entry->releases[j].version);
            free(entry->releases[j].from);
            free(entry->releases[j].source);
            free(entry->releases[j].digest);
            free(entry->releases[j].client);
        }
        for (size_t j = 0; j < entry->alias_count; j++) {
            free(entry->aliases[j].word);
            free(entry->aliases[j].version);
        }
        free(entry->aliases);
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

static bool is_offered(const struct release *release, const char *from)
{
    return release->source && (!from || text_equal(release->from, from));
}

const struct release *catalog_release(const struct catalog_entry *entry, const char *wanted, const char *from)
{
    for (size_t i = 0; i < entry->release_count; i++)
        if (is_offered(&entry->releases[i], from) && version_matches(entry->releases[i].version, wanted))
            return &entry->releases[i];
    return NULL;
}

const char *catalog_alias(const struct catalog_entry *entry, const char *wanted)
{
    for (size_t i = 0; i < entry->alias_count; i++)
        if (text_equal(entry->aliases[i].word, wanted))
            return entry->aliases[i].version;
    return wanted;
}

char *catalog_offers(const struct catalog_entry *entry, const char *from)
{
    char *text = copy_string("");
    for (size_t i = 0; i < entry->release_count; i++) {
        if (!is_offered(&entry->releases[i], from))
            continue;
        char *longer = text_format("%s%s%s", text, *text ? ", " : "", entry->releases[i].version);
        free(text);
        text = longer;
    }
    return text;
}
