#include "prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app-file.h"
#include "base/own.h"
#include "caller.h"
#include "images/install.h"
#include "layout.h"
#include "progress.h"
#include "root-files.h"
#include "scope.h"

/* ---- Folders ---- */

/* DIR is opened once: what is read of it here is what the sandbox mounts. */
static int open_dir(const struct options *options, struct prepared *prepared, struct error *err)
{
    prepared->dir_fd = folder_open(options->dir, options->dir, err);
    if (prepared->dir_fd < 0) {
        if (err->errnum == ENOENT && !options->command.count)
            error_remedy(err, "DIR is the app's folder; a command goes after --: indyno run -- %s",
                         options->dir);
        return -1;
    }
    prepared->dir = realpath(options->dir, NULL);
    return prepared->dir ? 0 : fail_errno(err, "%s", options->dir);
}

/* What the test could write there would be root's, set-id or not. */
static int check_writable(const struct prepared *prepared, struct error *err)
{
    struct stat st;
    if (fstat(prepared->dir_fd, &st) < 0)
        return fail_errno(err, "%s", prepared->dir);
    if (st.st_uid != 0 && st.st_gid != 0)
        return caller_check_owner(prepared->dir_fd, prepared->dir, err);
    fail(err, STATUS_DATA, "--app=rw: %s belongs to root", prepared->dir);
    error_remedy(err, "give the folder to a user who is not, or have a view of it: --app=cow");
    return -1;
}

static int open_binds(const struct options *options, struct prepared *prepared, struct error *err)
{
    prepared->bind_fds = allocate(options->bind_count, sizeof *prepared->bind_fds);
    for (; prepared->bind_count < options->bind_count; prepared->bind_count++) {
        const struct option_bind *bind = &options->binds[prepared->bind_count];
        const char *option = bind->writable ? "bind" : "ro-bind";
        cleanup_fd int fd = caller_open(bind->host, 0, err);
        if (fd < 0)
            return error_context(err, "--%s %s", option, bind->host);
        if (caller_check_readable(fd) < 0)
            return fail(err, STATUS_DATA, "--%s %s: %s", option, bind->host, strerror(errno));
        /* a writable one gives the step what its owner has */
        if (bind->writable && caller_check_owner(fd, bind->host, err) < 0)
            return -1;
        prepared->bind_fds[prepared->bind_count] = steal_fd(&fd);
    }
    return 0;
}

/* Which is root's own word. */
static int open_policy_scratch(const char *path, struct prepared *prepared, struct error *err)
{
    prepared->scratch_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (prepared->scratch_fd >= 0)
        return 0;
    return fail(err, STATUS_DATA, "%s: %s: %s: %s", prepared->policy.path, policy_rows[POLICY_SCRATCH].name,
                path, strerror(errno));
}

static int open_scratch(const struct options *options, struct prepared *prepared, struct error *err)
{
    const char *path = policy_scratch(&prepared->policy, options);
    if (!path)
        return 0;
    if (!options->scratch)
        return open_policy_scratch(path, prepared, err);
    prepared->scratch_fd = caller_open(path, O_DIRECTORY, err);
    if (prepared->scratch_fd < 0)
        return error_context(err, "--scratch %s", path);
    return caller_check_owner(prepared->scratch_fd, path, err);
}

/* Where a descriptor leads, whatever it was opened by. */
static int find_path(int fd, char **path, struct error *err)
{
    char target[PATH_MAX];
    cleanup_free char *link = text_format("/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, target, sizeof target);
    if (size < 0 || (size_t)size == sizeof target)
        return fail_errno(err, "find out what %s is", link);
    *path = text_format("%.*s", (int)size, target);
    return 0;
}

/* What the policy may say something of: it compares what is open, not what was written. */
static int find_paths(const struct options *options, struct prepared *prepared, struct error *err)
{
    struct policy_paths *paths = &prepared->paths;
    if (!prepared->policy.is_there || !prepared->policy.binds)
        return 0;
    for (size_t i = 0; i < prepared->bind_count; i++) {
        char *path = NULL;
        if (find_path(prepared->bind_fds[i], &path, err) < 0)
            return -1;
        strings_take(&paths->binds, path);
    }
    if (options->scratch && find_path(prepared->scratch_fd, &paths->scratch, err) < 0)
        return -1;
    return find_path(prepared->dir_fd, &paths->app, err);
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

/* By the version that the catalog would bring. */
static int judge_pull(const struct policy *policy, const struct catalog *catalog,
                      const struct service_choice *choice, struct error *err)
{
    const char *version = catalog_offer(catalog, choice->image, choice->version);
    return version ? policy_judge_image(policy, choice->image, version, err) : 0;
}

/* In bytes; 0 where that cannot be found. */
static uint64_t find_memory(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
}

/* Of what is read so far. */
static struct plan_input input_of(const struct options *options, const struct prepared *prepared)
{
    return (struct plan_input){.options = options,
                               .app = &prepared->app,
                               .images = prepared->images,
                               .image_count = prepared->image_count,
                               .catalog = prepared->catalog,
                               .capabilities = prepared->probed ? &prepared->capabilities : NULL,
                               .root = &prepared->root,
                               .rootfs = options->rootfs ? &prepared->rootfs : NULL,
                               .host = &prepared->host,
                               .is_root = geteuid() == 0,
                               .id_range = prepared->id_range,
                               .dir = prepared->dir,
                               .dir_fd = prepared->dir_fd,
                               .bind_fds = prepared->bind_fds,
                               .cwd = prepared->cwd,
                               .state_dir = prepared->state_dir,
                               .lang = prepared->lang,
                               .term = find_term(),
                               .scratch_fd = prepared->scratch_fd,
                               .host_bytes = find_memory(),
                               .policy = &prepared->policy,
                               .paths = &prepared->paths,
                               .caller = caller_uid(),
                               .has_other_caller = caller_is_other(),
                               .has_scope = prepared->probed && scope_is_wanted(options) && scope_is_due(),
                               .random_hex = text_random_hex};
}

static int refuse_install(const char *image, struct error *err)
{
    fail(err, STATUS_POLICY, "--pull=missing: %s is not installed, and sudo's caller may not install it",
         image);
    error_remedy(err, "have an administrator run: indyno image install %s", image);
    return -1;
}

/* --pull=missing, of one engine. */
static int pull_engine(const struct services_input *input, const struct engine *engine,
                       const struct policy *policy, const struct strings *stores,
                       const struct install_progress *progress, struct error *err)
{
    static const struct install_options plain = {0};
    cleanup_choice struct service_choice choice;
    if (services_choose(input, engine, &choice, err) < 0)
        return -1;
    if (!choice.image || resolve_image(input->catalog, input->images, input->image_count, choice.image,
                                       choice.version, NULL) >= 0)
        return 0;
    if (judge_pull(policy, input->catalog, &choice, err) < 0)
        return -1;
    if (caller_is_other())
        return refuse_install(choice.image, err);
    return install_image(input->catalog, stores, choice.image, choice.version, &plain, progress, err);
}

static int pull(const struct options *options, const struct strings *stores, struct prepared *prepared,
                struct error *err)
{
    const struct services_input input = {.options = options,
                                         .app = &prepared->app,
                                         .images = prepared->images,
                                         .image_count = prepared->image_count,
                                         .catalog = prepared->catalog};
    const struct plan_input whole = input_of(options, prepared);
    if (plan_judge(&whole, err) < 0)
        return -1;
    cleanup_progress struct progress progress;
    progress_begin(&progress);
    for (size_t i = 0; i < ENGINE_COUNT; i++)
        if (pull_engine(&input, engines[i], &prepared->policy, stores,
                        options->quiet ? NULL : &progress.calls, err) < 0)
            return -1;
    progress_end(&progress);
    images_free(prepared->images, prepared->image_count);
    return stores_list(stores, &prepared->images, &prepared->image_count, err);
}

static int read_store(const struct options *options, bool may_pull, struct prepared *prepared,
                      struct error *err)
{
    bool has_services = services_wanted(options, &prepared->app);
    if (!has_services && !(options->rootfs && rootfs_is_image(options->rootfs)))
        return 0;
    cleanup_strings struct strings stores = store_search(prepared->policy.store);
    if (stores_list(&stores, &prepared->images, &prepared->image_count, err) < 0 ||
        (has_services && catalog_load(&prepared->catalog, err) < 0))
        return -1;
    return has_services && may_pull ? pull(options, &stores, prepared, err) : 0;
}

static int open_rootfs(const struct options *options, struct prepared *prepared, struct error *err)
{
    if (!options->rootfs)
        return 0;
    if (rootfs_open(options->rootfs, prepared->images, prepared->image_count, &prepared->rootfs, err) < 0)
        return -1;
    prepared->lang = prepared->rootfs.lang;
    if (prepared->rootfs.image || !prepared->policy.is_there || !prepared->policy.binds)
        return 0;
    return find_path(prepared->rootfs.fd, &prepared->paths.rootfs, err);
}

/* A user who may go without subordinate ids has them where they are to be had. */
static bool has_to_choose(const struct options *options)
{
    return geteuid() != 0 && (options->weaker & SANDBOX_WEAKER_IDS);
}

/* What does not depend on the app, while that is read by another process. */
struct meanwhile {
    const struct options *options;
    struct prepared *prepared;
    struct error err;
};

static void look_at_host(void *argument)
{
    struct meanwhile *meanwhile = argument;
    struct prepared *prepared = meanwhile->prepared;
    bool has_rootfs = meanwhile->options->rootfs != NULL;
    prepared->lang = find_lang();
    root_files_add(has_rootfs ? LAYOUT_HOST : "", has_rootfs ? &prepared->host : &prepared->root,
                   &meanwhile->err);
    root_files_add_own(&prepared->root);
}

static int read_app(const struct options *options, struct prepared *prepared, struct error *err)
{
    struct meanwhile host = {.options = options, .prepared = prepared};
    const struct app_meanwhile meanwhile = {look_at_host, &host};
    int status = app_read(prepared->dir_fd, options->dir, options->env_file, &meanwhile, &prepared->app, err);
    if (status == 0 && host.err.message) {
        *err = host.err;
        return -1;
    }
    error_clear(&host.err);
    return status;
}

static int read_all(const struct options *options, bool probe, struct prepared *prepared, struct error *err)
{
    if (policy_load(&prepared->policy, err) < 0 || open_dir(options, prepared, err) < 0 ||
        (options->app_writable && check_writable(prepared, err) < 0) ||
        open_binds(options, prepared, err) < 0 || open_scratch(options, prepared, err) < 0 ||
        find_paths(options, prepared, err) < 0 || read_app(options, prepared, err) < 0 ||
        read_store(options, options->pull && !probe, prepared, err) < 0 ||
        open_rootfs(options, prepared, err) < 0)
        return -1;
    prepared->cwd = getcwd(NULL, 0);
    if (!prepared->cwd)
        return fail_errno(err, "find the working folder");
    prepared->state_dir = sandbox_state_dir();
    if (geteuid() == 0 && policy_find_ids(&prepared->policy, &prepared->id_range, err) < 0)
        return -1;
    prepared->probed = probe || has_to_choose(options);
    if (prepared->probed)
        sandbox_probe(prepared->dir, &prepared->capabilities);
    return 0;
}

static int hold(struct prepared *prepared, const struct image *image, struct error *err)
{
    if (!image)
        return 0;
    if (image_check_fit(image, err) < 0)
        return -1;
    int fd = image_hold(image, err);
    if (fd < 0)
        return -1;
    prepared->holds[prepared->hold_count++] = fd;
    return 0;
}

static int hold_images(struct prepared *prepared, struct error *err)
{
    const struct services *services = &prepared->plan.services;
    for (size_t i = 0; i < services->count; i++)
        if (hold(prepared, services->items[i].image, err) < 0 ||
            hold(prepared, services->items[i].client, err) < 0)
            return -1;
    return 0;
}

/* What the root shows depends on all that the plan mounts. */
static int put_rootfs(const struct options *options, struct prepared *prepared, struct error *err)
{
    cleanup_mounts struct mounts root = {0};
    if (!options->rootfs)
        return 0;
    if (rootfs_add(&prepared->rootfs, &prepared->plan.mounts, options->bind_count, &root, err) < 0)
        return -1;
    plan_put_root(&prepared->plan, &root);
    return 0;
}

int prepare(const struct options *options, bool probe, struct prepared *prepared, struct error *err)
{
    *prepared = (struct prepared){.dir_fd = -1, .scratch_fd = -1};
    if (read_all(options, probe, prepared, err) < 0) {
        sandbox_explain(err);
        return -1;
    }
    const struct plan_input input = input_of(options, prepared);
    if (plan_make(&input, &prepared->plan, err) < 0 || hold_images(prepared, err) < 0)
        return -1;
    return put_rootfs(options, prepared, err);
}

void prepared_clear(struct prepared *prepared)
{
    plan_clear(&prepared->plan);
    app_clear(&prepared->app);
    policy_paths_clear(&prepared->paths);
    images_free(prepared->images, prepared->image_count);
    if (prepared->catalog)
        catalog_free(prepared->catalog);
    mounts_clear(&prepared->root);
    mounts_clear(&prepared->host);
    rootfs_clear(&prepared->rootfs);
    if (prepared->probed)
        sandbox_capabilities_clear(&prepared->capabilities);
    close_fd(&prepared->dir_fd);
    close_fd(&prepared->scratch_fd);
    for (size_t i = 0; i < prepared->bind_count; i++)
        close_fd(&prepared->bind_fds[i]);
    for (size_t i = 0; i < prepared->hold_count; i++)
        close_fd(&prepared->holds[i]);
    free(prepared->bind_fds);
    free(prepared->dir);
    free(prepared->cwd);
    free(prepared->state_dir);
    policy_clear(&prepared->policy); /* the range of ids has its path */
    *prepared = (struct prepared){.dir_fd = -1, .scratch_fd = -1};
}
