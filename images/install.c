/*
 * Theory of operation. An image is built in a staging folder of the store: the importer fills its tree, a root filesystem
 * gets its places and shims, the server is run in a dyno to say its version and to start, a postgresql gets its template
 * cluster, the manifest is written, and the folder is renamed to its place. Whatever fails or is killed before that leaves
 * a staging folder, which the next install sweeps.
 */
#include "install.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "catalog.h"
#include "contents.h"
#include "fit.h"
#include "importer.h"
#include "kind.h"
#include "maker.h"
#include "manifest.h"
#include "root-tree.h"
#include "store.h"
#include "survey.h"
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

/* An image that is being made, for who wants to know. */
struct making {
    const struct install_progress *progress;
    const char *what, *fetching;
};

static void show(const struct making *making, const char *phase, int percent)
{
    const struct install_state state = {making->what, phase, percent};
    if (making->progress)
        making->progress->show(making->progress->context, &state);
}

static void show_fetching(void *context, int percent)
{
    const struct making *making = context;
    show(making, making->fetching, percent);
}

static void show_nothing(const struct making *making)
{
    if (making->progress)
        making->progress->show(making->progress->context, NULL);
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

/* ---- The tree, and what it is ---- */

struct order {
    const struct kind *kind;
    struct import import;
    const char *wanted; /* the version that it must be of, or NULL */
    bool replace;       /* an image of that version that is there */
    bool in_place;      /* the import's source is the tree */
};

/* A prefix that stays where it is. The folder is there as an importer would find it. */
static int use_in_place(const struct import *import, const char *folder, struct image *image,
                        struct error *err)
{
    cleanup_free char *work = text_format("%s/tmp", folder);
    struct stat st;
    image->tree = realpath(import->source, NULL);
    if (!image->tree || stat(image->tree, &st) < 0 || mkdir(work, 0755) < 0)
        return fail_errno(err, "use %s in place", import->source);
    if (!S_ISDIR(st.st_mode))
        return fail(err, STATUS_DATA, "%s: not a directory", import->source);
    image->source = text_format("in-place:%s", image->tree);
    return 0;
}

static int fetch(const char *folder, const struct order *order, struct making *making, struct image *image,
                 bool *root, struct error *err)
{
    struct import import = order->import;
    import.progress = show_fetching;
    import.context = making;
    image->tree = copy_string("tree");
    return importer_run(&import, folder, image, root, err);
}

static int bring(const char *folder, const struct order *order, struct making *making, struct image *image,
                 bool *root, struct error *err)
{
    show(making, making->fetching, -1);
    if ((order->in_place ? use_in_place(&order->import, folder, image, err)
                         : fetch(folder, order, making, image, root, err)) < 0)
        return -1;
    show(making, "checking", -1);
    return 0;
}

/* Programs in bin/, or at the top. */
static int describe_prefix(const char *folder, const struct kind *kind, struct image *image,
                           struct error *err)
{
    static const char *const places[] = {"bin", "."};
    cleanup_free char *tree = image_tree_at(image, folder);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        cleanup_free char *program = text_format("%s/%s/%s", tree, places[i], kind->program);
        if (access(program, X_OK) < 0)
            continue;
        image->server = text_format("%s/%s", places[i], kind->program);
        strings_add(&image->bins, places[i]);
        return 0;
    }
    fail(err, STATUS_DATA, "there is no %s in bin/ or at the top of the tree", kind->program);
    error_remedy(err, "name the folder that programs were installed with (their prefix)");
    return -1;
}

static int describe_programs(const char *folder, const struct kind *kind, bool root, struct image *image,
                             struct error *err)
{
    if (!root)
        return describe_prefix(folder, kind, image, err);
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

static int check_version(const struct order *order, const struct image *image, struct error *err)
{
    if (!order->wanted || version_matches(image->version, order->wanted))
        return 0;
    fail(err, STATUS_DATA, "%s says that it is version %s, not %s", order->kind->program, image->version,
         order->wanted);
    error_remedy(err, "ask for %s:%s, or for %s without a version", image->name, image->version, image->name);
    return -1;
}

static int prepare_server(const char *folder, const struct kind *kind, const struct making *making,
                          struct image *image, struct error *err)
{
    if (kind->has_template) {
        show(making, "making the template cluster", -1);
        if (template_make(folder, image, err) < 0)
            return -1;
        show(making, "trying its extensions", -1);
        return survey_make(folder, image, err);
    }
    if (kind->is_server)
        return start_once(folder, image, err);
    free(image->server); /* a tool was asked for its version, and is no server */
    image->server = NULL;
    return 0;
}

static int build(const char *folder, const struct order *order, struct making *making, struct image *image,
                 struct error *err)
{
    bool root = false;
    cleanup_free char *work = text_format("%s/tmp", folder);
    image->name = copy_string(order->kind->name);
    if (bring(folder, order, making, image, &root, err) < 0 ||
        describe_programs(folder, order->kind, root, image, err) < 0 ||
        find_version(folder, order->kind, image, err) < 0 || check_version(order, image, err) < 0 ||
        prepare_server(folder, order->kind, making, image, err) < 0 ||
        image_key_make(image, &image->key, err) < 0)
        return -1;
    store_delete_tree(work);
    show(making, "measuring", -1);
    return contents_write(folder, image, err) < 0 ? -1 : manifest_write(image, folder, err);
}

static int build_and_publish(const char *store, const struct order *order, struct making *making,
                             struct error *err)
{
    cleanup_image struct image image = {0};
    cleanup_fd int lock = -1;
    cleanup_free char *staging = store_staging(store, &lock, err);
    if (!staging)
        return -1;
    mode_t mask = umask(022); /* every run reads the image, whatever its maker's umask is */
    int built = build(staging, order, making, &image, err);
    umask(mask);
    if (built < 0 || store_publish(store, staging, &image, order->replace, err) < 0) {
        store_explain_room(store, err); /* while what filled it is there */
        store_delete_tree(staging);
        return -1;
    }
    tell(making->progress, &image, false);
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
static bool find_installed(const char *name, const char *wanted, struct image *found)
{
    cleanup_strings struct strings stores = store_search();
    struct image *images;
    size_t count;
    if (stores_list(&stores, &images, &count, NULL) < 0)
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

static int build_locked(const char *store, const struct order *order, const struct install_progress *progress,
                        struct error *err)
{
    cleanup_free char *what = text_format("%s%s%s", order->import.name, order->wanted ? ":" : "",
                                          order->wanted ? order->wanted : "");
    cleanup_free char *fetching =
        order->in_place ? copy_string("used in place") : text_format("fetching (%s)", order->import.from);
    struct making making = {progress, what, fetching};
    int status = build_and_publish(store, order, &making, err);
    show_nothing(&making);
    return status < 0 ? error_context(err, "install %s", what) : 0;
}

static int install_order(const char *store, const struct order *order,
                         const struct install_progress *progress, struct error *err)
{
    cleanup_fd int lock = open_store(store, order->import.name, order->wanted, err);
    if (lock < 0)
        return -1;
    cleanup_image struct image found = {0};
    if (order->replace || !find_installed(order->import.name, order->wanted, &found))
        return build_locked(store, order, progress, err);
    tell(progress, &found, true);
    return 0;
}

static int install_release(const char *store, const char *name, const struct release *release,
                           const struct install_options *options, const struct install_progress *progress,
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
                          const struct install_progress *progress, struct error *err)
{
    static const struct install_options none = {0};
    cleanup_reference struct image_reference reference = image_reference_parse(client);
    return install_image(catalog, store, reference.name, reference.version, &none, progress, err);
}

/* A source that the user names needs no catalog. */
static int install_source(const char *store, const char *name, const char *wanted,
                          const struct install_options *options, const struct install_progress *progress,
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
                                .replace = true,
                                .in_place = options->in_place};
    return install_order(store, &order, progress, err);
}

int install_image(const struct catalog *catalog, const char *store, const char *name, const char *wanted,
                  const struct install_options *options, const struct install_progress *progress,
                  struct error *err)
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
