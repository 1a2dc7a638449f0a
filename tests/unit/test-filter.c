/* The system-call filter, tried on the real kernel: each case runs in a child under the compiled filter. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/filter.h"

#include <cmocka.h> /* last: it has a macro named fail */

#define DIRTY 0xabcdef0000000000UL /* high bits that the kernel itself drops from an int */

#if defined __x86_64__
#define NATIVE AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define NATIVE AUDIT_ARCH_AARCH64
#endif

enum { IGNORED = -1 }; /* success, although the kernel itself would refuse the arguments */

struct call {
    const char *what;
    long number;
    unsigned long arguments[4];
    int expected; /* errno; 0: anything but EPERM and ENOSYS, the call reached the kernel */
};

static const struct call calls[] = {
    {"getpid", SYS_getpid, {0}, 0},
    {"mount", SYS_mount, {0}, EPERM},
    {"umount2", SYS_umount2, {0}, EPERM},
    {"fsopen", SYS_fsopen, {0}, EPERM},
    {"setns", SYS_setns, {0}, EPERM},
    {"bpf", SYS_bpf, {0}, EPERM},
    {"perf_event_open", SYS_perf_event_open, {0}, EPERM},
    {"userfaultfd", SYS_userfaultfd, {0}, EPERM},
    {"io_uring_setup", 425, {0}, EPERM},
    {"keyctl", SYS_keyctl, {0}, EPERM},
    {"add_key", SYS_add_key, {0}, EPERM},
    {"process_vm_readv", SYS_process_vm_readv, {0}, EPERM},
    {"open_by_handle_at", SYS_open_by_handle_at, {0}, EPERM},
    {"kexec_load", SYS_kexec_load, {0}, EPERM},
    {"syslog", SYS_syslog, {0}, EPERM},
    {"statmount", 457, {0}, EPERM},
    {"clone3", 435, {0}, ENOSYS},
    {"a number of the future", 999, {0}, ENOSYS},
    {"a number just beyond the table", 512, {0}, ENOSYS},
    {"an x32 call", 0x40000000 | SYS_getpid, {0}, ENOSYS},
    {"unshare of nothing", SYS_unshare, {0}, 0},
    {"setrlimit of files, badly", SYS_setrlimit, {RLIMIT_NOFILE, 1}, EFAULT},
    {"setrlimit of cores: ignored", SYS_setrlimit, {RLIMIT_CORE, 1}, IGNORED},
    {"setrlimit of cores, dirty", SYS_setrlimit, {DIRTY | RLIMIT_CORE, 1}, IGNORED},
    {"prlimit of files, badly", SYS_prlimit64, {0, RLIMIT_NOFILE, 1, 0}, EFAULT},
    {"prlimit of cores: ignored", SYS_prlimit64, {0, RLIMIT_CORE, 1, 0}, IGNORED},
    {"prlimit of cores, a pointer without low bits", SYS_prlimit64, {0, RLIMIT_CORE, 1UL << 32, 0}, IGNORED},
    {"prlimit of cores, only asked, badly", SYS_prlimit64, {0, RLIMIT_CORE, 0, 1}, EFAULT},
    {"unshare user", SYS_unshare, {CLONE_NEWUSER}, EPERM},
    {"unshare user, dirty", SYS_unshare, {DIRTY | CLONE_NEWUSER}, EPERM},
    {"unshare time", SYS_unshare, {0x80}, EPERM},
    {"clone user", SYS_clone, {CLONE_NEWUSER}, EPERM},
    {"clone net, dirty", SYS_clone, {DIRTY | CLONE_NEWNET}, EPERM},
    {"socket unix", SYS_socket, {AF_UNIX, SOCK_STREAM}, 0},
    {"socket inet, dirty", SYS_socket, {DIRTY | AF_INET, SOCK_STREAM}, 0},
    {"socket vsock", SYS_socket, {AF_VSOCK, SOCK_STREAM}, EAFNOSUPPORT},
    {"socket vsock, dirty", SYS_socket, {DIRTY | AF_VSOCK, SOCK_STREAM}, EAFNOSUPPORT},
    {"socket alg", SYS_socket, {AF_ALG, SOCK_SEQPACKET}, EAFNOSUPPORT},
    {"socket packet", SYS_socket, {AF_PACKET, SOCK_RAW}, EAFNOSUPPORT},
    {"socket route", SYS_socket, {AF_NETLINK, SOCK_RAW, NETLINK_ROUTE}, 0},
    {"socket route, dirty", SYS_socket, {DIRTY | AF_NETLINK, SOCK_RAW, DIRTY | NETLINK_ROUTE}, 0},
    {"socket netfilter", SYS_socket, {AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER}, EAFNOSUPPORT},
    {"socket xfrm, dirty", SYS_socket, {DIRTY | AF_NETLINK, SOCK_RAW, DIRTY | NETLINK_XFRM}, EAFNOSUPPORT},
    {"socket UDP, dirty", SYS_socket, {AF_INET, SOCK_DGRAM, DIRTY | IPPROTO_UDP}, 0},
    {"socket SCTP", SYS_socket, {AF_INET, SOCK_STREAM, IPPROTO_SCTP}, EPROTONOSUPPORT},
    {"socket MPTCP, dirty", SYS_socket, {DIRTY | AF_INET6, SOCK_STREAM, DIRTY | 262}, EPROTONOSUPPORT},
    {"TCP_ULP, dirty", SYS_setsockopt, {0, DIRTY | IPPROTO_TCP, DIRTY | TCP_ULP}, ENOPROTOOPT},
    {"TCP_NODELAY of what is no socket", SYS_setsockopt, {0, IPPROTO_TCP, TCP_NODELAY}, 0},
    {"socketpair unix", SYS_socketpair, {AF_UNIX, SOCK_STREAM}, 0},
    {"socketpair vsock", SYS_socketpair, {AF_VSOCK, SOCK_STREAM}, EAFNOSUPPORT},
    {"socketpair tipc, dirty", SYS_socketpair, {DIRTY | AF_TIPC, SOCK_STREAM}, EAFNOSUPPORT},
    {"chmod of nothing, set-id", SYS_chmod, {0, 04755}, 0},
    {"ioctl TIOCSTI", SYS_ioctl, {0, TIOCSTI}, EPERM},
    {"ioctl TIOCSTI, dirty", SYS_ioctl, {0, DIRTY | TIOCSTI}, EPERM},
    {"ioctl TIOCLINUX", SYS_ioctl, {0, TIOCLINUX}, EPERM},
    {"ioctl FIONREAD", SYS_ioctl, {0, FIONREAD}, 0},
    {"personality as it is", SYS_personality, {0xffffffff}, 0},
    {"personality READ_IMPLIES_EXEC", SYS_personality, {0x0400000}, EPERM},
};

/* Where the dyno can write to folders of the host. */
static const struct call calls_outside[] = {
    {"getpid", SYS_getpid, {0}, 0},
    {"mount", SYS_mount, {0}, EPERM},
    {"chmod", SYS_chmod, {0, 01777}, 0},
    {"chmod set-uid", SYS_chmod, {0, 04755}, EPERM},
    {"chmod set-gid, dirty", SYS_chmod, {0, DIRTY | 02755}, EPERM},
    {"fchmod set-uid", SYS_fchmod, {999, 04000}, EPERM},
    {"fchmod", SYS_fchmod, {999, DIRTY | 0777}, 0},
    {"fchmodat set-gid", SYS_fchmodat, {0, 0, 02000}, EPERM},
    {"fchmodat", SYS_fchmodat, {0, 0, 0777}, 0},
    {"fchmodat2 set-uid", 452, {0, 0, 04000}, EPERM},
    {"creat set-uid", SYS_creat, {0, 04755}, EPERM},
    {"creat", SYS_creat, {0, 0755}, 0},
    {"open that makes, set-uid", SYS_open, {0, O_CREAT | O_WRONLY, 04755}, EPERM},
    {"open that makes, dirty", SYS_open, {0, DIRTY | O_CREAT, DIRTY | 02755}, EPERM},
    {"open that makes", SYS_open, {0, O_CREAT | O_WRONLY, 0755}, 0},
    {"open of a nameless file, set-uid", SYS_open, {0, O_TMPFILE | O_WRONLY, 04755}, EPERM},
    {"open whose mode is whatever was there", SYS_open, {0, O_RDONLY, 06755}, 0},
    {"open of a folder", SYS_open, {0, O_RDONLY | O_DIRECTORY, 06755}, 0},
    {"openat that makes, set-uid", SYS_openat, {0, 0, O_CREAT | O_WRONLY, 04755}, EPERM},
    {"openat that makes, set-gid, dirty", SYS_openat, {0, 0, DIRTY | O_CREAT, DIRTY | 02755}, EPERM},
    {"openat whose mode is whatever was there", SYS_openat, {0, 0, O_RDONLY, 06755}, 0},
    {"openat2", 437, {0}, ENOSYS},
    {"mknod set-uid", SYS_mknod, {0, S_IFREG | 04755}, EPERM},
    {"mknodat set-gid", SYS_mknodat, {0, 0, S_IFREG | 02755}, EPERM},
    {"mknodat", SYS_mknodat, {0, 0, S_IFREG | 0755}, 0},
};

/* Where the step may make user namespaces. What the kernel itself then says is its own matter. */
static const struct call calls_nested[] = {
    {"unshare nothing", SYS_unshare, {0}, 0},
    {"unshare user", SYS_unshare, {CLONE_NEWUSER}, 0},
    {"unshare user, net and mount", SYS_unshare, {CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS}, 0},
    {"setns", SYS_setns, {0}, EPERM},
    {"mount", SYS_mount, {0}, EPERM},
    {"clone3", 435, {0}, ENOSYS},
    {"socket vsock", SYS_socket, {AF_VSOCK, SOCK_STREAM}, EAFNOSUPPORT},
};

/* Returns errno of the call made under the filter, 0 where it succeeded. */
static int try_call(const struct call *call, unsigned variants)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || filter_load(SANDBOX_ROLE_STEP, variants) < 0)
            _exit(255);
        long result = syscall(call->number, call->arguments[0], call->arguments[1], call->arguments[2],
                              call->arguments[3]);
        _exit(result < 0 ? errno : 0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void check_calls(const struct call *rows, size_t count, unsigned variants)
{
    for (size_t i = 0; i < count; i++) {
        int got = try_call(&rows[i], variants);
        if (rows[i].expected == IGNORED && got == 0)
            continue;
        bool right = rows[i].expected ? got == rows[i].expected : got != EPERM && got != ENOSYS && got != 255;
        if (!right)
            fail_msg("%s: errno %d, expected %d", rows[i].what, got, rows[i].expected);
    }
}

static void test_calls(void **state)
{
    (void)state;
    check_calls(calls, sizeof calls / sizeof *calls, 0);
}

static void test_calls_outside(void **state)
{
    (void)state;
    check_calls(calls_outside, sizeof calls_outside / sizeof *calls_outside, FILTER_OUTSIDE);
}

static void test_calls_nested(void **state)
{
    (void)state;
    check_calls(calls_nested, sizeof calls_nested / sizeof *calls_nested, FILTER_NESTED);
}

/* ---- The table against the program ---- */

/* What the program answers to a call, by running it here: an errno, 0 where it allows. */
static int simulate(const struct sock_filter *code, const struct seccomp_data *data)
{
    uint32_t accumulator = 0;
    for (const struct sock_filter *at = code;; at++)
        switch (at->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            memcpy(&accumulator, (const char *)data + at->k, sizeof accumulator);
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            accumulator &= at->k;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
            at += accumulator == at->k ? at->jt : at->jf;
            break;
        case BPF_JMP | BPF_JGE | BPF_K:
            at += accumulator >= at->k ? at->jt : at->jf;
            break;
        case BPF_RET | BPF_K:
            return at->k == SECCOMP_RET_ALLOW ? 0 : (int)(at->k & SECCOMP_RET_DATA);
        default:
            fail_msg("an instruction that this test does not know: 0x%x", at->code);
        }
}

static int answer(enum sandbox_role role, int number, uint32_t arch)
{
    size_t count;
    const struct seccomp_data data = {.nr = number, .arch = arch};
    return simulate(filter_program(role, &count), &data);
}

static const struct filter_call *find_call(int number)
{
    size_t count;
    const struct filter_call *rows = filter_calls(&count);
    for (size_t i = 0; i < count; i++)
        if (rows[i].number == number)
            return &rows[i];
    return NULL;
}

static void test_table_is_what_is_loaded(void **state)
{
    (void)state;
    enum { NUMBERS = 1100, ABIS = 2 };
    static const uint32_t foreign[ABIS] = {AUDIT_ARCH_I386, AUDIT_ARCH_ARM};
    for (int number = 0; number < NUMBERS; number++)
        for (int role = 0; role < SANDBOX_ROLE_COUNT; role++) {
            const struct filter_call *call = find_call(number);
            int expected = call ? call->answers[role] : ENOSYS;
            int got = answer((enum sandbox_role)role, number, NATIVE);
            if (expected != FILTER_BY_ARGUMENT && got != expected)
                fail_msg("%d (%s): %d, expected %d", number, call ? call->name : "unknown", got, expected);
            for (int i = 0; i < ABIS; i++)
                assert_int_equal(answer((enum sandbox_role)role, number, foreign[i]), ENOSYS);
        }
}

static void test_roles(void **state)
{
    (void)state;
    static const struct {
        int number, answers[SANDBOX_ROLE_COUNT];
    } rows[] = {
        {SYS_read, {0, 0, 0}},
        {SYS_execve, {0, 0, 0}},
        {SYS_ptrace, {0, EPERM, EPERM}},
        {SYS_shmget, {0, 0, EPERM}},
        {SYS_mq_open, {0, EPERM, EPERM}},
        {SYS_mount, {EPERM, EPERM, EPERM}},
        {SYS_seccomp, {0, EPERM, EPERM}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int role = 0; role < SANDBOX_ROLE_COUNT; role++)
            assert_int_equal(answer((enum sandbox_role)role, rows[i].number, NATIVE), rows[i].answers[role]);
}

/* The same numbers without the filter: the cases above must not pass for another reason. */
static void test_without_filter(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0)
        _exit(syscall(SYS_socket, AF_ALG, SOCK_SEQPACKET, 0) >= 0 || errno != EPERM ? 0 : 1);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),        cmocka_unit_test(test_calls_outside),
        cmocka_unit_test(test_calls_nested), cmocka_unit_test(test_table_is_what_is_loaded),
        cmocka_unit_test(test_roles),        cmocka_unit_test(test_without_filter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
