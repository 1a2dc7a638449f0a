/*
 * Theory of operation. Init is a fork of the launcher, not a program of its own: what it needs it has in
 * memory. Once the dyno is made (enter.c), init is a small event loop over three kinds of descriptors: the
 * wire (a signal to forward, or the launcher's end, which ends the dyno), a signalfd for SIGCHLD, and the
 * signs by which services show readiness.
 *
 * When the last step has ended, init must know whether each service was still alive, and a service that the
 * step has just killed may not have been reaped yet. So init ends the services itself, with a signal that
 * nobody else sends (PROOF_SIGNAL): whose wait status shows that signal was alive until then.
 *
 * Init's exit is the end of the pid namespace: the kernel kills whatever is left in it.
 */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "base/sys.h"
#include "enter.h"
#include "filter.h"
#include "log-lines.h"
#include "ready.h"
#include "process.h"
#include "wire.h"

enum { PROOF_SIGNAL = SIGSTKFLT, PROOF_WAIT_MS = 1000, MARKED_MAX = 2048, EXT4_KEEPS = 100 };

struct member {
    const struct sandbox_process *process;
    struct spawned spawned;
    struct readiness readiness;
    int log;
    bool started, ended;
    int status; /* of wait(2), once ended */
    int64_t deadline_us;
};

struct init {
    const struct init_parts *parts;
    struct member *services, *step; /* step: the one that runs, or NULL */
    struct member running;          /* what step points to */
    bool pasta_ended;               /* the launcher has said so */
    int signals;
};

/* ---- Telling the launcher ---- */

static void tell(const struct init *init, uint32_t kind, uint32_t index, int32_t value, const char *text)
{
    wire_send(init->parts->wire, kind, index, value, text);
}

static void give_up(const struct init *init, const struct error *err) __attribute__((noreturn));

static void give_up(const struct init *init, const struct error *err)
{
    wire_send_error(init->parts->wire, err);
    _exit(STATUS_ERRORED);
}

static void tell_log(const struct init *init, uint32_t index)
{
    char tail[WIRE_TEXT_MAX];
    int log = init->services[index].log;
    off_t end = log < 0 ? 0 : lseek(log, 0, SEEK_END);
    off_t from = end >= WIRE_TEXT_MAX ? end - WIRE_TEXT_MAX + 1 : 0;
    ssize_t size = log < 0 ? -1 : pread(log, tail, sizeof tail - 1, from);
    if (size <= 0)
        return;
    tail[size] = '\0';
    tell(init, WIRE_SERVICE_LOG, index, 0, tail);
}

static void tell_marked(const struct init *init, uint32_t index)
{
    const struct member *service = &init->services[index];
    char lines[MARKED_MAX];
    if (service->process->log_mark && service->log >= 0 &&
        log_lines_with(service->log, service->process->log_mark, lines, sizeof lines) > 0)
        tell(init, WIRE_SERVICE_MARKED, index, 0, lines);
}

/* ---- Events ---- */

static void record_end(struct init *init, struct member *member, uint32_t index, int status,
                       const struct rusage *usage)
{
    bool service = member != init->step;
    struct wire_message message = {
        .kind = service ? WIRE_SERVICE_ENDED : WIRE_STEP_ENDED,
        .index = index,
        .value = status,
        .at_us = wire_now_us(),
        .usage_us = (int64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 +
                    usage->ru_utime.tv_usec + usage->ru_stime.tv_usec,
    };
    member->ended = true;
    member->status = status;
    wire_send_fd(init->parts->wire, &message, -1);
    if (!service || status == WIRE_ALIVE)
        return;
    tell_log(init, index);
    tell_marked(init, index);
}

/* Matches a reaped process with who it was; others are orphans of the step's, of no interest. */
static void match_reaped(struct init *init, pid_t pid, int status, const struct rusage *usage)
{
    const struct sandbox_spec *spec = init->parts->spec;
    if (init->step && init->step->spawned.pid == pid) {
        record_end(init, init->step, (uint32_t)(init->step->process - spec->steps), status, usage);
        return;
    }
    for (uint32_t i = 0; i < spec->service_count; i++)
        if (init->services[i].started && !init->services[i].ended && init->services[i].spawned.pid == pid)
            record_end(init, &init->services[i], i, status, usage);
}

static void reap(struct init *init)
{
    struct signalfd_siginfo info;
    while (read(init->signals, &info, sizeof info) > 0)
        ;
    int status;
    struct rusage usage;
    for (pid_t pid; (pid = wait4(-1, &status, WNOHANG, &usage)) > 0;)
        match_reaped(init, pid, status, &usage);
}

/* A signal before there is a step ends the dyno: nothing can handle it better. */
static void pass_signal(const struct init *init, int signal)
{
    if (!init->step || init->step->ended)
        _exit(STATUS_ERRORED);
    if (kill(-init->step->spawned.pid, signal) < 0)
        kill(init->step->spawned.pid, signal);
}

static void forbid(const struct init *init, const char *text)
{
    struct error err = {0};
    struct net_range range;
    if (init->parts->net->sock && net_range_parse(text, &range) &&
        net_forbid(init->parts->net, &range, &err) < 0)
        give_up(init, &err);
}

static void obey_launcher(struct init *init)
{
    struct wire_message message;
    int fd;
    if (wire_receive(init->parts->wire, &message, &fd) <= 0)
        _exit(STATUS_ERRORED);
    close_fd(&fd);
    if (message.kind == WIRE_SIGNAL)
        pass_signal(init, message.value);
    if (message.kind == WIRE_FORBID)
        forbid(init, message.text);
    if (message.kind == WIRE_NETWORK)
        init->pasta_ended = true;
}

static int look_at_services(struct init *init, const struct pollfd *polled, struct error *err)
{
    for (uint32_t i = 0; i < init->parts->spec->service_count; i++) {
        struct member *service = &init->services[i];
        if (!polled[i].revents || service->readiness.seen)
            continue;
        if (readiness_look(&service->readiness, err) < 0)
            return error_context(err, "%s is not ready", service->process->name);
        if (service->readiness.seen)
            tell(init, WIRE_SERVICE_READY, i, 0, NULL);
    }
    return 0;
}

/* Waits for one event, until the deadline (0: none), and handles it. */
static int handle_event(struct init *init, int64_t deadline_us, struct error *err)
{
    size_t count = init->parts->spec->service_count;
    struct pollfd polled[2 + SANDBOX_LEAVES_MAX] = {
        {.fd = init->parts->wire, .events = POLLIN},
        {.fd = init->signals, .events = POLLIN},
    };
    for (size_t i = 0; i < count; i++)
        polled[2 + i] =
            (struct pollfd){.fd = init->services[i].started ? readiness_fd(&init->services[i].readiness) : -1,
                            .events = POLLIN};
    int ready = poll(polled, 2 + count, wire_wait_ms(deadline_us));
    if (ready < 0 && errno != EINTR)
        return fail_errno(err, "wait for the dyno's processes");
    if (ready <= 0)
        return 0;
    if (polled[0].revents)
        obey_launcher(init);
    if (polled[1].revents)
        reap(init);
    return look_at_services(init, polled + 2, err);
}

/* ---- Services ---- */

static int open_log(struct member *service, struct error *err)
{
    const char *path = service->process->log;
    service->log = -1;
    if (!path)
        return 0;
    service->log = open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);
    return service->log < 0 ? fail_errno(err, "open %s", path) : 0;
}

/* A writable view or scratch is the dyno's own. */
static bool writes_outside(const struct sandbox_spec *spec)
{
    for (size_t i = 0; i < spec->mount_count; i++)
        if (spec->mounts[i].kind == SANDBOX_BIND && spec->mounts[i].writable)
            return true;
    return false;
}

static struct spawn_place place_of(const struct init_parts *parts)
{
    unsigned variants = writes_outside(parts->spec) ? FILTER_OUTSIDE : 0;
    if (parts->spec->weaker & SANDBOX_WEAKER_USERNS)
        variants |= FILTER_NESTED;
    return (struct spawn_place){parts->ids, parts->groups, &parts->spec->limits, variants};
}

static int start_services(struct init *init, struct error *err)
{
    const struct init_parts *parts = init->parts;
    const struct spawn_place place = place_of(parts);
    for (uint32_t i = 0; i < parts->spec->service_count; i++) {
        struct member *service = &init->services[i];
        service->process = &parts->spec->services[i];
        if (open_log(service, err) < 0 ||
            readiness_watch(&service->readiness, &service->process->ready, service->process->log, err) < 0 ||
            spawn_start(service->process, &place, service->log, &service->spawned, err) < 0)
            return -1;
        service->started = true;
        service->deadline_us = wire_now_us() + (int64_t)service->process->ready.timeout_ms * 1000;
        tell(init, WIRE_SERVICE_STARTED, i, 0, NULL);
    }
    return 0;
}

static int check_service(const struct init *init, uint32_t index, struct error *err)
{
    const struct member *service = &init->services[index];
    if (service->readiness.seen)
        return 0;
    if (service->ended)
        return fail(err, STATUS_ERRORED, "%s ended before it was ready", service->process->name);
    if (service->process->ready.timeout_ms && wire_now_us() > service->deadline_us) {
        tell_log(init, index);
        tell_marked(init, index);
        return fail(err, STATUS_ERRORED, "%s was not ready within %llu ms", service->process->name,
                    (unsigned long long)service->process->ready.timeout_ms);
    }
    return 0;
}

/* The first of the services that is not ready, or NULL. */
static const struct member *first_unready(const struct init *init)
{
    for (size_t i = 0; i < init->parts->spec->service_count; i++)
        if (!init->services[i].readiness.seen)
            return &init->services[i];
    return NULL;
}

static int await_services(struct init *init, struct error *err)
{
    for (uint32_t i = 0; i < init->parts->spec->service_count; i++) {
        int exec_errno;
        if (spawn_confirm(&init->services[i].spawned, init->services[i].process, &exec_errno, err) < 0)
            return -1;
    }
    for (const struct member *next; (next = first_unready(init));) {
        for (uint32_t i = 0; i < init->parts->spec->service_count; i++)
            if (check_service(init, i, err) < 0)
                return -1;
        if (handle_event(init, next->process->ready.timeout_ms ? next->deadline_us : 0, err) < 0)
            return -1;
    }
    return 0;
}

/* See the theory of operation. A service that blocks the signal, or is stopped, is taken to be alive. */
static void prove_alive(struct init *init, uint32_t index)
{
    struct member *service = &init->services[index];
    if (!service->started || service->ended)
        return;
    cleanup_fd int pidfd = sys_pidfd_open(service->spawned.pid);
    kill(service->spawned.pid, PROOF_SIGNAL);
    struct pollfd dead = {.fd = pidfd, .events = POLLIN};
    int status = 0;
    struct rusage usage = {0};
    bool ended = pidfd >= 0 && poll(&dead, 1, PROOF_WAIT_MS) > 0 &&
                 wait4(service->spawned.pid, &status, WNOHANG, &usage) == service->spawned.pid;
    bool alive = !ended || (WIFSIGNALED(status) && WTERMSIG(status) == PROOF_SIGNAL);
    record_end(init, service, index, alive ? WIRE_ALIVE : status, &usage);
}

/* ---- Steps ---- */

static bool step_allows_next(const struct member *step)
{
    bool succeeded = WIFEXITED(step->status) && WEXITSTATUS(step->status) == 0;
    return succeeded || !step->process->must_succeed;
}

/* An ext4 keeps some of what it has for itself, as a tmpfs does not. */
static bool has_no_space(const struct sandbox_spec *spec, const struct statvfs *fs)
{
    return fs->f_bavail <= (spec->scratch ? fs->f_blocks / EXT4_KEEPS : 0);
}

/* All that is writable is one filesystem, where the first scratch folder is. */
static void tell_disk(const struct init *init)
{
    const struct sandbox_spec *spec = init->parts->spec;
    struct statvfs fs;
    for (size_t i = 0; i < spec->mount_count; i++)
        if (spec->mounts[i].kind == SANDBOX_SCRATCH && statvfs(spec->mounts[i].target, &fs) == 0) {
            const struct wire_message message = {
                .kind = WIRE_DISK,
                .value = (has_no_space(spec, &fs) ? WIRE_NO_BLOCKS : 0) | (fs.f_ffree == 0 ? WIRE_NO_INODES : 0),
                .usage_us = (int64_t)((fs.f_blocks - fs.f_bfree) * fs.f_frsize),
            };
            wire_send_fd(init->parts->wire, &message, -1);
            return;
        }
}

/* pasta goes first: it would make the interface again. */
static int end_network(struct init *init, struct error *err)
{
    tell(init, WIRE_NETWORK, 0, 0, NULL);
    while (!init->pasta_ended)
        if (handle_event(init, 0, err) < 0)
            return -1;
    return net_close(init->parts->net, err);
}

/* Before a step, for all of the dyno: what an earlier step has left running, too. */
static int change_network(struct init *init, const struct sandbox_process *step, struct error *err)
{
    struct net *net = init->parts->net;
    if (step->networks == net->networks || !net->sock)
        return 0;
    if (!step->networks)
        return end_network(init, err);
    return net_await_pasta(net, err) < 0 ? -1 : net_allow(net, step->networks, err);
}

/* Runs one step to its end; *next tells whether the following one may run. */
static int run_step(struct init *init, uint32_t index, bool *next, struct error *err)
{
    const struct init_parts *parts = init->parts;
    const struct spawn_place place = place_of(parts);
    struct member *step = &init->running;
    cleanup_error struct error not_executed = {0};
    int exec_errno, status = 0;
    *step = (struct member){.process = &parts->spec->steps[index], .log = -1};
    if (change_network(init, step->process, err) < 0 ||
        spawn_start(step->process, &place, -1, &step->spawned, err) < 0)
        return -1;
    init->step = step;
    tell(init, WIRE_STEP_STARTED, index, 0, NULL);
    if (spawn_confirm(&step->spawned, step->process, &exec_errno, &not_executed) < 0) {
        init->step = NULL;
        if (!exec_errno)
            give_up(init, &not_executed);
        tell(init, WIRE_STEP_FAILED, index, exec_errno, NULL);
        *next = !step->process->must_succeed;
        return 0;
    }
    while (status == 0 && !step->ended)
        status = handle_event(init, 0, err) < 0 ? -1 : 0;
    init->step = NULL;
    if (status < 0)
        return -1;
    tell_disk(init);
    *next = step_allows_next(step);
    return 0;
}

static int run_steps(struct init *init, struct error *err)
{
    bool next = true;
    for (uint32_t i = 0; next && i < init->parts->spec->step_count; i++)
        if (run_step(init, i, &next, err) < 0)
            return -1;
    return 0;
}

/* ---- The whole ---- */

static int watch_children(struct init *init, struct error *err)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    sigemptyset(&all);
    sigaddset(&all, SIGCHLD);
    init->signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    return init->signals < 0 ? fail_errno(err, "watch for SIGCHLD") : 0;
}

void init_main(const struct init_parts *parts)
{
    struct error err = {0};
    struct init init = {.parts = parts, .signals = -1};
    init.services = allocate(parts->spec->service_count, sizeof *init.services);
    if (enter_dyno(parts, &err) < 0 || watch_children(&init, &err) < 0 || start_services(&init, &err) < 0 ||
        await_services(&init, &err) < 0)
        give_up(&init, &err);
    tell(&init, WIRE_TIMING, 0, 0, "services");
    if (run_steps(&init, &err) < 0)
        give_up(&init, &err);
    for (uint32_t i = 0; i < parts->spec->service_count; i++)
        prove_alive(&init, i);
    /* Not while there are services to prove alive: one's end must not wait for another's log. */
    for (uint32_t i = 0; i < parts->spec->service_count; i++)
        if (init.services[i].status == WIRE_ALIVE) {
            tell_log(&init, i);
            tell_marked(&init, i);
        }
    tell(&init, WIRE_DONE, 0, 0, NULL);
    _exit(0);
}
