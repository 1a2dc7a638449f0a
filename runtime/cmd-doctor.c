#include <stdlib.h>

#include "app-file.h"
#include "base/own.h"
#include "command.h"
#include "doctor.h"
#include "scope.h"

enum { NO_RUN_WORKS = 1 };

struct doctor_options {
    const char *dir; /* NULL: none was named */
    bool json, help;
};

void cmd_doctor_help(FILE *to)
{
    fputs("usage: indyno doctor [--json] [DIR]\n"
          "\n"
          "Tries what a run needs of this host, as the user that it is run by, and makes\n"
          "whole dynos: says what works, what does not, why, what can be done about it, and\n"
          "what it costs to go without. DIR (default: .) is a folder as run takes it; what\n"
          "its filesystem can do is tried. Lists the installed images.\n"
          "\n"
          "  --json  print all that as JSON\n"
          "\n"
          "Exit status: 0 where runs work, if only with the --allow-weaker that it names;\n"
          "1 where none does.\n",
          to);
}

static int usage(const char *word, struct error *err)
{
    fail(err, STATUS_USAGE, "doctor: %s: it takes --json and one DIR only", word);
    error_remedy(err, "see: indyno help doctor");
    return -1;
}

static int parse(int argc, char **argv, struct doctor_options *options, struct error *err)
{
    *options = (struct doctor_options){0};
    for (int i = 1; i < argc; i++) {
        bool json = text_equal(argv[i], "--json");
        bool help = text_equal(argv[i], "--help") || text_equal(argv[i], "-h");
        bool dir = !options->dir && *argv[i] && *argv[i] != '-';
        if (!json && !help && !dir)
            return usage(argv[i], err);
        options->json = options->json || json;
        options->help = options->help || help;
        if (!json && !help)
            options->dir = argv[i];
    }
    return 0;
}

/* "/" is no app's folder, but a place where an operator may well stand. */
static int open_dir(const char *name, char **dir, int *fd, struct error *err)
{
    *fd = folder_open(name, name, err);
    if (*fd < 0)
        return -1;
    *dir = realpath(name, NULL);
    if (!*dir)
        return fail_errno(err, "%s", name);
    if (text_equal(*dir, "/")) {
        free(*dir);
        *dir = NULL;
    }
    return 0;
}

int cmd_doctor(int argc, char **argv, struct error *err)
{
    struct doctor_options options;
    cleanup_doctor struct doctor doctor = {0};
    cleanup_free char *dir = NULL;
    cleanup_fd int fd = -1;
    if (parse(argc, argv, &options, err) < 0)
        return -1;
    if (options.help) {
        cmd_doctor_help(stdout);
        return 0;
    }
    if (open_dir(options.dir ? options.dir : ".", &dir, &fd, err) < 0)
        return -1;
    scope_enter(
        NULL); /* as a run with limits does; where there is none, the probe of cgroups says what is missing */
    doctor_examine(dir, fd, &doctor);
    (options.json ? doctor_print_json : doctor_print)(&doctor, stdout);
    return doctor.runs ? 0 : NO_RUN_WORKS;
}
