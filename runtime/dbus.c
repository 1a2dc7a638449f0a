#include "dbus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/own.h"
#include "base/text.h"

enum {
    HEADER = 16, /* up to the fields; all of known size */
    FIELDS_AT = 12,
    MESSAGE_MAX = 1 << 20, /* signals to all of a manager's clients come by, with some KiB */
    LINE_MAX = 128,
    WAIT_SECONDS = 25, /* as long as libraries wait for a reply */
};

enum field {
    FIELD_PATH = 1,
    FIELD_INTERFACE,
    FIELD_MEMBER,
    FIELD_ERROR,
    FIELD_DESTINATION = 6,
    FIELD_SIGNATURE = 8
};

static const uint8_t own_order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 'l' : 'B';

/* ---- Writing ---- */

static void put(struct dbus_writer *writer, const void *data, size_t size)
{
    writer->data = reallocate(writer->data, writer->size + size, 1);
    memcpy(writer->data + writer->size, data, size);
    writer->size += size;
}

void dbus_put_align(struct dbus_writer *writer, size_t alignment)
{
    static const uint8_t zeros[8];
    put(writer, zeros, (alignment - writer->size % alignment) % alignment);
}

void dbus_put_u32(struct dbus_writer *writer, uint32_t value)
{
    dbus_put_align(writer, sizeof value);
    put(writer, &value, sizeof value);
}

void dbus_put_string(struct dbus_writer *writer, const char *text)
{
    dbus_put_u32(writer, (uint32_t)strlen(text));
    put(writer, text, strlen(text) + 1);
}

void dbus_put_signature(struct dbus_writer *writer, const char *signature)
{
    const uint8_t length = (uint8_t)strlen(signature);
    put(writer, &length, 1);
    put(writer, signature, (size_t)length + 1);
}

struct dbus_array dbus_begin_array(struct dbus_writer *writer, size_t alignment)
{
    dbus_put_u32(writer, 0);
    struct dbus_array array = {.length_at = writer->size - sizeof(uint32_t)};
    dbus_put_align(writer, alignment);
    array.start = writer->size;
    return array;
}

void dbus_end_array(struct dbus_writer *writer, const struct dbus_array *array)
{
    const uint32_t length = (uint32_t)(writer->size - array->start);
    memcpy(writer->data + array->length_at, &length, sizeof length);
}

void dbus_writer_clear(struct dbus_writer *writer)
{
    free(writer->data);
    *writer = (struct dbus_writer){0};
}

/* ---- Reading ---- */

/* The next size bytes; NULL where there are not so many. */
static const uint8_t *get(struct dbus_reader *reader, size_t alignment, size_t size)
{
    size_t at = reader->at + (alignment - reader->at % alignment) % alignment;
    if (reader->is_broken || at > reader->size || size > reader->size - at) {
        reader->is_broken = true;
        return NULL;
    }
    reader->at = at + size;
    return reader->data + at;
}

uint32_t dbus_get_u32(struct dbus_reader *reader)
{
    uint32_t value = 0;
    const uint8_t *data = get(reader, sizeof value, sizeof value);
    if (data)
        memcpy(&value, data, sizeof value);
    return value;
}

static const char *get_text(struct dbus_reader *reader, size_t length)
{
    const char *text = (const char *)get(reader, 1, length + 1);
    if (text && strnlen(text, length + 1) == length)
        return text;
    reader->is_broken = true;
    return "";
}

const char *dbus_get_string(struct dbus_reader *reader)
{
    return get_text(reader, dbus_get_u32(reader));
}

static uint8_t get_byte(struct dbus_reader *reader)
{
    const uint8_t *data = get(reader, 1, 1);
    return data ? *data : 0;
}

static const char *get_signature(struct dbus_reader *reader)
{
    return get_text(reader, get_byte(reader));
}

/* Of one of the types that header fields have: "" for a number. */
static const char *get_variant(struct dbus_reader *reader)
{
    const char *type = get_signature(reader);
    if (text_equal(type, "s") || text_equal(type, "o"))
        return dbus_get_string(reader);
    if (text_equal(type, "g"))
        return get_signature(reader);
    if (text_equal(type, "u"))
        dbus_get_u32(reader);
    else
        reader->is_broken = true;
    return "";
}

static void parse_field(struct dbus_reader *reader, struct dbus_message *message)
{
    get(reader, 8, 0);
    const uint8_t field = get_byte(reader);
    const char *text = get_variant(reader);
    if (field == FIELD_MEMBER)
        message->member = text;
    else if (field == FIELD_ERROR)
        message->error = text;
    else if (field == FIELD_SIGNATURE)
        message->signature = text;
}

int dbus_parse(uint8_t *data, size_t size, struct dbus_message *message, struct error *err)
{
    struct dbus_reader reader = {.data = data, .size = size, .at = FIELDS_AT};
    *message = (struct dbus_message){.data = data, .member = "", .error = "", .signature = ""};
    const size_t end = HEADER + (size_t)dbus_get_u32(&reader);
    while (!reader.is_broken && reader.at < end)
        parse_field(&reader, message);
    get(&reader, 8, 0);
    if (reader.is_broken) {
        dbus_message_clear(message);
        return fail(err, STATUS_ERRORED, "read a message: it is not D-Bus's");
    }
    message->type = data[1];
    message->body = (struct dbus_reader){.data = data + reader.at, .size = size - reader.at};
    return 0;
}

void dbus_message_clear(struct dbus_message *message)
{
    free(message->data);
    *message = (struct dbus_message){0};
}

/* ---- Talking ---- */

static int receive_all(int fd, void *data, size_t size, struct error *err)
{
    for (size_t got = 0; got < size;) {
        ssize_t more = recv(fd, (char *)data + got, size - got, 0);
        if (more > 0)
            got += (size_t)more;
        else if (more == 0)
            return fail(err, STATUS_ERRORED, "it hung up");
        else if (errno == EAGAIN)
            return fail(err, STATUS_ERRORED, "no answer within %d seconds", WAIT_SECONDS);
        else if (errno != EINTR)
            return fail_errno(err, "read its answer");
    }
    return 0;
}

/* By one byte at a time: what follows the line is no line. */
static int receive_line(int fd, char line[LINE_MAX], struct error *err)
{
    size_t size = 0;
    do {
        if (receive_all(fd, &line[size], 1, err) < 0)
            return -1;
    } while (line[size] != '\n' && ++size < LINE_MAX - 1);
    line[size] = '\0';
    return 0;
}

/* The kernel tells the other end who this is; what is said here is only which of the ways that is. */
static int authenticate(int fd, struct error *err)
{
    char uid[16], line[LINE_MAX];
    snprintf(uid, sizeof uid, "%u", (unsigned)geteuid());
    cleanup_free char *request = copy_string("AUTH EXTERNAL ");
    for (const char *digit = uid; *digit; digit++) {
        char *longer = text_format("%s%02x", request, (unsigned)*digit);
        free(request);
        request = longer;
    }
    if (text_write_all(fd, "", 1) < 0 || text_write_all(fd, request, strlen(request)) < 0 ||
        text_write_all(fd, "\r\n", 2) < 0)
        return fail_errno(err, "write to it");
    if (receive_line(fd, line, err) < 0)
        return -1;
    if (!text_starts(line, "OK "))
        return fail(err, STATUS_ERRORED, "it does not let uid %s in", uid);
    static const char begin[] = "BEGIN\r\n";
    return text_write_all(fd, begin, strlen(begin)) < 0 ? fail_errno(err, "write to it") : 0;
}

int dbus_connect(const char *path, struct error *err)
{
    const struct timeval wait = {.tv_sec = WAIT_SECONDS};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return fail(err, STATUS_ERRORED, "%s: too long for a socket's name", path);
    memcpy(address.sun_path, path, strlen(path));
    cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) < 0)
        return fail_errno(err, "make a socket");
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        return fail_errno(err, "connect to %s", path);
    if (authenticate(fd, err) < 0)
        return error_context(err, "%s", path);
    return steal_fd(&fd);
}

static void put_field(struct dbus_writer *writer, enum field field, const char *type, const char *value)
{
    const uint8_t code = (uint8_t)field;
    dbus_put_align(writer, 8);
    put(writer, &code, 1);
    dbus_put_signature(writer, type);
    (text_equal(type, "g") ? dbus_put_signature : dbus_put_string)(writer, value);
}

int dbus_call(int fd, const struct dbus_method *method, const struct dbus_writer *body, struct error *err)
{
    const uint8_t start[] = {own_order, DBUS_CALL, 0, 1};
    cleanup_dbus_writer struct dbus_writer writer = {0};
    put(&writer, start, sizeof start);
    dbus_put_u32(&writer, (uint32_t)body->size);
    dbus_put_u32(&writer, 1); /* its number: the only one */
    struct dbus_array fields = dbus_begin_array(&writer, 8);
    put_field(&writer, FIELD_PATH, "o", method->path);
    put_field(&writer, FIELD_DESTINATION, "s", method->destination);
    put_field(&writer, FIELD_INTERFACE, "s", method->interface);
    put_field(&writer, FIELD_MEMBER, "s", method->member);
    put_field(&writer, FIELD_SIGNATURE, "g", method->signature);
    dbus_end_array(&writer, &fields);
    dbus_put_align(&writer, 8);
    put(&writer, body->data, body->size);
    return text_write_all(fd, writer.data, writer.size) < 0 ? fail_errno(err, "write to it") : 0;
}

int dbus_receive(int fd, struct dbus_message *message, struct error *err)
{
    uint8_t header[HEADER];
    uint32_t body, fields;
    *message = (struct dbus_message){0};
    if (receive_all(fd, header, sizeof header, err) < 0)
        return -1;
    memcpy(&body, header + 4, sizeof body);
    memcpy(&fields, header + FIELDS_AT, sizeof fields);
    if (header[0] != own_order || body > MESSAGE_MAX || fields > MESSAGE_MAX)
        return fail(err, STATUS_ERRORED, "read a message: it is not D-Bus's");
    const size_t size = HEADER + ((size_t)fields + 7) / 8 * 8 + body;
    cleanup_free uint8_t *data = allocate(size, 1);
    memcpy(data, header, sizeof header);
    if (receive_all(fd, data + HEADER, size - HEADER, err) < 0)
        return -1;
    return dbus_parse(steal_pointer(data), size, message, err);
}
