#include "maker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "importer.h"
#include "sandbox/sandbox.h"

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

static int run_in_dyno(const char *folder, const struct strings *argv, struct error *err)
{
    static const char *const system_folders[] = {"/bin", "/sbin", "/lib", "/lib64"};
    enum { SYSTEM_COUNT = sizeof system_folders / sizeof *system_folders, FIXED_COUNT = 9 };
    static const char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/work", "LC_ALL=C.UTF-8",
                                      "LOCPATH=" MAKER_LOCALE, NULL};
    cleanup_free char *tree = text_format("%s/tree", folder), *locale = text_format("%s/locale", folder);
    cleanup_free char *scripts = importer_path("");
    cleanup_free char *state_dir = sandbox_state_dir();
    char *links[SYSTEM_COUNT] = {NULL};
    struct sandbox_mount mounts[FIXED_COUNT + SYSTEM_COUNT] = {
        {.kind = SANDBOX_BIND, .source = "/usr", .target = "/usr"},
        {.kind = SANDBOX_BIND, .source = "/etc/ld.so.cache", .target = "/etc/ld.so.cache", .optional = true},
        {.kind = SANDBOX_BIND,
         .source = "/etc/alternatives",
         .target = "/etc/alternatives",
         .optional = true},
        {.kind = SANDBOX_BIND, .source = tree, .target = MAKER_TREE},
        {.kind = SANDBOX_BIND, .source = locale, .target = MAKER_LOCALE, .optional = true},
        {.kind = SANDBOX_BIND, .source = scripts, .target = MAKER_SCRIPTS},
        {.kind = SANDBOX_PROC, .target = "/proc"},
        {.kind = SANDBOX_DEV, .target = "/dev"},
        {.kind = SANDBOX_SCRATCH, .target = "/work", .owner = MAKER_USER},
    };
    for (size_t i = 0; i < SYSTEM_COUNT; i++)
        add_system_folder(&mounts[FIXED_COUNT + i], system_folders[i], &links[i]);
    const struct sandbox_user user = {.name = "maker", .id = MAKER_USER, .home = "/work"};
    const struct sandbox_process step = {.name = "maker",
                                         .argv = (const char *const *)argv->items,
                                         .envp = env,
                                         .cwd = "/work",
                                         .user = MAKER_USER,
                                         .role = SANDBOX_ROLE_STEP,
                                         .leaf = "step"};
    struct sandbox_spec spec = {.name = "maker",
                                .state_dir = state_dir,
                                .users = &user,
                                .user_count = 1,
                                .mounts = mounts,
                                .mount_count = FIXED_COUNT + SYSTEM_COUNT,
                                .steps = &step,
                                .step_count = 1};
    sandbox_default_ids(&spec);
    struct sandbox_result result;
    int status = sandbox_run(&spec, &result, err);
    if (status == 0 && (result.end != SANDBOX_END_STEPS || result.steps[0].state != SANDBOX_EXITED ||
                        result.steps[0].exit_status != 0))
        status = fail(err, STATUS_ERRORED, "%s failed", argv->items[0]);
    sandbox_result_clear(&result);
    for (size_t i = 0; i < SYSTEM_COUNT; i++)
        free(links[i]);
    return status;
}

static void child_main(const char *folder, const struct strings *argv, int output) __attribute__((noreturn));

static void child_main(const char *folder, const struct strings *argv, int output)
{
    struct error err = {0};
    if (dup2(output, STDOUT_FILENO) < 0)
        _exit(STATUS_ERRORED);
    close(output);
    if (run_in_dyno(folder, argv, &err) < 0) {
        error_print(&err, stderr);
        _exit(STATUS_ERRORED);
    }
    _exit(0);
}

int maker_start(struct maker *maker, const char *folder, const struct strings *argv, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail_errno(err, "run %s", argv->items[0]);
    pid_t pid = fork();
    if (pid == 0)
        child_main(folder, argv, ends[1]);
    close(ends[1]);
    *maker = (struct maker){.pid = pid, .output = ends[0]};
    return pid < 0 ? fail_errno(err, "run %s", argv->items[0]) : 0;
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
