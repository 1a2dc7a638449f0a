/*
 * Theory of operation: each kind of object has a table of its members, each with the function that takes it and
 * the field that it goes to. An entry is parsed alone and then merged into what the catalog has of that name, so
 * that a catalog on top needs to say only what differs; what every entry must have is checked when all is merged.
 */
#include "catalog.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/own.h"
#include "json-object.h"

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyz"

static const char version_mark[] = "{version}";

struct reader {
    const char *path;
    struct error *err;
};

/* Where a value stands. Its path is put together for a message only: catalogs are long, and each run reads one. */
struct key {
    const struct key *parent;
    const char *name; /* NULL: number index of a list */
    size_t index;
};

/* Takes a member's value into field. */
typedef int take(const struct reader *reader, const struct key *key, const cJSON *item, void *field);

struct member {
    const char *name;
    take *take;
    size_t offset; /* of field */
};

static void delete_json(cJSON **json)
{
    cJSON_Delete(*json);
}

/* "redis.releases[3].version". The caller's to free. */
static char *key_path(const struct key *key)
{
    if (!key->parent)
        return copy_string(key->name);
    cleanup_free char *above = key_path(key->parent);
    return key->name ? text_format("%s.%s", above, key->name) : text_format("%s[%zu]", above, key->index);
}

static int refuse(const struct reader *reader, const struct key *key, const char *why, const char *remedy)
{
    cleanup_free char *path = key_path(key);
    fail(reader->err, STATUS_DATA, "%s: %s: %s", reader->path, path, why);
    error_remedy(reader->err, "%s", remedy);
    return -1;
}

/* ---- Objects along tables ---- */

static const struct member *find_member(const struct member *members, const char *name)
{
    for (; members->name; members++)
        if (text_equal(members->name, name))
            return members;
    return NULL;
}

static int refuse_unknown(const struct reader *reader, const struct key *key, const struct member *members)
{
    cleanup_free char *known = copy_string("known are:");
    for (; members->name; members++) {
        char *longer = text_format("%s %s", known, members->name);
        free(known);
        known = longer;
    }
    return refuse(reader, key, "no such key", known);
}

/* cJSON takes the first of two with one name, others the last. */
static int check_unique(const struct reader *reader, const struct key *key, const cJSON *item)
{
    for (const cJSON *later = item->next; later; later = later->next)
        if (text_equal(later->string, item->string))
            return refuse(reader, key, "given twice", "remove one of the two");
    return 0;
}

static int take_members(const struct reader *reader, const struct key *key, const cJSON *object,
                        const struct member *members, void *base)
{
    if (!cJSON_IsObject(object))
        return refuse(reader, key, "not an object", "write {\"key\": value, ...}");
    const cJSON *item;
    cJSON_ArrayForEach (item, object) {
        const struct key at = {.parent = key, .name = item->string};
        const struct member *member = find_member(members, item->string);
        if (!member)
            return refuse_unknown(reader, &at, members);
        if (check_unique(reader, &at, item) < 0 ||
            member->take(reader, &at, item, (char *)base + member->offset) < 0)
            return -1;
    }
    return 0;
}

/* ---- Values ---- */

/* Of characters of a set, the first of a smaller one: versions and names become names of folders. */
static int take_of(const struct reader *reader, const struct key *key, const cJSON *item, const char *first,
                   const char *characters, const char *remedy, void *field)
{
    const char *text = cJSON_GetStringValue(item);
    if (!text || !*text || !strchr(first, *text) || strspn(text, characters) != strlen(text))
        return refuse(reader, key, "not a value that it can have", remedy);
    *(char **)field = copy_string(text);
    return 0;
}

static int take_version(const struct reader *reader, const struct key *key, const cJSON *item, void *field)
{
    return take_of(reader, key, item, DIGITS, DIGITS ".", "write a version, a string such as \"7.0\"", field);
}

static int take_importer(const struct reader *reader, const struct key *key, const cJSON *item, void *field)
{
    return take_of(reader, key, item, LETTERS DIGITS, LETTERS DIGITS "-",
                   "write an importer's name without its from-: letters a to z, digits and hyphens", field);
}

/* Importers print facts a line each. */
static bool is_line(const char *text)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == '\x7f')
            return false;
    return *text != '\0';
}

static int take_line(const struct reader *reader, const struct key *key, const cJSON *item, void *field)
{
    const char *text = cJSON_GetStringValue(item);
    if (!text || !is_line(text))
        return refuse(reader, key, "not a line of text", "write a string without control characters");
    *(char **)field = copy_string(text);
    return 0;
}

static int take_upstream(const struct reader *reader, const struct key *key, const cJSON *item, void *field)
{
    if (take_line(reader, key, item, field) < 0)
        return -1;
    return strstr(*(char **)field, version_mark)
               ? 0
               : refuse(reader, key, "does not say where the version goes", "write {version} in it");
}

static int take_lines(const struct reader *reader, const struct key *key, const cJSON *list, void *field)
{
    if (!cJSON_IsArray(list))
        return refuse(reader, key, "not a list", "write [\"...\", ...]");
    const cJSON *item;
    cJSON_ArrayForEach (item, list) {
        char *line;
        if (take_line(reader, key, item, &line) < 0)
            return -1;
        strings_take(field, line);
    }
    return 0;
}

/* Keeps only this machine's; a field that stays NULL means that it has none. */
static int take_by_machine(const struct reader *reader, const struct key *key, const cJSON *item, void *field)
{
    struct by_machine {
        char *x86_64, *aarch64;
    } found = {0};
    static const struct member machines[] = {
        {"x86_64", take_line, offsetof(struct by_machine, x86_64)},
        {"aarch64", take_line, offsetof(struct by_machine, aarch64)},
        {0},
    };
    if (!cJSON_IsObject(item))
        return take_line(reader, key, item, field);
    struct utsname machine;
    int taken = take_members(reader, key, item, machines, &found);
    const struct member *here = uname(&machine) == 0 ? find_member(machines, machine.machine) : NULL;
    if (here)
        *(char **)field = copy_string(*(char **)(void *)((char *)&found + here->offset));
    free(found.x86_64);
    free(found.aarch64);
    return taken;
}

/* ---- Releases ---- */

static const struct member release_members[] = {
    {"version", take_version, offsetof(struct release, version)},
    {"from", take_importer, offsetof(struct release, from)},
    {"source", take_by_machine, offsetof(struct release, source)},
    {"digest", take_by_machine, offsetof(struct release, digest)},
    {"client", take_line, offsetof(struct release, client)},
    {"with", take_lines, offsetof(struct release, with)},
    {0},
};

static int read_release(const struct reader *reader, const struct key *key, const cJSON *item,
                        struct release *release)
{
    if (take_members(reader, key, item, release_members, release) < 0)
        return -1;
    if (!release->version || !release->from)
        return refuse(reader, key, "no version, or no from",
                      "write {\"version\": \"7.0\", \"from\": \"deb\", \"source\": \"...\"}");
    release->is_upstream = !cJSON_GetObjectItemCaseSensitive(item, "source");
    if (release->is_upstream && !text_equal(release->from, "source"))
        return refuse(reader, key, "no source", "only a release from \"source\" can do without");
    return 0;
}

static int take_releases(const struct reader *reader, const struct key *key, const cJSON *list, void *field)
{
    struct catalog_entry *entry = field;
    if (!cJSON_IsArray(list))
        return refuse(reader, key, "not a list", "write [{\"version\": ..., \"from\": ...}, ...]");
    entry->releases = allocate((size_t)cJSON_GetArraySize(list), sizeof *entry->releases);
    const cJSON *item;
    cJSON_ArrayForEach (item, list) {
        const struct key at = {.parent = key, .index = entry->release_count};
        if (read_release(reader, &at, item, &entry->releases[entry->release_count++]) < 0)
            return -1;
    }
    return 0;
}

/* ---- Entries ---- */

static int take_aliases(const struct reader *reader, const struct key *key, const cJSON *object, void *field)
{
    struct catalog_entry *entry = field;
    if (!cJSON_IsObject(object))
        return refuse(reader, key, "not an object", "write {\"7\": \"7.0\", ...}");
    entry->aliases = allocate((size_t)cJSON_GetArraySize(object), sizeof *entry->aliases);
    const cJSON *item;
    cJSON_ArrayForEach (item, object) {
        const struct key at = {.parent = key, .name = item->string};
        struct catalog_alias *alias = &entry->aliases[entry->alias_count++];
        alias->word = copy_string(item->string);
        if (check_unique(reader, &at, item) < 0 || take_version(reader, &at, item, &alias->version) < 0)
            return -1;
    }
    return 0;
}

static const struct member entry_members[] = {
    {"default", take_version, offsetof(struct catalog_entry, default_version)},
    {"aliases", take_aliases, 0},
    {"upstream", take_upstream, offsetof(struct catalog_entry, upstream)},
    {"releases", take_releases, 0},
    {0},
};

static int read_entry(const struct reader *reader, const cJSON *item, struct catalog_entry *entry)
{
    const char *name = item->string;
    const struct key key = {.name = name};
    if (!*name || strspn(name, LETTERS DIGITS "-") != strlen(name) || *name == '-')
        return refuse(reader, &key, "not a name that an image can have",
                      "use letters a to z, digits and hyphens");
    entry->name = copy_string(name);
    if (check_unique(reader, &key, item) < 0)
        return -1;
    return take_members(reader, &key, item, entry_members, entry);
}

/* ---- Merging ---- */

static void replace_text(char **under, char **over)
{
    if (!*over)
        return;
    free(*under);
    *under = steal_pointer(*over);
}

static void put_alias(struct catalog_entry *under, struct catalog_alias *alias)
{
    for (size_t i = 0; i < under->alias_count; i++)
        if (text_equal(under->aliases[i].word, alias->word)) {
            replace_text(&under->aliases[i].version, &alias->version);
            return;
        }
    under->aliases = reallocate(under->aliases, under->alias_count + 1, sizeof *under->aliases);
    under->aliases[under->alias_count++] = *alias;
    *alias = (struct catalog_alias){0};
}

static void put_releases_first(struct catalog_entry *under, struct catalog_entry *over)
{
    size_t count = over->release_count + under->release_count;
    over->releases = reallocate(over->releases, count + 1, sizeof *over->releases);
    for (size_t i = 0; i < under->release_count; i++)
        over->releases[over->release_count + i] = under->releases[i];
    free(under->releases);
    under->releases = steal_pointer(over->releases);
    under->release_count = count;
    over->release_count = 0;
}

static struct catalog_entry *entry_for(struct catalog *catalog, const char *name)
{
    for (size_t i = 0; i < catalog->entry_count; i++)
        if (text_equal(catalog->entries[i].name, name))
            return &catalog->entries[i];
    catalog->entries = reallocate(catalog->entries, catalog->entry_count + 1, sizeof *catalog->entries);
    struct catalog_entry *entry = &catalog->entries[catalog->entry_count++];
    *entry = (struct catalog_entry){.name = copy_string(name)};
    return entry;
}

static void merge_entry(struct catalog *catalog, struct catalog_entry *over)
{
    struct catalog_entry *under = entry_for(catalog, over->name);
    replace_text(&under->default_version, &over->default_version);
    replace_text(&under->upstream, &over->upstream);
    for (size_t i = 0; i < over->alias_count; i++)
        put_alias(under, &over->aliases[i]);
    put_releases_first(under, over);
}

/* ---- What is to be so when all is merged ---- */

static char *upstream_source(const char *upstream, const char *version)
{
    const char *mark = strstr(upstream, version_mark);
    return text_format("%.*s%s%s", (int)(mark - upstream), upstream, version, mark + strlen(version_mark));
}

static int complete_releases(const struct reader *reader, struct catalog_entry *entry)
{
    const struct key top = {.name = entry->name}, list = {.parent = &top, .name = "releases"};
    for (size_t i = 0; i < entry->release_count; i++) {
        struct release *release = &entry->releases[i];
        const struct key key = {.parent = &list, .index = i};
        if (!release->is_upstream)
            continue;
        if (!entry->upstream)
            return refuse(reader, &key, "no source",
                          "give it one, or the entry an \"upstream\": \"https://.../{version}.tar.gz\"");
        free(release->source);
        release->source = upstream_source(entry->upstream, release->version);
    }
    return 0;
}

/* One step is all that is ever taken: what a user types after a message that names the target means the same. */
static int check_aliases(const struct reader *reader, const struct catalog_entry *entry)
{
    const struct key top = {.name = entry->name}, list = {.parent = &top, .name = "aliases"};
    for (size_t i = 0; i < entry->alias_count; i++) {
        const char *version = entry->aliases[i].version;
        const struct key key = {.parent = &list, .name = entry->aliases[i].word};
        if (!text_equal(catalog_alias(entry, version), version))
            return refuse(reader, &key, "an alias of an alias", "write the version that is meant in the end");
    }
    return 0;
}

static int complete(const struct reader *reader, struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->entry_count; i++) {
        struct catalog_entry *entry = &catalog->entries[i];
        if (!entry->default_version)
            return refuse(reader, &(struct key){.name = entry->name}, "no default",
                          "add \"default\": \"VERSION\"");
        if (check_aliases(reader, entry) < 0 || complete_releases(reader, entry) < 0)
            return -1;
    }
    return 0;
}

/* ---- The whole ---- */

static int merge_item(const struct reader *reader, const cJSON *item, struct catalog *catalog)
{
    __attribute__((cleanup(catalog_entry_clear))) struct catalog_entry entry = {0};
    if (read_entry(reader, item, &entry) < 0)
        return -1;
    merge_entry(catalog, &entry);
    return 0;
}

int catalog_add(struct catalog *catalog, const char *path, const char *text, struct error *err)
{
    const struct reader reader = {path, err};
    __attribute__((cleanup(delete_json))) cJSON *json = json_object_parse(path, text, "a catalog", err);
    if (!json)
        return -1;
    const cJSON *item;
    cJSON_ArrayForEach (item, json)
        if (merge_item(&reader, item, catalog) < 0)
            return -1;
    return complete(&reader, catalog);
}

int catalog_parse(const char *path, const char *text, struct catalog **catalog, struct error *err)
{
    struct catalog *made = allocate(1, sizeof *made);
    *catalog = NULL;
    if (catalog_add(made, path, text, err) < 0) {
        catalog_free(made);
        return -1;
    }
    *catalog = made;
    return 0;
}
