/* inside [--server|--single] [NAME...|-NAME...]: runs the attacks (see inside.h), all, those named, or all but those; or
 * prepares the host for them. */
#include "inside.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct attack *const topics[] = {files_attacks,    proc_attacks,    process_attacks,
                                              identity_attacks, inherit_attacks, kernel_attacks,
                                              network_attacks,  ipc_attacks};

enum { TEXT_MAX = 2048, ATTACK_SECONDS = 10 };

static bool happened_as_it_should(const char *should, const char *happened)
{
    size_t length = strlen(happened);
    for (const char *from = should; from; from = strstr(from, " or ") ? strstr(from, " or ") + 4 : NULL)
        if (strncmp(from, happened, length) == 0 && (!from[length] || strncmp(from + length, " or ", 4) == 0))
            return true;
    return false;
}

/* The attack's process hands on what happened through a pipe; one that is killed for it has been answered, too. */
static bool try_attack(const struct attack *attack, char happened[TEXT_MAX])
{
    int ends[2], status;
    if (pipe(ends) < 0)
        exit(2);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        alarm(ATTACK_SECONDS);
        const char *text = attack->attempt();
        if (text && write(ends[1], text, strlen(text)) < 0)
            _exit(2);
        _exit(text ? 0 : 1);
    }
    close(ends[1]);
    size_t size = 0;
    for (ssize_t got; size < TEXT_MAX - 1 && (got = read(ends[0], happened + size, TEXT_MAX - 1 - size)) > 0;)
        size += (size_t)got;
    happened[size] = '\0';
    close(ends[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFSIGNALED(status))
        snprintf(happened, TEXT_MAX, "killed by signal %d", WTERMSIG(status));
    return !(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

static bool report_attack(const struct attack *attack, unsigned number)
{
    char happened[TEXT_MAX];
    if (!try_attack(attack, happened)) {
        printf("ok %u - %s # SKIP not prepared\n", number, attack->name);
        return true;
    }
    bool ok = happened_as_it_should(attack->should, happened);
    printf("%s %u - %s: tried %s; happened %s", ok ? "ok" : "not ok", number, attack->name, attack->tried,
           happened);
    printf(ok ? "\n" : ", should %s\n", attack->should);
    return ok;
}

static bool is_chosen(const struct attack *attack, unsigned role, char **names)
{
    bool all = !*names || **names == '-';
    for (; *names; names++)
        if (strcmp(*names + all, attack->name) == 0)
            return !all;
    bool counts =
        role & SEPARATE ? !(attack->roles & SEPARATE) && (attack->roles & STEP) : attack->roles & role;
    return all && counts;
}

static int run_attacks(unsigned role, char **names)
{
    unsigned number = 0;
    bool all = true;
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++)
        for (const struct attack *attack = topics[i]; attack->name; attack++)
            if (is_chosen(attack, role, names))
                all = report_attack(attack, ++number) && all;
    printf("1..%u\n", number);
    return all && number ? 0 : 1;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "--who") == 0)
        return printf("%u %s\n", geteuid(), status_line("CapEff:")) < 0;
    if (strcmp(what, "--outside") == 0 && argc == 3)
        return outside(argv[2]);
    if (strcmp(what, "--odd") == 0 && argc > 2)
        return odd(argv + 2);
    if (strcmp(what, "--server") == 0)
        return run_attacks(SERVER, argv + 2);
    if (strcmp(what, "--single") == 0)
        return run_attacks(STEP | SEPARATE, argv + 2);
    return run_attacks(STEP, argv + 1);
}
