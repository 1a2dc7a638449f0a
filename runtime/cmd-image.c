#include <cjson/cJSON.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "command.h"
#include "images/catalog.h"
#include "images/image.h"
#include "images/install.h"
#include "images/manifest.h"
#include "images/store.h"

static void free_catalog(struct catalog **catalog)
{
    catalog_free(*catalog);
}

#define cleanup_catalog __attribute__((cleanup(free_catalog)))

static int usage(const char *what, struct error *err)
{
    fail(err, STATUS_USAGE, "image %s", what);
    error_remedy(err, "see: indyno help image");
    return -1;
}

/* A version becomes the name of a folder. */
static bool is_version(const char *version)
{
    return *version && strspn(version, "0123456789.") == strlen(version) && *version != '.';
}

/* ---- install, import ---- */

/* NULL: no value has it. */
static char **option_field(struct install_options *options, int code)
{
    return code == 'f'   ? &options->from
           : code == 't' ? &options->tarball
           : code == 'd' ? &options->digest
                         : NULL;
}

/* "deb", or "deb:trixie/postgresql-17". */
static void split_from(struct install_options *options)
{
    char *colon = options->from ? strchr(options->from, ':') : NULL;
    if (!colon)
        return;
    options->source = copy_string(colon + 1);
    *colon = '\0';
}

/* Takes the options out of argv; the index of the first word behind them, or -1. */
static int parse_install(int argc, char **argv, struct install_options *options, struct error *err)
{
    static const struct option longs[] = {{"from", required_argument, NULL, 'f'},
                                          {"with", required_argument, NULL, 'w'},
                                          {"tarball", required_argument, NULL, 't'},
                                          {"digest", required_argument, NULL, 'd'},
                                          {0}};
    opterr = optind = 0;
    for (int code; (code = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        char **field = option_field(options, code);
        if (!field && code != 'w')
            return usage("install: an option that it does not have, or that lacks its value", err);
        if (!field) {
            strings_add(&options->with, optarg);
            continue;
        }
        free(*field);
        *field = copy_string(optarg);
    }
    split_from(options);
    return optind;
}

/* The importer runs elsewhere. */
static int find_tarball(struct install_options *options, struct error *err)
{
    if (!options->tarball)
        return 0;
    char *path = realpath(options->tarball, NULL);
    if (!path)
        return fail(err, STATUS_DATA, "--tarball %s: %s", options->tarball, strerror(errno));
    free(options->tarball);
    options->tarball = path;
    return 0;
}

static int install_all(const struct catalog *catalog, const char *store,
                       const struct install_options *options, int argc, char **argv, struct error *err)
{
    static const char *const defaults[] = {"postgresql", "redis"};
    for (size_t i = 0; argc == 0 && i < sizeof defaults / sizeof *defaults; i++)
        if (install_image(catalog, store, defaults[i], NULL, options, install_say, err) < 0)
            return -1;
    for (int i = 0; i < argc; i++) {
        cleanup_reference struct image_reference reference = image_reference_parse(argv[i]);
        if (install_image(catalog, store, reference.name, reference.version, options, install_say, err) < 0)
            return -1;
    }
    return 0;
}

static int image_install(int argc, char **argv, struct error *err)
{
    cleanup_catalog struct catalog *catalog = NULL;
    cleanup_install_options struct install_options options = {0};
    cleanup_free char *store = store_path();
    int first = parse_install(argc, argv, &options, err);
    if (first < 0 || find_tarball(&options, err) < 0)
        return -1;
    if (install_is_express(&options) && argc - first != 1)
        return usage("install: --from, --with, --tarball and --digest go with one NAME[:VERSION]", err);
    return catalog_load(&catalog, err) < 0
               ? -1
               : install_all(catalog, store, &options, argc - first, argv + first, err);
}

/* Sources in skopeo's words are container images; others are folders. */
static const char *importer_of(const char *source)
{
    static const char *const transports[] = {"docker://", "oci:", "oci-archive:", "docker-archive:"};
    for (size_t i = 0; i < sizeof transports / sizeof *transports; i++)
        if (text_starts(source, transports[i]))
            return "oci";
    return "dir";
}

static int image_import(int argc, char **argv, struct error *err)
{
    cleanup_install_options struct install_options options = {0};
    int first = parse_install(argc, argv, &options, err);
    if (first < 0)
        return -1;
    if (argc - first != 2 || options.from || options.tarball)
        return usage("import: expected NAME[:VERSION] and a SOURCE", err);
    cleanup_reference struct image_reference reference = image_reference_parse(argv[first]);
    cleanup_free char *store = store_path();
    if (reference.version && !is_version(reference.version))
        return usage("import: a version is of digits and dots", err);
    options.from = copy_string(importer_of(argv[first + 1]));
    options.source = copy_string(argv[first + 1]);
    return install_image(NULL, store, reference.name, reference.version, &options, install_say, err);
}

/* ---- ls ---- */

static void print_table(const struct image *images, size_t count)
{
    printf("%-20s %-10s %-14s %s\n", "NAME", "VERSION", "LOCALE", "SOURCE");
    for (size_t i = 0; i < count; i++)
        printf("%-20s %-10s %-14s %s\n", images[i].name, images[i].version,
               images[i].locale ? images[i].locale : "-", images[i].source);
}

static void print_json(const struct image *images, size_t count)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < count; i++) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "name", images[i].name);
        cJSON_AddStringToObject(item, "version", images[i].version);
        cJSON_AddStringToObject(item, "source", images[i].source);
        cJSON_AddStringToObject(item, "path", images[i].path);
        if (images[i].locale)
            cJSON_AddStringToObject(item, "locale", images[i].locale);
        cJSON_AddItemToArray(array, item);
    }
    cleanup_free char *text = cJSON_Print(array);
    puts(text);
    cJSON_Delete(array);
}

static int list_available(struct error *err)
{
    cleanup_catalog struct catalog *catalog = NULL;
    if (catalog_load(&catalog, err) < 0)
        return -1;
    printf("%-20s %-10s %s\n", "NAME", "VERSION", "FROM");
    for (size_t i = 0; i < catalog->entry_count; i++)
        for (size_t j = 0; j < catalog->entries[i].release_count; j++) {
            const struct release *release = &catalog->entries[i].releases[j];
            if (release->source)
                printf("%-20s %-10s %s\n", catalog->entries[i].name, release->version, release->from);
        }
    return 0;
}

static int image_ls(int argc, char **argv, struct error *err)
{
    bool json = false, available = false;
    for (int i = 1; i < argc; i++) {
        json = json || text_equal(argv[i], "--json");
        available = available || text_equal(argv[i], "--available");
        if (!text_equal(argv[i], "--json") && !text_equal(argv[i], "--available"))
            return usage("ls: it takes --available and --json only", err);
    }
    if (available)
        return list_available(err);
    struct image *images;
    size_t count;
    cleanup_free char *store = store_path();
    if (store_list(store, &images, &count, err) < 0)
        return -1;
    (json ? print_json : print_table)(images, count);
    images_free(images, count);
    return 0;
}

/* ---- inspect, rm ---- */

static int print_manifest(const struct image *image)
{
    cleanup_free char *text = manifest_text(image);
    cJSON *json = cJSON_Parse(text);
    cJSON_AddStringToObject(json, "path", image->path);
    cleanup_free char *whole = cJSON_Print(json);
    puts(whole);
    cJSON_Delete(json);
    return 0;
}

static int image_inspect(int argc, char **argv, struct error *err)
{
    if (argc != 2)
        return usage("inspect: expected NAME[:VERSION]", err);
    cleanup_reference struct image_reference reference = image_reference_parse(argv[1]);
    cleanup_catalog struct catalog *catalog = NULL;
    cleanup_free char *store = store_path();
    struct image *images;
    size_t count;
    if (catalog_load(&catalog, err) < 0 || store_list(store, &images, &count, err) < 0)
        return -1;
    int index = resolve_image(catalog, images, count, reference.name, reference.version, err);
    int status = index < 0 ? -1 : print_manifest(&images[index]);
    images_free(images, count);
    return status;
}

static int remove_one(const char *store, const char *word, struct error *err)
{
    cleanup_reference struct image_reference reference = image_reference_parse(word);
    if (!reference.version || !is_version(reference.version) || strchr(reference.name, '/') ||
        *reference.name == '.')
        return usage("rm: expected NAME:VERSION, a full version", err);
    cleanup_fd int lock = store_lock(store, err);
    if (lock < 0 || store_remove(store, reference.name, reference.version, err) < 0)
        return -1;
    cleanup_free char *text = text_format("%s:%s removed", reference.name, reference.version);
    install_say(text);
    return 0;
}

static int image_rm(int argc, char **argv, struct error *err)
{
    cleanup_free char *store = store_path();
    if (argc < 2)
        return usage("rm: expected NAME:VERSION", err);
    for (int i = 1; i < argc; i++)
        if (remove_one(store, argv[i], err) < 0)
            return -1;
    return 0;
}

/* ---- The command ---- */

static const struct {
    const char *name;
    int (*run)(int argc, char **argv, struct error *err);
    const char *arguments, *help;
} actions[] = {
    {"install", image_install, "[NAME[:VERSION]...]",
     "install from the catalog: a version, the newest of a line, or with no NAME the defaults"},
    {"install", image_install,
     "NAME[:VERSION] [--from IMPORTER[:SOURCE]] [--with PACKAGE]... [--tarball FILE] [--digest DIGEST]",
     "the same from a certain source (npm, deb, source, oci, dir), in place of what there is of that "
     "version"},
    {"import", image_import, "NAME[:VERSION] SOURCE [--digest DIGEST]",
     "install a copy of any directory, or a container image (docker://REFERENCE, oci:DIR, "
     "docker-archive:FILE)"},
    {"ls", image_ls, "[--available] [--json]", "list what is installed, or what the catalog has"},
    {"inspect", image_inspect, "NAME[:VERSION]", "print an image's manifest as JSON"},
    {"rm", image_rm, "NAME:VERSION...", "remove images"},
};

enum { ACTION_COUNT = sizeof actions / sizeof *actions };

void cmd_image_help(FILE *to)
{
    fputs("usage: indyno image ACTION [ARG...]\n\n"
          "Images are the read-only trees that dynos are made of: postgresql, redis, valkey, and "
          "client programs.\n\n",
          to);
    for (size_t i = 0; i < ACTION_COUNT; i++)
        fprintf(to, "  %s %s\n        %s\n", actions[i].name, actions[i].arguments, actions[i].help);
    fputs("\nThe store is /var/lib/indyno for root, $XDG_DATA_HOME/indyno for a user, or INDYNO_STORE.\n",
          to);
}

int cmd_image(int argc, char **argv, struct error *err)
{
    if (argc > 1 && (text_equal(argv[1], "-h") || text_equal(argv[1], "--help"))) {
        cmd_image_help(stdout);
        return 0;
    }
    for (size_t i = 0; argc > 1 && i < ACTION_COUNT; i++)
        if (text_equal(argv[1], actions[i].name))
            return actions[i].run(argc - 1, argv + 1, err);
    return usage(argc > 1 ? "has no such action" : "needs an action", err);
}
