/*
 * Theory of operation. An image is built in a staging folder of the store (build.c), which is then renamed to its place.
 * Whatever fails or is killed before that leaves a staging folder, which the next install sweeps.
 */
#include "install.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "build.h"
#include "catalog.h"
#include "store.h"

void install_options_clear(struct install_options *options)
{
    free(options->from);
    free(options->source);
    free(options->tarball);
    free(options->digest);
    strings_clear(&options->with);
    *options = (struct install_options){0};
}

bool install_is_express(const struct install_options *options)
{
    return options->from || options->with.count || options->tarball || options->digest;
}

static void tell(const struct install_progress *progress, const struct image *image, bool was_there)
{
    if (progress)
        progress->done(progress->context, image, was_there);
}

static int unknown_name(const char *name, struct error *err)
{
    fail(err, STATUS_DATA, "%s: no such image", name);
    error_remedy(err, "images are: " KIND_NAMES);
    return -1;
}

static int build_and_publish(const char *store, const struct build *build, struct error *err)
{
    cleanup_image struct image image = {0};
    cleanup_fd int lock = -1;
    cleanup_free char *staging = store_staging(store, &lock, err);
    if (!staging)
        return -1;
    mode_t mask = umask(022); /* every run reads the image, whatever its maker's umask is */
    int built = build_image(build, staging, &image, err);
    umask(mask);
    if (built < 0 || store_publish(store, staging, &image, build->replace, err) < 0) {
        store_explain_room(store, err); /* while what filled it is there */
        store_delete_tree(staging);
        return -1;
    }
    tell(build->progress, &image, false);
    return 0;
}

/* ---- Whole installs ---- */

static int open_store(const char *store, const char *name, const char *wanted, struct error *err)
{
    if (store_make(store, err) < 0)
        return -1;
    int lock = store_lock_install(store, name, wanted, err);
    if (lock >= 0)
        store_sweep(store);
    return lock;
}

/* Whether what wanted means is installed, in any of the stores. The image is the caller's to clear. */
static bool find_installed(const struct strings *stores, const char *name, const char *wanted,
                           struct image *found)
{
    struct image *images;
    size_t count;
    if (stores_list(stores, &images, &count, NULL) < 0)
        return false;
    for (size_t i = 0; i < count && !found->name; i++)
        if (text_equal(images[i].name, name) && (!wanted || version_matches(images[i].version, wanted))) {
            *found = images[i];
            images[i] = (struct image){0};
        }
    images_free(images, count);
    return found->name != NULL;
}

/* "7.0, 6.0, 8.0": what the catalog has for this machine, of an importer's where from is not NULL. */
static char *offers(const struct catalog_entry *entry, const char *from)
{
    cleanup_strings struct strings versions = {0};
    for (size_t i = 0; i < entry->release_count; i++)
        if (entry->releases[i].source && (!from || text_equal(entry->releases[i].from, from)))
            strings_add(&versions, entry->releases[i].version);
    return versions.count ? strings_join(&versions, ", ") : copy_string("none");
}

static int not_in_catalog(const struct catalog_entry *entry, const char *name, const char *wanted,
                          const char *from, struct error *err)
{
    cleanup_free char *text = offers(entry, from);
    fail(err, STATUS_DATA, "Specified %s version %s is not available%s%s", name, wanted, from ? " from " : "",
         from ? from : "");
    error_remedy(err,
                 "the catalog has: %s; any directory can be installed with: indyno image import %s:%s DIR",
                 text, name, wanted);
    return -1;
}

static int build_locked(const char *store, const struct build *build, const struct install_progress *progress,
                        struct error *err)
{
    cleanup_free char *what = text_format("%s%s%s", build->import.name, build->wanted ? ":" : "",
                                          build->wanted ? build->wanted : "");
    cleanup_free char *fetching =
        build->in_place ? copy_string("used in place") : text_format("fetching (%s)", build->import.from);
    struct build whole = *build;
    whole.progress = progress;
    whole.what = what;
    whole.fetching = fetching;
    int status = build_and_publish(store, &whole, err);
    if (progress)
        progress->show(progress->context, NULL);
    return status < 0 ? error_context(err, "install %s", what) : 0;
}

static int install_build(const struct strings *stores, const struct build *build,
                         const struct install_progress *progress, struct error *err)
{
    const char *store = stores->items[0];
    cleanup_fd int lock = open_store(store, build->import.name, build->wanted, err);
    if (lock < 0)
        return -1;
    cleanup_image struct image found = {0};
    if (build->replace || !find_installed(stores, build->import.name, build->wanted, &found))
        return build_locked(store, build, progress, err);
    tell(progress, &found, true);
    return 0;
}

static int install_release(const struct strings *stores, const char *name, const struct release *release,
                           const struct install_options *options, const struct install_progress *progress,
                           struct error *err)
{
    cleanup_free char *with = strings_join(options->with.count ? &options->with : &release->with, " ");
    const struct build build = {.kind = kind_find(name),
                                .import = {.from = release->from,
                                           .source = release->source,
                                           .name = name,
                                           .version = release->version,
                                           .with = with,
                                           .digest = options->digest ? options->digest : release->digest,
                                           .tarball = options->tarball},
                                .wanted = release->version,
                                .replace = install_is_express(options)};
    return install_build(stores, &build, progress, err);
}

static int install_client(const struct catalog *catalog, const struct strings *stores, const char *client,
                          const struct install_progress *progress, struct error *err)
{
    static const struct install_options none = {0};
    cleanup_reference struct image_reference reference = image_reference_parse(client);
    return install_image(catalog, stores, reference.name, reference.version, &none, progress, err);
}

/* A source that the user names needs no catalog. */
static int install_source(const struct strings *stores, const char *name, const char *wanted,
                          const struct install_options *options, const struct install_progress *progress,
                          struct error *err)
{
    cleanup_free char *with = strings_join(&options->with, " ");
    const struct build build = {.kind = kind_find(name),
                                .import = {.from = options->from,
                                           .source = options->source,
                                           .name = name,
                                           .version = wanted,
                                           .with = with,
                                           .digest = options->digest,
                                           .tarball = options->tarball},
                                .wanted = wanted,
                                .replace = true,
                                .in_place = options->in_place};
    return install_build(stores, &build, progress, err);
}

int install_image(const struct catalog *catalog, const struct strings *stores, const char *name,
                  const char *wanted, const struct install_options *options,
                  const struct install_progress *progress, struct error *err)
{
    if (!kind_find(name))
        return unknown_name(name, err);
    if (options->source)
        return install_source(stores, name, wanted, options, progress, err);
    const struct catalog_entry *entry = catalog_entry(catalog, name);
    if (!entry)
        return unknown_name(name, err);
    if (!wanted || !*wanted)
        wanted = entry->default_version;
    const struct release *release = catalog_release(entry, wanted, options->from);
    if (!release)
        return not_in_catalog(entry, name, wanted, options->from, err);
    if (install_release(stores, name, release, options, progress, err) < 0)
        return -1;
    return release->client ? install_client(catalog, stores, release->client, progress, err) : 0;
}

/* It becomes the name of a folder. */
static bool is_root_name(const char *name)
{
    enum { NAME_LENGTH_MAX = 63 };
    size_t length = strlen(name);
    return length > 0 && length <= NAME_LENGTH_MAX && *name != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

int install_root(const struct strings *stores, const char *name, const char *version,
                 const struct install_options *options, const struct install_progress *progress,
                 struct error *err)
{
    if (is_root_name(name) && !kind_find(name))
        return install_source(stores, name, version, options, progress, err);
    fail(err, STATUS_DATA, "--rootfs %s: %s", name,
         kind_find(name) ? "the name of a server's or its clients' image"
                         : "a name is of small letters, digits and hyphens");
    error_remedy(err, "choose another name");
    return -1;
}
