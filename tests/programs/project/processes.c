#include <sys/wait.h>
#include <unistd.h>

#include "parts.h"

int status_of_child(const char *program, const char *argument)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        execl(program, program, argument, (char *)0);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}
