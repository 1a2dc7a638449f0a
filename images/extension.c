#include <glob.h>
#include <string.h>

#include "base/own.h"
#include "image.h"

/* Where a tree has the control files of its extensions: glob(7) patterns. */
static const char *const folders[] = {
    "share/extension",
    "share/postgresql/extension",
    "root/usr/share/postgresql/*/extension",
    "root/usr/local/share/postgresql/extension",
    "root/usr/local/pgsql/share/extension",
};

/* What is not of these is no name that a pattern could hold. */
static bool is_name(const char *name)
{
    return *name &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == strlen(name);
}

bool image_has_extension(const struct image *image, const char *name)
{
    bool found = false;
    for (size_t i = 0; is_name(name) && i < sizeof folders / sizeof *folders && !found; i++) {
        cleanup_free char *pattern =
            text_format("%s/%s/%s/%s.control", image->path, image->tree, folders[i], name);
        glob_t files;
        if (glob(pattern, GLOB_NOSORT, NULL, &files) != 0)
            continue;
        found = files.gl_pathc > 0;
        globfree(&files);
    }
    return found;
}
