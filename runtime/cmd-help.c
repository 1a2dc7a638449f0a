#include <stdio.h>

#include "command.h"

void cmd_help_help(FILE *to)
{
    fputs("usage: indyno COMMAND [OPTION...]\n"
          "       indyno help [COMMAND]\n"
          "       indyno --version\n"
          "\n"
          "Runs an app's tests in a sandbox, with the databases that they need.\n"
          "\n",
          to);
    for (const struct command *command = commands; command->name; command++)
        fprintf(to, "  %-8s %s\n", command->name, command->summary);
    fputs("\nSee indyno help COMMAND for each, and indyno(1).\n", to);
}

int cmd_help(int argc, char **argv, struct error *err)
{
    const struct command *command = argc > 1 ? command_find(argv[1]) : NULL;
    if (argc > 1 && !command)
        return command_unknown(argv[1], err);
    (command ? command->help : cmd_help_help)(stdout);
    return 0;
}
