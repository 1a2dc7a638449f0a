/*
 * Theory of operation. One poll(2) over the wire, the signals, init's pidfd and a deadline. A signal or the
 * time limit is first noted (so that what then dies is not taken for the cause), then forwarded to the step,
 * and when kill_after has passed, or a second signal came, init is killed and the kernel ends everything in
 * the dyno.
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

struct state {
    const struct follow *follow;
    bool ending;         /* told to stop; deadline_us is when it is killed */
    bool failed;         /* WIRE_ERROR came */
    bool done;           /* WIRE_DONE came */
    int64_t deadline_us; /* 0: none */
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
    return message->at_us - state->follow->start_us;
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

/* A test that was promised a network and has none proves nothing. */
static void lose_network(struct state *state)
{
    if (state->ending || state->done || state->failed)
        return;
    state->failed = true;
    pasta_blame(state->follow->pasta, state->err);
    sys_pidfd_kill(state->follow->init_pidfd, SIGKILL);
}

static int milliseconds_left(const struct state *state)
{
    if (!state->deadline_us)
        return -1;
    int64_t left = (state->deadline_us - wire_now_us() + 999) / 1000;
    return left < 0 ? 0 : left > 1 << 30 ? 1 << 30 : (int)left;
}

/* ---- The loop ---- */

static int await_end(struct state *state)
{
    struct pollfd polled[] = {
        {.fd = state->follow->wire, .events = POLLIN},
        {.fd = state->follow->init_pidfd, .events = POLLIN},
        {.fd = state->follow->signals, .events = POLLIN},
        {.fd = state->follow->pasta->pidfd, .events = POLLIN},
    };
    for (;;) {
        int ready = poll(polled, sizeof polled / sizeof *polled, milliseconds_left(state));
        if (ready < 0 && errno != EINTR)
            return fail_errno(state->err, "wait for the dyno");
        if (ready == 0)
            take_deadline(state);
        if (ready <= 0)
            continue;
        if (polled[0].revents && !take_message(state))
            polled[0].fd = -1;
        if (polled[2].revents)
            take_signal(state);
        if (polled[3].revents) {
            lose_network(state);
            polled[3].fd = -1;
        }
        if (polled[1].revents && !polled[0].revents)
            return 0;
    }
}

int follow_dyno(const struct follow *follow, struct error *err)
{
    struct state state = {.follow = follow, .err = err};
    if (follow->spec->limits.wall_ms)
        state.deadline_us = follow->start_us + (int64_t)follow->spec->limits.wall_ms * 1000;
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
