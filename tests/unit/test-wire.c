/* The wire: what is sent arrives, and what is no message is refused, with no descriptor left open. */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/own.h"
#include "sandbox/follow.h"
#include "sandbox/wire.h"

enum { HEADER_SIZE = offsetof(struct wire_message, text), FDS_MAX = 3 };

struct wire {
    int ends[2];
};

static int make_wire(void **state)
{
    static struct wire wire;
    *state = &wire;
    return wire_pair(wire.ends, NULL);
}

static int close_wire(void **state)
{
    struct wire *wire = *state;
    close_fd(&wire->ends[0]);
    close_fd(&wire->ends[1]);
    return 0;
}

static size_t count_fds(void)
{
    cleanup_dir DIR *dir = opendir("/proc/self/fd");
    size_t count = 0;
    assert_non_null(dir);
    while (readdir(dir))
        count++;
    return count;
}

/* ---- What arrives ---- */

static void test_text_arrives(void **state)
{
    const struct wire *wire = *state;
    static const char *const texts[] = {"timing", "", NULL};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct wire_message message;
        int fd = 0;
        memset(&message, 'x', sizeof message);
        int64_t before = wire_now_us();
        assert_int_equal(wire_send(wire->ends[0], WIRE_TIMING, 7, -3, texts[i]), 0);
        assert_int_equal(wire_receive(wire->ends[1], &message, &fd), 1);
        assert_int_equal(fd, -1);
        assert_int_equal(message.kind, WIRE_TIMING);
        assert_int_equal(message.index, 7);
        assert_int_equal(message.value, -3);
        assert_in_range(message.at_us, before, wire_now_us());
        assert_int_equal(message.usage_us, 0);
        assert_string_equal(message.text, texts[i] ? texts[i] : "");
        assert_int_equal(message.text_size, strlen(message.text));
    }
}

static void test_messages_stay_apart(void **state)
{
    const struct wire *wire = *state;
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(wire_send(wire->ends[0], WIRE_SERVICE_READY, i, 0, "t"), 0);
    for (uint32_t i = 0; i < 3; i++) {
        struct wire_message message;
        int fd;
        assert_int_equal(wire_receive(wire->ends[1], &message, &fd), 1);
        assert_int_equal(message.index, i);
    }
}

static void test_long_text_is_cut(void **state)
{
    const struct wire *wire = *state;
    struct wire_message message;
    char text[WIRE_TEXT_MAX + 100];
    int fd;
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_int_equal(wire_send(wire->ends[0], WIRE_SERVICE_LOG, 0, 0, text), 0);
    assert_int_equal(wire_receive(wire->ends[1], &message, &fd), 1);
    assert_int_equal(message.text_size, WIRE_TEXT_MAX - 1);
    assert_int_equal(strspn(message.text, "a"), WIRE_TEXT_MAX - 1);
}

/* A message and a remedy share the text; a full one has its last byte given to the NUL. */
static void test_bytes_arrive(void **state)
{
    const struct wire *wire = *state;
    struct wire_message message = {.kind = WIRE_ERROR, .usage_us = 5, .text_size = WIRE_TEXT_MAX}, got;
    int fd;
    memset(message.text, 'b', sizeof message.text);
    message.text[3] = '\0';
    assert_int_equal(wire_send_fd(wire->ends[0], &message, -1), 0);
    assert_int_equal(wire_receive(wire->ends[1], &got, &fd), 1);
    assert_int_equal(got.usage_us, 5);
    assert_int_equal(got.text_size, WIRE_TEXT_MAX);
    assert_memory_equal(got.text, message.text, WIRE_TEXT_MAX - 1);
    assert_int_equal(got.text[WIRE_TEXT_MAX - 1], '\0');
}

static void test_descriptor_arrives(void **state)
{
    const struct wire *wire = *state;
    struct wire_message message = {.kind = WIRE_KEPT, .index = 2}, got;
    int ends[2];
    cleanup_fd int fd = -1;
    char byte = 0;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(wire_send_fd(wire->ends[0], &message, ends[1]), 0);
    close(ends[1]);
    assert_int_equal(wire_receive(wire->ends[1], &got, &fd), 1);
    assert_int_equal(got.index, 2);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(write(fd, "k", 1), 1);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(byte, 'k');
    close(ends[0]);
}

static void test_ends(void **state)
{
    struct wire *wire = *state;
    struct wire_message message;
    int fd = 0;
    for (int i = 0; i < 2; i++)
        assert_int_equal(fcntl(wire->ends[i], F_GETFD), FD_CLOEXEC);
    close_fd(&wire->ends[0]);
    assert_int_equal(wire_receive(wire->ends[1], &message, &fd), 0);
    assert_int_equal(fd, -1);
    errno = 0;
    assert_int_equal(wire_send(wire->ends[1], WIRE_GO, 0, 0, NULL), -1);
    assert_int_equal(errno, EPIPE);
}

/* ---- What is refused ---- */

/* Sends size bytes of data with count descriptors. */
static void send_raw(int to, const void *data, size_t size, size_t count)
{
    static const int fds[FDS_MAX] = {0, 1, 2};
    union {
        char space[CMSG_SPACE(sizeof fds)];
        struct cmsghdr align;
    } control = {0};
    struct iovec part = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    if (count) {
        header.msg_control = control.space;
        header.msg_controllen = CMSG_SPACE(count * sizeof *fds);
        struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
        *rights = (struct cmsghdr){
            .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(count * sizeof *fds)};
        memcpy(CMSG_DATA(rights), fds, count * sizeof *fds);
    }
    assert_int_equal(sendmsg(to, &header, MSG_NOSIGNAL), size);
}

static void check_refused(const struct wire *wire, const void *data, size_t size, size_t fds)
{
    struct wire_message message;
    size_t before = count_fds();
    int fd = 0;
    send_raw(wire->ends[0], data, size, fds);
    errno = 0;
    int got = wire_receive(wire->ends[1], &message, &fd);
    if (got != -1 || errno != EPROTO || fd != -1 || count_fds() != before)
        fail_msg("%zu bytes, %zu descriptors: %d, errno %d, descriptor %d, %zd left", size, fds, got, errno,
                 fd, (ssize_t)(count_fds() - before));
}

/* By the text's size that the header says, and the text's size that there is. */
static void test_sizes_refused(void **state)
{
    const struct wire *wire = *state;
    static const struct {
        uint32_t said;
        size_t size;
    } rows[] = {
        {1, HEADER_SIZE},
        {0, HEADER_SIZE + 1},
        {10, HEADER_SIZE + 9},
        {10, HEADER_SIZE + 11},
        {UINT32_MAX, HEADER_SIZE},
        {UINT32_MAX, HEADER_SIZE + WIRE_TEXT_MAX},
        {WIRE_TEXT_MAX, HEADER_SIZE + WIRE_TEXT_MAX - 1},
        {WIRE_TEXT_MAX + 1, HEADER_SIZE + WIRE_TEXT_MAX + 1},
        {WIRE_TEXT_MAX, HEADER_SIZE + WIRE_TEXT_MAX + 1}, /* it would be cut */
        {WIRE_TEXT_MAX, 2 * sizeof(struct wire_message)},
        {0, 1},
        {0, HEADER_SIZE - 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wire_message packet[2] = {{.kind = WIRE_DONE, .text_size = rows[i].said}};
        check_refused(wire, packet, rows[i].size, 0);
        check_refused(wire, packet, rows[i].size, 1);
    }
}

static void test_descriptors_refused(void **state)
{
    const struct wire *wire = *state;
    static const struct wire_message message = {.kind = WIRE_KEPT};
    for (size_t fds = 2; fds <= FDS_MAX; fds++)
        check_refused(wire, &message, HEADER_SIZE, fds);
}

/* A packet without a byte looks like the end; what came with it is closed all the same. */
static void test_empty_packet(void **state)
{
    const struct wire *wire = *state;
    struct wire_message message;
    size_t before = count_fds();
    int fd = 0;
    send_raw(wire->ends[0], "", 0, 1);
    assert_int_equal(wire_receive(wire->ends[1], &message, &fd), 0);
    assert_int_equal(fd, -1);
    assert_int_equal(count_fds(), before);
}

static void test_refusal_is_not_the_end(void **state)
{
    const struct wire *wire = *state;
    struct wire_message message;
    int fd;
    check_refused(wire, "x", 1, 0);
    assert_int_equal(wire_send(wire->ends[0], WIRE_DONE, 0, 0, NULL), 0);
    assert_int_equal(wire_receive(wire->ends[1], &message, &fd), 1);
    assert_int_equal(message.kind, WIRE_DONE);
}

/* ---- Errors ---- */

/* No status that init tells makes a success of an error. */
static void test_error_statuses(void **state)
{
    (void)state;
    static const struct {
        int32_t told;
        int taken;
    } rows[] = {{STATUS_DATA, STATUS_DATA}, {255, 255},
                {0, STATUS_ERRORED},        {-1, STATUS_ERRORED},
                {256, STATUS_ERRORED},      {INT32_MIN, STATUS_ERRORED}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct wire_message message = {.kind = WIRE_ERROR, .value = rows[i].told, .text = "why"};
        cleanup_error struct error err = {0};
        assert_int_equal(wire_take_error(&message, &err), -1);
        assert_int_equal(err.status, rows[i].taken);
        assert_string_equal(err.message, "why");
    }
}

/* A time that no clock shows is no overflow. */
static void test_times(void **state)
{
    const struct wire *wire = *state;
    struct sandbox_process_result step = {0};
    struct sandbox_result result = {.steps = &step, .step_count = 1};
    const struct sandbox_spec spec = {0};
    struct pasta none = {.pidfd = -1};
    struct net_host no_host = {0};
    const struct relay no_relay = RELAY_NONE;
    const struct cgroups no_groups = {0};
    cleanup_fd int ended = eventfd(1, EFD_CLOEXEC);
    const struct wire_message messages[] = {{.kind = WIRE_STEP_STARTED, .at_us = INT64_MIN},
                                            {.kind = WIRE_STEP_ENDED, .at_us = 7},
                                            {.kind = WIRE_DONE}};
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        assert_int_equal(wire_send_fd(wire->ends[0], &messages[i], -1), 0);
    const struct follow follow = {.spec = &spec,
                                  .result = &result,
                                  .start_us = 5,
                                  .wire = wire->ends[1],
                                  .init_pidfd = ended,
                                  .pasta = &none,
                                  .host = &no_host,
                                  .groups = &no_groups,
                                  .relay = &no_relay,
                                  .signals = -1};
    assert_int_equal(follow_dyno(&follow, NULL), 0);
    assert_int_equal(step.started_us, 0);
    assert_int_equal(step.ended_us, 2);
}

#define ON_A_WIRE(test) cmocka_unit_test_setup_teardown(test, make_wire, close_wire)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_WIRE(test_text_arrives),          ON_A_WIRE(test_messages_stay_apart),
        ON_A_WIRE(test_long_text_is_cut),      ON_A_WIRE(test_bytes_arrive),
        ON_A_WIRE(test_descriptor_arrives),    ON_A_WIRE(test_ends),
        ON_A_WIRE(test_sizes_refused),         ON_A_WIRE(test_descriptors_refused),
        ON_A_WIRE(test_empty_packet),          ON_A_WIRE(test_refusal_is_not_the_end),
        cmocka_unit_test(test_error_statuses), ON_A_WIRE(test_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
