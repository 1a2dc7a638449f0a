/* What of the caller's could be handed on: descriptors, environment, signals, limits, terminal, keys. */
#include "inside.h"

#include <asm/termbits.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The attack's own pipe is 4: what was there before it is what counts. */
static const char *descriptors(void)
{
    char path[64], target[300];
    DIR *own = opendir("/proc/self/fd");
    for (struct dirent *entry; own && (entry = readdir(own));) {
        int fd = (int)strtol(entry->d_name, NULL, 10);
        if (*entry->d_name == '.' || fd <= STDERR_FILENO || fd == dirfd(own))
            continue;
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t size = readlink(path, target, sizeof target - 1);
        target[size > 0 ? size : 0] = '\0';
        if (strncmp(target, "pipe:", 5) != 0 || fd > 4)
            return told("%d: %s", fd, target);
    }
    return own ? "none" : "no folder";
}

static const char *standard_folder(void)
{
    struct stat st;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fstat(fd, &st) < 0 || S_ISDIR(st.st_mode))
            return told("%d is %s", fd, errno == EBADF ? "closed" : "a folder");
    return "none";
}

static const char *environment(void)
{
    for (char **entry = environ; *entry; entry++)
        if (strncmp(*entry, "INDYNO_INSIDE_CALLER", 20) == 0)
            return told("%s", *entry);
    return "not there";
}

static const char *signals(void)
{
    struct tally tally = {.should = "0000000000000000"};
    tally_add(&tally, "blocked", status_line("SigBlk:"));
    tally_add(&tally, "ignored", status_line("SigIgn:"));
    tally_add(&tally, "pending", status_line("SigPnd:"));
    return strcmp(tally_result(&tally), tally.should) == 0 ? "none" : tally_result(&tally);
}

static const char *core_limit(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_CORE, &limit);
    return limit.rlim_max == 1 && limit.rlim_cur == 1 ? "1" : told("%lu", (unsigned long)limit.rlim_max);
}

static const char *privileged_limits(void)
{
    static const struct {
        const char *name;
        int resource;
        rlim_t most;
    } limits[] = {
        {"nice", RLIMIT_NICE, 0}, {"rtprio", RLIMIT_RTPRIO, 0}, {"memlock", RLIMIT_MEMLOCK, 8 << 20}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct rlimit limit;
        getrlimit((__rlimit_resource_t)limits[i].resource, &limit);
        if (limit.rlim_max > limits[i].most)
            return told("%s: %lu", limits[i].name, (unsigned long)limit.rlim_max);
    }
    return "none";
}

/* The caller's limits that are low, such as one for files' size, would end tests that are in order. */
static const char *low_limits(void)
{
    static const struct {
        const char *name;
        int resource;
        rlim_t least;
    } limits[] = {{"files", RLIMIT_NOFILE, 1024},
                  {"size", RLIMIT_FSIZE, RLIM_INFINITY},
                  {"cpu", RLIMIT_CPU, RLIM_INFINITY}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct rlimit limit;
        getrlimit((__rlimit_resource_t)limits[i].resource, &limit);
        if (limit.rlim_cur < limits[i].least)
            return told("%s: %lu", limits[i].name, (unsigned long)limit.rlim_cur);
    }
    return "none";
}

static const char *priority(void)
{
    errno = 0;
    int nice = getpriority(PRIO_PROCESS, 0), policy = sched_getscheduler(0);
    long io = syscall(SYS_ioprio_get, 1, 0) >> 13;
    if (nice < 0 || policy == SCHED_FIFO || policy == SCHED_RR || io == 1)
        return told("nice %d, policy %d, io class %ld", nice, policy, io);
    return "none";
}

static const char *creation_mask(void)
{
    return told("%03o", umask(0));
}

static const char *personality_bits(void)
{
    return told("%d", personality(0xffffffff));
}

static const char *oom_score(void)
{
    char text[16];
    read_text("/proc/self/oom_score_adj", text, sizeof text);
    long score = strtol(text, NULL, 10);
    return score < 0 ? told("%ld", score) : "none";
}

static const char *session(void)
{
    return getsid(0) > 1 ? "one of the dyno's" : "the caller's";
}

static const char *controlling_terminal(void)
{
    return opening("/dev/tty", O_RDWR);
}

static const char *type_into_terminal(void)
{
    struct tally tally = {.should = "EPERM"};
    tally_add(&tally, "TIOCSTI", result_of(syscall(SYS_ioctl, 0, TIOCSTI, "x")));
    tally_add(&tally, "TIOCSTI with high bits",
              result_of(syscall(SYS_ioctl, 0, 0x100000000UL | TIOCSTI, "x")));
    tally_add(&tally, "TIOCLINUX", result_of(syscall(SYS_ioctl, 0, TIOCLINUX, "\2")));
    return tally_result(&tally);
}

static const char *use_keys(void)
{
    struct tally tally = {.should = "EPERM"};
    tally_add(&tally, "read", result_of(syscall(SYS_keyctl, KEYCTL_READ, KEY_SPEC_SESSION_KEYRING, NULL, 0)));
    tally_add(&tally, "join", result_of(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL)));
    tally_add(&tally, "request", result_of(syscall(SYS_request_key, "user", OUTSIDE_KEY, NULL, 0)));
    tally_add(&tally, "add",
              result_of(syscall(SYS_add_key, "user", "inside", "x", 1, KEY_SPEC_USER_KEYRING)));
    return tally_result(&tally);
}

static const char *callers_key(void)
{
    struct tally tally = {.should = "refused"};
    tally_add(&tally, "request", refusal_of(syscall(SYS_request_key, "user", OUTSIDE_KEY, NULL, 0)));
    tally_add(&tally, "search",
              refusal_of(syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", OUTSIDE_KEY, 0)));
    return tally_result(&tally);
}

const struct attack inherit_attacks[] = {
    {"descriptors", STEP, "to find a descriptor of the caller's above 2", "none", descriptors},
    {"standard-folder", BOTH, "to find a folder, or nothing, as 0, 1 or 2", "none", standard_folder},
    {"environment", BOTH, "to find the caller's environment", "not there", environment},
    {"signals", STEP, "to find signals blocked, ignored or pending", "none", signals},
    {"core-limit", BOTH, "to leave a core file, or to call the host's handler of crashes", "1", core_limit},
    {"privileged-limits", BOTH, "to find limits that give priority or locked memory", "none",
     privileged_limits},
    {"low-limits", STEP, "to find the caller's low limits", "none", low_limits},
    {"priority", BOTH, "to find the caller's priority", "none", priority},
    {"creation-mask", STEP, "to find the caller's umask", "022", creation_mask},
    {"personality", BOTH, "to find the caller's personality", "0", personality_bits},
    {"oom-score", BOTH, "to find the caller's protection from the OOM killer", "none", oom_score},
    {"session", BOTH, "to be in the caller's session", "one of the dyno's", session},
    {"controlling-terminal", BOTH, "to open the caller's terminal", "ENXIO", controlling_terminal},
    {"type-into-terminal", BOTH, "to type into the caller's terminal", "EPERM", type_into_terminal},
    {"callers-key", BOTH, "to find a key of the caller's", "refused", callers_key},
    {"use-keys", BOTH, "to use keyrings", "EPERM", use_keys},
    {0},
};
