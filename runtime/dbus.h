/*
 * As much of D-Bus's wire protocol as calling a method and hearing of what comes of it takes
 * (dbus.freedesktop.org/doc/dbus-specification.html): to a service's own socket, so that there is no bus to say hello to,
 * and of the same host, so that both have one byte order.
 */
#ifndef INDYNO_DBUS_H
#define INDYNO_DBUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* ---- Writing ---- */

/* A zeroed struct is an empty one. Each value is aligned as its type wants. */
struct dbus_writer {
    uint8_t *data;
    size_t size;
};

void dbus_put_align(struct dbus_writer *writer, size_t alignment);  /* 8: before what is in parentheses */
void dbus_put_u32(struct dbus_writer *writer, uint32_t value);      /* u; b: 0 or 1 */
void dbus_put_string(struct dbus_writer *writer, const char *text); /* s, o */
void dbus_put_signature(struct dbus_writer *writer, const char *signature);

struct dbus_array {
    size_t length_at, start;
};

/* An array, whose items are put in between; alignment is theirs. */
struct dbus_array dbus_begin_array(struct dbus_writer *writer, size_t alignment);
void dbus_end_array(struct dbus_writer *writer, const struct dbus_array *array);

void dbus_writer_clear(struct dbus_writer *writer);
#define cleanup_dbus_writer __attribute__((cleanup(dbus_writer_clear)))

/* ---- Reading ---- */

/* Beyond the end, or where something is no string, values are 0 and "", and is_broken is set. */
struct dbus_reader {
    const uint8_t *data;
    size_t size, at;
    bool is_broken;
};

uint32_t dbus_get_u32(struct dbus_reader *reader);
const char *dbus_get_string(struct dbus_reader *reader); /* lives as long as the data */

enum dbus_type { DBUS_CALL = 1, DBUS_RETURN, DBUS_ERROR, DBUS_SIGNAL };

struct dbus_message {
    uint8_t *data;
    enum dbus_type type;
    const char *member;    /* a signal's name, else "" */
    const char *error;     /* an error's name, else "" */
    const char *signature; /* of the body */
    struct dbus_reader body;
};

/* Takes size bytes, one whole message, over from the caller, whatever comes of it. */
int dbus_parse(uint8_t *data, size_t size, struct dbus_message *message, struct error *err);

void dbus_message_clear(struct dbus_message *message);
#define cleanup_dbus_message __attribute__((cleanup(dbus_message_clear)))

/* ---- Talking ---- */

struct dbus_method {
    const char *path, *destination, *interface, *member;
    const char *signature; /* of the body */
};

/* Returns a socket by which the caller is known to the service, or -1. It waits for some seconds at most, each time. */
int dbus_connect(const char *path, struct error *err);

int dbus_call(int fd, const struct dbus_method *method, const struct dbus_writer *body, struct error *err);

/* The next message, whatever it is. */
int dbus_receive(int fd, struct dbus_message *message, struct error *err);

#endif
