/* Key paths: where a value stands in app.json, for messages and for what `plan` shows. */
#ifndef INDYNO_APP_KEY_H
#define INDYNO_APP_KEY_H

#include <stddef.h>

/* One link of a path, on the stack of the function that walks there; nothing is copied until a path is
 * shown. */
struct key {
    const struct key *parent; /* NULL: this is the document itself */
    const char *name;         /* a member of an object; NULL: an element of an array */
    size_t index;
};

/* "environments.test.addons[0]"; "" for the document itself. Keys are the tenant's: one that is no plain word
 * is shown as ["it"], with everything but printable ASCII as '?', and cut after 64 characters. The caller's
 * to free. */
char *key_path(const struct key *key);

/* One name in the same way, without the brackets. The caller's to free. */
char *key_label(const char *name);

#endif
