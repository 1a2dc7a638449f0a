/*
 * interleave ROUNDS NAME COMMAND [ARG...] [, NAME COMMAND [ARG...]]...
 *
 * Runs the commands in turns, ROUNDS times each, and prints for each the median time to its first line of output and to
 * its end, in milliseconds, and the ratio of these to the last command's (the peer). Interleaved, because what else the
 * machine does then falls on all of them alike. A command that fails ends the bench.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONTENDERS_MAX = 8, WARM_UPS = 2 };

extern char **environ;

struct contender {
    char *name;
    char **argv;
    double *first, *total; /* ms, one a round */
};

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void die(const char *what)
{
    fprintf(stderr, "interleave: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void run_once(const struct contender *contender, double *first, double *total)
{
    int ends[2], status;
    pid_t pid;
    char buffer[65536];
    posix_spawn_file_actions_t actions;
    if (pipe2(ends, O_CLOEXEC) < 0 || posix_spawn_file_actions_init(&actions) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO) != 0)
        die("prepare");
    double start = now_ms();
    errno = posix_spawnp(&pid, contender->argv[0], &actions, NULL, contender->argv, environ);
    if (errno)
        die(contender->argv[0]);
    close(ends[1]);
    *first = -1;
    while (read(ends[0], buffer, sizeof buffer) > 0)
        if (*first < 0)
            *first = now_ms() - start;
    if (waitpid(pid, &status, 0) < 0)
        die("wait");
    *total = now_ms() - start;
    close(ends[0]);
    posix_spawn_file_actions_destroy(&actions);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "interleave: %s failed (wait status %#x)\n", contender->name, (unsigned)status);
        exit(1);
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_size);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static int read_contenders(char **argv, struct contender *contenders, int rounds)
{
    int count = 0;
    while (*argv && count < CONTENDERS_MAX) {
        contenders[count] = (struct contender){.name = argv[0],
                                               .argv = argv + 1,
                                               .first = calloc((size_t)rounds, sizeof(double)),
                                               .total = calloc((size_t)rounds, sizeof(double))};
        while (*argv && strcmp(*argv, ",") != 0)
            argv++;
        if (*argv)
            *argv++ = NULL;
        count++;
    }
    return count;
}

int main(int argc, char **argv)
{
    struct contender contenders[CONTENDERS_MAX];
    int rounds = argc > 1 ? atoi(argv[1]) : 0;
    if (argc < 4 || rounds < 1) {
        fputs("usage: interleave ROUNDS NAME COMMAND [ARG...] [, NAME COMMAND [ARG...]]...\n", stderr);
        return 64;
    }
    int count = read_contenders(argv + 2, contenders, rounds);
    for (int round = -WARM_UPS; round < rounds; round++)
        for (int i = 0; i < count; i++) {
            double first, total;
            run_once(&contenders[i], &first, &total);
            if (round >= 0) {
                contenders[i].first[round] = first;
                contenders[i].total[round] = total;
            }
        }
    double peer_first = median(contenders[count - 1].first, rounds);
    double peer_total = median(contenders[count - 1].total, rounds);
    printf("%-28s %12s %7s %12s %7s   (median of %d, interleaved)\n", "", "first line", "ratio", "whole", "ratio", rounds);
    for (int i = 0; i < count; i++) {
        double first = median(contenders[i].first, rounds), total = median(contenders[i].total, rounds);
        printf("%-28s %9.2f ms %7.3f %9.2f ms %7.3f\n", contenders[i].name, first, first / peer_first, total,
               total / peer_total);
    }
    return 0;
}
