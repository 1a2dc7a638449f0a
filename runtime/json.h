/* What cJSON lacks: text of any bytes, and lists of strings. */
#ifndef INDYNO_JSON_H
#define INDYNO_JSON_H

#include <cJSON.h>

#include "base/text.h"

/* A string, or null for NULL. JSON is UTF-8: a byte that is part of no well-formed sequence becomes U+FFFD.
 */
cJSON *json_text(const char *text);

void json_add_text(cJSON *object, const char *name, const char *text);
void json_add_list(cJSON *object, const char *name, const struct strings *list);

#endif
