/*
 * deny COMMAND [ARG...]: executes COMMAND under a system-call filter that answers as containers' do: user namespaces are
 * denied with EPERM, and clone3, whose flags no filter can read, is answered with ENOSYS.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/sched.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(what)      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, what))
#define IF(number, yes) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, yes, 0)
#define ANSWER(error)   BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))

int main(int argc, char **argv)
{
    struct sock_filter code[] = {
        LOAD(nr),
        IF(SYS_clone3, 5),
        IF(SYS_unshare, 1),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 2),
        LOAD(args[0]), /* the low half: little-endian */
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_NEWUSER, 2, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        ANSWER(ENOSYS),
        ANSWER(EPERM),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    if (argc < 2)
        return 64;
    /* Without no_new_privs where that is possible: it would be a second cause, newuidmap's. */
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 &&
        (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)) {
        perror("deny");
        return 125;
    }
    execvp(argv[1], argv + 1);
    perror(argv[1]);
    return 127;
}
