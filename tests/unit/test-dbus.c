/* D-Bus's messages: what is written is laid out as its specification says, and nothing that is read leads out of it. */
#include "unit.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/own.h"
#include "runtime/dbus.h"

/* As a little-endian host has it: u 7, s "ab", a(sv) [("k", au [9])], a(sv) []. */
static const char layout[] = "\7\0\0\0"
                             "\2\0\0\0ab\0\0"
                             "\24\0\0\0"
                             "\1\0\0\0k\0"
                             "\2au\0\0\0"
                             "\4\0\0\0"
                             "\11\0\0\0"
                             "\0\0\0";

static void put_layout(struct dbus_writer *writer)
{
    dbus_put_u32(writer, 7);
    dbus_put_string(writer, "ab");
    struct dbus_array items = dbus_begin_array(writer, 8);
    dbus_put_align(writer, 8);
    dbus_put_string(writer, "k");
    dbus_put_signature(writer, "au");
    struct dbus_array numbers = dbus_begin_array(writer, 4);
    dbus_put_u32(writer, 9);
    dbus_end_array(writer, &numbers);
    dbus_end_array(writer, &items);
    struct dbus_array none = dbus_begin_array(writer, 8);
    dbus_end_array(writer, &none);
}

static void test_layout(void **state)
{
    (void)state;
    cleanup_dbus_writer struct dbus_writer writer = {0};
    put_layout(&writer);
    assert_int_equal(writer.size, sizeof layout);
    assert_memory_equal(writer.data, layout, sizeof layout);
}

static void test_values_beyond_the_end(void **state)
{
    (void)state;
    struct dbus_reader reader = {.data = (const uint8_t *)"\7\0\0\0\3\0\0\0abc", .size = 12};
    assert_int_equal(dbus_get_u32(&reader), 7);
    assert_string_equal(dbus_get_string(&reader), "abc");
    assert_false(reader.is_broken);
    assert_int_equal(dbus_get_u32(&reader), 0);
    assert_true(reader.is_broken);
    static const struct {
        const char *data;
        size_t size;
    } wrong[] = {
        {"\3\0\0\0abc", 7},          /* its NUL is beyond */
        {"\3\0\0\0abcd", 9},         /* no NUL where it ends */
        {"\3\0\0\0a\0c", 8},         /* one within */
        {"\377\377\377\377abc", 8}}; /* longer than all there is, and than a number holds with the NUL */
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct dbus_reader one = {.data = (const uint8_t *)wrong[i].data, .size = wrong[i].size};
        assert_string_equal(dbus_get_string(&one), "");
        assert_true(one.is_broken);
    }
}

/* A call, as it comes out at the other end of a socket. */
static void receive_call(struct dbus_message *message)
{
    static const struct dbus_method method = {"/a", "b.c", "d.e", "Member", "us"};
    int ends[2];
    cleanup_error struct error err = {0};
    cleanup_dbus_writer struct dbus_writer body = {0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    dbus_put_u32(&body, 5);
    dbus_put_string(&body, "text");
    assert_int_equal(dbus_call(ends[0], &method, &body, &err), 0);
    close(ends[0]);
    assert_int_equal(dbus_receive(ends[1], message, &err), 0);
    struct dbus_message none;
    assert_int_equal(dbus_receive(ends[1], &none, &err), -1);
    assert_string_equal(err.message, "it hung up");
    close(ends[1]);
}

static void test_message(void **state)
{
    (void)state;
    cleanup_dbus_message struct dbus_message message;
    receive_call(&message);
    assert_int_equal(message.type, DBUS_CALL);
    assert_string_equal(message.member, "Member");
    assert_string_equal(message.signature, "us");
    assert_string_equal(message.error, "");
    assert_int_equal(dbus_get_u32(&message.body), 5);
    assert_string_equal(dbus_get_string(&message.body), "text");
    assert_false(message.body.is_broken);
    assert_int_equal(message.body.at, message.body.size);
}

static bool parses(const uint8_t *data, size_t size)
{
    cleanup_error struct error err = {0};
    cleanup_dbus_message struct dbus_message message = {0};
    uint8_t *copy =
        allocate(size ? size : 1, 1); /* of this size, so that a sanitizer sees what goes beyond */
    memcpy(copy, data, size);
    return dbus_parse(copy, size, &message, &err) == 0;
}

static void test_cut_off_and_changed(void **state)
{
    (void)state;
    cleanup_dbus_message struct dbus_message message;
    receive_call(&message);
    const size_t header = (size_t)(message.body.data - message.data), size = header + message.body.size;
    for (size_t cut = 0; cut < header; cut++)
        assert_false(parses(message.data, cut));
    assert_true(parses(message.data, header));
    for (size_t at = 0; at < size; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            message.data[at] ^= (uint8_t)(1u << bit);
            parses(message.data, size);
            message.data[at] ^= (uint8_t)(1u << bit);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_values_beyond_the_end),
        cmocka_unit_test(test_message),
        cmocka_unit_test(test_cut_off_and_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
