#include "filter-table.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "filter.h"

#define NAMES(...)                                                                                           \
    (const char *const[])                                                                                    \
    {                                                                                                        \
        __VA_ARGS__, NULL                                                                                    \
    }

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#define CLONE_NAMESPACES                                                                                     \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |            \
     CLONE_NEWNET)
/* For clone(2) the bit of CLONE_NEWTIME is part of the exit signal; for unshare(2) it is a namespace. */
#define UNSHARE_NAMESPACES (CLONE_NAMESPACES | CLONE_NEWTIME)

const struct filter_group filter_groups[] = {
    {"files", FILTER_ALL,
     NAMES("access", "chdir", "chmod", "chown", "close", "close_range", "copy_file_range", "creat", "dup",
           "dup2", "dup3", "faccessat", "faccessat2", "fadvise64", "fallocate", "fchdir", "fchmod",
           "fchmodat", "fchmodat2=452", "fchown", "fchownat", "fcntl", "fdatasync", "fgetxattr", "flistxattr",
           "flock", "fremovexattr", "fsetxattr", "fstat", "fstatfs", "fsync", "ftruncate", "futimesat",
           "getcwd", "getdents", "getdents64", "getxattr", "getxattrat=464", "lchown", "lgetxattr", "link",
           "linkat", "listxattr", "listxattrat=465", "llistxattr", "lremovexattr", "lseek", "lsetxattr",
           "lstat", "mkdir", "mkdirat", "mknod", "mknodat", "newfstatat", "open", "openat", "pread64",
           "preadv", "preadv2", "pwrite64", "pwritev", "pwritev2", "read", "readahead", "readlink",
           "readlinkat", "readv", "removexattr", "removexattrat=466", "rename", "renameat", "renameat2",
           "rmdir", "sendfile", "setxattr", "setxattrat=463", "splice", "stat", "statfs", "statx", "symlink",
           "symlinkat", "sync", "sync_file_range", "syncfs", "tee", "truncate", "umask", "unlink", "unlinkat",
           "utime", "utimensat", "utimes", "vmsplice", "write", "writev", "cachestat=451", "file_getattr=468",
           "file_setattr=469")},
    {"events", FILTER_ALL,
     NAMES("epoll_create", "epoll_create1", "epoll_ctl", "epoll_ctl_old", "epoll_pwait", "epoll_pwait2",
           "epoll_wait", "epoll_wait_old", "eventfd", "eventfd2", "pause", "pipe", "pipe2", "poll", "ppoll",
           "pselect6", "select", "signalfd", "signalfd4", "timerfd_create", "timerfd_gettime",
           "timerfd_settime")},
    {"memory", FILTER_ALL,
     NAMES("brk", "get_mempolicy", "getrandom", "madvise", "mbind", "membarrier", "memfd_create", "mincore",
           "mlock", "mlock2", "mlockall", "mmap", "mprotect", "mremap", "msync", "munlock", "munlockall",
           "munmap", "pkey_alloc", "pkey_free", "pkey_mprotect", "map_shadow_stack=453", "mseal=462",
           "remap_file_pages", "set_mempolicy", "set_mempolicy_home_node")},
    {"processes", FILTER_ALL,
     NAMES("arch_prctl", "execve", "execveat", "exit", "exit_group", "fork", "futex", "futex_requeue=456",
           "futex_wait=455", "futex_waitv", "futex_wake=454", "get_robust_list", "get_thread_area", "getcpu",
           "getegid", "geteuid", "getgid", "getgroups", "getpgid", "getpgrp", "getpid", "getppid",
           "getpriority", "getresgid", "getresuid", "getrlimit", "getrusage", "getsid", "gettid", "getuid",
           "ioprio_get", "ioprio_set", "kill", "pidfd_open", "pidfd_send_signal", "prctl", "restart_syscall",
           "rseq", "sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity", "sched_getattr",
           "sched_getparam", "sched_getscheduler", "sched_rr_get_interval", "sched_setaffinity",
           "sched_setattr", "sched_setparam", "sched_setscheduler", "sched_yield", "set_robust_list",
           "set_thread_area", "set_tid_address", "setfsgid", "setfsuid", "setgid", "setgroups", "setpgid",
           "setpriority", "setregid", "setresgid", "setresuid", "setreuid", "setsid", "setuid", "tgkill",
           "times", "tkill", "uname", "vfork", "wait4", "waitid", "sysinfo", "capget", "capset")},
    {"signals", FILTER_ALL,
     NAMES("rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn",
           "rt_sigsuspend", "rt_sigtimedwait", "rt_tgsigqueueinfo", "sigaltstack", "alarm", "getitimer",
           "setitimer")},
    {"time", FILTER_ALL,
     NAMES("clock_getres", "clock_gettime", "clock_nanosleep", "gettimeofday", "nanosleep", "time",
           "timer_create", "timer_delete", "timer_getoverrun", "timer_gettime", "timer_settime")},
    {"sockets", FILTER_ALL,
     NAMES("accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen",
           "recvfrom", "recvmmsg", "recvmsg", "sendmmsg", "sendmsg", "sendto", "shutdown")},
    {"System V shared memory and semaphores", FILTER_STEP | FILTER_POSTGRES,
     NAMES("semctl", "semget", "semop", "semtimedop", "shmat", "shmctl", "shmdt", "shmget")},
    {"message queues", FILTER_STEP,
     NAMES("mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedsend", "mq_unlink", "msgctl",
           "msgget", "msgrcv", "msgsnd")},
    {"what happens to files, and asynchronous I/O", FILTER_STEP | FILTER_POSTGRES,
     NAMES("inotify_add_watch", "inotify_init", "inotify_init1", "inotify_rm_watch", "io_cancel",
           "io_destroy", "io_getevents", "io_pgetevents", "io_setup", "io_submit")},
    {"debuggers, and walls within walls", FILTER_STEP,
     NAMES("chroot", "kcmp", "landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self",
           "memfd_secret", "modify_ldt", "name_to_handle_at", "pidfd_getfd", "process_madvise",
           "process_mrelease", "ptrace", "seccomp")},
    {"mounts", FILTER_NONE,
     NAMES("fsconfig", "fsmount", "fsopen", "fspick", "mount", "mount_setattr", "move_mount", "open_tree",
           "open_tree_attr=467", "pivot_root", "umount", "umount2", "listmount=458", "statmount=457")},
    {"namespaces", FILTER_NONE, NAMES("setns")},
    {"kernel surface that test code does not need", FILTER_NONE,
     NAMES("bpf", "fanotify_init", "fanotify_mark", "io_uring_enter", "io_uring_register", "io_uring_setup",
           "lookup_dcookie", "perf_event_open", "userfaultfd", "vhangup", "lsm_get_self_attr=459",
           "lsm_set_self_attr=460", "lsm_list_modules=461")},
    {"keyrings, which no namespace separates", FILTER_NONE, NAMES("add_key", "keyctl", "request_key")},
    {"other processes' memory, beyond ptrace of one's own", FILTER_NONE,
     NAMES("process_vm_readv", "process_vm_writev", "migrate_pages", "move_pages")},
    {"the machine", FILTER_NONE,
     NAMES("acct", "adjtimex", "clock_adjtime", "clock_settime", "delete_module", "finit_module",
           "init_module", "ioperm", "iopl", "kexec_file_load", "kexec_load", "open_by_handle_at", "quotactl",
           "quotactl_fd", "reboot", "setdomainname", "sethostname", "settimeofday", "swapoff", "swapon",
           "syslog")},
    {"left over from long ago", FILTER_NONE,
     NAMES("_sysctl", "afs_syscall", "create_module", "get_kernel_syms", "getpmsg", "nfsservctl", "putpmsg",
           "query_module", "security", "sysfs", "tuxcall", "uselib", "ustat", "vserver")},
    {NULL, 0, NULL},
};

#define ALL 0xffffffffu

/* An argument's value, and an argument without any of the bits. */
#define IS(argument, value)                                                                                  \
    {                                                                                                        \
        argument, ALL, value                                                                                 \
    }
#define WITHOUT(argument, bits)                                                                              \
    {                                                                                                        \
        argument, bits, 0                                                                                    \
    }
#define ALLOWED(...)                                                                                         \
    {                                                                                                        \
        __VA_ARGS__, 0                                                                                       \
    }
#define ALLOWED_IF(...)                                                                                      \
    {                                                                                                        \
        __VA_ARGS__, {0, 0, 0}, 0                                                                            \
    }
#define ANSWERED_IF(answer, ...)                                                                             \
    {                                                                                                        \
        __VA_ARGS__, {0, 0, 0}, answer                                                                       \
    }
#define DENIED_IF(...)  ANSWERED_IF(EPERM, __VA_ARGS__)
#define IGNORED_IF(...) ANSWERED_IF(FILTER_IGNORED, __VA_ARGS__)

/* Both families at once: AF_INET is 2, AF_INET6 10. */
#define INTERNET                                                                                             \
    {                                                                                                        \
        0, ALL & ~(AF_INET ^ AF_INET6), AF_INET &AF_INET6                                                    \
    }

/* A limit of 1 byte is what the kernel takes for "not even to the host's handler of crashes" (core(5)); one of 0 is not. */
#define NO_CORES "crashes are not told to the host: the core limit stays as it is"

#define NO_NAMESPACES "no new namespaces, unless user namespaces are allowed"

const struct filter_argument filter_arguments[] = {
    {"clone", {ALLOWED_IF(WITHOUT(0, CLONE_NAMESPACES))}, 1, EPERM, NO_NAMESPACES, true},
    {"unshare", {ALLOWED_IF(WITHOUT(0, UNSHARE_NAMESPACES))}, 1, EPERM, NO_NAMESPACES, true},
    {"clone3",
     {{{0, 0, 0}, {0, 0, 0}, 0}},
     0,
     ENOSYS,
     "its flags are in memory, out of a filter's sight: libcs fall back to clone",
     false},
    {"socket",
     {ALLOWED_IF(IS(0, AF_UNIX)), ALLOWED(INTERNET, IS(2, 0)), ALLOWED(INTERNET, IS(2, IPPROTO_TCP)),
      ALLOWED(INTERNET, IS(2, IPPROTO_UDP)), ALLOWED(INTERNET, IS(2, IPPROTO_ICMP)),
      ALLOWED(INTERNET, IS(2, IPPROTO_ICMPV6)), ALLOWED(IS(0, AF_NETLINK), IS(2, NETLINK_ROUTE)),
      ANSWERED_IF(EPROTONOSUPPORT, INTERNET)},
     8,
     EAFNOSUPPORT,
     "AF_VSOCK, AF_ALG and others are not bound to the network namespace; of netlink libcs need routes only; "
     "SCTP, DCCP and the like are modules that the kernel loads for whoever asks",
     false},
    {"socketpair",
     {ALLOWED_IF(IS(0, AF_UNIX))},
     1,
     EAFNOSUPPORT,
     "it makes two sockets of a family before it asks whether they can be a pair",
     false},
    {"setsockopt",
     {{IS(1, SOL_TCP), IS(2, TCP_ULP), ENOPROTOOPT}},
     1,
     0,
     "no TLS and the like in the kernel, on top of TCP",
     false},
    {"ioctl",
     {DENIED_IF(IS(1, TIOCSTI)), DENIED_IF(IS(1, TIOCLINUX))},
     2,
     0,
     "no typing into the caller's terminal",
     false},
    {"setrlimit", {IGNORED_IF(IS(0, RLIMIT_CORE))}, 1, 0, NO_CORES, false},
    {"prlimit64",
     {ALLOWED(IS(2, 0), IS(2 + FILTER_HIGH, 0)), IGNORED_IF(IS(1, RLIMIT_CORE))},
     2,
     0,
     NO_CORES,
     false},
    {"personality",
     {ALLOWED_IF(IS(0, 0)), ALLOWED_IF(IS(0, ADDR_NO_RANDOMIZE)), ALLOWED_IF(IS(0, UNAME26)),
      ALLOWED_IF(IS(0, ALL))},
     4,
     EPERM,
     "only what debuggers and setarch -R need",
     false},
    {0},
};

#define SET_ID (S_ISUID | S_ISGID)
/* open(2) and its kin look at the mode only where they make a file. */
#define MAKES     (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))
#define NO_SET_ID "no set-id file of the folder's owner outside"

const struct filter_argument filter_outside[] = {
    {"chmod", {ALLOWED_IF(WITHOUT(1, SET_ID))}, 1, EPERM, NO_SET_ID, false},
    {"fchmod", {ALLOWED_IF(WITHOUT(1, SET_ID))}, 1, EPERM, NO_SET_ID, false},
    {"fchmodat", {ALLOWED_IF(WITHOUT(2, SET_ID))}, 1, EPERM, NO_SET_ID, false},
    {"fchmodat2=452", {ALLOWED_IF(WITHOUT(2, SET_ID))}, 1, EPERM, NO_SET_ID, false},
    {"creat", {ALLOWED_IF(WITHOUT(1, SET_ID))}, 1, EPERM, NO_SET_ID, false},
    {"open", {ALLOWED_IF(WITHOUT(1, MAKES)), ALLOWED_IF(WITHOUT(2, SET_ID))}, 2, EPERM, NO_SET_ID, false},
    {"openat", {ALLOWED_IF(WITHOUT(2, MAKES)), ALLOWED_IF(WITHOUT(3, SET_ID))}, 2, EPERM, NO_SET_ID, false},
    {"mknod", {ALLOWED_IF(WITHOUT(1, SET_ID))}, 1, EPERM, NO_SET_ID, false},
    {"mknodat", {ALLOWED_IF(WITHOUT(2, SET_ID))}, 1, EPERM, NO_SET_ID, false},
    {0},
};
