#include "apart.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "base/sys.h"
#include "base/text.h"

enum { WORDS_MAX = 4096 };

struct words {
    int status, errnum;
    char message[WORDS_MAX], remedy[WORDS_MAX];
};

static void child_main(int gate, int out, int (*act)(const void *, struct error *), const void *argument)
    __attribute__((noreturn));

static void child_main(int gate, int out, int (*act)(const void *, struct error *), const void *argument)
{
    char go;
    struct error err = {0};
    struct words words = {0};
    if (read(gate, &go, 1) != 1)
        _exit(STATUS_ERRORED); /* its parent gave up */
    if (act(argument, &err) == 0)
        _exit(0);
    words.status = err.status ? err.status : STATUS_ERRORED;
    words.errnum = err.errnum;
    snprintf(words.message, sizeof words.message, "%s", err.message ? err.message : "failed");
    snprintf(words.remedy, sizeof words.remedy, "%s", err.remedy ? err.remedy : "");
    text_write_all(out, &words, sizeof words);
    _exit(STATUS_ERRORED);
}

static int take_words(int in, int status, struct error *err)
{
    struct words words = {0};
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (read(in, &words, sizeof words) == (ssize_t)sizeof words) {
        fail(err, words.status, "%s", words.message);
        err->errnum = words.errnum;
        if (*words.remedy)
            error_remedy(err, "%s", words.remedy);
        return -1;
    }
    return WIFSIGNALED(status)
               ? fail(err, STATUS_ERRORED, "the process that tried was ended by signal %d (%s)",
                      WTERMSIG(status), strsignal(WTERMSIG(status)))
               : fail(err, STATUS_ERRORED, "the process that tried ended with status %d",
                      WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

int apart(uint64_t flags, const struct idmap *map, int (*act)(const void *, struct error *),
          const void *argument, struct error *err)
{
    int gate[2], out[2];
    struct clone_args args = {.flags = flags, .exit_signal = SIGCHLD};
    if (pipe2(gate, O_CLOEXEC) < 0)
        return fail_errno(err, "make a pipe");
    cleanup_fd int gate_in = gate[0], gate_out = gate[1];
    if (pipe2(out, O_CLOEXEC) < 0)
        return fail_errno(err, "make a pipe");
    cleanup_fd int in = out[0], words_out = out[1];
    pid_t pid = flags ? sys_clone3(&args) : fork();
    if (pid == 0) {
        close(gate_out);
        child_main(gate_in, words_out, act, argument);
    }
    if (pid < 0)
        return fail_errno(err, "make %s", flags ? "namespaces" : "a process");
    close_fd(&gate_in);
    close_fd(&words_out);
    int mapped = map && (flags & CLONE_NEWUSER) ? idmap_write(map, pid, err) : 0;
    if (mapped == 0)
        text_write_all(gate_out, "g", 1);
    close_fd(&gate_out);
    int status;
    if (sys_wait(pid, &status) < 0)
        return mapped < 0 ? -1 : fail_errno(err, "wait for the process that tried");
    return mapped < 0 ? -1 : take_words(in, status, err);
}
