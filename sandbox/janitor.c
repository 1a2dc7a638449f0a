#include "janitor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "base/sys.h"
#include "base/text.h"
#include "wire.h"

enum { WATCHED_MAX = 8 };

struct watched {
    int pidfds[WATCHED_MAX];
    size_t count;
};

/* Returns true if the launcher had finished, false if it died. */
static bool await_launcher(int wire, struct watched *watched)
{
    struct wire_message message;
    int fd;
    while (wire_receive(wire, &message, &fd) > 0) {
        if (fd >= 0 && watched->count < WATCHED_MAX)
            watched->pidfds[watched->count++] = fd;
        if (message.kind == WIRE_DONE)
            return true;
    }
    return false;
}

static void kill_watched(const struct watched *watched)
{
    for (size_t i = 0; i < watched->count; i++)
        sys_pidfd_kill(watched->pidfds[i], SIGKILL);
    for (size_t i = 0; i < watched->count; i++) {
        struct pollfd dead = {.fd = watched->pidfds[i], .events = POLLIN};
        while (poll(&dead, 1, -1) < 0 && errno == EINTR)
            ;
    }
}

/* The janitor must hold nothing of the caller's: neither its terminal nor the pipe that it reads the run's
 * output from, which would otherwise not end with the run. */
static void leave_caller(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; null >= 0 && fd <= 2; fd++)
        dup2(null, fd);
    setsid();
    if (chdir("/") < 0)
        _exit(STATUS_ERRORED);
    prctl(PR_SET_NAME, "indyno-janitor");
}

static void keep_only(int a, int b, int c)
{
    int keep[] = {a, b, c};
    for (int i = 0; i < 3; i++)
        for (int j = i + 1; j < 3; j++)
            if (keep[j] < keep[i]) {
                int swap = keep[i];
                keep[i] = keep[j];
                keep[j] = swap;
            }
    unsigned from = 3;
    for (int i = 0; i < 3; i++) {
        if (keep[i] < 3)
            continue;
        if ((unsigned)keep[i] > from)
            sys_close_range(from, (unsigned)keep[i] - 1, 0);
        from = (unsigned)keep[i] + 1;
    }
    sys_close_range(from, ~0u, 0);
}

/* The first things, and word of them to the launcher: the claim's descriptors and slot, or why there are
 * none. */
static int make_first_things(int wire, const char *state_dir, unsigned slots, const struct cgroups *groups,
                             struct claim *claim, struct error *err)
{
    cleanup_free char *record = cgroup_record(groups);
    if (claim_take(claim, state_dir, slots, cgroup_sweep, err) < 0)
        return -1;
    if (groups->version && (claim_record(claim, record, err) < 0 || cgroup_make_own_leaf(groups, err) < 0))
        return -1;
    const struct wire_message message = {.kind = WIRE_CLAIM, .index = claim->slot};
    const int fds[] = {claim->dir_fd, claim->lock_fd};
    return wire_send_fds(wire, &message, fds, 2) < 0 ? fail_errno(err, "tell the launcher of the claim") : 0;
}

static void remove_all(const struct watched *watched, struct claim *claim, const struct cgroups *groups)
{
    kill_watched(watched);
    cgroup_remove(groups);
    cgroup_undelegate(groups);
    claim_drop(claim);
}

static void janitor_main(int wire, const char *state_dir, unsigned slots, const struct cgroups *groups)
    __attribute__((noreturn));

static void janitor_main(int wire, const char *state_dir, unsigned slots, const struct cgroups *groups)
{
    struct watched watched = {.count = 0};
    struct claim claim = {-1, -1, 0};
    struct error err = {0};
    if (make_first_things(wire, state_dir, slots, groups, &claim, &err) < 0) {
        remove_all(&watched, &claim, groups);
        wire_send_error(wire, &err);
        _exit(STATUS_ERRORED);
    }
    leave_caller();
    keep_only(wire, claim.lock_fd, claim.dir_fd);
    if (!await_launcher(wire, &watched))
        remove_all(&watched, &claim, groups);
    _exit(0);
}

static int receive_claim(int wire, struct claim *claim, struct error *err)
{
    struct wire_message message;
    int fds[WIRE_FDS_MAX];
    size_t count = 0;
    if (wire_receive_fds(wire, &message, fds, &count) <= 0)
        return fail(err, STATUS_ERRORED, "start the janitor: it ended at once");
    if (message.kind == WIRE_CLAIM && count == 2) {
        *claim = (struct claim){.dir_fd = fds[0], .lock_fd = fds[1], .slot = message.index};
        return 0;
    }
    while (count > 0)
        close_fd(&fds[--count]);
    return wire_take_error(&message, err);
}

int janitor_start(const char *state_dir, unsigned slots, const struct cgroups *groups, struct claim *claim,
                  struct janitor *janitor, struct error *err)
{
    int ends[2];
    if (wire_pair(ends, err) < 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        janitor_main(ends[1], state_dir, slots, groups);
    }
    close(ends[1]);
    *janitor = (struct janitor){.pid = pid, .wire = ends[0]};
    return pid < 0 ? fail_errno(err, "start the janitor") : receive_claim(ends[0], claim, err);
}

int janitor_watch(const struct janitor *janitor, int pidfd, struct error *err)
{
    struct wire_message message = {.kind = WIRE_GO};
    return wire_send_fd(janitor->wire, &message, pidfd) < 0 ? fail_errno(err, "tell the janitor") : 0;
}

void janitor_dismiss(struct janitor *janitor)
{
    if (janitor->pid <= 0)
        return;
    wire_send(janitor->wire, WIRE_DONE, 0, 0, NULL);
    close_fd(&janitor->wire);
    while (waitpid(janitor->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    janitor->pid = 0;
}
