/*
 * Theory of operation. One poll(2) over the wire, the signals, init's pidfd and a deadline. A signal or a
 * time limit is first noted (so that what then dies is not taken for the cause), then forwarded to the step,
 * and when kill_after has passed, or a second signal came, init is killed and the kernel ends everything in
 * the dyno.
 *
 * Nothing tells of processor time, so it is looked at when the limit could have been reached at the earliest, with all
 * cpus at work: what is left grows less by a part each time, and the looks stay few.
 */
#include "follow.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "base/sys.h"
#include "wire.h"

enum { CPU_LOOK_US = 10000, US_PER_MS = 1000, MILLIS_PER_CPU = 1000 };

struct state {
    const struct follow *follow;
    bool ending;         /* told to stop; deadline_us is when it is killed */
    bool failed;         /* WIRE_ERROR came */
    bool network_lost;   /* pasta has ended before its time */
    bool done;           /* WIRE_DONE came */
    int64_t deadline_us; /* 0: none */
    int64_t cpu_look_us; /* when processor time is looked at next; 0: never */
    struct error *err;
};

void follow_timing(struct sandbox_result *result, const char *name, int64_t at_us)
{
    if (result->timing_count < SANDBOX_TIMINGS_MAX)
        result->timings[result->timing_count++] = (struct sandbox_timing){name, at_us};
}

/* ---- Messages ---- */

static int64_t since_launch(const struct state *state, const struct wire_message *message)
{
    int64_t since;
    return __builtin_sub_overflow(message->at_us, state->follow->start_us, &since) ? 0 : since;
}

static void note_timing(struct state *state, const struct wire_message *message, int *fd)
{
    static const char *const names[] = {"namespaces", "root", "privileges", "services"};
    (void)fd;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (text_equal(names[i], message->text))
            follow_timing(state->follow->result, names[i], since_launch(state, message));
}

static void note_way(struct state *state, const struct wire_message *message, int *fd)
{
    (void)fd;
    struct sandbox_result *result = state->follow->result;
    if (message->index < result->mount_count)
        result->mount_ways[message->index] = text_equal(message->text, "overlay") ? "overlay" : "copy";
}

static void note_kept(struct state *state, const struct wire_message *message, int *fd)
{
    struct sandbox_result *result = state->follow->result;
    if (message->index < result->mount_count && result->kept_fds[message->index] < 0)
        result->kept_fds[message->index] = steal_fd(fd);
}

static struct sandbox_process_result *service_of(struct state *state, const struct wire_message *message)
{
    struct sandbox_result *result = state->follow->result;
    return message->index < result->service_count ? &result->services[message->index] : NULL;
}

static struct sandbox_process_result *step_of(struct state *state, const struct wire_message *message)
{
    struct sandbox_result *result = state->follow->result;
    return message->index < result->step_count ? &result->steps[message->index] : NULL;
}

static void note_start(const struct state *state, struct sandbox_process_result *process,
                       const struct wire_message *message)
{
    if (!process)
        return;
    process->state = SANDBOX_RUNNING;
    process->started_us = since_launch(state, message);
}

static void note_end(const struct state *state, struct sandbox_process_result *process,
                     const struct wire_message *message)
{
    if (!process)
        return;
    process->ended_us = since_launch(state, message);
    process->cpu_us = (uint64_t)message->usage_us;
    if (message->value == WIRE_ALIVE)
        return;
    if (WIFSIGNALED(message->value)) {
        process->state = SANDBOX_SIGNALED;
        process->term_signal = WTERMSIG(message->value);
    } else {
        process->state = SANDBOX_EXITED;
        process->exit_status = WEXITSTATUS(message->value);
    }
}

static void note_service_started(struct state *state, const struct wire_message *message, int *fd)
{
    (void)fd;
    note_start(state, service_of(state, message), message);
}

static void note_service_ready(struct state *state, const struct wire_message *message, int *fd)
{
    (void)fd;
    struct sandbox_process_result *service = service_of(state, message);
    if (service)
        service->ready_us = since_launch(state, message);
}

/* Deaths after the dyno was told to stop are its end, not a cause. */
static void note_service_ended(struct state *state, const struct wire_message *message, int *fd)
{
    (void)fd;
    if (!state->ending || message->value == WIRE_ALIVE)
        note_end(state, service_of(state, message), message);
}

static void replace_text(char **text, const struct wire_message *message)
{
    free(*text);
    *text = copy_string(message->text);
}

static void note_service_log(struct state *state, const struct wire_message *message, int *fd)
{
    (void)fd;
    struct sandbox_process_result *service = service_of(state, message);
    if (service)
        replace_text(&service->log_tail, message);
}

static void note_service_marked(struct state *state, const struct wire_message *message, int *fd)
{
    (void)fd;
    struct sandbox_process_result *service = service_of(state, message);
    if (service)
        replace_text(&service->log_marked, message);
}

static void note_step_started(struct state *state, const struct wire_message *message, int *fd)
{
    (void)fd;
    note_start(state, step_of(state, message), message);
    if (message->index == 0)
        follow_timing(state->follow->result, "step", since_launch(state, message));
}

static void note_step_failed(struct state *state, const struct wire_message *message, int *fd)
{
    (void)fd;
    struct sandbox_process_result *step = step_of(state, message);
    if (!step)
        return;
    step->state = SANDBOX_NOT_EXECUTED;
    step->exec_errno = message->value;
}

static void note_step_ended(struct state *state, const struct wire_message *message, int *fd)
{
    (void)fd;
    note_end(state, step_of(state, message), message);
}

/* The last step's is what counts; what was full once, and is not any more, the steps have dealt with. */
static void note_disk(struct state *state, const struct wire_message *message, int *fd)
{
    (void)fd;
    struct sandbox_disk *disk = &state->follow->result->disk;
    disk->used_bytes = message->usage_us;
    disk->no_space = message->value & WIRE_NO_BLOCKS;
    disk->no_inodes = message->value & WIRE_NO_INODES;
}

/* Its end is waited for: from then on nothing comes in any more either. */
static void note_network(struct state *state, const struct wire_message *message, int *fd)
{
    (void)message;
    (void)fd;
    pasta_end(state->follow->pasta);
    wire_send(state->follow->wire, WIRE_NETWORK, 0, 0, NULL);
}

static void note_error(struct state *state, const struct wire_message *message, int *fd)
{
    (void)fd;
    wire_take_error(message, state->err);
    state->failed = true;
}

static void note_done(struct state *state, const struct wire_message *message, int *fd)
{
    (void)message;
    (void)fd;
    state->done = true;
}

static void (*const notes[])(struct state *, const struct wire_message *, int *) = {
    [WIRE_TIMING] = note_timing,
    [WIRE_NETWORK] = note_network,
    [WIRE_MOUNT_WAY] = note_way,
    [WIRE_KEPT] = note_kept,
    [WIRE_SERVICE_STARTED] = note_service_started,
    [WIRE_SERVICE_READY] = note_service_ready,
    [WIRE_SERVICE_ENDED] = note_service_ended,
    [WIRE_SERVICE_LOG] = note_service_log,
    [WIRE_SERVICE_MARKED] = note_service_marked,
    [WIRE_STEP_STARTED] = note_step_started,
    [WIRE_STEP_FAILED] = note_step_failed,
    [WIRE_STEP_ENDED] = note_step_ended,
    [WIRE_DISK] = note_disk,
    [WIRE_ERROR] = note_error,
    [WIRE_DONE] = note_done,
};

/* Returns false at the end of the wire. */
static bool take_message(struct state *state)
{
    struct wire_message message;
    int fd;
    if (wire_receive(state->follow->wire, &message, &fd) <= 0)
        return false;
    if (message.kind < sizeof notes / sizeof *notes && notes[message.kind])
        notes[message.kind](state, &message, &fd);
    close_fd(&fd);
    return true;
}

/* ---- Ending ---- */

static void tell_to_end(struct state *state, int signal)
{
    state->ending = true;
    state->deadline_us = wire_now_us() + (int64_t)state->follow->spec->limits.kill_after_ms * 1000;
    wire_send(state->follow->wire, WIRE_SIGNAL, 0, signal, NULL);
}

static void take_signal(struct state *state)
{
    struct signalfd_siginfo info;
    if (read(state->follow->signals, &info, sizeof info) != sizeof info)
        return;
    if (state->ending) {
        sys_pidfd_kill(state->follow->init_pidfd, SIGKILL);
        return;
    }
    state->follow->result->end = SANDBOX_END_CANCELLED;
    state->follow->result->cancel_signal = (int)info.ssi_signo;
    tell_to_end(state, (int)info.ssi_signo);
}

static void take_deadline(struct state *state)
{
    if (state->ending) {
        sys_pidfd_kill(state->follow->init_pidfd, SIGKILL);
        state->deadline_us = 0;
        return;
    }
    state->follow->result->end = SANDBOX_END_TIMEOUT;
    tell_to_end(state, SIGTERM);
}

/* Thousandths of a cpu that the dyno can use at once. */
static int64_t cpu_millis(const struct sandbox_limits *limits)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t all = (cpus > 0 ? cpus : 1) * (int64_t)MILLIS_PER_CPU;
    return limits->cpu_millis && (int64_t)limits->cpu_millis < all ? (int64_t)limits->cpu_millis : all;
}

/* When so much processor time more could have been used. */
static int64_t earliest_us(const struct state *state, int64_t left_us)
{
    int64_t wait = left_us * MILLIS_PER_CPU / cpu_millis(&state->follow->spec->limits);
    return wire_now_us() + (wait > CPU_LOOK_US ? wait : CPU_LOOK_US);
}

static void look_at_cpu(struct state *state)
{
    int64_t used = cgroup_cpu_us(state->follow->groups);
    int64_t left = (int64_t)state->follow->spec->limits.cpu_ms * US_PER_MS - used;
    state->cpu_look_us = state->ending || used < 0 ? 0 : earliest_us(state, left);
    if (state->ending || used < 0 || left > 0)
        return;
    state->cpu_look_us = 0;
    state->follow->result->end = SANDBOX_END_CPU_TIME;
    tell_to_end(state, SIGTERM);
}

static void take_time(struct state *state)
{
    int64_t now = wire_now_us();
    if (state->deadline_us && now >= state->deadline_us)
        take_deadline(state);
    if (state->cpu_look_us && now >= state->cpu_look_us)
        look_at_cpu(state);
}

/* The relay ends before the dyno when the limit is reached, or nobody reads any more, of which the step hears itself. */
static void take_relay_end(struct state *state)
{
    if (state->ending || state->done || !relay_overflowed(state->follow->relay))
        return;
    state->ending = true;
    state->follow->result->end = SANDBOX_END_OUTPUT;
    sys_pidfd_kill(state->follow->init_pidfd, SIGKILL);
}

/* A test that was promised a network and has none proves nothing. */
static void lose_network(struct state *state)
{
    state->network_lost = true;
    if (state->ending || state->done || state->failed)
        return;
    state->failed = true;
    pasta_blame(state->follow->pasta, state->err);
    sys_pidfd_kill(state->follow->init_pidfd, SIGKILL);
}

/* An address that the host has got meanwhile is kept from the dyno, too. */
static int hear_host(struct state *state)
{
    struct net_host *host = state->follow->host;
    char text[NET_RANGE_TEXT_MAX];
    size_t known = host->count;
    if (net_host_hear(host, state->err) < 0)
        return -1;
    for (; known < host->count; known++) {
        net_range_print(&host->own[known], text);
        wire_send(state->follow->wire, WIRE_FORBID, 0, 0, text);
    }
    return 0;
}

static int milliseconds_left(const struct state *state)
{
    int64_t next = state->deadline_us;
    if (state->cpu_look_us && (!next || state->cpu_look_us < next))
        next = state->cpu_look_us;
    return wire_wait_ms(next);
}

/* ---- The loop ---- */

static int await_end(struct state *state)
{
    struct pollfd polled[] = {
        {.fd = state->follow->wire, .events = POLLIN},
        {.fd = state->follow->init_pidfd, .events = POLLIN},
        {.fd = state->follow->signals, .events = POLLIN},
        {.events = POLLIN},
        {.fd = state->follow->relay->pidfd, .events = POLLIN},
        {.fd = net_host_fd(state->follow->host), .events = POLLIN},
    };
    for (;;) {
        polled[3].fd = state->network_lost ? -1 : state->follow->pasta->pidfd;
        int ready = poll(polled, sizeof polled / sizeof *polled, milliseconds_left(state));
        if (ready < 0 && errno != EINTR)
            return fail_errno(state->err, "wait for the dyno");
        take_time(state);
        if (ready <= 0)
            continue;
        if (polled[0].revents && !take_message(state))
            polled[0].fd = -1;
        if (polled[2].revents)
            take_signal(state);
        if (polled[3].revents && state->follow->pasta->pidfd >= 0)
            lose_network(state);
        if (polled[4].revents) {
            take_relay_end(state);
            polled[4].fd = -1;
        }
        if (polled[5].revents && hear_host(state) < 0)
            return -1;
        if (polled[1].revents && !polled[0].revents)
            return 0;
    }
}

int follow_dyno(const struct follow *follow, struct error *err)
{
    struct state state = {.follow = follow, .err = err};
    if (follow->spec->limits.wall_ms)
        state.deadline_us = follow->start_us + (int64_t)follow->spec->limits.wall_ms * US_PER_MS;
    if (follow->spec->limits.cpu_ms && follow->groups->version)
        look_at_cpu(&state);
    if (await_end(&state) < 0)
        return -1;
    if (state.ending) {
        error_clear(err);
        return 0;
    }
    follow->result->end = state.failed ? SANDBOX_END_SETUP : SANDBOX_END_STEPS;
    if (state.failed)
        return -1;
    return state.done ? 0
                      : fail(err, STATUS_ERRORED, "the dyno ended before its steps did: its init was killed");
}
