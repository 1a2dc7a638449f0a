/* JSON read back as its readers do: by key, by path, and with null where nothing is. */
#ifndef INDYNO_TEST_MEMBERS_H
#define INDYNO_TEST_MEMBERS_H

#include <cJSON.h>
#include <stddef.h>

#define cleanup_json __attribute__((cleanup(members_delete)))
void members_delete(cJSON **json);

/* Fails the test where text is not one JSON object and nothing else. */
cJSON *members_parse(const char *text);

/* What "services/0/name" leads to, or NULL. */
const cJSON *members_find(const cJSON *json, const char *path);

/* "a b c": all keys of an object, in the order of the text. */
void assert_keys(const cJSON *object, const char *expected);

/* A path, and what it leads to as JSON without blanks; NULL: nowhere. */
struct member {
    const char *path, *json;
};

void assert_members(const cJSON *json, const struct member *members, size_t count);
#define ASSERT_MEMBERS(json, members) assert_members(json, members, sizeof members / sizeof *members)

#endif
