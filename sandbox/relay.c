#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "base/sys.h"
#include "wire.h"

enum { CHUNK = 65536, STREAMS = 2, EXIT_DONE = 0, EXIT_OVERFLOWED = 1, EXIT_LOST = 2 };
enum { LAST_WAIT_MS = 1000 }; /* for a reader of what fitted, where there was more */

/* ---- In the relay ---- */

/* What is read from a pipe is written before more is. Nobody waits for the other stream's reader: a descriptor is used
 * when poll(2) says that it can be, and PIPE_BUF bytes then fit into a pipe (the caller's descriptors are not ours to
 * make non-blocking). */
struct stream {
    int from, to; /* from < 0: it has ended */
    size_t size, written;
    char chunk[CHUNK];
};

struct counter {
    uint64_t left;
    bool has_overflowed;
};

static bool has_pending(const struct stream *stream)
{
    return stream->written < stream->size;
}

static void take(struct stream *stream, struct counter *counter)
{
    ssize_t size = read(stream->from, stream->chunk, sizeof stream->chunk);
    if (size < 0 && errno == EINTR)
        return;
    if (size <= 0)
        stream->from = -1;
    stream->written = 0;
    stream->size = size > 0 ? (size_t)size : 0;
    if (stream->size > counter->left) {
        counter->has_overflowed = true;
        stream->size = (size_t)counter->left;
    }
    counter->left -= stream->size;
}

static void give(struct stream *stream)
{
    size_t size = stream->size - stream->written;
    ssize_t written = write(stream->to, stream->chunk + stream->written, size < PIPE_BUF ? size : PIPE_BUF);
    if (written < 0 && errno != EINTR && errno != EAGAIN) /* another writer may have been faster */
        _exit(EXIT_LOST);
    if (written > 0)
        stream->written += (size_t)written;
}

/* What to wait for; fd < 0: nothing. */
static struct pollfd wish(const struct stream *stream, const struct counter *counter)
{
    if (has_pending(stream))
        return (struct pollfd){.fd = stream->to, .events = POLLOUT};
    return (struct pollfd){.fd = counter->has_overflowed ? -1 : stream->from, .events = POLLIN};
}

static void hand_on(struct stream streams[STREAMS], struct counter *counter)
{
    struct pollfd polled[STREAMS];
    for (;;) {
        bool has_wish = false;
        for (int i = 0; i < STREAMS; i++) {
            polled[i] = wish(&streams[i], counter);
            has_wish |= polled[i].fd >= 0;
        }
        if (!has_wish)
            return;
        int ready = poll(polled, STREAMS, counter->has_overflowed ? LAST_WAIT_MS : -1);
        if (ready == 0)
            return;
        if (ready < 0 && errno != EINTR)
            _exit(EXIT_LOST);
        for (int i = 0; i < STREAMS; i++)
            if (ready > 0 && polled[i].fd >= 0 && polled[i].revents) {
                if (polled[i].events == POLLOUT)
                    give(&streams[i]);
                else
                    take(&streams[i], counter);
            }
    }
}

/* A relay may wait for a reader that never reads: what ends it when the launcher was killed is not the pipes' end. */
static void follow(pid_t launcher)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != launcher)
        _exit(EXIT_LOST);
}

static void relay_main(const int from[STREAMS], uint64_t left) __attribute__((noreturn));

static void relay_main(const int from[STREAMS], uint64_t left)
{
    struct stream streams[STREAMS] = {{.from = from[0], .to = STDOUT_FILENO},
                                      {.from = from[1], .to = STDERR_FILENO}};
    struct counter counter = {.left = left};
    prctl(PR_SET_NAME, "indyno-relay");
    signal(SIGPIPE, SIG_IGN);
    hand_on(streams, &counter);
    _exit(counter.has_overflowed ? EXIT_OVERFLOWED : EXIT_DONE);
}

/* The launcher's other descriptors tell janitor and init, by their end, that the launcher is gone. */
static void close_others(const int from[STREAMS])
{
    unsigned at = STDERR_FILENO + 1;
    for (int i = 0; i < STREAMS; i++)
        if (from[i] >= 0) {
            if ((unsigned)from[i] > at)
                sys_close_range(at, (unsigned)from[i] - 1, 0);
            at = (unsigned)from[i] + 1;
        }
    sys_close_range(at, ~0u, 0);
}

/* ---- In the launcher ---- */

static bool are_one_file(void)
{
    struct stat out, err;
    return fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &err) == 0 && out.st_dev == err.st_dev &&
           out.st_ino == err.st_ino;
}

static int make_pipe(int *from, int *to, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail_errno(err, "make a pipe for the output");
    *from = ends[0];
    *to = ends[1];
    return 0;
}

static int make_pipes(int from[STREAMS], struct relay *relay, struct error *err)
{
    if (make_pipe(&from[0], &relay->fds[0], err) < 0)
        return -1;
    if (!are_one_file())
        return make_pipe(&from[1], &relay->fds[1], err);
    relay->fds[1] = fcntl(relay->fds[0], F_DUPFD_CLOEXEC, 0);
    return relay->fds[1] < 0 ? fail_errno(err, "make a pipe for the output") : 0;
}

int relay_start(uint64_t limit, struct relay *relay, struct error *err)
{
    int from[STREAMS] = {-1, -1};
    int status = make_pipes(from, relay, err);
    pid_t launcher = getpid();
    relay->pid = status < 0 ? -1 : fork();
    if (relay->pid == 0) {
        follow(launcher);
        close_others(from); /* the first pipe was made first, and has the lower number */
        relay_main(from, limit);
    }
    for (int i = 0; i < STREAMS; i++)
        close_fd(&from[i]);
    if (status < 0)
        return -1;
    relay->pidfd = relay->pid < 0 ? -1 : sys_pidfd_open(relay->pid);
    return relay->pidfd < 0 ? fail_errno(err, "start the relay of the output") : 0;
}

int relay_take(const struct relay *relay)
{
    for (int i = 0; i < STREAMS; i++)
        if (relay->fds[i] >= 0 && dup2(relay->fds[i], STDOUT_FILENO + i) < 0)
            return -1;
    return 0;
}

void relay_release(struct relay *relay)
{
    for (int i = 0; i < STREAMS; i++)
        close_fd(&relay->fds[i]);
}

bool relay_overflowed(const struct relay *relay)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)relay->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_code == CLD_EXITED && info.si_status == EXIT_OVERFLOWED;
}

/* Until it has ended, the deadline, or a signal. */
static void await(const struct relay *relay, int signals, int64_t deadline_us)
{
    struct pollfd polled[] = {{.fd = relay->pidfd, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    while (poll(polled, sizeof polled / sizeof *polled, wire_wait_ms(deadline_us)) < 0 && errno == EINTR)
        ;
}

enum relay_outcome relay_end(struct relay *relay, int signals, int64_t deadline_us)
{
    int status = 0;
    relay_release(relay);
    if (relay->pid <= 0)
        return RELAY_DONE;
    if (relay->pidfd >= 0)
        await(relay, signals, deadline_us);
    kill(relay->pid, SIGKILL); /* for one that has ended by itself nothing changes */
    sys_wait(relay->pid, &status);
    relay->pid = 0;
    close_fd(&relay->pidfd);
    if (!WIFEXITED(status))
        return RELAY_CUT;
    return WEXITSTATUS(status) == EXIT_OVERFLOWED ? RELAY_OVERFLOWED : RELAY_DONE;
}
