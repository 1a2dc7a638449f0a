#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "catalog.h"

struct image_reference image_reference_parse(const char *word)
{
    struct image_reference reference = {.name = copy_string(word)};
    char *colon = strchr(reference.name, ':');
    if (colon) {
        *colon = '\0';
        reference.version = colon + 1;
    }
    return reference;
}

void image_reference_clear(struct image_reference *reference)
{
    free(reference->name);
}

bool version_matches(const char *version, const char *wanted)
{
    size_t length = strlen(wanted);
    return strncmp(version, wanted, length) == 0 && (version[length] == '\0' || version[length] == '.');
}

/* "14.23, 15.18, 16.14", or "none". */
static char *installed_text(const struct image *images, size_t count, const char *name)
{
    cleanup_strings struct strings versions = {0};
    for (size_t i = 0; i < count; i++)
        if (text_equal(images[i].name, name))
            strings_add(&versions, images[i].version);
    return versions.count ? strings_join(&versions, ", ") : copy_string("none");
}

static const struct catalog_entry *find_entry(const struct catalog *catalog, const char *name)
{
    return catalog ? catalog_entry(catalog, name) : NULL;
}

/* The user's own word is what the message and the command have: the catalog knows what it means. */
static int refuse(const struct catalog_entry *entry, const struct image *images, size_t count,
                  const char *name, const char *wanted, struct error *err)
{
    cleanup_free char *installed = installed_text(images, count, name);
    fail(err, STATUS_DATA, "Specified %s version %s is not available", name, wanted);
    if (entry && catalog_release(entry, wanted, NULL))
        error_remedy(err, "installed: %s; install it with: indyno image install %s:%s", installed, name,
                     wanted);
    else
        error_remedy(err, "installed: %s; any directory can be installed with: indyno image import %s:%s DIR",
                     installed, name, wanted);
    return -1;
}

static const char *or_default(const struct catalog_entry *entry, const char *wanted)
{
    if (wanted && *wanted)
        return wanted;
    return entry ? entry->default_version : NULL;
}

/* The index of the newest one of the line, which may be NULL, or -1. */
static int find_installed(const struct image *images, size_t count, const char *name, const char *line)
{
    int best = -1;
    for (size_t i = 0; i < count; i++)
        if (text_equal(images[i].name, name) && (!line || version_matches(images[i].version, line)) &&
            (best < 0 || version_compare(images[i].version, images[best].version) > 0))
            best = (int)i;
    return best;
}

int resolve_image(const struct catalog *catalog, const struct image *images, size_t count, const char *name,
                  const char *wanted, struct error *err)
{
    const struct catalog_entry *entry = find_entry(catalog, name);
    wanted = or_default(entry, wanted);
    if (!wanted)
        return fail(err, STATUS_DATA, "%s: the catalog does not know it", name);
    int found = find_installed(images, count, name, entry ? catalog_alias(entry, wanted) : wanted);
    return found >= 0 ? found : refuse(entry, images, count, name, wanted, err);
}

int resolve_root(const struct image *images, size_t count, const char *name, const char *wanted,
                 struct error *err)
{
    const char *colon = wanted ? ":" : "", *version = wanted ? wanted : "";
    int found = find_installed(images, count, name, wanted);
    if (found >= 0 && images[found].root)
        return found;
    if (found >= 0) {
        fail(err, STATUS_DATA, "%s%s%s: it has no root filesystem", name, colon, version);
        error_remedy(err, "take one from deb, oci or a folder that is a root");
        return -1;
    }
    fail(err, STATUS_DATA, "%s%s%s: no such image is installed", name, colon, version);
    error_remedy(
        err,
        "install it with: indyno image import --rootfs %s:%s SOURCE; a folder has a slash: --rootfs=./%s",
        name, wanted ? wanted : "VERSION", name);
    return -1;
}

static unsigned long major_of(const char *version)
{
    return strtoul(version, NULL, 10);
}

/* The nearest major is the nearest to what the server's own would be, and of it the newest release. */
static bool is_nearer(const char *version, const char *best)
{
    if (major_of(version) != major_of(best))
        return major_of(version) < major_of(best);
    return version_compare(version, best) > 0;
}

int resolve_client(const struct image *images, size_t count, const char *server_version)
{
    int best = -1;
    for (size_t i = 0; i < count; i++)
        if (text_equal(images[i].name, "postgresql-client") &&
            major_of(images[i].version) >= major_of(server_version) &&
            (best < 0 || is_nearer(images[i].version, images[best].version)))
            best = (int)i;
    return best;
}
