/*
 * filter-cost [ROUNDS]
 *
 * Prints what the system-call filters cost: ns per call and the ratio to a process without one, for calls of each kind of
 * answer, and how long a filter takes to load. For each filter there is one process that is under it; they are asked in
 * turns, ROUNDS times, and medians are shown: what else the machine does then falls on all of them alike. All are on one
 * processor, for the same reason.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/filter.h"

enum { ROUNDS = 60, WARM_UPS = 2, CALLS = 20000, UNFILTERED = -1 };

static void die(const char *what)
{
    fprintf(stderr, "filter-cost: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* ---- Calls: each is made by its number, since libcs may answer by themselves ---- */

static int zero_fd;

static long call_getppid(void)
{
    return syscall(SYS_getppid);
}

static long call_read(void)
{
    char byte;
    return syscall(SYS_read, zero_fd, &byte, 1);
}

static long call_personality(void)
{
    return syscall(SYS_personality, 0xffffffffUL);
}

static long call_socket(void)
{
    long fd = syscall(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd < 0 ? fd : syscall(SYS_close, fd);
}

static long call_open(void)
{
    long fd = syscall(SYS_openat, AT_FDCWD, "/dev/zero", O_RDONLY | O_CLOEXEC, 0);
    return fd < 0 ? fd : syscall(SYS_close, fd);
}

static const struct call {
    const char *name;
    long (*make)(void);
} calls[] = {
    {"getppid", call_getppid},
    {"read, 1 byte of /dev/zero", call_read},
    {"personality, by argument", call_personality},
    {"socket by argument, close", call_socket},
    {"openat, by argument outside", call_open},
};
enum { CALL_COUNT = sizeof calls / sizeof *calls };

/* ---- Filters ---- */

static const struct filter {
    const char *name;
    int role; /* enum sandbox_role, or UNFILTERED */
    bool outside;
} filters[] = {
    {"none", UNFILTERED, false},
    {"step", SANDBOX_ROLE_STEP, false},
    {"postgres", SANDBOX_ROLE_POSTGRES, false},
    {"redis", SANDBOX_ROLE_REDIS, false},
    {"outside", SANDBOX_ROLE_STEP, true},
};
enum { FILTER_COUNT = sizeof filters / sizeof *filters };

static double load(const struct filter *filter)
{
    double start = now_ns();
    if (filter->role != UNFILTERED && filter_load((enum sandbox_role)filter->role, filter->outside) < 0)
        die(filter->name);
    return now_ns() - start;
}

/* ---- Processes under a filter: each answers the number of a call with the ns that one took ---- */

struct worker {
    pid_t pid;
    int to, from;
};

static double measure(const struct call *call)
{
    double start = now_ns();
    for (int i = 0; i < CALLS; i++)
        if (call->make() < 0)
            die(call->name);
    return (now_ns() - start) / CALLS;
}

static void serve(const struct filter *filter, int in, int out)
{
    int number;
    load(filter);
    while (read(in, &number, sizeof number) == sizeof number) {
        double ns = measure(&calls[number]);
        if (write(out, &ns, sizeof ns) != sizeof ns)
            die("answer");
    }
    _exit(0);
}

static struct worker start(const struct filter *filter)
{
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
        die("pipe");
    struct worker worker = {.pid = fork(), .to = in[1], .from = out[0]};
    if (worker.pid < 0)
        die("fork");
    if (worker.pid == 0) {
        close(in[1]);
        close(out[0]);
        serve(filter, in[0], out[1]);
    }
    close(in[0]);
    close(out[1]);
    return worker;
}

static double ask(const struct worker *worker, int call)
{
    double ns = 0;
    if (write(worker->to, &call, sizeof call) != sizeof call ||
        read(worker->from, &ns, sizeof ns) != sizeof ns)
        die("ask a process under a filter");
    return ns;
}

/* Workers that were started later hold the pipes of earlier ones: they are told to end by a signal. */
static void end(const struct worker *worker)
{
    if (kill(worker->pid, SIGKILL) < 0 || waitpid(worker->pid, NULL, 0) < 0)
        die("end a process under a filter");
}

/* A filter stays for good, so that each load needs a process of its own. */
static double measure_load(const struct filter *filter)
{
    int ends[2];
    double ns = 0;
    if (pipe2(ends, O_CLOEXEC) < 0)
        die("pipe");
    pid_t pid = fork();
    if (pid == 0) {
        ns = load(filter);
        _exit(write(ends[1], &ns, sizeof ns) != sizeof ns);
    }
    close(ends[1]);
    if (pid < 0 || read(ends[0], &ns, sizeof ns) != sizeof ns || waitpid(pid, NULL, 0) < 0)
        die("load");
    close(ends[0]);
    return ns;
}

/* ---- Rounds and the table ---- */

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

static void print_call(const struct worker *workers, int call, double *values, int rounds)
{
    for (int round = -WARM_UPS; round < rounds; round++)
        for (int i = 0; i < FILTER_COUNT; i++) {
            double ns = ask(&workers[i], call);
            if (round >= 0)
                values[i * rounds + round] = ns;
        }
    double peer = median(values, rounds);
    printf("%-28s", calls[call].name);
    for (int i = 0; i < FILTER_COUNT; i++) {
        double ns = median(values + i * rounds, rounds);
        printf(" %8.1f %6.3f", ns, ns / peer);
    }
    printf("\n");
}

static void print_loads(double *values, int rounds)
{
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < FILTER_COUNT; i++)
            values[i * rounds + round] = measure_load(&filters[i]);
    printf("%-28s", "loading the filter, us");
    for (int i = 0; i < FILTER_COUNT; i++)
        printf(" %8.1f %6s", median(values + i * rounds, rounds) / 1e3, "");
    printf("\n");
}

static void stay_on_one_processor(void)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    if (sched_setaffinity(0, sizeof one, &one) < 0)
        die("stay on one processor");
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : ROUNDS;
    if (argc > 2 || rounds < 1) {
        fputs("usage: filter-cost [ROUNDS]\n", stderr);
        return 64;
    }
    struct worker workers[FILTER_COUNT];
    double *values = calloc((size_t)rounds * FILTER_COUNT, sizeof *values);
    zero_fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    if (!values || zero_fd < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        die("prepare");
    stay_on_one_processor();
    for (int i = 0; i < FILTER_COUNT; i++)
        workers[i] = start(&filters[i]);

    printf("%-28s", "");
    for (int i = 0; i < FILTER_COUNT; i++)
        printf(" %8.8s  ratio", filters[i].name);
    printf("   (ns a call, median of %d, interleaved)\n", rounds);
    for (int call = 0; call < CALL_COUNT; call++)
        print_call(workers, call, values, rounds);
    print_loads(values, rounds);

    for (int i = 0; i < FILTER_COUNT; i++)
        end(&workers[i]);
    free(values);
    return 0;
}
