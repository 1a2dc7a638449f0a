#include "json.h"

#include <string.h>

#include "app-utf8.h"
#include "base/own.h"

static const char replacement[] = "\xEF\xBF\xBD";

cJSON *json_text(const char *text)
{
    if (!text)
        return cJSON_CreateNull();
    size_t size = strlen(text);
    if (utf8_valid(text, size))
        return cJSON_CreateString(text);
    cleanup_free char *valid = allocate(size * (sizeof replacement - 1) + 1, 1);
    char *to = valid;
    while (size > 0) {
        size_t length = utf8_sequence(text, size);
        to = length ? mempcpy(to, text, length) : stpcpy(to, replacement);
        size -= length ? length : 1;
        text += length ? length : 1;
    }
    return cJSON_CreateString(valid);
}

void json_add_text(cJSON *object, const char *name, const char *text)
{
    cJSON_AddItemToObject(object, name, json_text(text));
}

void json_add_list(cJSON *object, const char *name, const struct strings *list)
{
    cJSON *array = cJSON_AddArrayToObject(object, name);
    for (size_t i = 0; i < list->count; i++)
        cJSON_AddItemToArray(array, json_text(list->items[i]));
}
