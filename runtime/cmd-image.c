#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "cmd-image.h"
#include "command.h"
#include "images/install.h"
#include "policy.h"
#include "progress.h"

int image_usage(const char *what, struct error *err)
{
    fail(err, STATUS_USAGE, "image %s", what);
    error_remedy(err, "see: indyno help image");
    return -1;
}

bool is_version(const char *version)
{
    return *version && strspn(version, "0123456789.") == strlen(version) && *version != '.';
}

/* ---- install, import ---- */

/* The words of install and import. */
struct install_words {
    struct install_options options;
    bool rootfs;
    int first; /* index of the first word that is none of an option's */
};

static void clear_words(struct install_words *words)
{
    install_options_clear(&words->options);
}

#define cleanup_words __attribute__((cleanup(clear_words)))

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

static int take_word(struct install_words *words, int code, const char *value, struct error *err)
{
    char **field = option_field(&words->options, code);
    if (field) {
        free(*field);
        *field = copy_string(value);
    } else if (code == 'w') {
        strings_add(&words->options.with, value);
    } else if (code == 'r') {
        words->rootfs = true;
    } else if (code == 'i') {
        words->options.in_place = true;
    } else {
        return image_usage("install: an option that it does not have, or that lacks its value", err);
    }
    return 0;
}

/* Takes the options out of argv. */
static int parse_install(int argc, char **argv, struct install_words *words, struct error *err)
{
    static const struct option longs[] = {{"from", required_argument, NULL, 'f'},
                                          {"with", required_argument, NULL, 'w'},
                                          {"tarball", required_argument, NULL, 't'},
                                          {"digest", required_argument, NULL, 'd'},
                                          {"rootfs", no_argument, NULL, 'r'},
                                          {"in-place", no_argument, NULL, 'i'},
                                          {0}};
    opterr = optind = 0;
    for (int code; (code = getopt_long(argc, argv, "", longs, NULL)) != -1;)
        if (take_word(words, code, optarg, err) < 0)
            return -1;
    split_from(&words->options);
    words->first = optind;
    return 0;
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

static int install_all(const struct catalog *catalog, const struct strings *stores,
                       const struct install_options *options, int argc, char **argv, struct error *err)
{
    static const char *const defaults[] = {"postgresql", "redis"};
    cleanup_progress struct progress progress;
    progress_begin(&progress);
    for (size_t i = 0; argc == 0 && i < sizeof defaults / sizeof *defaults; i++)
        if (install_image(catalog, stores, defaults[i], NULL, options, &progress.calls, err) < 0)
            return -1;
    for (int i = 0; i < argc; i++) {
        cleanup_reference struct image_reference reference = image_reference_parse(argv[i]);
        if (install_image(catalog, stores, reference.name, reference.version, options, &progress.calls, err) <
            0)
            return -1;
    }
    progress_end(&progress);
    return 0;
}

/* What needs no catalog. Of a root filesystem nobody can ask for the version. */
static int install_given(const struct install_words *words, const char *word, struct error *err)
{
    cleanup_reference struct image_reference reference = image_reference_parse(word);
    cleanup_strings struct strings stores = {0};
    if (words->rootfs && (!reference.version || !is_version(reference.version)))
        return image_usage("--rootfs: expected NAME:VERSION, a version of digits and dots", err);
    if (reference.version && !is_version(reference.version))
        return image_usage("import: a version is of digits and dots", err);
    if (policy_stores(&stores, err) < 0)
        return -1;
    cleanup_progress struct progress progress;
    progress_begin(&progress);
    if ((words->rootfs
             ? install_root(&stores, reference.name, reference.version, &words->options, &progress.calls, err)
             : install_image(NULL, &stores, reference.name, reference.version, &words->options,
                             &progress.calls, err)) < 0)
        return -1;
    progress_end(&progress);
    return 0;
}

static int image_install(int argc, char **argv, struct error *err)
{
    cleanup_catalog struct catalog *catalog = NULL;
    cleanup_words struct install_words words = {0};
    struct install_options *options = &words.options;
    cleanup_strings struct strings stores = {0};
    if (parse_install(argc, argv, &words, err) < 0 || find_tarball(options, err) < 0)
        return -1;
    if (options->in_place)
        return image_usage("install: --in-place goes with import", err);
    if ((words.rootfs || install_is_express(options)) && argc - words.first != 1)
        return image_usage(
            "install: --rootfs, --from, --with, --tarball and --digest go with one NAME[:VERSION]", err);
    if (words.rootfs && !options->source)
        return image_usage("install: --rootfs needs --from IMPORTER:SOURCE: the catalog has no roots", err);
    if (words.rootfs)
        return install_given(&words, argv[words.first], err);
    return policy_stores(&stores, err) < 0 || catalog_load(&catalog, err) < 0
               ? -1
               : install_all(catalog, &stores, options, argc - words.first, argv + words.first, err);
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
    cleanup_words struct install_words words = {0};
    if (parse_install(argc, argv, &words, err) < 0)
        return -1;
    if (argc - words.first != 2 || words.options.from || words.options.tarball)
        return image_usage("import: expected NAME[:VERSION] and a SOURCE", err);
    const char *source = argv[words.first + 1];
    words.options.from = copy_string(importer_of(source));
    if (words.options.in_place &&
        (words.rootfs || !text_equal(words.options.from, "dir") || words.options.digest))
        return image_usage("import: only a prefix can be used in place, and it has no digest", err);
    words.options.source = copy_string(source);
    return install_given(&words, argv[words.first], err);
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
    {"import", image_import, "--in-place NAME[:VERSION] DIR",
     "install a prefix (/usr/lib/postgresql/16) without copying it"},
    {"import", image_import, "--rootfs NAME:VERSION SOURCE",
     "the same of a root filesystem for `indyno run --rootfs=NAME`, under any name; also install, with "
     "--from"},
    {"ls", image_ls, "[--available] [--json]", "list what is installed, or what the catalog has"},
    {"inspect", image_inspect, "NAME[:VERSION]", "print an image's manifest as JSON"},
    {"verify", image_verify, "[NAME[:VERSION]...]",
     "measure images anew, and tell what differs from what was installed"},
    {"rm", image_rm, "NAME:VERSION...", "remove images that no run is using"},
    {"prune", image_prune, "[--dry-run]",
     "remove what no run would choose: older releases of a line, clients without a server, what killed "
     "installs left"},
};

enum { ACTION_COUNT = sizeof actions / sizeof *actions };

void cmd_image_help(FILE *to)
{
    fputs("usage: indyno image ACTION [ARG...]\n\n"
          "Images are the read-only trees that dynos are made of: postgresql, redis, valkey, "
          "client programs, and root filesystems.\n\n",
          to);
    for (size_t i = 0; i < ACTION_COUNT; i++)
        fprintf(to, "  %s %s\n        %s\n", actions[i].name, actions[i].arguments, actions[i].help);
    fputs("\nThe store is /var/lib/indyno for root, $XDG_DATA_HOME/indyno for a user, who reads root's, too; "
          "or\n"
          "what INDYNO_STORE lists: the first is written, all are read.\n",
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
    return image_usage(argc > 1 ? "has no such action" : "needs an action", err);
}
