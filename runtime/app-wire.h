/*
 * An application, or the error that reading it ended in, as bytes for a pipe: from a child that parsed the
 * tenant's files to a parent that does not. A number is four bytes, in the host's order; a string is its
 * length and its bytes, NULL the length APP_WIRE_NULL; a list is its count and its elements.
 */
#ifndef INDYNO_APP_WIRE_H
#define INDYNO_APP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app.h"
#include "base/error.h"

enum {
    APP_WIRE_SIZE_MAX = 16 << 20, /* bytes of one message; app.json and env file have one MiB each at most */
    APP_WIRE_LIST_MAX = 8192,     /* elements of one list */
};

#define APP_WIRE_NULL UINT32_MAX

struct app_wire {
    unsigned char *data;
    size_t size, room; /* bytes used, and allocated */
};

void app_wire_clear(struct app_wire *wire);
#define cleanup_app_wire __attribute__((cleanup(app_wire_clear)))

/* Appends to a message, an empty one being zeroed. False where it would become larger than APP_WIRE_SIZE_MAX;
 * nothing is appended then. */
bool app_wire_append(struct app_wire *wire, const void *data, size_t size);

/* Encodes err where it has a status, else app, into an empty message. False where it is too large. */
bool app_wire_encode(struct app *app, struct error *err, struct app_wire *wire);

/* Decodes a message of a child that may have been taken over: every length is checked against what is there,
 * no string has a NUL inside, and nothing may be left over. True fills app, or where an error was sent err
 * (its status is then not 0); both are zeroed by the caller. False: the message is broken, and both are left
 * empty. */
bool app_wire_decode(const struct app_wire *wire, struct app *app, struct error *err);

#endif
