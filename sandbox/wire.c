#include "wire.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/own.h"

#define HEADER_SIZE offsetof(struct wire_message, text)

union control {
    char space[CMSG_SPACE(WIRE_FDS_MAX * sizeof(int))];
    struct cmsghdr align;
};

int wire_pair(int ends[2], struct error *err)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return fail_errno(err, "make a socket pair");
    return 0;
}

int wire_send_fds(int wire, const struct wire_message *message, const int *fds, size_t count)
{
    struct iovec part = {.iov_base = (void *)(uintptr_t)message, .iov_len = HEADER_SIZE + message->text_size};
    union control control = {0};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    if (count > 0) {
        header.msg_control = control.space;
        header.msg_controllen = CMSG_SPACE(count * sizeof *fds);
        struct cmsghdr *rights = &control.align;
        *rights = (struct cmsghdr){
            .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(count * sizeof *fds)};
        memcpy(CMSG_DATA(rights), fds, count * sizeof *fds);
    }
    ssize_t sent;
    while ((sent = sendmsg(wire, &header, MSG_NOSIGNAL)) < 0 && errno == EINTR)
        ;
    return sent < 0 ? -1 : 0;
}

int wire_send_fd(int wire, const struct wire_message *message, int fd)
{
    return wire_send_fds(wire, message, &fd, fd >= 0);
}

int wire_send(int wire, uint32_t kind, uint32_t index, int32_t value, const char *text)
{
    struct wire_message message = {.kind = kind, .index = index, .value = value, .at_us = wire_now_us()};
    if (text) {
        message.text_size = (uint32_t)strnlen(text, WIRE_TEXT_MAX - 1);
        memcpy(message.text, text, message.text_size);
    }
    return wire_send_fd(wire, &message, -1);
}

static size_t take_descriptors(struct msghdr *header, int *fds)
{
    struct cmsghdr *rights = CMSG_FIRSTHDR(header);
    if (!rights || rights->cmsg_level != SOL_SOCKET || rights->cmsg_type != SCM_RIGHTS)
        return 0;
    size_t size = rights->cmsg_len - CMSG_LEN(0);
    memcpy(fds, CMSG_DATA(rights), size);
    return size / sizeof *fds;
}

static void close_all(int *fds, size_t *count)
{
    while (*count > 0)
        close_fd(&fds[--*count]);
}

static bool is_message(const struct msghdr *header, const struct wire_message *message, size_t got)
{
    return !(header->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) && got >= HEADER_SIZE &&
           message->text_size == got - HEADER_SIZE;
}

static int refuse(int *fds, size_t *count)
{
    close_all(fds, count);
    errno = EPROTO;
    return -1;
}

int wire_receive_fds(int wire, struct wire_message *message, int *fds, size_t *count)
{
    struct iovec part = {.iov_base = message, .iov_len = sizeof *message};
    union control control;
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.space,
                            .msg_controllen = sizeof control.space};
    ssize_t got;
    while ((got = recvmsg(wire, &header, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
        ;
    *count = got < 0 ? 0 : take_descriptors(&header, fds);
    if (got == 0)
        close_all(fds, count);
    if (got <= 0)
        return (int)got;
    if (!is_message(&header, message, (size_t)got))
        return refuse(fds, count);
    size_t end = message->text_size < WIRE_TEXT_MAX ? message->text_size : WIRE_TEXT_MAX - 1;
    message->text[end] = '\0';
    return 1;
}

int wire_receive(int wire, struct wire_message *message, int *fd)
{
    int fds[WIRE_FDS_MAX] = {-1};
    size_t count;
    int status = wire_receive_fds(wire, message, fds, &count);
    *fd = -1;
    if (count > 1)
        return refuse(fds, &count);
    if (count == 1)
        *fd = fds[0];
    return status;
}

void wire_send_error(int wire, const struct error *err)
{
    struct wire_message message = {.kind = WIRE_ERROR, .value = err->status, .at_us = wire_now_us()};
    int size = snprintf(message.text, sizeof message.text, "%s%c%s", err->message ? err->message : "", '\0',
                        err->remedy ? err->remedy : "");
    message.text_size = (uint32_t)(size < WIRE_TEXT_MAX ? size : WIRE_TEXT_MAX - 1);
    wire_send_fds(wire, &message, NULL, 0);
}

int wire_take_error(const struct wire_message *message, struct error *err)
{
    if (message->kind != WIRE_ERROR)
        return fail(err, STATUS_ERRORED, "unexpected word from a process of this run's");
    bool is_status = message->value > 0 && message->value <= UINT8_MAX; /* exit(3) would make a success of 256 */
    fail(err, is_status ? message->value : STATUS_ERRORED, "%s", message->text);
    size_t remedy = strlen(message->text) + 1;
    if (remedy < message->text_size)
        error_remedy(err, "%s", message->text + remedy);
    return -1;
}

int64_t wire_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int wire_wait_ms(int64_t deadline_us)
{
    enum { US_PER_MS = 1000, LONGEST_MS = 1 << 30 };
    if (!deadline_us)
        return -1;
    int64_t left_ms = (deadline_us - wire_now_us() + US_PER_MS - 1) / US_PER_MS;
    return left_ms < 0 ? 0 : left_ms < LONGEST_MS ? (int)left_ms : LONGEST_MS;
}
