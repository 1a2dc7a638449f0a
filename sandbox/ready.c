#include "ready.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/own.h"

enum { FILE_MAX = 4096, REPLY_MAX = 256, EVENTS_MAX = 4096 };

int readiness_watch(struct readiness *state, const struct sandbox_ready *ready, const char *log,
                    struct error *err)
{
    *state = (struct readiness){
        .ready = ready, .inotify = -1, .peer = -1, .seen = ready->kind == SANDBOX_READY_NONE};
    if (state->seen)
        return 0;
    char folder[PATH_MAX];
    const char *slash = strrchr(ready->path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - ready->path) : 0, ready->path);
    state->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (state->inotify < 0 ||
        inotify_add_watch(state->inotify, folder[0] ? folder : "/",
                          IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVED_TO) < 0)
        return fail_errno(err, "watch %s", folder);
    if (log && inotify_add_watch(state->inotify, log, IN_MODIFY) < 0)
        return fail_errno(err, "watch %s", log);
    return 0;
}

int readiness_fd(const struct readiness *state)
{
    if (state->seen)
        return -1;
    return state->peer >= 0 ? state->peer : state->inotify;
}

/* Whether the file has the line, less trailing blanks. */
static bool file_has_line(const struct sandbox_ready *ready)
{
    cleanup_fd int fd = open(ready->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    char text[FILE_MAX + 1];
    ssize_t size = fd < 0 ? -1 : read(fd, text, FILE_MAX);
    if (size <= 0)
        return false;
    text[size] = '\0';
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        size_t length = strlen(line);
        while (length > 0 && line[length - 1] == ' ')
            line[--length] = '\0';
        if (rest && strcmp(line, ready->text) == 0)
            return true;
    }
    return false;
}

/* A connection that is refused is no error: the server does not listen yet, and another event will come. */
static void try_connect(struct readiness *state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(state->ready->path);
    if (length >= sizeof address.sun_path)
        return;
    memcpy(address.sun_path, state->ready->path, length);
    cleanup_fd int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    size_t size = strlen(state->ready->send);
    if (peer >= 0 && connect(peer, (struct sockaddr *)&address, sizeof address) == 0 &&
        send(peer, state->ready->send, size, MSG_NOSIGNAL) == (ssize_t)size)
        state->peer = steal_fd(&peer);
}

static int read_reply(struct readiness *state, struct error *err)
{
    char reply[REPLY_MAX];
    ssize_t size = recv(state->peer, reply, sizeof reply, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    size_t expected = strlen(state->ready->expect);
    if (size >= (ssize_t)expected && memcmp(reply, state->ready->expect, expected) == 0) {
        state->seen = true;
        readiness_clear(state);
        return 0;
    }
    return fail(err, STATUS_ERRORED, "%s: unexpected answer", state->ready->path);
}

int readiness_look(struct readiness *state, struct error *err)
{
    char events[EVENTS_MAX];
    if (state->peer >= 0)
        return read_reply(state, err);
    while (read(state->inotify, events, sizeof events) > 0)
        ;
    if (state->ready->kind == SANDBOX_READY_SOCKET) {
        try_connect(state);
    } else if (file_has_line(state->ready)) {
        state->seen = true;
        readiness_clear(state);
    }
    return 0;
}

void readiness_clear(struct readiness *state)
{
    close_fd(&state->inotify);
    close_fd(&state->peer);
}
