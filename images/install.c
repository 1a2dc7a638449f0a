/*
 * Theory of operation. An image is built in a staging folder of the store: the importer fills its tree, a root filesystem
 * gets its places and shims, the server is run in a dyno to say its version and to start, a postgresql gets its template
 * cluster, the manifest is written, and the folder is renamed to its place. Whatever fails or is killed before that leaves
 * a staging folder, which the next install sweeps.
 */
#include "install.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "catalog.h"
#include "contents.h"
#include "importer.h"
#include "kind.h"
#include "maker.h"
#include "manifest.h"
#include "root-tree.h"
#include "store.h"
#include "template.h"

enum { VERSION_TEXT_MAX = 512, READY_TIMEOUT_MS = 30 * 1000 };

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

void install_say(const char *text)
{
    fprintf(stderr, "indyno: %s\n", text);
}

static void say(install_progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(install_progress *progress, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    cleanup_free char *text = text_vformat(format, args);
    va_end(args);
    if (progress)
        progress(text);
}

static int unknown_name(const char *name, struct error *err)
{
    fail(err, STATUS_DATA, "%s: no such image", name);
    error_remedy(err, "images are: " KIND_NAMES);
    return -1;
}

/* ---- What the tree is ---- */

static int describe_programs(const char *folder, const struct kind *kind, bool root, struct image *image,
                             struct error *err)
{
    image->tree = copy_string("tree");
    if (!root) {
        image->server = text_format("bin/%s", kind->program);
        strings_add(&image->bins, "bin");
        return 0;
    }
    if (root_tree_arrange(folder, err) < 0 || !(image->server = root_tree_program(folder, kind, err)))
        return -1;
    image->root = copy_string("root");
    if (root_tree_add_clients(folder, kind, image->server, err) < 0)
        return -1;
    cleanup_free char *client = text_format("%s/tree/clients/%s", folder, kind->clients[0]);
    if (access(client, F_OK) == 0)
        strings_add(&image->bins, "clients");
    return 0;
}

static char *parse_version(const char *text, const char *mark)
{
    const char *at = strstr(text, mark);
    at = at ? at + strlen(mark) : "";
    size_t length = strspn(at, "0123456789.");
    return length ? text_format("%.*s", (int)length, at) : NULL;
}

/* What is in the tree is found out, not believed. */
static int find_version(const char *folder, const struct kind *kind, struct image *image, struct error *err)
{
    cleanup_strings struct strings argv = {0};
    struct maker maker;
    char text[VERSION_TEXT_MAX];
    strings_take(&argv, maker_server_path(image));
    strings_add(&argv, "--version");
    const struct maker_job job = {
        .folder = folder, .image = image, .steps = {{&argv, false}}, .step_count = 1};
    if (maker_start(&maker, &job, err) < 0)
        return -1;
    ssize_t size, used = 0;
    while ((size = read(maker.output, text + used, sizeof text - 1 - (size_t)used)) > 0)
        used += size;
    text[used] = '\0';
    if (maker_finish(&maker, kind->program, err) < 0)
        return -1;
    image->version = parse_version(text, kind->mark);
    return image->version ? 0
                          : fail(err, STATUS_DATA, "%s does not say its version: %s", kind->program, text);
}

/* A server of the Redis family answers a PING. */
static int start_once(const char *folder, const struct image *image, struct error *err)
{
    static const char *const options[] = {
        "--port", "0", "--unixsocket", MAKER_WORK "/socket", "--unixsocketperm", "777", "--save", "", NULL};
    const struct maker_trial trial = {.folder = folder,
                                      .image = image,
                                      .options = options,
                                      .ready = {.kind = SANDBOX_READY_SOCKET,
                                                .path = MAKER_WORK "/socket",
                                                .send = "PING\r\n",
                                                .expect = "+PONG",
                                                .timeout_ms = READY_TIMEOUT_MS}};
    return maker_try(&trial, err);
}

/* ---- Building ---- */

struct order {
    const struct kind *kind; /* NULL: of a root filesystem for the step */
    struct import import;
    const char *wanted; /* the version that it must be of, or NULL */
    bool replace;       /* an image of that version that is there */
};

static int check_version(const struct order *order, const struct image *image, struct error *err)
{
    if (!order->wanted || version_matches(image->version, order->wanted))
        return 0;
    fail(err, STATUS_DATA, "%s says that it is version %s, not %s", order->kind->program, image->version,
         order->wanted);
    error_remedy(err, "ask for %s:%s, or for %s without a version", image->name, image->version, image->name);
    return -1;
}

static int prepare_server(const char *folder, const struct kind *kind, struct image *image, struct error *err)
{
    if (kind->has_template)
        return template_make(folder, image, err);
    if (kind->is_server)
        return start_once(folder, image, err);
    free(image->server); /* a tool was asked for its version, and is no server */
    image->server = NULL;
    return 0;
}

static int build_kind(const char *folder, const struct order *order, bool root, struct image *image,
                      struct error *err)
{
    if (describe_programs(folder, order->kind, root, image, err) < 0 ||
        find_version(folder, order->kind, image, err) < 0 || check_version(order, image, err) < 0)
        return -1;
    return prepare_server(folder, order->kind, image, err);
}

/* Whether programs of the root start here, which they do not on another machine or without their libc. */
static int try_shell(const char *folder, const struct image *image, struct error *err)
{
    cleanup_strings struct strings argv = {0};
    struct maker maker;
    const char *const words[] = {"sh", "-c", "exit 0"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        strings_add(&argv, words[i]);
    const struct maker_job job = {
        .folder = folder, .image = image, .steps = {{&argv, false}}, .step_count = 1};
    return maker_start(&maker, &job, err) < 0 ? -1 : maker_finish(&maker, "the root's sh", err);
}

static int build_root(const char *folder, const struct order *order, bool root, struct image *image,
                      struct error *err)
{
    if (!root) {
        fail(err, STATUS_DATA, "%s: it is no root filesystem", order->import.source);
        error_remedy(err, "take one from deb or oci, or a folder that has usr and bin/sh");
        return -1;
    }
    image->version = copy_string(order->wanted);
    image->tree = copy_string("tree");
    image->root = copy_string("root");
    return root_tree_arrange(folder, err) < 0 ? -1 : try_shell(folder, image, err);
}

static int build(const char *folder, const struct order *order, struct image *image, struct error *err)
{
    bool root = false;
    cleanup_free char *work = text_format("%s/tmp", folder);
    image->name = copy_string(order->import.name);
    if (importer_run(&order->import, folder, image, &root, err) < 0 ||
        (order->kind ? build_kind : build_root)(folder, order, root, image, err) < 0)
        return -1;
    store_delete_tree(work);
    return contents_write(folder, image, err) < 0 ? -1 : manifest_write(image, folder, err);
}

static int build_and_publish(const char *store, const struct order *order, install_progress *progress,
                             struct error *err)
{
    cleanup_image struct image image = {0};
    cleanup_fd int lock = -1;
    cleanup_free char *staging = store_staging(store, &lock, err);
    if (!staging)
        return -1;
    mode_t mask = umask(022); /* every run reads the image, whatever its maker's umask is */
    int built = build(staging, order, &image, err);
    umask(mask);
    if (built < 0 || store_publish(store, staging, &image, order->replace, err) < 0) {
        store_explain_room(store, err); /* while what filled it is there */
        store_delete_tree(staging);
        return -1;
    }
    say(progress, "%s:%s installed%s%s", image.name, image.version, image.locale ? ", locale " : "",
        image.locale ? image.locale : "");
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

/* The installed version that wanted means, in any of the stores, or NULL. The caller's to free. */
static char *find_installed(const char *name, const char *wanted)
{
    cleanup_strings struct strings stores = store_search();
    struct image *images;
    size_t count;
    char *found = NULL;
    if (stores_list(&stores, &images, &count, NULL) < 0)
        return NULL;
    for (size_t i = 0; i < count && !found; i++)
        if (text_equal(images[i].name, name) && (!wanted || version_matches(images[i].version, wanted)))
            found = copy_string(images[i].version);
    images_free(images, count);
    return found;
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

static int build_locked(const char *store, const struct order *order, install_progress *progress,
                        struct error *err)
{
    cleanup_free char *what = text_format("%s%s%s", order->import.name, order->wanted ? ":" : "",
                                          order->wanted ? order->wanted : "");
    say(progress, "%s: fetching (%s)", what, order->import.from);
    return build_and_publish(store, order, progress, err) < 0 ? error_context(err, "install %s", what) : 0;
}

static int install_order(const char *store, const struct order *order, install_progress *progress,
                         struct error *err)
{
    cleanup_fd int lock = open_store(store, order->import.name, order->wanted, err);
    if (lock < 0)
        return -1;
    cleanup_free char *installed = order->replace ? NULL : find_installed(order->import.name, order->wanted);
    if (!installed)
        return build_locked(store, order, progress, err);
    say(progress, "%s:%s is installed", order->import.name, installed);
    return 0;
}

static int install_release(const char *store, const char *name, const struct release *release,
                           const struct install_options *options, install_progress *progress,
                           struct error *err)
{
    cleanup_free char *with = strings_join(options->with.count ? &options->with : &release->with, " ");
    const struct order order = {.kind = kind_find(name),
                                .import = {.from = release->from,
                                           .source = release->source,
                                           .name = name,
                                           .version = release->version,
                                           .with = with,
                                           .digest = options->digest ? options->digest : release->digest,
                                           .tarball = options->tarball},
                                .wanted = release->version,
                                .replace = install_is_express(options)};
    return install_order(store, &order, progress, err);
}

static int install_client(const struct catalog *catalog, const char *store, const char *client,
                          install_progress *progress, struct error *err)
{
    static const struct install_options none = {0};
    cleanup_reference struct image_reference reference = image_reference_parse(client);
    return install_image(catalog, store, reference.name, reference.version, &none, progress, err);
}

/* A source that the user names needs no catalog. */
static int install_source(const char *store, const char *name, const char *wanted,
                          const struct install_options *options, install_progress *progress,
                          struct error *err)
{
    cleanup_free char *with = strings_join(&options->with, " ");
    const struct order order = {.kind = kind_find(name),
                                .import = {.from = options->from,
                                           .source = options->source,
                                           .name = name,
                                           .version = wanted,
                                           .with = with,
                                           .digest = options->digest,
                                           .tarball = options->tarball},
                                .wanted = wanted,
                                .replace = true};
    return install_order(store, &order, progress, err);
}

int install_image(const struct catalog *catalog, const char *store, const char *name, const char *wanted,
                  const struct install_options *options, install_progress *progress, struct error *err)
{
    if (!kind_find(name))
        return unknown_name(name, err);
    if (options->source)
        return install_source(store, name, wanted, options, progress, err);
    const struct catalog_entry *entry = catalog_entry(catalog, name);
    if (!entry)
        return unknown_name(name, err);
    if (!wanted || !*wanted)
        wanted = entry->default_version;
    const struct release *release = catalog_release(entry, wanted, options->from);
    if (!release)
        return not_in_catalog(entry, name, wanted, options->from, err);
    if (install_release(store, name, release, options, progress, err) < 0)
        return -1;
    return release->client ? install_client(catalog, store, release->client, progress, err) : 0;
}

/* It becomes the name of a folder. */
static bool is_root_name(const char *name)
{
    enum { NAME_LENGTH_MAX = 63 };
    size_t length = strlen(name);
    return length > 0 && length <= NAME_LENGTH_MAX && *name != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

int install_root(const char *store, const char *name, const char *version,
                 const struct install_options *options, install_progress *progress, struct error *err)
{
    if (is_root_name(name) && !kind_find(name))
        return install_source(store, name, version, options, progress, err);
    fail(err, STATUS_DATA, "--rootfs %s: %s", name,
         kind_find(name) ? "the name of a server's or its clients' image"
                         : "a name is of small letters, digits and hyphens");
    error_remedy(err, "choose another name");
    return -1;
}
