/* The launcher's reading of what init tells it: packets of any kind, some with descriptors. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/own.h"
#include "sandbox/follow.h"
#include "sandbox/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PROCESSES = 2, MOUNTS = 2, HEAD = offsetof(struct wire_message, text), LENGTH = 2 };

/* There is no network to blame: pasta's descriptor is -1. */
int pasta_blame(const struct pasta *pasta, struct error *err)
{
    (void)pasta;
    (void)err;
    abort();
}

void pasta_end(struct pasta *pasta)
{
    (void)pasta;
}

/* Nor is a host's network listened to. */
int net_host_fd(const struct net_host *host)
{
    (void)host;
    return -1;
}

int net_host_hear(struct net_host *host, struct error *err)
{
    (void)host;
    (void)err;
    abort();
}

static int lowest_free(void)
{
    int fd = dup(0);
    close(fd);
    return fd;
}

/* A packet: two bytes of length and flags, then the message. Its size is told truly, or it would come no further. */
static size_t send_packet(int wire, int any_fd, const uint8_t *data, size_t size)
{
    struct wire_message message = {0};
    size_t wanted = data[0] | (size_t)(data[1] & 0xf) << 8;
    size_t length = wanted < size - LENGTH ? wanted : size - LENGTH;
    memcpy(&message, data + LENGTH, length);
    message.kind %= WIRE_DONE + 2;
    message.text_size = (uint32_t)(length > HEAD ? length - HEAD : 0);
    wire_send_fd(wire, &message, data[1] & 0x80 ? any_fd : -1);
    return LENGTH + length;
}

static void send_all(int wire, int any_fd, const uint8_t *data, size_t size)
{
    fcntl(wire, F_SETFL, O_NONBLOCK);
    for (size_t sent; size > LENGTH; data += sent, size -= sent)
        sent = send_packet(wire, any_fd, data, size);
}

static void clear(struct sandbox_result *result)
{
    for (size_t i = 0; i < PROCESSES; i++) {
        free(result->services[i].log_tail);
        free(result->services[i].log_marked);
    }
    for (size_t i = 0; i < MOUNTS; i++)
        close_fd(&result->kept_fds[i]);
}

static void follow(int wire, int ended)
{
    struct sandbox_process_result services[PROCESSES] = {0}, steps[PROCESSES] = {0};
    const char *ways[MOUNTS] = {0};
    int kept[MOUNTS] = {-1, -1};
    struct sandbox_result result = {.services = services,
                                    .steps = steps,
                                    .service_count = PROCESSES,
                                    .step_count = PROCESSES,
                                    .mount_ways = ways,
                                    .kept_fds = kept,
                                    .mount_count = MOUNTS};
    const struct sandbox_spec spec = {0};
    struct pasta none = {.pidfd = -1};
    struct net_host no_host = {0};
    const struct relay no_relay = RELAY_NONE;
    const struct cgroups no_groups = {0};
    cleanup_error struct error err = {0};
    const struct follow parts = {.spec = &spec,
                                 .result = &result,
                                 .start_us = wire_now_us(),
                                 .wire = wire,
                                 .init_pidfd = ended,
                                 .pasta = &none,
                                 .host = &no_host,
                                 .groups = &no_groups,
                                 .relay = &no_relay,
                                 .signals = -1};
    if (follow_dyno(&parts, &err) < 0 && (!err.message || err.status <= 0 || err.status > UINT8_MAX))
        abort();
    clear(&result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int ends[2], before = lowest_free();
    cleanup_error struct error err = {0};
    int ended = eventfd(1, EFD_CLOEXEC);
    if (ended < 0 || wire_pair(ends, &err) < 0)
        abort();
    send_all(ends[0], ended, data, size);
    close_fd(&ends[0]);
    follow(ends[1], ended);
    close_fd(&ends[1]);
    close_fd(&ended);
    if (lowest_free() != before)
        abort();
    return 0;
}
