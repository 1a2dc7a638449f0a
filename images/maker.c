#include "maker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"

#define MAKER_LOGS   "/var/log"
#define MAKER_LOCALE "/image/locale"

enum { MAKER_USER = SANDBOX_ID_FIRST };

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

static const char *const environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                          "HOME=" MAKER_WORK, "LC_ALL=C", NULL};
static const char *const locale_environment[] = {"PATH=/usr/bin:/bin", "HOME=" MAKER_WORK, "LC_ALL=C",
                                                 "LOCPATH=" MAKER_LOCALE, NULL};
static const char *const shared[] = {"/proc", "/dev", "/tmp", MAKER_WORK, "/etc/passwd", "/etc/group", NULL};
static const struct sandbox_root tree_root = {MAKER_ROOT, shared};

static struct sandbox_process make_process(const struct maker_job *job, const char *name,
                                           const struct strings *argv, bool on_host)
{
    return (struct sandbox_process){.name = name,
                                    .argv = (const char *const *)argv->items,
                                    .envp = job->has_locale ? locale_environment : environment,
                                    .cwd = MAKER_WORK,
                                    .root = job->has_root && !on_host ? &tree_root : NULL,
                                    .user = MAKER_USER,
                                    .role = SANDBOX_ROLE_STEP,
                                    .leaf = "step",
                                    .must_succeed = true};
}

static bool succeeded(const struct sandbox_result *result)
{
    for (size_t i = 0; i < result->step_count; i++)
        if (result->steps[i].state != SANDBOX_EXITED || result->steps[i].exit_status != 0)
            return false;
    return result->end == SANDBOX_END_STEPS;
}

/* The server's own words are the reason. */
static int run_spec(const struct sandbox_spec *spec, struct error *err)
{
    struct sandbox_result result;
    int status = sandbox_run(spec, &result, err);
    if (status < 0 && spec->service_count && result.services && result.services[0].log_tail)
        fprintf(stderr, "%s", result.services[0].log_tail);
    if (status == 0 && !succeeded(&result))
        status = fail(err, STATUS_ERRORED, "%s failed", spec->steps[0].argv[0]);
    sandbox_result_clear(&result);
    return status;
}

static int run_job(const struct maker_job *job, const struct sandbox_mount *mounts, size_t mount_count,
                   struct error *err)
{
    static const struct sandbox_user user = {.name = "maker", .id = MAKER_USER, .home = MAKER_WORK};
    cleanup_free char *state_dir = sandbox_state_dir();
    struct sandbox_process steps[MAKER_STEPS_MAX], server;
    for (size_t i = 0; i < job->step_count; i++)
        steps[i] = make_process(job, "maker", job->steps[i].argv, job->steps[i].on_host);
    if (job->server) {
        server = make_process(job, "server", job->server, false);
        server.ready = *job->ready;
        server.log = MAKER_LOGS "/server.log";
    }
    struct sandbox_spec spec = {.name = "maker",
                                .state_dir = state_dir,
                                .users = &user,
                                .user_count = 1,
                                .mounts = mounts,
                                .mount_count = mount_count,
                                .services = &server,
                                .service_count = job->server != NULL,
                                .steps = steps,
                                .step_count = job->step_count};
    sandbox_default_ids(&spec);
    return run_spec(&spec, err);
}

static int run_in_dyno(const struct maker_job *job, struct error *err)
{
    static const char *const system_folders[] = {"/bin", "/sbin", "/lib", "/lib64"};
    enum { SYSTEM_COUNT = sizeof system_folders / sizeof *system_folders, FIXED_COUNT = 10 };
    cleanup_free char *tree = text_format("%s/tree", job->folder);
    cleanup_free char *locale = text_format("%s/locale", job->folder);
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
    if (job->data)
        mounts[count++] = (struct sandbox_mount){.kind = SANDBOX_COW,
                                                 .source = job->data,
                                                 .target = MAKER_WORK "/data",
                                                 .owner = MAKER_USER,
                                                 .mode = 0700};
    int status = run_job(job, mounts, count, err);
    for (size_t i = 0; i < SYSTEM_COUNT; i++)
        free(links[i]);
    return status;
}

static void child_main(const struct maker_job *job, int output) __attribute__((noreturn));

static void child_main(const struct maker_job *job, int output)
{
    struct error err = {0};
    if (dup2(output, STDOUT_FILENO) < 0)
        _exit(STATUS_ERRORED);
    close(output);
    if (run_in_dyno(job, &err) < 0) {
        error_print(&err, stderr);
        _exit(STATUS_ERRORED);
    }
    _exit(0);
}

int maker_start(struct maker *maker, const struct maker_job *job, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail_errno(err, "run %s", job->steps[0].argv->items[0]);
    pid_t pid = fork();
    if (pid == 0)
        child_main(job, ends[1]);
    close(ends[1]);
    *maker = (struct maker){.pid = pid, .output = ends[0]};
    return pid < 0 ? fail_errno(err, "run %s", job->steps[0].argv->items[0]) : 0;
}

int maker_finish(struct maker *maker, const char *what, struct error *err)
{
    int status;
    close_fd(&maker->output);
    while (waitpid(maker->pid, &status, 0) < 0)
        if (errno != EINTR)
            return fail_errno(err, "wait for %s", what);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return fail(err, STATUS_ERRORED, "%s does not work in a dyno (its own words are above)", what);
}
