/*
 * Theory of operation. An image is built in a staging folder of the store: the importer fills its tree, a root filesystem
 * gets its places and shims, the server is run in a dyno to say its version and to start, a postgresql gets its template
 * cluster and is asked what it can do, all is measured, and the manifest is written.
 */
#include "build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "catalog.h"
#include "contents.h"
#include "fit.h"
#include "maker.h"
#include "manifest.h"
#include "root-tree.h"
#include "store.h"
#include "survey.h"
#include "template.h"

enum { VERSION_TEXT_MAX = 4096, READY_TIMEOUT_MS = 30 * 1000 };

/* ---- For who wants to know ---- */

static void show(const struct build *build, const char *phase, int percent)
{
    const struct install_state state = {build->what, phase, percent};
    if (build->progress)
        build->progress->show(build->progress->context, &state);
}

static void show_fetching(void *context, int percent)
{
    const struct build *build = context;
    show(build, build->fetching, percent);
}

/* ---- The tree, and what it is ---- */

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

static int fetch(const char *folder, const struct build *build, struct image *image, bool *root,
                 struct error *err)
{
    struct import import = build->import;
    import.progress = show_fetching;
    import.context = (void *)(uintptr_t)build;
    image->tree = copy_string("tree");
    return importer_run(&import, folder, image, root, err);
}

static int bring(const char *folder, const struct build *build, struct image *image, bool *root,
                 struct error *err)
{
    show(build, build->fetching, -1);
    if ((build->in_place ? use_in_place(&build->import, folder, image, err)
                         : fetch(folder, build, image, root, err)) < 0)
        return -1;
    show(build, "checking", -1);
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
    strings_take(&argv, maker_server_path(image));
    strings_add(&argv, "--version");
    const struct maker_job job = {
        .folder = folder, .image = image, .steps = {{&argv, false}}, .step_count = 1};
    if (maker_start(&maker, &job, err) < 0)
        return -1;
    cleanup_free char *text = text_read_fd(maker.output, "its version", VERSION_TEXT_MAX, NULL, err);
    if (maker_finish(&maker, kind->program, text ? err : NULL) < 0 || !text)
        return -1;
    image->version = parse_version(text, kind->mark);
    return image->version ? 0
                          : fail(err, STATUS_DATA, "%s does not say its version: %s", kind->program, text);
}

/* A server of the Redis family answers a PING. */
static int start_once(const char *folder, const struct image *image, struct error *err)
{
    static const char *const options[] = {
        "--port", "0", "--unixsocket", (MAKER_WORK "/socket"), "--unixsocketperm", "777", "--save", "", NULL};
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

static int check_version(const struct build *build, const struct image *image, struct error *err)
{
    if (!build->wanted || version_matches(image->version, build->wanted))
        return 0;
    fail(err, STATUS_DATA, "%s says that it is version %s, not %s", build->kind->program, image->version,
         build->wanted);
    error_remedy(err, "ask for %s:%s, or for %s without a version", image->name, image->version, image->name);
    return -1;
}

static int prepare_server(const char *folder, const struct build *build, struct image *image,
                          struct error *err)
{
    const struct kind *kind = build->kind;
    if (kind->has_template) {
        show(build, "making the template cluster", -1);
        if (template_make(folder, image, err) < 0)
            return -1;
        show(build, "trying its extensions", -1);
        return survey_make(folder, image, err);
    }
    if (kind->is_server)
        return start_once(folder, image, err);
    free(image->server); /* a tool was asked for its version, and is no server */
    image->server = NULL;
    return 0;
}

static int build_kind(const char *folder, const struct build *build, bool root, struct image *image,
                      struct error *err)
{
    if (describe_programs(folder, build->kind, root, image, err) < 0 ||
        find_version(folder, build->kind, image, err) < 0 || check_version(build, image, err) < 0 ||
        prepare_server(folder, build, image, err) < 0)
        return -1;
    return image_key_make(image, &image->key, err);
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

static int build_root(const char *folder, const struct build *build, bool root, struct image *image,
                      struct error *err)
{
    if (!root) {
        fail(err, STATUS_DATA, "%s: it is no root filesystem", build->import.source);
        error_remedy(err, "take one from deb or oci, or a folder that has usr and bin/sh");
        return -1;
    }
    image->version = copy_string(build->wanted);
    image->root = copy_string("root");
    return root_tree_arrange(folder, err) < 0 ? -1 : try_shell(folder, image, err);
}

int build_image(const struct build *build, const char *folder, struct image *image, struct error *err)
{
    bool root = false;
    cleanup_free char *work = text_format("%s/tmp", folder);
    image->name = copy_string(build->import.name);
    if (bring(folder, build, image, &root, err) < 0 ||
        (build->kind ? build_kind : build_root)(folder, build, root, image, err) < 0)
        return -1;
    store_delete_tree(work);
    show(build, "measuring", -1);
    return contents_write(folder, image, err) < 0 ? -1 : manifest_write(image, folder, err);
}
