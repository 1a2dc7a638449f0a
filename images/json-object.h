/* JSON files that people write: one object each. */
#ifndef INDYNO_JSON_OBJECT_H
#define INDYNO_JSON_OBJECT_H

#include <cjson/cJSON.h>

#include "base/error.h"

/* Parses text, which is all of the file path and what it should be: "a catalog". Returns the object, to be freed with
 * cJSON_Delete, or NULL with STATUS_DATA, the line and a remedy. */
cJSON *json_object_parse(const char *path, const char *text, const char *what, struct error *err);

#endif
