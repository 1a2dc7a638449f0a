#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "command.h"
#include "sandbox/filter.h"

static int usage(const char *what, struct error *err)
{
    fail(err, STATUS_USAGE, "sandbox %s", what);
    error_remedy(err, "see: indyno help sandbox");
    return -1;
}

/* ---- filter ---- */

struct filter_options {
    int role; /* -1: all */
    bool bpf;
};

static int find_role(const char *name, struct error *err)
{
    for (int role = 0; role < SANDBOX_ROLE_COUNT; role++)
        if (text_equal(filter_role_names[role], name))
            return role;
    fail(err, STATUS_USAGE, "--role %s: no such role", name);
    error_remedy(err, "roles are: step, postgres, redis");
    return -1;
}

static int parse_filter(int argc, char **argv, struct filter_options *options, struct error *err)
{
    *options = (struct filter_options){.role = -1};
    for (int i = 1; i < argc; i++) {
        const char *role = text_starts(argv[i], "--role=")                 ? argv[i] + strlen("--role=")
                           : text_equal(argv[i], "--role") && i + 1 < argc ? argv[++i]
                                                                           : NULL;
        if (role && (options->role = find_role(role, err)) < 0)
            return -1;
        options->bpf = options->bpf || text_equal(argv[i], "--bpf");
        if (!role && !text_equal(argv[i], "--bpf"))
            return usage("filter: it takes --role and --bpf only", err);
    }
    return 0;
}

/* As the kernel takes it: what simulators read, and bwrap --seccomp. */
static int write_bpf(enum sandbox_role role, struct error *err)
{
    size_t count;
    const struct sock_filter *code = filter_program(role, &count);
    if (isatty(STDOUT_FILENO)) {
        fail(err, STATUS_USAGE, "sandbox filter --bpf: its bytes are not for a terminal");
        error_remedy(err, "write them to a file: indyno sandbox filter --bpf > filter.bpf");
        return -1;
    }
    return fwrite(code, sizeof *code, count, stdout) == count ? 0 : fail_errno(err, "write the filter");
}

static void print_heading(int role)
{
    printf("%6s %-24s", "NUMBER", "CALL");
    for (int column = 0; column < SANDBOX_ROLE_COUNT; column++)
        if (role < 0 || column == role)
            printf(" %-12s", filter_role_names[column]);
    printf(" WHY\n");
}

static void print_call(const struct filter_call *call, int role)
{
    printf("%6d %-24s", call->number, call->name);
    for (int column = 0; column < SANDBOX_ROLE_COUNT; column++)
        if (role < 0 || column == role)
            printf(" %-12s", filter_answer_name(call->answers[column]));
    printf(" %s%s%s\n", call->rule ? call->rule : "", call->rule ? ": " : "", call->why);
}

static void print_filter(int role)
{
    size_t count;
    const struct filter_call *calls = filter_calls(&count);
    print_heading(role);
    for (size_t i = 0; i < count; i++)
        print_call(&calls[i], role);
    printf("Other numbers, and all calls of other ABIs (i386, x32), are answered with ENOSYS.\n");
}

static int sandbox_filter(int argc, char **argv, struct error *err)
{
    struct filter_options options;
    if (parse_filter(argc, argv, &options, err) < 0)
        return -1;
    if (options.bpf)
        return write_bpf(options.role < 0 ? SANDBOX_ROLE_STEP : (enum sandbox_role)options.role, err);
    print_filter(options.role);
    return 0;
}

/* ---- The command ---- */

void cmd_sandbox_help(FILE *to)
{
    fputs("usage: indyno sandbox filter [--role ROLE] [--bpf]\n"
          "\n"
          "Prints the system-call filter that processes of a dyno are under, as a table: each call, and how\n"
          "it is answered to the step and to each server. Roles are: step, postgres, redis.\n"
          "\n"
          "  --role ROLE  this column only\n"
          "  --bpf        the role's (the step's) filter as the kernel takes it, to a file or a program\n",
          to);
}

int cmd_sandbox(int argc, char **argv, struct error *err)
{
    if (argc > 1 && (text_equal(argv[1], "-h") || text_equal(argv[1], "--help"))) {
        cmd_sandbox_help(stdout);
        return 0;
    }
    if (argc > 1 && text_equal(argv[1], "filter"))
        return sandbox_filter(argc - 1, argv + 1, err);
    return usage(argc > 1 ? "has no such action" : "needs an action", err);
}
