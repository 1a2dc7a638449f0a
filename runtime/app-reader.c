/*
 * Theory of operation: DIR, and the env file's folder, are opened as the caller who named them (folder_open);
 * everything beneath is read by read_as_owner (app-rights.h): as root in a child process with the rights of
 * that folder's owner. This file says what is read there: app.json, .git's files, the env file.
 */
#include "app.h"

#include <errno.h>
#include <string.h>

#include "app-file.h"
#include "app-json.h"
#include "app-rights.h"
#include "base/own.h"
#include "git-ref.h"

enum { ENV_FILE_MAX = 1 << 20 };

static const char manifest[] = "app.json";

/* "DIR/app.json", and just "app.json" in the working folder. */
static char *manifest_path(const char *dir)
{
    size_t length = strlen(dir);
    while (length > 1 && dir[length - 1] == '/')
        length--;
    if (length == 1 && dir[0] == '.')
        return copy_string(manifest);
    return text_format("%.*s%s%s", (int)length, dir, length == 1 && dir[0] == '/' ? "" : "/", manifest);
}

static int read_manifest(int folder_fd, const char *path, struct app *app, struct error *err)
{
    size_t size;
    cleanup_free char *text = file_read_beneath(folder_fd, manifest, path, APP_JSON_SIZE_MAX, &size, err);
    if (text)
        return app_parse(path, text, size, app, err);
    if (err->errnum != ENOENT)
        return -1;
    error_clear(err);
    return 0;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* "." of a bare name, else with its slash's left side. */
static char *folder_of(const char *path)
{
    size_t length = (size_t)(base_name(path) - path);
    if (length == 0)
        return copy_string(".");
    return text_format("%.*s", (int)(length > 1 ? length - 1 : length), path);
}

static int read_checkout(int folder_fd, const char *path, struct app *app, struct error *err)
{
    if (read_manifest(folder_fd, path, app, err) < 0)
        return -1;
    struct git_ref ref;
    cleanup_free char *dir = folder_of(path);
    if (git_ref_read(folder_fd, dir, &ref, err) < 0)
        return -1;
    app->git_branch = steal_pointer(ref.branch);
    app->git_commit = steal_pointer(ref.commit);
    return 0;
}

static int read_env_file(int folder_fd, const char *path, struct app *app, struct error *err)
{
    size_t size;
    cleanup_free char *text = file_read_beneath(folder_fd, base_name(path), path, ENV_FILE_MAX, &size, err);
    if (!text)
        return -1;
    if (strlen(text) != size)
        return fail(err, STATUS_DATA, "%s: a NUL byte stands in it", path);
    return env_file_parse(path, text, &app->env_file, err);
}

static int add_env_file(const char *path, struct app *app, struct error *err)
{
    cleanup_free char *folder = folder_of(path);
    cleanup_fd int folder_fd = folder_open(folder, path, err);
    if (folder_fd < 0)
        return -1;
    cleanup_app struct app part = {0};
    if (read_as_owner(folder_fd, path, read_env_file, NULL, &part, err) < 0)
        return -1;
    app->env_file = part.env_file;
    part.env_file = (struct strings){0};
    return 0;
}

static int read_all(int dir_fd, const char *dir, const char *env_file, const struct app_meanwhile *meanwhile,
                    struct app *app, struct error *err)
{
    cleanup_free char *path = manifest_path(dir);
    if (read_as_owner(dir_fd, path, read_checkout, meanwhile, app, err) < 0)
        return -1;
    free(app->path);
    app->path = steal_pointer(path);
    return env_file ? add_env_file(env_file, app, err) : 0;
}

int app_read(int dir_fd, const char *dir, const char *env_file, const struct app_meanwhile *meanwhile,
             struct app *app, struct error *err)
{
    *app = (struct app){0};
    if (read_all(dir_fd, dir, env_file, meanwhile, app, err) == 0)
        return 0;
    app_clear(app);
    return -1;
}
