/* What Linux and the shell let an environment variable be. */
#ifndef INDYNO_APP_NAME_H
#define INDYNO_APP_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum {
    /* MAX_ARG_STRLEN of execve(2), less the NUL: of an argument, and of NAME=VALUE. */
    ARGUMENT_MAX = 128 * 1024 - 1,
    /* Variables that one file may name: setting each one looks through the others. */
    VARIABLES_MAX = 4096,
};

/* Whether length bytes are a variable's name: letters, digits and underscores, no digit in front. */
bool variable_name_valid(const char *name, size_t length);

#endif
