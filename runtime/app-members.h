/* Objects of app.json along tables: which members are known, who takes each, and where it goes. */
#ifndef INDYNO_APP_MEMBERS_H
#define INDYNO_APP_MEMBERS_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "app-key.h"
#include "app.h"

struct parse {
    const char *path; /* of the file, for messages */
    struct app *app;  /* what is being filled */
    struct error *err;
};

/* Takes a member's value, which is not null, into field. Returns 0, or -1 with parse->err (STATUS_DATA). */
typedef int take(struct parse *parse, const struct key *key, const cJSON *item, void *field);

struct member {
    const char *name;
    take *take;    /* NULL: known, and of no use here */
    size_t offset; /* of field in the struct that parse_members fills */
};

/* Takes the members of an object in the order of the table, which ends with a nameless entry; members that
 * the table does not have are listed as unknown, and null counts as absent. base is the struct that the
 * offsets are in. Returns 0, or -1 with parse->err. */
int parse_members(struct parse *parse, const struct key *key, const cJSON *object,
                  const struct member *members, void *base);

/* Fields: char * (owned, replaced), char *, bool. A scalar is a string, or a number or boolean taken as
 * one. */
take take_string, take_scalar, take_flag;

/* Lists the key among those that are accepted and do nothing. */
void parse_unknown(struct parse *parse, const struct key *key);

/* Fill parse->err with the file, the key path and why; the value is not quoted. Each returns -1. */
int parse_refuse(struct parse *parse, const struct key *key, const char *why);
int parse_wrong_type(struct parse *parse, const struct key *key, const char *expected, const cJSON *found);
int parse_too_long(struct parse *parse, const struct key *key);

#endif
