#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "manifest.h"

#define SYSTEM_STORE "/var/lib/indyno"

/* ---- Where ---- */

static void add_given(struct strings *search, const char *given)
{
    cleanup_free char *words = copy_string(given);
    char *rest = words;
    for (char *word; (word = strsep(&rest, ":"));)
        if (*word)
            strings_add(search, word);
}

static void add_own(struct strings *search)
{
    const char *data = text_from_env("XDG_DATA_HOME", "");
    if (*data == '/')
        strings_addf(search, "%s/indyno", data);
    else
        strings_addf(search, "%s/.local/share/indyno", text_from_env("HOME", ""));
}

struct strings store_search(const char *hosts)
{
    struct strings search = {0};
    add_given(&search, text_from_env("INDYNO_STORE", ""));
    if (search.count)
        return search;
    if (geteuid() != 0)
        add_own(&search);
    strings_add(&search, hosts ? hosts : SYSTEM_STORE);
    return search;
}

const char *images_config_dir(void)
{
    return text_from_env("INDYNO_CONFIG_DIR", SYSCONFDIR "/indyno");
}

/* ---- One store ---- */

struct list {
    struct image *images;
    size_t count;
};

static int by_name_and_version(const void *a, const void *b)
{
    const struct image *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : version_compare(y->version, x->version);
}

static void sort(struct list *list)
{
    if (list->count)
        qsort(list->images, list->count, sizeof *list->images, by_name_and_version);
}

static void add_image(struct list *list, const char *store, const char *folder)
{
    struct image image = {0};
    struct stat st;
    /* before its manifest, so that image_hold finds out that another took its place since */
    if (stat(folder, &st) < 0 || manifest_read(folder, &image, NULL) < 0) {
        image_clear(&image); /* not an image: nothing that a run could use */
        return;
    }
    image.inode = st.st_ino;
    image.store = copy_string(store);
    list->images = reallocate(list->images, list->count + 1, sizeof *list->images);
    list->images[list->count++] = image;
}

static void list_versions(struct list *list, const char *store, const char *folder)
{
    cleanup_dir DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        cleanup_free char *image = text_format("%s/%s", folder, entry->d_name);
        add_image(list, store, image);
    }
}

static int list_store(struct list *list, const char *store, struct error *err)
{
    cleanup_free char *folder = text_format("%s/images", store);
    cleanup_dir DIR *dir = opendir(folder);
    if (!dir && errno == ENOENT)
        return 0;
    if (!dir)
        return fail_errno(err, "read the store %s", folder);
    struct dirent *entry;
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        cleanup_free char *name = text_format("%s/%s", folder, entry->d_name);
        list_versions(list, store, name);
    }
    sort(list);
    return 0;
}

int store_list(const char *store, struct image **images, size_t *count, struct error *err)
{
    struct list list = {0};
    int status = list_store(&list, store, err);
    *images = list.images;
    *count = list.count;
    return status;
}

void images_free(struct image *images, size_t count)
{
    for (size_t i = 0; i < count; i++)
        image_clear(&images[i]);
    free(images);
}

/* ---- All stores ---- */

static bool has(const struct list *list, const struct image *image)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->images[i].name, image->name) == 0 &&
            strcmp(list->images[i].version, image->version) == 0)
            return true;
    return false;
}

/* Moves what is not hidden to list, and frees the rest. */
static void merge(struct list *list, struct list *more)
{
    list->images = reallocate(list->images, list->count + more->count, sizeof *list->images);
    for (size_t i = 0; i < more->count; i++) {
        if (has(list, &more->images[i]))
            image_clear(&more->images[i]);
        else
            list->images[list->count++] = more->images[i];
    }
    free(more->images);
}

static int add_store(struct list *list, const char *store, bool is_first, struct error *err)
{
    struct list more = {0};
    struct error failure = {0};
    int status = list_store(&more, store, &failure);
    merge(list, &more);
    if (status == 0 || (!is_first && failure.errnum == EACCES)) {
        error_clear(&failure);
        return 0;
    }
    if (err)
        *err = failure;
    else
        error_clear(&failure);
    return -1;
}

static int list_all(struct list *list, const struct strings *search, struct error *err)
{
    for (size_t i = 0; i < search->count; i++)
        if (add_store(list, search->items[i], i == 0, err) < 0)
            return -1;
    sort(list);
    return 0;
}

int stores_list(const struct strings *search, struct image **images, size_t *count, struct error *err)
{
    struct list list = {0};
    int status = list_all(&list, search, err);
    if (status < 0) {
        images_free(list.images, list.count);
        list = (struct list){0};
    }
    *images = list.images;
    *count = list.count;
    return status;
}
