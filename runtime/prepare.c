#include "prepare.h"

#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "root-files.h"

/* ---- Folders ---- */

static int find_dir(const struct options *options, char **dir, struct error *err)
{
    *dir = realpath(options->dir, NULL);
    if (*dir)
        return 0;
    int errnum = errno;
    fail(err, STATUS_DATA, "%s: %s", options->dir, strerror(errnum));
    if (errnum == ENOENT && !options->command.count)
        error_remedy(err, "DIR is the app's folder; a command goes after --: indyno run -- %s", options->dir);
    return -1;
}

/* Somebody who may run indyno by sudo is not to see by it what is not theirs: a dyno's test can read all of
 * DIR. */
static int check_owner(const char *dir, struct error *err)
{
    const char *sudo_uid = getenv("SUDO_UID");
    struct stat st;
    if (geteuid() != 0 || !sudo_uid)
        return 0;
    if (stat(dir, &st) < 0)
        return fail_errno(err, "%s", dir);
    char *end;
    unsigned long caller = strtoul(sudo_uid, &end, 10);
    if (*sudo_uid && !*end && caller == st.st_uid)
        return 0;
    fail(err, STATUS_POLICY, "%s: belongs to uid %u, not to sudo's caller", dir, (unsigned)st.st_uid);
    error_remedy(err, "run indyno on a folder of your own, or without sudo");
    return -1;
}

/* Claims of running dynos: gone with the machine or the login where there is such a place. */
static char *find_state_dir(void)
{
    if (geteuid() == 0)
        return copy_string("/run/indyno");
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (runtime && runtime[0] == '/' && access(runtime, W_OK) == 0)
        return text_format("%s/indyno", runtime);
    return text_format("/tmp/indyno-%u", (unsigned)geteuid());
}

/* ---- What the test is told ---- */

static const char *find_lang(void)
{
    locale_t found = newlocale(LC_CTYPE_MASK, "en_US.UTF-8", NULL);
    if (!found)
        return "C.UTF-8";
    freelocale(found);
    return "en_US.UTF-8";
}

/* Where output is not a terminal, colours and cursor movements would only end up in a log. */
static const char *find_term(void)
{
    return isatty(STDOUT_FILENO) ? getenv("TERM") : NULL;
}

/* ---- All together ---- */

static int read_store(const struct options *options, struct prepared *prepared, struct error *err)
{
    if (!services_wanted(options, &prepared->app))
        return 0;
    cleanup_free char *store = store_path();
    if (store_list(store, &prepared->images, &prepared->image_count, err) < 0)
        return -1;
    return catalog_load(&prepared->catalog, err);
}

/* A user who may go without subordinate ids has them where they are to be had. */
static bool has_to_choose(const struct options *options)
{
    return geteuid() != 0 && (options->weaker & SANDBOX_WEAKER_IDS);
}

static int read_all(const struct options *options, bool probe, struct prepared *prepared, struct error *err)
{
    if (find_dir(options, &prepared->dir, err) < 0 || check_owner(prepared->dir, err) < 0 ||
        app_read(options->dir, options->env_file, &prepared->app, err) < 0 ||
        read_store(options, prepared, err) < 0 || root_files_add(&prepared->root, err) < 0)
        return -1;
    prepared->cwd = getcwd(NULL, 0);
    if (!prepared->cwd)
        return fail_errno(err, "find the working folder");
    prepared->state_dir = find_state_dir();
    prepared->probed = probe || has_to_choose(options);
    if (prepared->probed)
        sandbox_probe(prepared->dir, &prepared->capabilities);
    return 0;
}

int prepare(const struct options *options, bool probe, struct prepared *prepared, struct error *err)
{
    *prepared = (struct prepared){0};
    if (read_all(options, probe, prepared, err) < 0)
        return -1;
    const struct plan_input input = {.options = options,
                                     .app = &prepared->app,
                                     .images = prepared->images,
                                     .image_count = prepared->image_count,
                                     .catalog = prepared->catalog,
                                     .capabilities = prepared->probed ? &prepared->capabilities : NULL,
                                     .root = &prepared->root,
                                     .is_root = geteuid() == 0,
                                     .dir = prepared->dir,
                                     .cwd = prepared->cwd,
                                     .state_dir = prepared->state_dir,
                                     .lang = find_lang(),
                                     .term = find_term(),
                                     .random_hex = text_random_hex};
    return plan_make(&input, &prepared->plan, err);
}

void prepared_clear(struct prepared *prepared)
{
    plan_clear(&prepared->plan);
    app_clear(&prepared->app);
    images_free(prepared->images, prepared->image_count);
    if (prepared->catalog)
        catalog_free(prepared->catalog);
    mounts_clear(&prepared->root);
    if (prepared->probed)
        sandbox_capabilities_clear(&prepared->capabilities);
    free(prepared->dir);
    free(prepared->cwd);
    free(prepared->state_dir);
    *prepared = (struct prepared){0};
}
