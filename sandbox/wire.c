#include "wire.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/own.h"

#define HEADER_SIZE offsetof(struct wire_message, text)

union control {
    char space[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
};

int wire_pair(int ends[2], struct error *err)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return fail_errno(err, "make a socket pair");
    return 0;
}

int wire_send_fd(int wire, const struct wire_message *message, int fd)
{
    struct iovec part = {.iov_base = (void *)(uintptr_t)message, .iov_len = HEADER_SIZE + message->text_size};
    union control control = {0};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        header.msg_control = control.space;
        header.msg_controllen = sizeof control.space;
        struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
        *rights = (struct cmsghdr){
            .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd)};
        memcpy(CMSG_DATA(rights), &fd, sizeof fd);
    }
    ssize_t sent;
    while ((sent = sendmsg(wire, &header, MSG_NOSIGNAL)) < 0 && errno == EINTR)
        ;
    return sent < 0 ? -1 : 0;
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

static int take_descriptor(struct msghdr *header)
{
    int fd = -1;
    struct cmsghdr *rights = CMSG_FIRSTHDR(header);
    if (rights && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS &&
        rights->cmsg_len == CMSG_LEN(sizeof fd))
        memcpy(&fd, CMSG_DATA(rights), sizeof fd);
    return fd;
}

int wire_receive(int wire, struct wire_message *message, int *fd)
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
    *fd = got > 0 ? take_descriptor(&header) : -1;
    if (got <= 0)
        return (int)got;
    if ((size_t)got < HEADER_SIZE || message->text_size != (size_t)got - HEADER_SIZE) {
        close_fd(fd);
        errno = EPROTO;
        return -1;
    }
    size_t end = message->text_size < WIRE_TEXT_MAX ? message->text_size : WIRE_TEXT_MAX - 1;
    message->text[end] = '\0';
    return 1;
}

int64_t wire_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
