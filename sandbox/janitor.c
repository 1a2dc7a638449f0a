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
#include "remains.h"
#include "wire.h"

enum { WATCHED_MAX = 8 };

struct watched {
    int pidfds[WATCHED_MAX];
    size_t count;
    struct claim claim;
};

/* The leaf has to be entered before the launcher goes on. */
static void take_claim(int wire, const struct wire_message *message, int *fds, const struct cgroups *groups,
                       struct watched *watched)
{
    struct error err = {0};
    watched->claim = (struct claim){.dir_fd = fds[0], .lock_fd = fds[1], .slot = message->index};
    if (!groups->own_leaf)
        return;
    if (cgroup_make_own_leaf(groups, &err) < 0)
        wire_send_error(wire, &err);
    else
        wire_send(wire, WIRE_GO, 0, 0, NULL);
    error_clear(&err);
}

/* Returns true if the launcher had finished, false if it died. */
static bool await_launcher(int wire, const struct cgroups *groups, struct watched *watched)
{
    struct wire_message message;
    int fds[WIRE_FDS_MAX];
    size_t count;
    while (wire_receive_fds(wire, &message, fds, &count) > 0) {
        if (message.kind == WIRE_DONE)
            return true;
        if (message.kind == WIRE_CLAIM && count == 2)
            take_claim(wire, &message, fds, groups, watched);
        else if (count == 1 && watched->count < WATCHED_MAX)
            watched->pidfds[watched->count++] = fds[0];
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

/* What only the last process of a run can do: a group that has processes cannot be given back, and the claim's name must
 * stay as long as there is something to remove. */
static void finish(struct watched *watched, const char *state_dir, const struct cgroups *groups)
{
    cgroup_undelegate(groups);
    if (watched->claim.lock_fd >= 0)
        claim_drop(&watched->claim);
    else
        claim_sweep(state_dir, remains_sweep);
}

static void janitor_main(int wire, const char *state_dir, const struct cgroups *groups)
    __attribute__((noreturn));

static void janitor_main(int wire, const char *state_dir, const struct cgroups *groups)
{
    struct watched watched = {.claim = {-1, -1, 0}};
    leave_caller();
    if (wire > STDERR_FILENO + 1)
        sys_close_range(STDERR_FILENO + 1, (unsigned)wire - 1, 0);
    sys_close_range((unsigned)wire + 1, ~0u, 0);
    if (!await_launcher(wire, groups, &watched)) {
        kill_watched(&watched);
        cgroup_remove(groups);
    }
    finish(&watched, state_dir, groups);
    _exit(0);
}

int janitor_start(const char *state_dir, const struct cgroups *groups, struct janitor *janitor,
                  struct error *err)
{
    int ends[2];
    if (wire_pair(ends, err) < 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0)
        janitor_main(ends[1], state_dir, groups);
    close(ends[1]);
    *janitor = (struct janitor){.pid = pid, .wire = ends[0]};
    return pid < 0 ? fail_errno(err, "start the janitor") : 0;
}

int janitor_share_claim(const struct janitor *janitor, const struct claim *claim,
                        const struct cgroups *groups, struct error *err)
{
    struct wire_message message = {.kind = WIRE_CLAIM, .index = claim->slot};
    const int fds[] = {claim->dir_fd, claim->lock_fd};
    int ignored;
    if (wire_send_fds(janitor->wire, &message, fds, sizeof fds / sizeof *fds) < 0)
        return fail_errno(err, "tell the janitor of the claim");
    if (!groups->own_leaf)
        return 0;
    if (wire_receive(janitor->wire, &message, &ignored) <= 0)
        return fail(err, STATUS_ERRORED, "hear of the janitor: it has ended");
    return message.kind == WIRE_GO ? 0 : wire_take_error(&message, err);
}

int janitor_watch(const struct janitor *janitor, int pidfd, struct error *err)
{
    struct wire_message message = {.kind = WIRE_WATCH};
    return wire_send_fd(janitor->wire, &message, pidfd) < 0 ? fail_errno(err, "tell the janitor") : 0;
}

void janitor_dismiss(struct janitor *janitor)
{
    if (janitor->wire >= 0)
        wire_send(janitor->wire, WIRE_DONE, 0, 0, NULL);
    close_fd(&janitor->wire);
    if (janitor->pid > 0)
        sys_wait(janitor->pid, NULL);
    janitor->pid = 0;
}
