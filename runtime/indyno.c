/* indyno: runs an app's tests in a dyno. Main finds the subcommand, prints its error and exits with its
 * status. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "caller.h"
#include "command.h"

const struct command commands[] = {
    {"run", "run an app's tests, or a command, in a dyno", cmd_run, cmd_run_help},
    {"plan", "say exactly what run would do, and do nothing", cmd_plan, cmd_plan_help},
    {"doctor", "try what a run needs of this host, and say what is missing and why", cmd_doctor,
     cmd_doctor_help},
    {"image", "install, import, list and remove the trees that dynos are made of", cmd_image, cmd_image_help},
    {"config", "say what the host's policy is, and what is wrong with it", cmd_config, cmd_config_help},
    {"sandbox", "print the system-call filter that a dyno's processes are under", cmd_sandbox,
     cmd_sandbox_help},
    {"help", "say what a command does and which options it has", cmd_help, cmd_help_help},
    {0},
};

const struct command *command_find(const char *name)
{
    for (const struct command *command = commands; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

int command_unknown(const char *name, struct error *err)
{
    fail(err, STATUS_USAGE, "%s: no such command", name);
    error_remedy(err, "see indyno help; to run a command in a dyno: indyno run -- %s", name);
    return -1;
}

/* A file that is opened as descriptor 0, 1 or 2 would be taken for the caller's input or output. */
static void fill_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            _exit(STATUS_ERRORED);
}

#ifdef INDYNO_TEETH
#define TEETH_NOTICE " with protections that can be taken away: for tests of indyno alone"
#else
#define TEETH_NOTICE ""
#endif

static int print_version(void)
{
    puts("indyno " PACKAGE_VERSION TEETH_NOTICE);
    return 0;
}

static int run_command(int argc, char **argv, struct error *err)
{
    const char *name = argc > 1 ? argv[1] : "help";
    if (strcmp(name, "--version") == 0)
        return print_version();
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    const struct command *command = command_find(name);
    if (!command)
        return command_unknown(name, err);
    if (argc < 2) {
        command->help(stderr);
        return STATUS_USAGE;
    }
    return caller_check_environment(err) < 0 ? -1 : command->run(argc - 1, argv + 1, err);
}

int main(int argc, char **argv)
{
    fill_standard_descriptors();
    signal(SIGCHLD, SIG_DFL); /* children of a process that ignores it cannot be waited for */
    signal(SIGPIPE, SIG_IGN); /* a reader that went away must not end a run half-way; the dyno's is reset */
    cleanup_error struct error err = {0};
    int status = run_command(argc, argv, &err);
    if (status >= 0 && (fflush(stdout) != 0 || ferror(stdout)))
        status = fail_errno(&err, "write to standard output");
    if (status >= 0)
        return status;
    error_print(&err, stderr);
    return err.status ? err.status : STATUS_ERRORED;
}
