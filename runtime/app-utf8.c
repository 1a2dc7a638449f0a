#include "app-utf8.h"

/* Table 3-7 of the Unicode standard: what the second byte may be is what excludes overlong forms and
 * surrogates. */
static const struct {
    unsigned char first_from, first_to;
    unsigned char second_from, second_to;
    size_t length;
} forms[] = {
    {0x00, 0x7f, 0x00, 0xff, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

static bool continues(const unsigned char *bytes, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (bytes[i] < 0x80 || bytes[i] > 0xbf)
            return false;
    return true;
}

size_t utf8_sequence(const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t i = 0; size > 0 && i < sizeof forms / sizeof *forms; i++) {
        if (bytes[0] < forms[i].first_from || bytes[0] > forms[i].first_to)
            continue;
        if (forms[i].length == 1)
            return 1;
        if (size < forms[i].length || bytes[1] < forms[i].second_from || bytes[1] > forms[i].second_to)
            return 0;
        return continues(bytes, 2, forms[i].length) ? forms[i].length : 0;
    }
    return 0;
}

bool utf8_valid(const char *text, size_t size)
{
    for (size_t at = 0, length; at < size; at += length)
        if ((length = utf8_sequence(text + at, size - at)) == 0)
            return false;
    return true;
}
