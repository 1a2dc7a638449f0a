#include "quantity.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Decimal text is read by hand: strtod(3) takes signs, blanks, hexadecimal, infinity and the locale's
 * comma. */

enum { MICRO = 1000000, CPUS_MAX = 8192 };

struct decimal {
    uint64_t whole;
    uint64_t micros; /* the fraction, in millionths; what is finer is dropped */
    bool zero;       /* exactly zero, as written */
};

struct unit {
    const char *suffix;
    uint64_t factor;
};

static const struct unit size_units[] = {
    {"", 1},
    {"b", 1},
    {"k", UINT64_C(1) << 10},
    {"kb", UINT64_C(1) << 10},
    {"kib", UINT64_C(1) << 10},
    {"m", UINT64_C(1) << 20},
    {"mb", UINT64_C(1) << 20},
    {"mib", UINT64_C(1) << 20},
    {"g", UINT64_C(1) << 30},
    {"gb", UINT64_C(1) << 30},
    {"gib", UINT64_C(1) << 30},
    {"t", UINT64_C(1) << 40},
    {"tb", UINT64_C(1) << 40},
    {"tib", UINT64_C(1) << 40},
};

static const struct unit duration_units[] = {
    {"", 1000},
    {"ms", 1},
    {"s", 1000},
    {"m", UINT64_C(60) * 1000},
    {"h", UINT64_C(60) * 60 * 1000},
    {"d", UINT64_C(24) * 60 * 60 * 1000},
};

static const struct unit cpu_units[] = {{"", 1000}};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads digits as a whole number; *text is moved past them. False where there are none, or too many. */
static bool read_whole(const char **text, uint64_t *whole)
{
    const char *at = *text;
    uint64_t value = 0;
    for (; is_digit(*at); at++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value))
            return false;
    bool any = at != *text;
    *text = at;
    *whole = value;
    return any;
}

static bool read_decimal(const char **text, struct decimal *decimal)
{
    *decimal = (struct decimal){.zero = true};
    if (**text != '.' && !read_whole(text, &decimal->whole))
        return false;
    decimal->zero = decimal->whole == 0;
    if (**text != '.')
        return true;
    if (!is_digit(*++*text))
        return false;
    for (uint64_t place = MICRO / 10; is_digit(**text); ++*text, place /= 10) {
        decimal->micros += (uint64_t)(**text - '0') * place;
        decimal->zero = decimal->zero && **text == '0';
    }
    return true;
}

static bool scale(const struct decimal *decimal, uint64_t factor, uint64_t *value)
{
    uint64_t scaled;
    uint64_t fraction = decimal->micros * factor / MICRO; /* the largest, micros of a terabyte, fits */
    if (__builtin_mul_overflow(decimal->whole, factor, &scaled) ||
        __builtin_add_overflow(scaled, fraction, &scaled))
        return false;
    /* 0 may mean "no limit": something too small to be told from it must not become that. */
    if (scaled == 0 && !decimal->zero)
        return false;
    *value = scaled;
    return true;
}

static bool parse(const char *text, const struct unit *units, size_t count,
                  int (*compare)(const char *, const char *), uint64_t *value)
{
    struct decimal decimal;
    if (!read_decimal(&text, &decimal))
        return false;
    for (size_t i = 0; i < count; i++)
        if (compare(text, units[i].suffix) == 0)
            return scale(&decimal, units[i].factor, value);
    return false;
}

bool parse_size(const char *text, uint64_t *bytes)
{
    return parse(text, size_units, sizeof size_units / sizeof *size_units, strcasecmp, bytes);
}

bool parse_duration(const char *text, uint64_t *ms)
{
    return parse(text, duration_units, sizeof duration_units / sizeof *duration_units, strcmp, ms);
}

bool parse_cpus(const char *text, uint64_t *millis)
{
    uint64_t value;
    if (!parse(text, cpu_units, sizeof cpu_units / sizeof *cpu_units, strcmp, &value) || value == 0)
        return false;
    *millis = value;
    return true;
}

bool parse_count(const char *text, uint64_t *count)
{
    uint64_t value;
    if (!read_whole(&text, &value) || *text || value == 0)
        return false;
    *count = value;
    return true;
}

/* "3", or "0-3". */
static bool read_range(const char **text)
{
    uint64_t first, last;
    if (!is_digit(**text) || !read_whole(text, &first))
        return false;
    last = first;
    if (**text == '-') {
        ++*text;
        if (!is_digit(**text) || !read_whole(text, &last))
            return false;
    }
    return first <= last && last < CPUS_MAX;
}

bool parse_cpu_list(const char *text, char *list, size_t size)
{
    const char *at = text;
    do
        if (!read_range(&at))
            return false;
    while (*at == ',' && at++);
    size_t length = strlen(text);
    if (*at || length >= size)
        return false;
    memcpy(list, text, length + 1);
    return true;
}
