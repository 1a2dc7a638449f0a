/*
 * Settings: what the options of an addon may say of a server, one table for each engine. Values are the tenant's
 * and end in a server's command line or configuration: each has a pattern, and none lets a line break or a quote
 * through.
 */
#ifndef INDYNO_SETTINGS_H
#define INDYNO_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

struct setting {
    const char *name;     /* as the server has it: "maxmemory-policy" */
    const char *pattern;  /* extended regular expression of a whole value */
    const char *expected; /* what that is, in words */
    const char *also;     /* a second spelling of name, or NULL */
    bool chooses;         /* it says which server, rather than something to the server */
};

/* Pattern and expected of common types. */
#define SETTING_COUNT   "[0-9]{1,9}", "a whole number"
#define SETTING_NUMBER  "-?[0-9]{1,9}([.][0-9]{1,9})?", "a number"
#define SETTING_BOOLEAN "on|off|true|false|yes|no|1|0", "true or false"
#define SETTING_VERSION "[A-Za-z0-9.-]{1,32}", "a version, such as \"7.2\""

/* The row of a name, of which length characters count; NULL where the table, which ends with a nameless row, has
 * none. */
const struct setting *setting_find(const struct setting *table, const char *name, size_t length);

bool setting_accepts(const struct setting *setting, const char *value);

/* "version, maxmemory, ...": the caller's to free. */
char *setting_names(const struct setting *table);

#endif
