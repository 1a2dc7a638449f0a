/* Other processes, and rights over one's own. */
#include "inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *process_name(pid_t pid)
{
    static char name[24];
    snprintf(name, sizeof name, "%d", pid);
    return name;
}

/* ---- Others ---- */

static void signal_it(pid_t pid, struct tally *tally)
{
    tally_add(tally, process_name(pid), result_of(kill(pid, SIGKILL)));
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    tally_add(tally, "pidfd", result_of(syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0)));
    tally_add(tally, "tgkill", result_of(syscall(SYS_tgkill, pid, pid, SIGSTOP)));
    siginfo_t info = {.si_code = SI_QUEUE};
    tally_add(tally, "rt_sigqueueinfo", result_of(syscall(SYS_rt_sigqueueinfo, pid, SIGKILL, &info)));
}

static void trace_it(pid_t pid, struct tally *tally)
{
    tally_add(tally, process_name(pid), result_of(ptrace(PTRACE_SEIZE, pid, NULL, NULL)));
    tally_add(tally, "attach", result_of(ptrace(PTRACE_ATTACH, pid, NULL, NULL)));
}

static void read_it(pid_t pid, struct tally *tally)
{
    char here[16];
    struct iovec local = {here, sizeof here}, remote = {(void *)0x400000, sizeof here};
    tally_add(tally, process_name(pid), result_of(process_vm_readv(pid, &local, 1, &remote, 1, 0)));
    tally_add(tally, "write", result_of(process_vm_writev(pid, &local, 1, &remote, 1, 0)));
}

static void take_descriptor(pid_t pid, struct tally *tally)
{
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    tally_add(tally, process_name(pid), result_of(syscall(SYS_pidfd_getfd, pidfd, 0, 0)));
    tally_add(tally, "kcmp", result_of(syscall(SYS_kcmp, getpid(), pid, 0, 0, 0)));
}

static void change_it(pid_t pid, struct tally *tally)
{
    struct rlimit limit = {0, 0};
    struct sched_param param = {0};
    tally_add(tally, process_name(pid), result_of(prlimit(pid, RLIMIT_CPU, &limit, NULL)));
    tally_add(tally, "nice", result_of(setpriority(PRIO_PROCESS, (id_t)pid, 19)));
    tally_add(tally, "scheduler", result_of(sched_setscheduler(pid, SCHED_IDLE, &param)));
    tally_add(tally, "ioprio", result_of(syscall(SYS_ioprio_set, 1, pid, 3 << 13)));
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(0, &cpus);
    tally_add(tally, "affinity", result_of(sched_setaffinity(pid, sizeof cpus, &cpus)));
}

static const char *each_foreign(void (*each)(pid_t pid, struct tally *tally))
{
    struct tally tally = {.should = "EPERM"};
    for_each_foreign(each, &tally);
    return tally_result(&tally);
}

static const char *signal_others(void)
{
    return each_foreign(signal_it);
}

static const char *trace_others(void)
{
    return each_foreign(trace_it);
}

static const char *read_others(void)
{
    return each_foreign(read_it);
}

static const char *take_descriptors(void)
{
    return each_foreign(take_descriptor);
}

static const char *change_others(void)
{
    return each_foreign(change_it);
}

static const char *signal_outside(void)
{
    int pid = prepared_number("pid");
    return pid < 0 ? NULL : result_of(kill(pid, 0));
}

static const char *find_outside(void)
{
    char path[300], name[64];
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc && (entry = readdir(proc));) {
        snprintf(path, sizeof path, "/proc/%s/comm", entry->d_name);
        if (read_text(path, name, sizeof name) && strcmp(name, "outside\n") == 0)
            return told("process %s", entry->d_name);
    }
    return proc ? "none" : "no /proc";
}

/* ---- Other ids ---- */

static const char *become_others(void)
{
    static const uid_t ids[] = {0, 1000, 1001, 1002, 65534};
    struct tally tally = {.should = "refused"};
    for (size_t i = 0; i < COUNT(ids); i++) {
        if (ids[i] == getuid())
            continue;
        const char *id = told("%u", ids[i]);
        char name[16];
        snprintf(name, sizeof name, "%s", id);
        tally_add(&tally, name, refusal_of(setuid(ids[i])));
        tally_add(&tally, name, refusal_of(setgid(ids[i])));
        tally_add(&tally, name, refusal_of(setresuid((uid_t)-1, ids[i], (uid_t)-1)));
        tally_add(&tally, name, refusal_of(setregid(ids[i], ids[i])));
        setfsuid(ids[i]);
        tally_add(&tally, name, (uid_t)setfsuid((uid_t)-1) == ids[i] ? "fsuid" : "refused");
    }
    return tally_result(&tally);
}

static const char *take_groups(void)
{
    static const gid_t groups[] = {0, 4, 1001};
    struct tally tally = {.should = "EPERM"};
    for (size_t i = 0; i < COUNT(groups); i++)
        tally_add(&tally, "setgroups", result_of(setgroups(1, &groups[i])));
    return tally_result(&tally);
}

/* ---- Capabilities ---- */

static const char *all_capabilities(void)
{
    static const char *const sets[] = {"CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"};
    struct tally tally = {.should = "0000000000000000"};
    for (size_t i = 0; i < COUNT(sets); i++)
        tally_add(&tally, sets[i], status_line(sets[i]));
    return strcmp(tally_result(&tally), tally.should) == 0 ? "all empty" : tally_result(&tally);
}

static const char *take_capabilities(void)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct all[2] = {{~0u, ~0u, ~0u}, {~0u, ~0u, ~0u}};
    struct tally tally = {.should = "EPERM"};
    tally_add(&tally, "capset", result_of(syscall(SYS_capset, &head, all)));
    tally_add(&tally, "ambient", result_of(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0)));
    tally_add(&tally, "securebits", result_of(prctl(PR_SET_SECUREBITS, SECBIT_NOROOT, 0, 0, 0)));
    tally_add(&tally, "bounding", result_of(prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0)));
    return tally_result(&tally);
}

static const char *no_new_privileges(void)
{
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? "set" : "not set";
}

static const char *filtered(void)
{
    return strcmp(status_line("Seccomp:"), "2") == 0 ? "a filter" : told("%s", status_line("Seccomp:"));
}

/* ---- More of the machine ---- */

static const char *more_priority(void)
{
    struct sched_param param = {.sched_priority = 1};
    struct tally tally = {.should = "refused"};
    bool nice = setpriority(PRIO_PROCESS, 0, -5) < 0;
    tally_add(&tally, "nice", nice ? "refused" : "done");
    tally_add(&tally, "fifo", sched_setscheduler(0, SCHED_FIFO, &param) < 0 ? "refused" : "done");
    tally_add(&tally, "round robin", sched_setscheduler(0, SCHED_RR, &param) < 0 ? "refused" : "done");
    tally_add(&tally, "ioprio", syscall(SYS_ioprio_set, 1, 0, 1 << 13) < 0 ? "refused" : "done");
    return tally_result(&tally);
}

/* The filter lets it seem to succeed: there are programs that end where they cannot forbid their own core files. */
static const char *change_core_limit(void)
{
    static const rlim_t values[] = {0, RLIM_INFINITY};
    struct tally tally = {.should = "1"};
    struct rlimit now;
    for (size_t i = 0; i < COUNT(values); i++) {
        const struct rlimit all = {values[i], values[i]};
        int set = setrlimit(RLIMIT_CORE, &all), other = prlimit(0, RLIMIT_CORE, &all, NULL);
        getrlimit(RLIMIT_CORE, &now);
        tally_add(&tally, i ? "raised" : "lowered",
                  set < 0 || other < 0
                      ? result_of(-1)
                      : told("%lu", (unsigned long)(now.rlim_cur == now.rlim_max ? now.rlim_cur : 99)));
    }
    return tally_result(&tally);
}

static const char *more_limits(void)
{
    struct tally tally = {.should = "refused"};
    static const struct {
        const char *name;
        int resource;
    } limits[] = {{"nice", RLIMIT_NICE}, {"rtprio", RLIMIT_RTPRIO}, {"memlock", RLIMIT_MEMLOCK}};
    for (size_t i = 0; i < COUNT(limits); i++) {
        struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
        int set = setrlimit((__rlimit_resource_t)limits[i].resource, &all);
        tally_add(&tally, limits[i].name, set < 0 ? "refused" : "done");
    }
    return tally_result(&tally);
}

/* The step's is raised, and may go back to the caller's, but not beneath what is everybody's. */
static const char *escape_oom_killer(void)
{
    struct tally tally = {.should = "EACCES"};
    static const char *const scores[] = {"-1", "-500", "-1000"};
    for (size_t i = 0; i < COUNT(scores); i++) {
        int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
        tally_add(&tally, scores[i], result_of(write(fd, scores[i], strlen(scores[i]))));
        close(fd);
    }
    return tally_result(&tally);
}

static const char *allow_namespaces(void)
{
    return opening("/proc/sys/user/max_user_namespaces", O_WRONLY);
}

static const char *allowed_namespaces(void)
{
    char text[32];
    if (!read_text("/proc/sys/user/max_user_namespaces", text, sizeof text))
        return "no such file";
    return strcmp(text, "0\n") == 0 ? "none" : told("%.*s", (int)strcspn(text, "\n"), text);
}

const struct attack process_attacks[] = {
    {"signal-others", BOTH | SEPARATE, "to kill pid 1 and other users' processes", "EPERM", signal_others},
    {"trace-others", BOTH, "to trace pid 1 and other users' processes", "EPERM", trace_others},
    {"read-others", BOTH, "to read and write their memory", "EPERM", read_others},
    {"take-descriptors", BOTH, "to take their descriptors", "EPERM", take_descriptors},
    {"change-others", BOTH | SEPARATE, "to change their limits, priority, processors", "EPERM",
     change_others},
    {"signal-outside", BOTH, "to signal a process of the host", "ESRCH", signal_outside},
    {"find-outside", BOTH, "to find a process of the host", "none", find_outside},
    {"become-others", BOTH, "to become root or another user", "refused", become_others},
    {"take-groups", BOTH, "to take groups", "EPERM", take_groups},
    {"capabilities", BOTH, "to find a capability in any set", "all empty", all_capabilities},
    {"take-capabilities", BOTH, "to take capabilities", "EPERM", take_capabilities},
    {"no-new-privileges", BOTH, "to find no_new_privs not set", "set", no_new_privileges},
    {"filtered", BOTH, "to run without a filter", "a filter", filtered},
    {"more-priority", BOTH, "to take more priority", "refused", more_priority},
    {"more-limits", BOTH, "to raise limits", "refused", more_limits},
    {"change-core-limit", BOTH, "to change the core limit, of 1", "1", change_core_limit},
    {"escape-oom-killer", BOTH, "to lower its oom score", "EACCES", escape_oom_killer},
    {"allow-namespaces", BOTH, "to allow user namespaces", "EACCES or EROFS", allow_namespaces},
    {"allowed-namespaces", BOTH, "to find user namespaces allowed", "none", allowed_namespaces},
    {0},
};
