#include "manifest.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <stdlib.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"

enum { MANIFEST_MAX = 1 << 20 };

static void delete_json(cJSON **json)
{
    cJSON_Delete(*json);
}

#define cleanup_json __attribute__((cleanup(delete_json)))

/* One table for both directions. */
static const struct {
    const char *key;
    size_t offset;
    bool required;
} texts[] = {
    {"name", offsetof(struct image, name), true},
    {"version", offsetof(struct image, version), true},
    {"source", offsetof(struct image, source), true},
    {"digest", offsetof(struct image, digest), false},
    {"tree", offsetof(struct image, tree), true},
    {"key", offsetof(struct image, key), false},
    {"root", offsetof(struct image, root), false},
    {"server", offsetof(struct image, server), false},
    {"search_path", offsetof(struct image, search_path), false},
    {"template", offsetof(struct image, template), false},
    {"locale", offsetof(struct image, locale), false},
    {"locpath", offsetof(struct image, locpath), false},
    {"user", offsetof(struct image, user), false},
    {"password", offsetof(struct image, password), false},
    {"database", offsetof(struct image, database), false},
    {"contents", offsetof(struct image, contents), false},
};

static const struct {
    const char *key;
    size_t offset;
} lists[] = {
    {"bins", offsetof(struct image, bins)},
};

/* Objects of strings. */
static const struct {
    const char *key;
    size_t offset;
} maps[] = {
    {"extensions", offsetof(struct image, extensions)},
    {"left_out", offsetof(struct image, left_out)},
    {"features", offsetof(struct image, features)},
};

static const struct {
    const char *key;
    size_t offset;
} numbers[] = {
    {"size", offsetof(struct image, size)},
    {"template_size", offsetof(struct image, template_size)},
};

enum {
    TEXT_COUNT = sizeof texts / sizeof *texts,
    LIST_COUNT = sizeof lists / sizeof *lists,
    MAP_COUNT = sizeof maps / sizeof *maps,
    NUMBER_COUNT = sizeof numbers / sizeof *numbers
};

/* What a double holds exactly, which is what a number of JSON is. */
static const double number_max = 9007199254740992.0;

static char **text_of(struct image *image, size_t i)
{
    return (char **)(void *)((char *)image + texts[i].offset);
}

static struct strings *list_of(struct image *image, size_t i)
{
    return (struct strings *)(void *)((char *)image + lists[i].offset);
}

static struct strings *map_of(struct image *image, size_t i)
{
    return (struct strings *)(void *)((char *)image + maps[i].offset);
}

static uint64_t *number_of(struct image *image, size_t i)
{
    return (uint64_t *)(void *)((char *)image + numbers[i].offset);
}

static int read_texts(const cJSON *json, const char *path, struct image *image, struct error *err)
{
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, texts[i].key);
        if (cJSON_IsString(item))
            *text_of(image, i) = copy_string(item->valuestring);
        else if (texts[i].required || (item && !cJSON_IsNull(item)))
            return fail(err, STATUS_DATA, "%s: %s: expected a string", path, texts[i].key);
    }
    return 0;
}

static int read_lists(const cJSON *json, const char *path, struct image *image, struct error *err)
{
    for (size_t i = 0; i < LIST_COUNT; i++) {
        const cJSON *array = cJSON_GetObjectItemCaseSensitive(json, lists[i].key), *item;
        if (array && !cJSON_IsArray(array))
            return fail(err, STATUS_DATA, "%s: %s: expected an array", path, lists[i].key);
        cJSON_ArrayForEach (item, array) {
            if (!cJSON_IsString(item))
                return fail(err, STATUS_DATA, "%s: %s: expected strings", path, lists[i].key);
            strings_add(list_of(image, i), item->valuestring);
        }
    }
    return 0;
}

static int read_maps(const cJSON *json, const char *path, struct image *image, struct error *err)
{
    for (size_t i = 0; i < MAP_COUNT; i++) {
        const cJSON *object = cJSON_GetObjectItemCaseSensitive(json, maps[i].key), *item;
        if (object && !cJSON_IsObject(object))
            return fail(err, STATUS_DATA, "%s: %s: expected an object", path, maps[i].key);
        cJSON_ArrayForEach (item, object) {
            if (!cJSON_IsString(item))
                return fail(err, STATUS_DATA, "%s: %s: expected strings", path, maps[i].key);
            strings_addf(map_of(image, i), "%s=%s", item->string, item->valuestring);
        }
    }
    return 0;
}

static int read_numbers(const cJSON *json, const char *path, struct image *image, struct error *err)
{
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, numbers[i].key);
        if (!item)
            continue;
        if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= number_max))
            return fail(err, STATUS_DATA, "%s: %s: expected a size", path, numbers[i].key);
        *number_of(image, i) = (uint64_t)item->valuedouble;
    }
    return 0;
}

int manifest_parse(const char *path, const char *text, struct image *image, struct error *err)
{
    cleanup_json cJSON *json = cJSON_Parse(text);
    if (!cJSON_IsObject(json))
        return fail(err, STATUS_DATA, "%s: not a manifest", path);
    if (read_texts(json, path, image, err) < 0 || read_lists(json, path, image, err) < 0 ||
        read_maps(json, path, image, err) < 0)
        return -1;
    return read_numbers(json, path, image, err);
}

int manifest_read(const char *folder, struct image *image, struct error *err)
{
    cleanup_free char *path = text_format("%s/%s", folder, MANIFEST_FILE);
    cleanup_free char *text = text_read_file(AT_FDCWD, path, MANIFEST_MAX, NULL, err);
    image->path = copy_string(folder);
    return text ? manifest_parse(path, text, image, err) : -1;
}

static void add_map(cJSON *json, const char *key, const struct strings *map)
{
    cJSON *object = cJSON_AddObjectToObject(json, key);
    for (size_t i = 0; i < map->count; i++) {
        const char *value = strchr(map->items[i], '=');
        cleanup_free char *name = text_format("%.*s", (int)(value - map->items[i]), map->items[i]);
        cJSON_AddStringToObject(object, name, value + 1);
    }
}

char *manifest_text(const struct image *image)
{
    struct image *from = (struct image *)(uintptr_t)image;
    cleanup_json cJSON *json = cJSON_CreateObject();
    for (size_t i = 0; i < TEXT_COUNT; i++)
        if (*text_of(from, i))
            cJSON_AddStringToObject(json, texts[i].key, *text_of(from, i));
    for (size_t i = 0; i < LIST_COUNT; i++) {
        const struct strings *list = list_of(from, i);
        cJSON *array = cJSON_AddArrayToObject(json, lists[i].key);
        for (size_t j = 0; j < list->count; j++)
            cJSON_AddItemToArray(array, cJSON_CreateString(list->items[j]));
    }
    for (size_t i = 0; i < MAP_COUNT; i++)
        if (map_of(from, i)->count)
            add_map(json, maps[i].key, map_of(from, i));
    for (size_t i = 0; i < NUMBER_COUNT; i++)
        if (*number_of(from, i))
            cJSON_AddNumberToObject(json, numbers[i].key, (double)*number_of(from, i));
    return cJSON_Print(json);
}

int manifest_write(const struct image *image, const char *folder, struct error *err)
{
    cleanup_free char *path = text_format("%s/%s", folder, MANIFEST_FILE);
    cleanup_free char *text = manifest_text(image);
    cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 || text_write_all(fd, text, strlen(text)) < 0 || text_write_all(fd, "\n", 1) < 0 ||
        fchmod(fd, 0644) < 0 || fsync(fd) < 0)
        return fail_errno(err, "write %s", path);
    return 0;
}

void image_clear(struct image *image)
{
    for (size_t i = 0; i < TEXT_COUNT; i++)
        free(*text_of(image, i));
    for (size_t i = 0; i < LIST_COUNT; i++)
        strings_clear(list_of(image, i));
    for (size_t i = 0; i < MAP_COUNT; i++)
        strings_clear(map_of(image, i));
    free(image->path);
    free(image->store);
    *image = (struct image){0};
}
