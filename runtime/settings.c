#include "settings.h"

#include <regex.h>
#include <string.h>

#include "base/own.h"
#include "base/text.h"

static bool is_spelt(const char *spelling, const char *name, size_t length)
{
    return spelling && strlen(spelling) == length && strncmp(spelling, name, length) == 0;
}

const struct setting *setting_find(const struct setting *table, const char *name, size_t length)
{
    for (; table->name; table++)
        if (is_spelt(table->name, name, length) || is_spelt(table->also, name, length))
            return table;
    return NULL;
}

bool setting_accepts(const struct setting *setting, const char *value)
{
    regex_t regex;
    cleanup_free char *whole = text_format("^(%s)$", setting->pattern);
    if (regcomp(&regex, whole, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    bool matches = regexec(&regex, value, 0, NULL, 0) == 0;
    regfree(&regex);
    return matches;
}

char *setting_names(const struct setting *table)
{
    cleanup_strings struct strings names = {0};
    for (; table->name; table++)
        strings_add(&names, table->name);
    return strings_join(&names, ", ");
}
