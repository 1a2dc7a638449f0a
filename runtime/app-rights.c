/*
 * Theory of operation: root must not parse what a tenant wrote, nor open what a tenant could have put in the
 * place of a file. So a child drops to the folder's owner for good (where that is root itself, to uid 0
 * without a capability), reads, parses, and sends the outcome through a pipe as lengths and bytes
 * (app-wire.h).
 *
 * From then on the child is the tenant's equal: the tenant may stop it, kill it or, by a bug in a parser,
 * steer it. Hence the deadline on the pipe, the bound on its size, and the strict decoder at its end; and the
 * child keeps no descriptor through which more could be reached. It cannot be traced by the tenant: the
 * kernel has made it undumpable when its ids changed, so root's memory that it still has from the fork stays
 * its own.
 *
 * What counts is the message, not how the child ended: a whole and sound message is the outcome.
 */
#include "app-rights.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "app-wire.h"
#include "base/own.h"
#include "base/sys.h"
#include "caller.h"

enum {
    DEADLINE_MS = 20 * 1000, /* a network filesystem may be slow; a stopped child never ends */
    CPU_SECONDS = 10,
    MEMORY_BYTES = 512 << 20,
    CHUNK = 65536,
};

/* ---- In the child
 * --------------------------------------------------------------------------------------- */

static void close_all_but(int a, int b)
{
    unsigned low = (unsigned)(a < b ? a : b), high = (unsigned)(a < b ? b : a);
    if (low > STDERR_FILENO + 1)
        sys_close_range(STDERR_FILENO + 1, low - 1, 0);
    if (high > low + 1)
        sys_close_range(low + 1, high - 1, 0);
    sys_close_range(high + 1, ~0U, 0);
}

static int drop_capabilities(void)
{
    cap_t none = cap_init();
    int result = none ? cap_set_proc(none) : -1;
    cap_free(none);
    return result;
}

static int set_limits(void)
{
    static const struct {
        __rlimit_resource_t resource;
        rlim_t limit;
    } limits[] = {
        {RLIMIT_CPU, CPU_SECONDS},
        {RLIMIT_FSIZE, 0},
        {RLIMIT_CORE, 0},
#ifndef __SANITIZE_ADDRESS__ /* whose shadow memory is larger */
        {RLIMIT_AS, MEMORY_BYTES},
#endif
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (setrlimit(limits[i].resource, &(struct rlimit){limits[i].limit, limits[i].limit}) < 0)
            return -1;
    return 0;
}

/* PDEATHSIG comes last: a change of ids clears it. A parent that died before has closed the pipe's other
 * end. */
static int drop_rights(int folder_fd, struct error *err)
{
    uid_t uid;
    gid_t gid;
    caller_ids(folder_fd, &uid, &gid);
    if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0 ||
        drop_capabilities() < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || set_limits() < 0 ||
        prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        return fail_errno(err, "take the rights of the folder's owner (uid %u)", (unsigned)uid);
    return 0;
}

_Noreturn static void child(int folder_fd, int pipe_fd, const char *path, reader *read)
{
    struct app app = {0};
    struct error err = {0};
    struct app_wire wire = {0};
    close_all_but(folder_fd, pipe_fd);
    if (drop_rights(folder_fd, &err) == 0)
        read(folder_fd, path, &app, &err);
    bool sent = app_wire_encode(&app, &err, &wire) && text_write_all(pipe_fd, wire.data, wire.size) == 0;
    _exit(sent ? 0 : STATUS_ERRORED);
}

/* ---- In the parent
 * -------------------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* 1: something can be read, or the end; 0: the deadline passed; -1 with errno. */
static int wait_readable(int fd, int64_t deadline)
{
    for (;;) {
        int64_t rest = deadline - now_ms();
        int ready = poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, rest > 0 ? (int)rest : 0);
        if (ready >= 0 || errno != EINTR)
            return ready;
    }
}

static int receive(int fd, const char *path, struct app_wire *wire, struct error *err)
{
    int64_t deadline = now_ms() + DEADLINE_MS;
    for (;;) {
        unsigned char chunk[CHUNK];
        int ready = wait_readable(fd, deadline);
        if (ready == 0)
            return fail(err, STATUS_ERRORED, "%s: reading it took longer than %d s", path,
                        DEADLINE_MS / 1000);
        ssize_t got = ready < 0 ? -1 : read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(err, "receive what %s says", path);
        if (got == 0)
            return 0;
        if (!app_wire_append(wire, chunk, (size_t)got))
            return fail(err, STATUS_ERRORED, "%s: its reader sent too much", path);
    }
}

/* The wait status; -1 where the caller's parent had SIGCHLD ignored, so that there is none. */
static int end_child(pid_t pid)
{
    int status = -1;
    kill(pid, SIGKILL);
    sys_wait(pid, &status);
    return status;
}

static int decode(const struct app_wire *wire, const char *path, int wait_status, struct app *app,
                  struct error *err)
{
    struct error sent = {0};
    error_clear(err);
    if (app_wire_decode(wire, app, &sent)) {
        *err = sent;
        return err->status ? -1 : 0;
    }
    if (wait_status != -1 && WIFSIGNALED(wait_status))
        return fail(err, STATUS_ERRORED, "%s: its reader was ended by signal %d", path,
                    WTERMSIG(wait_status));
    return fail(err, STATUS_ERRORED, "%s: its reader failed", path);
}

static void do_meanwhile(const struct app_meanwhile *meanwhile)
{
    if (meanwhile)
        meanwhile->act(meanwhile->argument);
}

static int read_in_child(int folder_fd, const char *path, reader *read, const struct app_meanwhile *meanwhile,
                         struct app *app, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail_errno(err, "make a pipe");
    cleanup_fd int from = ends[0];
    cleanup_fd int to = ends[1];
    pid_t pid = fork();
    if (pid < 0)
        return fail_errno(err, "start the reader of %s", path);
    if (pid == 0)
        child(folder_fd, to, path, read);
    close_fd(&to);
    do_meanwhile(meanwhile);
    cleanup_app_wire struct app_wire wire = {0};
    int received = receive(from, path, &wire, err);
    int status = end_child(pid);
    return received < 0 ? -1 : decode(&wire, path, status, app, err);
}

int read_as_owner(int folder_fd, const char *path, reader *read, const struct app_meanwhile *meanwhile,
                  struct app *app, struct error *err)
{
    if (geteuid() == 0)
        return read_in_child(folder_fd, path, read, meanwhile, app, err);
    do_meanwhile(meanwhile);
    return read(folder_fd, path, app, err);
}
