/*
 * Theory of operation. An image is of one piece as long as what it was made from is what a run would use. That is a key,
 * written down at install and made anew by each run: the server's version, its template's locale and settings, and, where a
 * tree is used in place, which file the server is, since whoever installed that may replace it at any time. A template
 * is never used with another binary than the one that made it.
 */
#include "fit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"

/* To be raised with every change of template-postgresql, or of what packs its cluster, that makes another cluster. */
enum { TEMPLATE_SETTINGS = 1 };

static bool is_in_place(const struct image *image)
{
    return image->tree[0] == '/';
}

char *image_tree_at(const struct image *image, const char *folder)
{
    return is_in_place(image) ? copy_string(image->tree) : text_format("%s/%s", folder, image->tree);
}

/* Which file the server is. The caller's to free; NULL with err. */
static char *stamp_of(const struct image *image, struct error *err)
{
    struct stat st;
    cleanup_free char *path = text_format("%s/%s", image->tree, image->server);
    if (stat(path, &st) == 0)
        return text_format("%llu %lld %lld.%09ld", (unsigned long long)st.st_ino, (long long)st.st_size,
                           (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    fail(err, STATUS_DATA, "%s:%s is used in place, but %s: %s", image->name, image->version, path,
         strerror(errno));
    return NULL;
}

int image_key_make(const struct image *image, char **key, struct error *err)
{
    cleanup_strings struct strings parts = {0};
    *key = NULL;
    if (image->template)
        strings_addf(&parts, "%s %s settings %d", image->version, image->locale, TEMPLATE_SETTINGS);
    if (is_in_place(image) && image->server) {
        char *stamp = stamp_of(image, err);
        if (!stamp)
            return -1;
        strings_take(&parts, stamp);
    }
    if (parts.count)
        *key = strings_join(&parts, " ");
    return 0;
}

static int misfit(const struct image *image, struct error *err)
{
    fail(err, STATUS_DATA, "%s:%s was made %s", image->name, image->version,
         is_in_place(image) ? "from a server that has been replaced since" : "by another version of indyno");
    if (is_in_place(image))
        error_remedy(err, "install it again: indyno image import --in-place %s %s", image->name, image->tree);
    else
        error_remedy(err, "install it again: indyno image rm %s:%s, then indyno image install %s:%s",
                     image->name, image->version, image->name, image->version);
    return -1;
}

int image_check_fit(const struct image *image, struct error *err)
{
    cleanup_free char *key = NULL;
    if (image_key_make(image, &key, err) < 0) {
        error_remedy(err, "install it again, or remove it: indyno image rm %s:%s", image->name,
                     image->version);
        return -1;
    }
    return (!key && !image->key) || text_equal(key, image->key) ? 0 : misfit(image, err);
}
