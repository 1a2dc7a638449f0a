#include "maker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "base/sys.h"
#include "importer.h"

#define MAKER_LOGS   "/var/log"
#define MAKER_LOCALE "/image/locale"

enum { MAKER_USER = SANDBOX_ID_FIRST, SCRIPT_MAX = 1 << 16 };

/* Links of a merged /usr, as they are on this host; folders are bound. */
static void add_system_folder(struct sandbox_mount *mount, const char *path, char **link)
{
    char to[256];
    ssize_t size = readlink(path, to, sizeof to - 1);
    *mount = (struct sandbox_mount){.kind = SANDBOX_BIND, .source = path, .target = path, .optional = true};
    if (size <= 0)
        return;
    to[size] = '\0';
    *link = copy_string(to);
    *mount = (struct sandbox_mount){.kind = SANDBOX_LINK, .target = path, .content = *link};
}

static const char *const shared[] = {"/proc", "/dev", "/tmp", MAKER_WORK, "/etc/passwd", "/etc/group", NULL};
static const struct sandbox_root tree_root = {MAKER_ROOT, shared};

/* All that is run in one dyno. */
struct work {
    const struct maker_job *job;
    const struct maker_trial *trial; /* NULL: none */
    const char *environment[5];
};

static void set_environment(struct work *work)
{
    const char *const locale = work->job->image->locpath ? "LOCPATH=" MAKER_LOCALE : NULL;
    const char *const environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                       ("HOME=" MAKER_WORK), "LC_ALL=C", locale, NULL};
    memcpy(work->environment, environment, sizeof environment);
}

static struct sandbox_process make_process(const struct work *work, const char *name,
                                           const struct strings *argv, bool on_host)
{
    return (struct sandbox_process){.name = name,
                                    .argv = (const char *const *)argv->items,
                                    .envp = work->environment,
                                    .cwd = MAKER_WORK,
                                    .root = work->job->image->root && !on_host ? &tree_root : NULL,
                                    .user = MAKER_USER,
                                    .role = SANDBOX_ROLE_STEP,
                                    .leaf = "step",
                                    .must_succeed = true};
}

char *maker_server_path(const struct image *image)
{
    return text_format("%s/%s", image->root ? "" : MAKER_TREE, image->server);
}

int maker_add_script(struct strings *argv, const struct image *image, const char *name, struct error *err)
{
    cleanup_free char *path = importer_path(name), *folder = maker_server_path(image);
    cleanup_free char *script = text_read_file(AT_FDCWD, path, SCRIPT_MAX, NULL, err);
    if (!script)
        return -1;
    *strrchr(folder, '/') = '\0';
    const char *const words[] = {"/bin/sh", "-c", script, name, folder};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        strings_add(argv, words[i]);
    return 0;
}

static struct sandbox_process make_server(const struct work *work, struct strings *argv)
{
    strings_take(argv, maker_server_path(work->trial->image));
    for (const char *const *option = work->trial->options; *option; option++)
        strings_add(argv, *option);
    struct sandbox_process server = make_process(work, "server", argv, false);
    server.ready = work->trial->ready;
    server.log = MAKER_LOGS "/server.log";
    return server;
}

static bool succeeded(const struct sandbox_result *result)
{
    for (size_t i = 0; i < result->step_count; i++)
        if (result->steps[i].state != SANDBOX_EXITED || result->steps[i].exit_status != 0)
            return false;
    return result->end == SANDBOX_END_STEPS;
}

static int fail_steps(const struct sandbox_result *result, const char *what, struct error *err)
{
    for (size_t i = 0; i < result->step_count; i++)
        if (result->steps[i].state == SANDBOX_NOT_EXECUTED)
            return fail(err, STATUS_ERRORED, "execute %s: %s", what, strerror(result->steps[i].exec_errno));
    return fail(err, STATUS_ERRORED, "%s failed", what);
}

/* The server's own words are the reason. */
static int run_spec(const struct sandbox_spec *spec, struct error *err)
{
    struct sandbox_result result;
    int status = sandbox_run(spec, &result, err);
    if (status < 0 && spec->service_count && result.services && result.services[0].log_tail)
        fprintf(stderr, "%s", result.services[0].log_tail);
    if (status == 0 && !succeeded(&result))
        status = fail_steps(&result, spec->steps[0].argv[0], err);
    sandbox_result_clear(&result);
    return status;
}

static int run_work(const struct work *work, const struct sandbox_mount *mounts, size_t mount_count,
                    struct error *err)
{
    static const struct sandbox_user user = {.name = "maker", .id = MAKER_USER, .home = MAKER_WORK};
    cleanup_free char *state_dir = sandbox_state_dir();
    cleanup_strings struct strings server_argv = {0};
    struct sandbox_process steps[MAKER_STEPS_MAX], server;
    for (size_t i = 0; i < work->job->step_count; i++)
        steps[i] = make_process(work, "maker", work->job->steps[i].argv, work->job->steps[i].on_host);
    if (work->trial)
        server = make_server(work, &server_argv);
    struct sandbox_spec spec = {.name = "maker",
                                .state_dir = state_dir,
                                .users = &user,
                                .user_count = 1,
                                .mounts = mounts,
                                .mount_count = mount_count,
                                .services = &server,
                                .service_count = work->trial != NULL,
                                .steps = steps,
                                .step_count = work->job->step_count};
    return sandbox_default_ids(&spec, err) < 0 ? -1 : run_spec(&spec, err);
}

static int run_in_dyno(struct work *work, struct error *err)
{
    static const char *const system_folders[] = {"/bin", "/sbin", "/lib", "/lib64"};
    enum { SYSTEM_COUNT = sizeof system_folders / sizeof *system_folders, FIXED_COUNT = 10 };
    cleanup_free char *tree = image_tree_at(work->job->image, work->job->folder);
    cleanup_free char *locale = text_format("%s/locale", work->job->folder);
    char *links[SYSTEM_COUNT] = {NULL};
    struct sandbox_mount mounts[FIXED_COUNT + SYSTEM_COUNT + 1] = {
        {.kind = SANDBOX_BIND, .source = "/usr", .target = "/usr"},
        {.kind = SANDBOX_BIND, .source = "/etc/ld.so.cache", .target = "/etc/ld.so.cache", .optional = true},
        {.kind = SANDBOX_BIND,
         .source = "/etc/alternatives",
         .target = "/etc/alternatives",
         .optional = true},
        {.kind = SANDBOX_BIND, .source = tree, .target = MAKER_TREE},
        {.kind = SANDBOX_BIND, .source = locale, .target = MAKER_LOCALE, .optional = true},
        {.kind = SANDBOX_PROC, .target = "/proc"},
        {.kind = SANDBOX_DEV, .target = "/dev"},
        {.kind = SANDBOX_SCRATCH, .target = "/tmp", .mode = 01777},
        {.kind = SANDBOX_SCRATCH, .target = MAKER_LOGS},
        {.kind = SANDBOX_SCRATCH, .target = MAKER_WORK, .owner = MAKER_USER},
    };
    size_t count = FIXED_COUNT;
    for (size_t i = 0; i < SYSTEM_COUNT; i++)
        add_system_folder(&mounts[count++], system_folders[i], &links[i]);
    if (work->job->data)
        mounts[count++] = (struct sandbox_mount){.kind = SANDBOX_COW,
                                                 .source = work->job->data,
                                                 .target = MAKER_WORK "/data",
                                                 .owner = MAKER_USER,
                                                 .mode = 0700};
    set_environment(work);
    int status = run_work(work, mounts, count, err);
    for (size_t i = 0; i < SYSTEM_COUNT; i++)
        free(links[i]);
    return status;
}

static void child_main(struct work *work, int output) __attribute__((noreturn));

static void child_main(struct work *work, int output)
{
    struct error err = {0};
    if (dup2(output, STDOUT_FILENO) < 0)
        _exit(STATUS_ERRORED);
    close(output);
    if (run_in_dyno(work, &err) < 0) {
        error_print(&err, stderr);
        _exit(STATUS_ERRORED);
    }
    _exit(0);
}

static int start(struct maker *maker, struct work *work, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail_errno(err, "run %s", work->job->steps[0].argv->items[0]);
    pid_t pid = fork();
    if (pid == 0)
        child_main(work, ends[1]);
    close(ends[1]);
    *maker = (struct maker){.pid = pid, .output = ends[0]};
    if (pid >= 0)
        return 0;
    close_fd(&maker->output);
    return fail_errno(err, "run %s", work->job->steps[0].argv->items[0]);
}

int maker_start(struct maker *maker, const struct maker_job *job, struct error *err)
{
    return start(maker, &(struct work){.job = job}, err);
}

/* A dyno lives as long as its steps: here there is nothing to do but that the server was ready before. */
int maker_try(const struct maker_trial *trial, struct error *err)
{
    cleanup_strings struct strings step = {0};
    struct maker maker;
    strings_add(&step, "/bin/true");
    const struct maker_job job = {.folder = trial->folder,
                                  .image = trial->image,
                                  .steps = {{&step, true}},
                                  .step_count = 1,
                                  .data = trial->data};
    return start(&maker, &(struct work){.job = &job, .trial = trial}, err) < 0
               ? -1
               : maker_finish(&maker, "the server", err);
}

int maker_finish(struct maker *maker, const char *what, struct error *err)
{
    int status;
    close_fd(&maker->output);
    if (sys_wait(maker->pid, &status) < 0)
        return fail_errno(err, "wait for %s", what);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return fail(err, STATUS_ERRORED, "%s does not work in a dyno (its own words are above)", what);
}
