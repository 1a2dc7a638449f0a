#include "tool.h"

#include <errno.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "base/sys.h"

int tool_run(const char *const *argv, int input, int output, struct error *err)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status;
    posix_spawn_file_actions_init(&actions);
    if (input >= 0)
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    if (output >= 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    errno = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (errno)
        return fail_errno(err, "run %s", argv[0]);
    if (sys_wait(pid, &status) < 0)
        return fail_errno(err, "wait for %s", argv[0]);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0
               ? 0
               : fail(err, STATUS_ERRORED, "%s failed (its reason is above)", argv[0]);
}
