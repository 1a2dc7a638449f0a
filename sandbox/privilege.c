#include "privilege.h"

#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/capability.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/teeth.h"

/* To become other users, to signal them, to see into a service's folder, to give each process its own
 * cgroup namespace, and, the last, to change routes. They count inside the dyno's user namespace only. */
static const cap_value_t init_keeps[] = {CAP_SETUID,          CAP_SETGID,    CAP_KILL,
                                         CAP_DAC_READ_SEARCH, CAP_SYS_ADMIN, CAP_NET_ADMIN};

static void free_caps(cap_t *caps)
{
    if (*caps)
        cap_free(*caps);
}

static int set_caps(const cap_value_t *keep, int count, struct error *err)
{
    __attribute__((cleanup(free_caps))) cap_t caps = cap_init();
    if (!caps ||
        (count && (cap_set_flag(caps, CAP_PERMITTED, count, keep, CAP_SET) < 0 ||
                   cap_set_flag(caps, CAP_EFFECTIVE, count, keep, CAP_SET) < 0)) ||
        cap_set_proc(caps) < 0)
        return fail_errno(err, "drop capabilities");
    return 0;
}

int privilege_reduce_init(bool has_network, struct error *err)
{
    for (cap_value_t cap = 0; !teeth_out("bounding") && cap_get_bound(cap) >= 0; cap++)
        if (cap_drop_bound(cap) < 0)
            return fail_errno(err, "drop capability %d from the bounding set", cap);
    return set_caps(init_keeps, (int)(sizeof init_keeps / sizeof *init_keeps) - (has_network ? 0 : 1), err);
}

int privilege_drop(uid_t user, bool set_groups, struct error *err)
{
    gid_t group = user;
    if (set_groups && !teeth_out("groups") && setgroups(0, NULL) < 0)
        return fail_errno(err, "drop the groups");
    if (!teeth_out("users") && (setresgid(group, group, group) < 0 || setresuid(user, user, user) < 0))
        return fail_errno(err, "become user %u", user);
    if (!teeth_out("no-new-privs") && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return fail_errno(err, "set no_new_privs");
    return teeth_out("capabilities") ? 0 : set_caps(NULL, 0, err);
}

/* By the bare system call: glibc's sigaction(3) does not touch 32 and 33, which it uses itself, and programs
 * that it starts by posix_spawn(3) can have them ignored. */
void privilege_reset_signals(void)
{
    enum { KERNEL_SIGACTION_WORDS = 8, KERNEL_SIGSET_BYTES = 8 };
    const unsigned long defaults[KERNEL_SIGACTION_WORDS] = {0};
    sigset_t none;
    if (teeth_out("signals"))
        return;
    for (int signal = 1; signal <= SIGRTMAX; signal++)
        syscall(SYS_rt_sigaction, signal, defaults, NULL, KERNEL_SIGSET_BYTES);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Rights over the host's processors and disks that a caller has are not the dyno's; that it wants little of them is. */
void privilege_reset_priority(void)
{
    enum { IOPRIO_WHO_PROCESS = 1, IOPRIO_CLASS_SHIFT = 13, IOPRIO_CLASS_RT = 1 };
    const struct sched_param normal = {0};
    int policy = sched_getscheduler(0);
    if (teeth_out("priority"))
        return;
    if (policy == SCHED_FIFO || policy == SCHED_RR)
        sched_setscheduler(0, SCHED_OTHER, &normal);
    setpriority(PRIO_PROCESS, 0, 0);
    if (syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0) >> IOPRIO_CLASS_SHIFT == IOPRIO_CLASS_RT)
        syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, 0);
}

/* Nowhere: a smaller file than any, and the value by which the kernel tells its own handler's crashes, so that a program of
 * core_pattern(5) is not called either (fs/coredump.c). The filter keeps it. */
enum { NO_CORES = 1 };

void privilege_limit(int resource, uint64_t value)
{
    struct rlimit now;
    if (!value || getrlimit((__rlimit_resource_t)resource, &now) < 0)
        return;
    if (value < now.rlim_max)
        now.rlim_max = value;
    now.rlim_cur = now.rlim_max;
    setrlimit((__rlimit_resource_t)resource, &now);
}

void privilege_reset_limits(void)
{
    /* The caller's hard limits can only be lowered here; each value is cut to them. */
    static const struct {
        int resource;
        rlim_t soft, hard;
    } limits[] = {
        {RLIMIT_CORE, NO_CORES, NO_CORES},
        {RLIMIT_NOFILE, 16384, 1048576},
        {RLIMIT_STACK, 8 << 20, RLIM_INFINITY},
        {RLIMIT_FSIZE, RLIM_INFINITY, RLIM_INFINITY},
        {RLIMIT_CPU, RLIM_INFINITY, RLIM_INFINITY},
        {RLIMIT_DATA, RLIM_INFINITY, RLIM_INFINITY},
        {RLIMIT_AS, RLIM_INFINITY, RLIM_INFINITY},
        {RLIMIT_NPROC, RLIM_INFINITY, RLIM_INFINITY},
        {RLIMIT_NICE, 0, 0},
        {RLIMIT_RTPRIO, 0, 0},
        {RLIMIT_MEMLOCK, 8 << 20, 8 << 20},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits && !teeth_out("rlimits"); i++) {
        struct rlimit now, want = {limits[i].soft, limits[i].hard};
        if (getrlimit((__rlimit_resource_t)limits[i].resource, &now) < 0)
            continue;
        if (want.rlim_max > now.rlim_max)
            want.rlim_max = now.rlim_max;
        if (want.rlim_cur > want.rlim_max)
            want.rlim_cur = want.rlim_max;
        setrlimit((__rlimit_resource_t)limits[i].resource, &want);
    }
    const struct itimerval none = {0};
    setitimer(ITIMER_REAL, &none, NULL);
    if (!teeth_out("personality"))
        personality(PER_LINUX);
    if (!teeth_out("umask"))
        umask(022);
}
