/*
 * Theory of operation: cJSON builds the tree, but it lets pass much that JSON.parse refuses, and cuts short
 * in silence what it should not: NUL bytes and other control characters count as blanks, \u0000 ends a string
 * early, strings are not checked for UTF-8, 01 and 1. are numbers. So a scan over the tokens goes first. It
 * also bounds the depth and the number of values, so that no text of the tenant's makes what follows slow or
 * deep. How the tokens are put together is left to cJSON. Last, of two members with the same key the earlier
 * one is dropped, as JSON.parse does, so that nobody who reads the tree needs to think of it.
 */
#include "app-json.h"

#include <stdbool.h>
#include <string.h>

#include "app-utf8.h"
#include "base/own.h"

enum { NUMBER_MAX = 63 }; /* characters of a number that cJSON looks at */

static const char byte_order_mark[] = "\xef\xbb\xbf";

struct scan {
    const char *text;
    size_t size, at;
    unsigned depth, values;
    const char *why; /* what is wrong at the place at */
};

static bool wrong(struct scan *scan, size_t at, const char *why)
{
    scan->at = at;
    scan->why = why;
    return false;
}

/* The character at the scan's place; 0 at the end, which is no character of any token. */
static char peek(const struct scan *scan)
{
    return scan->at < scan->size ? scan->text[scan->at] : '\0';
}

static bool one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool starts_here(const struct scan *scan, const char *word)
{
    size_t length = strlen(word);
    return scan->size - scan->at >= length && memcmp(scan->text + scan->at, word, length) == 0;
}

static bool scan_string(struct scan *scan)
{
    size_t start = scan->at++;
    while (scan->at < scan->size) {
        char c = scan->text[scan->at];
        size_t length = utf8_sequence(scan->text + scan->at, scan->size - scan->at);
        if (c == '"') {
            scan->at++;
            return true;
        }
        if ((unsigned char)c < ' ')
            return wrong(scan, scan->at, "a line break or control character in a string");
        if (starts_here(scan, "\\u0000"))
            return wrong(scan, scan->at, "a NUL character in a string");
        if (length == 0)
            return wrong(scan, scan->at, "not UTF-8");
        scan->at += c == '\\' ? 2 : length;
    }
    return wrong(scan, start, "a string that does not end");
}

static bool scan_digits(struct scan *scan)
{
    size_t start = scan->at;
    while (is_digit(peek(scan)))
        scan->at++;
    return scan->at > start;
}

static bool number_is_formed(struct scan *scan)
{
    if (peek(scan) == '-')
        scan->at++;
    if (peek(scan) == '0')
        scan->at++;
    else if (!scan_digits(scan))
        return false;
    if (peek(scan) == '.') {
        scan->at++;
        if (!scan_digits(scan))
            return false;
    }
    if (one_of(peek(scan), "eE")) {
        scan->at++;
        if (one_of(peek(scan), "+-"))
            scan->at++;
        if (!scan_digits(scan))
            return false;
    }
    return !one_of(peek(scan), "0123456789+-.eE");
}

static bool scan_number(struct scan *scan)
{
    size_t start = scan->at;
    if (!number_is_formed(scan))
        return wrong(scan, start, "a malformed number");
    if (scan->at - start > NUMBER_MAX)
        return wrong(scan, start, "a number with too many digits");
    return true;
}

static bool scan_mark(struct scan *scan)
{
    char c = scan->text[scan->at];
    if (one_of(c, "[{,") && ++scan->values > APP_JSON_VALUES_MAX)
        return wrong(scan, scan->at, "too many values");
    if (one_of(c, "[{") && ++scan->depth > APP_JSON_DEPTH_MAX)
        return wrong(scan, scan->at, "nested too deeply");
    if (one_of(c, "]}") && scan->depth > 0)
        scan->depth--;
    if ((unsigned char)c < ' ' && !one_of(c, "\t\n\r"))
        return wrong(scan, scan->at, "a control character");
    scan->at++;
    return true;
}

static bool scan_tokens(struct scan *scan)
{
    while (scan->at < scan->size) {
        char c = scan->text[scan->at];
        bool good = c == '"'                  ? scan_string(scan)
                    : is_digit(c) || c == '-' ? scan_number(scan)
                                              : scan_mark(scan);
        if (!good)
            return false;
    }
    return true;
}

static size_t skip_blanks(const char *text, size_t size, size_t at)
{
    while (at < size && one_of(text[at], " \t\n\r"))
        at++;
    return at;
}

static void *broken(const char *path, const char *text, size_t at, const char *why, struct error *err)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < at; i++) {
        bool starts_character = ((unsigned char)text[i] & 0xc0) != 0x80;
        column += starts_character;
        if (text[i] == '\n') {
            line++;
            column = 1;
        }
    }
    fail(err, STATUS_DATA, "%s:%zu:%zu: not valid JSON%s%s", path, line, column, why ? ": " : "",
         why ? why : "");
    return NULL;
}

static bool has_later(const cJSON *item)
{
    for (const cJSON *later = item->next; later; later = later->next)
        if (strcmp(later->string, item->string) == 0)
            return true;
    return false;
}

static void drop_shadowed(cJSON *tree)
{
    for (cJSON *item = tree->child, *next; item; item = next) {
        next = item->next;
        if (cJSON_IsObject(tree) && has_later(item))
            cJSON_Delete(cJSON_DetachItemViaPointer(tree, item));
        else
            drop_shadowed(item);
    }
}

static cJSON *parse_tokens(const char *path, const char *text, size_t size, struct error *err)
{
    struct scan scan = {.text = text, .size = size};
    if (!scan_tokens(&scan))
        return broken(path, text, scan.at, scan.why, err);
    if (skip_blanks(text, size, 0) == size)
        return broken(path, text, 0, "the file is empty", err);
    const char *end = text;
    cleanup_app_json cJSON *tree = cJSON_ParseWithLengthOpts(text, size, &end, false);
    if (!tree)
        return broken(path, text, (size_t)(end - text), NULL, err);
    size_t rest = skip_blanks(text, size, (size_t)(end - text));
    if (rest < size)
        return broken(path, text, rest, "something follows the document", err);
    drop_shadowed(tree);
    return steal_pointer(tree);
}

cJSON *app_json_parse(const char *path, const char *text, size_t size, struct error *err)
{
    if (size > APP_JSON_SIZE_MAX) {
        fail(err, STATUS_DATA, "%s: larger than %d bytes", path, APP_JSON_SIZE_MAX);
        return NULL;
    }
    size_t mark = sizeof byte_order_mark - 1;
    bool marked = size >= mark && memcmp(text, byte_order_mark, mark) == 0;
    return marked ? parse_tokens(path, text + mark, size - mark, err) : parse_tokens(path, text, size, err);
}
