#include "members.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "given.h"
#include "unit.h"

void members_delete(cJSON **json)
{
    cJSON_Delete(*json);
}

cJSON *members_parse(const char *text)
{
    cJSON *json = cJSON_ParseWithOpts(text, NULL, true);
    if (!cJSON_IsObject(json))
        fail_msg("not a JSON object: %s", text);
    return json;
}

const cJSON *members_find(const cJSON *json, const char *path)
{
    for (const char *at = path; json && *at;) {
        size_t length = strcspn(at, "/");
        cleanup_free char *key = text_format("%.*s", (int)length, at);
        json = cJSON_IsArray(json) ? cJSON_GetArrayItem(json, (int)strtol(key, NULL, 10))
                                   : cJSON_GetObjectItemCaseSensitive(json, key);
        at += length + (at[length] == '/');
    }
    return json;
}

void assert_keys(const cJSON *object, const char *expected)
{
    cleanup_free char *text = copy_string("");
    assert_true(cJSON_IsObject(object));
    for (const cJSON *item = object->child; item; item = item->next) {
        char *longer = text_format("%s%s%s", text, *text ? " " : "", item->string);
        free(text);
        text = longer;
    }
    assert_text("keys", text, expected);
}

void assert_members(const cJSON *json, const struct member *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const cJSON *found = members_find(json, members[i].path);
        cleanup_free char *text = found ? cJSON_PrintUnformatted(found) : NULL;
        assert_text(members[i].path, text, members[i].json);
    }
}
