/*
 * Theory of operation. Under the store's lock an image is built in a staging folder: the importer fills its
 * tree, the programs of a tree with its own libc get shims, the server is run in a dyno to say its version, a
 * postgresql gets its template cluster, the manifest is written, and the folder is renamed to its place.
 * Whatever fails or is killed before that leaves a staging folder, which the next install sweeps.
 */
#include "install.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "catalog.h"
#include "importer.h"
#include "maker.h"
#include "manifest.h"
#include "store.h"
#include "template.h"

enum { VERSION_TEXT_MAX = 512 };

/* What is to be known of an image by its name. */
struct kind {
    const char *name;
    const char *program; /* in bin/; run with --version to say what the tree is */
    const char *mark;    /* the version follows this in what it says */
    bool is_server, has_template;
};

static const struct kind kinds[] = {
    {"postgresql", "postgres", "(PostgreSQL) ", true, true},
    {"redis", "redis-server", "v=", true, false},
    {"valkey", "valkey-server", "v=", true, false},
    {"postgresql-client", "psql", "(PostgreSQL) ", false, false},
};

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (text_equal(kinds[i].name, name))
            return &kinds[i];
    return NULL;
}

static int unknown_name(const char *name, struct error *err)
{
    fail(err, STATUS_DATA, "%s: no such image", name);
    error_remedy(err, "images are: postgresql, redis, valkey, postgresql-client");
    return -1;
}

/* ---- Parts of an image ---- */

static bool has_loader(const char *folder)
{
    cleanup_free char *loader = text_format("%s/tree/lib/ld.so", folder);
    return access(loader, F_OK) == 0;
}

static int copy_file(const char *from, const char *to, struct error *err)
{
    struct stat st;
    cleanup_fd int in = open(from, O_RDONLY | O_CLOEXEC);
    cleanup_fd int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    if (in < 0 || fstat(in, &st) < 0)
        return fail_errno(err, "open %s", from);
    if (out < 0 || sendfile(out, in, NULL, (size_t)st.st_size) != st.st_size || fchmod(out, 0755) < 0)
        return fail_errno(err, "write %s", to);
    return 0;
}

/* Programs of a tree with its own libc are started by its own loader. The kernel names a process after the
 * file that it executes: each program has the loader under its own name, so that ps(1) and pkill(1) know it.
 */
static int add_starters(const char *folder, struct error *err)
{
    cleanup_free char *shim = importer_path("shim");
    cleanup_free char *loader = text_format("%s/tree/lib/ld.so", folder);
    cleanup_free char *bin = text_format("%s/tree/bin", folder);
    cleanup_free char *shims = text_format("%s/tree/shims", folder);
    cleanup_free char *loaders = text_format("%s/tree/loaders", folder);
    if ((mkdir(shims, 0755) < 0 && errno != EEXIST) || (mkdir(loaders, 0755) < 0 && errno != EEXIST))
        return fail_errno(err, "make %s", shims);
    cleanup_dir DIR *programs = opendir(bin);
    if (!programs)
        return fail_errno(err, "read %s", bin);
    struct dirent *entry;
    while ((entry = readdir(programs))) {
        if (entry->d_name[0] == '.')
            continue;
        cleanup_free char *started = text_format("%s/%s", shims, entry->d_name);
        cleanup_free char *named = text_format("%s/%s", loaders, entry->d_name);
        if (copy_file(shim, started, err) < 0)
            return -1;
        unlink(named);
        if (link(loader, named) < 0)
            return fail_errno(err, "make %s", named);
    }
    return 0;
}

/* How the programs of the tree are started. */
static int describe_programs(const char *folder, const struct kind *kind, struct image *image,
                             struct error *err)
{
    image->tree = copy_string("tree");
    image->server = kind->is_server ? text_format("bin/%s", kind->program) : NULL;
    if (!has_loader(folder)) {
        strings_add(&image->bins, "bin");
        return 0;
    }
    strings_addf(&image->server_prefix, "@/loaders/%s", kind->program);
    strings_add(&image->server_prefix, "--library-path");
    strings_add(&image->server_prefix, "@/lib");
    strings_add(&image->bins, "shims");
    return add_starters(folder, err);
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
    if (has_loader(folder)) {
        strings_add(&argv, MAKER_TREE "/lib/ld.so");
        strings_add(&argv, "--library-path");
        strings_add(&argv, MAKER_TREE "/lib");
    }
    strings_addf(&argv, MAKER_TREE "/bin/%s", kind->program);
    strings_add(&argv, "--version");
    if (maker_start(&maker, folder, &argv, err) < 0)
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

/* ---- Building ---- */

struct order {
    const struct kind *kind;
    const char *importer, *source;
    const char *wanted; /* the version that it must be of */
};

static int build(const char *folder, const struct order *order, struct image *image, struct error *err)
{
    cleanup_free char *tree = text_format("%s/tree", folder);
    image->name = copy_string(order->kind->name);
    if (mkdir(tree, 0755) < 0)
        return fail_errno(err, "make %s", tree);
    if (importer_run(order->importer, order->source, tree, image, err) < 0 ||
        find_version(folder, order->kind, image, err) < 0)
        return -1;
    if (!version_matches(image->version, order->wanted))
        return fail(err, STATUS_DATA, "%s says that it is version %s, not %s", order->kind->program,
                    image->version, order->wanted);
    if (describe_programs(folder, order->kind, image, err) < 0 ||
        (order->kind->has_template && template_make(folder, image, err) < 0))
        return -1;
    return manifest_write(image, folder, err);
}

static int build_and_publish(const char *store, const struct order *order, install_progress *progress,
                             struct error *err)
{
    cleanup_image struct image image = {0};
    cleanup_free char *staging = store_staging(store, err);
    if (!staging)
        return -1;
    mode_t mask = umask(022); /* every run reads the image, whatever its maker's umask is */
    int built = build(staging, order, &image, err);
    umask(mask);
    if (built < 0 || store_publish(store, staging, &image, err) < 0) {
        store_delete_tree(staging);
        return -1;
    }
    cleanup_free char *text = text_format("%s:%s installed%s%s", image.name, image.version,
                                          image.locale ? ", locale " : "", image.locale ? image.locale : "");
    progress(text);
    return 0;
}

/* ---- Whole installs ---- */

static int open_store(const char *store, struct error *err)
{
    if (store_make(store, err) < 0)
        return -1;
    int lock = store_lock(store, err);
    if (lock >= 0)
        store_sweep(store);
    return lock;
}

/* The installed version that wanted means, or NULL. The caller's to free. */
static char *find_installed(const char *store, const char *name, const char *wanted)
{
    struct image *images;
    size_t count;
    char *found = NULL;
    if (store_list(store, &images, &count, NULL) < 0)
        return NULL;
    for (size_t i = 0; i < count && !found; i++)
        if (text_equal(images[i].name, name) && version_matches(images[i].version, wanted))
            found = copy_string(images[i].version);
    images_free(images, count);
    return found;
}

static int not_in_catalog(const struct catalog_entry *entry, const char *name, const char *wanted,
                          struct error *err)
{
    cleanup_free char *text = copy_string("");
    for (size_t i = 0; i < entry->release_count; i++) {
        char *longer = text_format("%s%s%s", text, i ? ", " : "", entry->releases[i].version);
        free(text);
        text = longer;
    }
    fail(err, STATUS_DATA, "Specified %s version %s is not available", name, wanted);
    error_remedy(err,
                 "the catalog has: %s; any directory can be installed with: indyno image import %s:%s DIR",
                 text, name, wanted);
    return -1;
}

static int install_release(const char *store, const char *name, const char *wanted,
                           const struct release *release, install_progress *progress, struct error *err)
{
    cleanup_fd int lock = open_store(store, err);
    if (lock < 0)
        return -1;
    cleanup_free char *installed = find_installed(store, name, release->version);
    if (installed) {
        cleanup_free char *text = text_format("%s:%s is installed", name, installed);
        progress(text);
        return 0;
    }
    cleanup_free char *text = text_format("%s:%s: fetching (%s)", name, release->version, release->from);
    progress(text);
    cleanup_free char *importer = text_format("from-%s", release->from);
    cleanup_free char *source = text_format("%s%s%s", release->source, release->digest ? "#" : "",
                                            release->digest ? release->digest : "");
    const struct order order = {find_kind(name), importer, source, release->version};
    return build_and_publish(store, &order, progress, err) < 0
               ? error_context(err, "install %s:%s", name, wanted)
               : 0;
}

int install_image(const struct catalog *catalog, const char *store, const char *name, const char *wanted,
                  install_progress *progress, struct error *err)
{
    const struct catalog_entry *entry = find_kind(name) ? catalog_entry(catalog, name) : NULL;
    if (!entry)
        return unknown_name(name, err);
    if (!wanted || !*wanted)
        wanted = entry->default_version;
    const struct release *release = catalog_release(entry, wanted, NULL);
    if (!release)
        return not_in_catalog(entry, name, wanted, err);
    if (install_release(store, name, wanted, release, progress, err) < 0)
        return -1;
    if (!release->client)
        return 0;
    cleanup_free char *client = copy_string(release->client);
    char *version = strchr(client, ':');
    if (version)
        *version++ = '\0';
    return install_image(catalog, store, client, version, progress, err);
}

int install_directory(const char *store, const char *name, const char *version, const char *directory,
                      install_progress *progress, struct error *err)
{
    const struct kind *kind = find_kind(name);
    struct stat st;
    if (!kind)
        return unknown_name(name, err);
    if (stat(directory, &st) < 0 || !S_ISDIR(st.st_mode))
        return fail(err, STATUS_DATA, "%s: not a directory", directory);
    cleanup_fd int lock = open_store(store, err);
    if (lock < 0)
        return -1;
    const struct order order = {kind, "from-dir", directory, version};
    return build_and_publish(store, &order, progress, err) < 0
               ? error_context(err, "import %s:%s", name, version)
               : 0;
}
