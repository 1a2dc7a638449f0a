#include "command.h"
#include "options.h"
#include "plan-command.h"
#include "plan-print.h"
#include "prepare.h"

int plan_command(const struct options *options, struct error *err)
{
    cleanup_prepared struct prepared prepared = {.dir_fd = -1, .scratch_fd = -1};
    if (prepare(options, true, &prepared, err) < 0)
        return -1;
    (options->json ? plan_print_json : plan_print)(&prepared.plan, options->verbose, stdout);
    return 0;
}

void cmd_plan_help(FILE *to)
{
    fputs("usage: indyno plan [--json] [OPTION...] [DIR] [-- COMMAND [ARG...]]\n"
          "\n"
          "Says exactly what `indyno run` would do with the same options, and does nothing:\n"
          "services, environment, steps, mounts, limits, and what of app.json is not done.\n"
          "What is made at random or is secret is shown as (generated), unless --verbose\n"
          "is given.\n"
          "\n",
          to);
    options_help(to);
}

int cmd_plan(int argc, char **argv, struct error *err)
{
    cleanup_options struct options options;
    if (options_parse(argc, argv, &options, err) < 0)
        return -1;
    if (options.help) {
        cmd_plan_help(stdout);
        return 0;
    }
    return plan_command(&options, err);
}
