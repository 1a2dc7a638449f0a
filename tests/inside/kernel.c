/* The kernel's surface: system calls, sockets, namespaces. */
#include "inside.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define HIGH_BITS    0x100000000UL

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

/* ---- Calls ---- */

struct call {
    const char *name;
    long number;
};

#define CALL(name)                                                                                           \
    {                                                                                                        \
#name, SYS_##name                                                                                    \
    }

static const struct call denied[] = {
    CALL(fsopen),
    CALL(fsconfig),
    CALL(fsmount),
    CALL(fspick),
    CALL(mount),
    CALL(mount_setattr),
    CALL(move_mount),
    CALL(open_tree),
    CALL(pivot_root),
    CALL(umount2),
    CALL(setns),
    CALL(bpf),
    CALL(fanotify_init),
    CALL(fanotify_mark),
    CALL(io_uring_setup),
    CALL(io_uring_enter),
    CALL(io_uring_register),
    CALL(perf_event_open),
    CALL(userfaultfd),
    CALL(vhangup),
    CALL(add_key),
    CALL(keyctl),
    CALL(request_key),
    CALL(process_vm_readv),
    CALL(process_vm_writev),
    CALL(migrate_pages),
    CALL(move_pages),
    CALL(acct),
    CALL(adjtimex),
    CALL(clock_adjtime),
    CALL(clock_settime),
    CALL(delete_module),
    CALL(finit_module),
    CALL(init_module),
    CALL(ioperm),
    CALL(iopl),
    CALL(kexec_file_load),
    CALL(kexec_load),
    CALL(open_by_handle_at),
    CALL(quotactl),
    CALL(quotactl_fd),
    CALL(reboot),
    CALL(setdomainname),
    CALL(sethostname),
    CALL(settimeofday),
    CALL(swapoff),
    CALL(swapon),
    CALL(syslog),
    CALL(_sysctl),
    CALL(sysfs),
    CALL(uselib),
    CALL(ustat),
    CALL(nfsservctl),
    {"statmount", 457},
    {"listmount", 458},
    {"open_tree_attr", 467},
    {"lsm_get_self_attr", 459},
    {"lsm_set_self_attr", 460},
    {"lsm_list_modules", 461},
};

static const struct call denied_to_servers[] = {
    CALL(ptrace),
    CALL(seccomp),
    CALL(kcmp),
    CALL(pidfd_getfd),
    CALL(process_madvise),
    CALL(modify_ldt),
    CALL(memfd_secret),
    CALL(mq_open),
    CALL(msgget),
    CALL(msgrcv),
    CALL(landlock_create_ruleset),
    CALL(name_to_handle_at),
    CALL(chroot),
};

static const struct call unknown[] = {
    CALL(openat2),
    CALL(clone3),
    {"numbers to come", 480},
    {"the last of a table", 511},
    {"one beyond", 512},
    {"1000", 1000},
    {"-1", -1},
    {"the highest", 0x3fffffff},
};

static const char *each_call(const struct call *calls, size_t count, const char *should)
{
    struct tally tally = {.should = should};
    for (size_t i = 0; i < count; i++)
        tally_add(&tally, calls[i].name, result_of(syscall(calls[i].number, 0, 0, 0, 0, 0, 0)));
    return tally_result(&tally);
}

static const char *denied_calls(void)
{
    return each_call(denied, COUNT(denied), "EPERM");
}

static const char *calls_denied_to_servers(void)
{
    return each_call(denied_to_servers, COUNT(denied_to_servers), "EPERM");
}

static const char *unknown_calls(void)
{
    return each_call(unknown, COUNT(unknown), "ENOSYS");
}

/* The kernel drops the high bits of a call's number itself, but not in what a filter sees as its ABI. */
static const char *calls_of_x32(void)
{
    static const struct call calls[] = {
        {"getpid", 0x40000000 | SYS_getpid}, {"mount", 0x40000000 | SYS_mount}, {"ptrace", 0x40000000 | 521}};
    return each_call(calls, COUNT(calls), "ENOSYS");
}

#ifdef __x86_64__
static long call_i386(long number, long argument)
{
    long result;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(argument), "c"(0), "d"(0), "S"(0), "D"(0)
                     : "memory", "r8", "r9", "r10", "r11");
    return (int)result;
}

static const char *calls_of_i386(void)
{
    static const struct call calls[] = {{"getpid", 20}, {"mount", 21}, {"unshare", 310}, {"socketcall", 102}};
    struct tally tally = {.should = "ENOSYS"};
    for (size_t i = 0; i < COUNT(calls); i++) {
        long result = call_i386(calls[i].number, 0);
        errno = (int)-result;
        tally_add(&tally, calls[i].name, result_of(result < 0 ? -1 : 0));
    }
    return tally_result(&tally);
}
#else
static const char *calls_of_i386(void)
{
    return NULL;
}
#endif

/* ---- Namespaces ---- */

static const unsigned long namespaces[] = {CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWPID,   CLONE_NEWNET,
                                           CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP};

static long clone_with(unsigned long flags)
{
    long pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0)
        _exit(0);
    return pid;
}

static const char *clone_namespaces(void)
{
    struct tally tally = {.should = "EPERM"};
    for (size_t i = 0; i < COUNT(namespaces); i++) {
        tally_add(&tally, "clone", result_of(clone_with(namespaces[i])));
        tally_add(&tally, "with high bits", result_of(clone_with(HIGH_BITS | namespaces[i])));
        tally_add(&tally, "in a user namespace", result_of(clone_with(CLONE_NEWUSER | namespaces[i])));
    }
    return tally_result(&tally);
}

static const char *unshare_namespaces(void)
{
    struct tally tally = {.should = "EPERM"};
    tally_add(&tally, "time", result_of(syscall(SYS_unshare, CLONE_NEWTIME)));
    for (size_t i = 0; i < COUNT(namespaces); i++) {
        tally_add(&tally, "unshare", result_of(syscall(SYS_unshare, namespaces[i])));
        tally_add(&tally, "with high bits", result_of(syscall(SYS_unshare, HIGH_BITS | namespaces[i])));
    }
    return tally_result(&tally);
}

/* Whatever holds it. */
static const char *user_namespace(void)
{
    struct tally tally = {.should = "refused"};
    tally_add(&tally, "clone", refusal_of(clone_with(CLONE_NEWUSER)));
    tally_add(&tally, "unshare", refusal_of(unshare(CLONE_NEWUSER)));
    return tally_result(&tally);
}

static const char *clone3_namespaces(void)
{
    unsigned long args[11] = {CLONE_NEWUSER, 0, 0, 0, SIGCHLD};
    long pid = syscall(SYS_clone3, args, sizeof args);
    if (pid == 0)
        _exit(0);
    return result_of(pid);
}

/* ---- Sockets ---- */

enum { FAMILIES = 64, PROTOCOLS = 64, INTERNET_PROTOCOLS = 512 };

#ifndef SOCK_PACKET
#define SOCK_PACKET 10
#endif

static bool is_allowed_family(int family)
{
    return family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK;
}

static const char *family_name(int family)
{
    static char name[16];
    snprintf(name, sizeof name, "family %d", family);
    return name;
}

static const char *socket_families(void)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET};
    struct tally tally = {.should = "EAFNOSUPPORT"};
    for (int family = 0; family < FAMILIES; family++)
        for (size_t i = 0; i < COUNT(types) && !is_allowed_family(family); i++)
            tally_add(&tally, family_name(family), result_of(socket(family, types[i], 0)));
    return tally_result(&tally);
}

static bool is_allowed_protocol(int protocol)
{
    return protocol == 0 || protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_ICMP ||
           protocol == IPPROTO_ICMPV6;
}

static const char *protocol_name(int protocol)
{
    static char name[24];
    snprintf(name, sizeof name, "protocol %d", protocol);
    return name;
}

static const char *internet_protocols(void)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_PACKET};
    struct tally tally = {.should = "EPROTONOSUPPORT"};
    for (int protocol = 0; protocol < INTERNET_PROTOCOLS; protocol++)
        for (size_t i = 0; i < COUNT(types) && !is_allowed_protocol(protocol); i++) {
            tally_add(&tally, protocol_name(protocol), result_of(socket(AF_INET, types[i], protocol)));
            tally_add(&tally, "IPv6",
                      result_of(syscall(SYS_socket, HIGH_BITS | AF_INET6, types[i],
                                        HIGH_BITS | (unsigned)protocol)));
        }
    return tally_result(&tally);
}

static const char *protocols_on_tcp(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct tally tally = {.should = "ENOPROTOOPT"};
    tally_add(&tally, "tls", result_of(setsockopt(fd, SOL_TCP, TCP_ULP, "tls", 3)));
    tally_add(&tally, "with high bits",
              result_of(syscall(SYS_setsockopt, fd, HIGH_BITS | SOL_TCP, HIGH_BITS | TCP_ULP, "mptcp", 5)));
    return tally_result(&tally);
}

/* Makes two sockets of a family before it asks whether that can pair them. */
static const char *pair_families(void)
{
    int pair[2];
    struct tally tally = {.should = "EAFNOSUPPORT"};
    for (int family = 0; family < FAMILIES; family++)
        if (family != AF_UNIX)
            tally_add(&tally, family_name(family), result_of(socketpair(family, SOCK_STREAM, 0, pair)));
    return tally_result(&tally);
}

static const char *netlink_protocols(void)
{
    struct tally tally = {.should = "EAFNOSUPPORT"};
    for (int protocol = 1; protocol < PROTOCOLS; protocol++)
        tally_add(&tally, family_name(protocol), result_of(socket(AF_NETLINK, SOCK_RAW, protocol)));
    return tally_result(&tally);
}

static const char *sockets_with_high_bits(void)
{
    struct tally tally = {.should = "EAFNOSUPPORT"};
    static const unsigned long families[] = {AF_VSOCK, AF_ALG, AF_PACKET, AF_KEY, AF_BLUETOOTH};
    for (size_t i = 0; i < COUNT(families); i++)
        tally_add(&tally, family_name((int)families[i]),
                  result_of(syscall(SYS_socket, HIGH_BITS | families[i], SOCK_RAW, 0)));
    tally_add(&tally, "netfilter", result_of(syscall(SYS_socket, AF_NETLINK, SOCK_RAW, HIGH_BITS | 12)));
    return tally_result(&tally);
}

/* ---- Others ---- */

static const char *personalities(void)
{
    struct tally tally = {.should = "EPERM"};
    tally_add(&tally, "READ_IMPLIES_EXEC", result_of(syscall(SYS_personality, READ_IMPLIES_EXEC)));
    tally_add(&tally, "MMAP_PAGE_ZERO", result_of(syscall(SYS_personality, MMAP_PAGE_ZERO)));
    tally_add(&tally, "with high bits", result_of(syscall(SYS_personality, HIGH_BITS | READ_IMPLIES_EXEC)));
    return tally_result(&tally);
}

static const char *own_walls(void)
{
    uint32_t action = SECCOMP_RET_ERRNO;
    struct tally tally = {.should = "done"};
    tally_add(&tally, "seccomp", result_of(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action)));
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
    tally_add(&tally, "landlock",
              version < 0 && (errno == EOPNOTSUPP || errno == ENOSYS) ? "done" : result_of(version));
    return tally_result(&tally);
}

const struct attack kernel_attacks[] = {
    {"denied-calls", BOTH, "calls that mount, load, trace, set clocks and so on", "EPERM", denied_calls},
    {"calls-denied-to-servers", SERVER, "calls that servers do not need", "EPERM", calls_denied_to_servers},
    {"unknown-calls", BOTH, "calls that the filter does not know", "ENOSYS", unknown_calls},
    {"x32", BOTH, "calls of the x32 ABI", "ENOSYS", calls_of_x32},
    {"i386", BOTH, "calls of i386 by int 0x80", "ENOSYS or killed by signal 11", calls_of_i386},
    {"clone-namespaces", BOTH, "to make namespaces by clone", "EPERM", clone_namespaces},
    {"unshare-namespaces", BOTH, "to make namespaces by unshare", "EPERM", unshare_namespaces},
    {"user-namespace", BOTH, "to have a user namespace by any way", "refused", user_namespace},
    {"clone3-namespaces", BOTH, "to make namespaces by clone3", "ENOSYS", clone3_namespaces},
    {"socket-families", BOTH, "sockets of each other family", "EAFNOSUPPORT", socket_families},
    {"pair-families", BOTH, "pairs of sockets of each family but Unix", "EAFNOSUPPORT", pair_families},
    {"netlink-protocols", BOTH, "netlink sockets but those for routes", "EAFNOSUPPORT", netlink_protocols},
    {"internet-protocols", BOTH, "Internet sockets of other protocols than TCP, UDP and ICMP",
     "EPROTONOSUPPORT", internet_protocols},
    {"protocols-on-tcp", BOTH, "to put protocols of the kernel's on a TCP connection", "ENOPROTOOPT",
     protocols_on_tcp},
    {"sockets-with-high-bits", BOTH, "the same with bits that the kernel drops", "EAFNOSUPPORT",
     sockets_with_high_bits},
    {"personalities", BOTH, "to take a personality that weakens it", "EPERM", personalities},
    {"own-walls", STEP, "to build walls of its own, which it may", "done", own_walls},
    {0},
};
