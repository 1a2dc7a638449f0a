#include "app-name.h"

/* isalpha(3) would ask the locale. */
static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool variable_name_valid(const char *name, size_t length)
{
    if (length == 0 || is_digit(name[0]))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_word(name[i]) && !is_digit(name[i]))
            return false;
    return true;
}
