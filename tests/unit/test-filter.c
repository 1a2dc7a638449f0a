/* The system-call filter, tried on the real kernel: each case runs in a child under the compiled filter. */
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/filter.h"

#include <cmocka.h> /* last: it has a macro named fail */

#define DIRTY 0xabcdef0000000000UL /* high bits that the kernel itself drops from an int */

struct call {
    const char *what;
    long number;
    unsigned long arguments[3];
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
    {"ioctl TIOCSTI", SYS_ioctl, {0, TIOCSTI}, EPERM},
    {"ioctl TIOCSTI, dirty", SYS_ioctl, {0, DIRTY | TIOCSTI}, EPERM},
    {"ioctl TIOCLINUX", SYS_ioctl, {0, TIOCLINUX}, EPERM},
    {"ioctl FIONREAD", SYS_ioctl, {0, FIONREAD}, 0},
    {"personality as it is", SYS_personality, {0xffffffff}, 0},
    {"personality READ_IMPLIES_EXEC", SYS_personality, {0x0400000}, EPERM},
};

/* Returns errno of the call made under the filter, 0 where it succeeded. */
static int try_call(const struct call *call)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || filter_load(SANDBOX_ROLE_STEP) < 0)
            _exit(255);
        long result = syscall(call->number, call->arguments[0], call->arguments[1], call->arguments[2]);
        _exit(result < 0 ? errno : 0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_calls(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        int got = try_call(&calls[i]);
        bool right =
            calls[i].expected ? got == calls[i].expected : got != EPERM && got != ENOSYS && got != 255;
        if (!right)
            fail_msg("%s: errno %d, expected %d", calls[i].what, got, calls[i].expected);
    }
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
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_without_filter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
