/* JSON text into a tree, strictly: what JSON.parse refuses is refused here. */
#ifndef INDYNO_APP_JSON_H
#define INDYNO_APP_JSON_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "base/error.h"

enum {
    APP_JSON_SIZE_MAX = 1 << 20, /* bytes of text */
    APP_JSON_VALUES_MAX =
        4096,                /* in the whole text, so that work quadratic in them stays some milliseconds */
    APP_JSON_DEPTH_MAX = 64, /* arrays and objects inside each other */
};

/* Parses size bytes of text, which need not end in a NUL; a UTF-8 byte order mark in front is skipped. Of
 * keys that an object has twice, the last stays. No string of the tree has a NUL inside. Returns the tree,
 * which is the caller's to cJSON_Delete, or NULL with err (STATUS_DATA): "PATH:LINE:COLUMN: not valid JSON:
 * WHY", where columns count characters from 1. The message quotes nothing of the text. */
cJSON *app_json_parse(const char *path, const char *text, size_t size, struct error *err);

static inline void app_json_delete(cJSON **tree)
{
    cJSON_Delete(*tree);
    *tree = NULL;
}
#define cleanup_app_json __attribute__((cleanup(app_json_delete)))

#endif
