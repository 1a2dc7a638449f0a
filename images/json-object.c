#include "json-object.h"

#include <stdbool.h>

static size_t line_of(const char *text, const char *at)
{
    size_t line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

cJSON *json_object_parse(const char *path, const char *text, const char *what, struct error *err)
{
    const char *end = text;
    cJSON *json = cJSON_ParseWithOpts(text, &end, true);
    if (cJSON_IsObject(json))
        return json;
    fail(err, STATUS_DATA, "%s:%zu: not %s, which is one JSON object", path, json ? 1 : line_of(text, end),
         what);
    error_remedy(err, "jq . %s shows what is wrong with it", path);
    cJSON_Delete(json);
    return NULL;
}
