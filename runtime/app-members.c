#include "app-members.h"

#include <math.h>
#include <string.h>

#include "app-name.h"
#include "base/own.h"

int parse_refuse(struct parse *parse, const struct key *key, const char *why)
{
    cleanup_free char *path = key_path(key);
    return fail(parse->err, STATUS_DATA, "%s: %s%s%s", parse->path, path, *path ? ": " : "", why);
}

static const char *type_name(const cJSON *item)
{
    static const struct {
        int type;
        const char *name;
    } types[] = {
        {cJSON_String, "a string"},  {cJSON_Number, "a number"}, {cJSON_True, "true"}, {cJSON_False, "false"},
        {cJSON_Object, "an object"}, {cJSON_Array, "an array"},  {cJSON_NULL, "null"},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (item->type & types[i].type)
            return types[i].name;
    return "something else";
}

int parse_wrong_type(struct parse *parse, const struct key *key, const char *expected, const cJSON *found)
{
    cleanup_free char *why = text_format("expected %s, found %s", expected, type_name(found));
    return parse_refuse(parse, key, why);
}

int parse_too_long(struct parse *parse, const struct key *key)
{
    cleanup_free char *why =
        text_format("longer than the %d bytes that Linux passes to a program", ARGUMENT_MAX);
    return parse_refuse(parse, key, why);
}

void parse_unknown(struct parse *parse, const struct key *key)
{
    strings_take(&parse->app->unknown, key_path(key));
}

static bool is_known(const struct member *members, const char *name)
{
    for (; members->name; members++)
        if (strcmp(members->name, name) == 0)
            return true;
    return false;
}

int parse_members(struct parse *parse, const struct key *key, const cJSON *object,
                  const struct member *members, void *base)
{
    if (!cJSON_IsObject(object))
        return parse_wrong_type(parse, key, "an object", object);
    for (const struct member *member = members; member->name; member++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, member->name);
        struct key at = {.parent = key, .name = member->name};
        if (item && !cJSON_IsNull(item) && member->take &&
            member->take(parse, &at, item, (char *)base + member->offset) < 0)
            return -1;
    }
    const cJSON *item;
    cJSON_ArrayForEach (item, object) {
        struct key at = {.parent = key, .name = item->string};
        if (!is_known(members, item->string))
            parse_unknown(parse, &at);
    }
    return 0;
}

static void replace(char **field, char *text)
{
    free(*field);
    *field = text;
}

int take_string(struct parse *parse, const struct key *key, const cJSON *item, void *field)
{
    if (!cJSON_IsString(item))
        return parse_wrong_type(parse, key, "a string", item);
    replace(field, copy_string(item->valuestring));
    return 0;
}

int take_flag(struct parse *parse, const struct key *key, const cJSON *item, void *field)
{
    if (!cJSON_IsBool(item))
        return parse_wrong_type(parse, key, "true or false", item);
    *(bool *)field = cJSON_IsTrue(item);
    return 0;
}

/* A number as JavaScript writes it, as far as %g does: whole ones without an exponent, others with the fewest
 * digits that give the same number again. */
static char *number_text(double number)
{
    enum { DIGITS_SURE = 15, DIGITS_MAX = 17 };
    if (number == 0)
        return copy_string("0"); /* also for -0 */
    cleanup_free char *whole = text_format("%.0f", number);
    if (number > -1e21 && number < 1e21 && strtod(whole, NULL) == number)
        return steal_pointer(whole);
    for (int digits = DIGITS_SURE;; digits++) {
        cleanup_free char *text = text_format("%.*g", digits, number);
        if (digits == DIGITS_MAX || strtod(text, NULL) == number)
            return steal_pointer(text);
    }
}

int take_scalar(struct parse *parse, const struct key *key, const cJSON *item, void *field)
{
    if (cJSON_IsString(item))
        replace(field, copy_string(item->valuestring));
    else if (cJSON_IsBool(item))
        replace(field, copy_string(cJSON_IsTrue(item) ? "true" : "false"));
    else if (cJSON_IsNumber(item) && isfinite(item->valuedouble))
        replace(field, number_text(item->valuedouble));
    else if (cJSON_IsNumber(item))
        return parse_refuse(parse, key, "the number is out of range");
    else
        return parse_wrong_type(parse, key, "a string", item);
    return 0;
}
