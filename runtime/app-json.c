/*
 * Theory of operation: cJSON builds the tree, but it lets pass much that JSON.parse refuses, and cuts short
 * in silence what it should not: NUL bytes and other control characters count as blanks, \u0000 (and \u with
 * anything but hex digits behind it) ends a string early, strings are not checked for UTF-8, 01 and 1. are
 * numbers; and the place that it gives for an error is often one off. So a scan of the whole grammar goes
 * first, which builds nothing. It also bounds the depth and the number of values, so that no text of the
 * tenant's makes what follows slow or deep. What is left for cJSON to refuse is half of a surrogate pair.
 *
 * Last, of two members with the same key the earlier one is dropped, as JSON.parse does, so that nobody who
 * reads the tree needs to think of it.
 */
#include "app-json.h"

#include <stdbool.h>
#include <string.h>

#include "app-utf8.h"

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
    return (char)(scan->at < scan->size ? scan->text[scan->at] : '\0');
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

/* At the backslash. */
static bool scan_escape(struct scan *scan)
{
    enum { HEX_DIGITS = 4 };
    size_t start = scan->at;
    if (starts_here(scan, "\\u0000"))
        return wrong(scan, start, "a NUL character in a string");
    scan->at++;
    size_t digits = peek(scan) == 'u' ? HEX_DIGITS : 0;
    if (!one_of(peek(scan), "\"\\/bfnrtu"))
        return wrong(scan, start, "an escape that means nothing");
    for (scan->at++; digits > 0; digits--, scan->at++)
        if (!one_of(peek(scan), "0123456789abcdefABCDEF"))
            return wrong(scan, start, "an escape that means nothing");
    return true;
}

/* At a character of a string that is neither its end nor an escape. */
static bool scan_character(struct scan *scan)
{
    size_t length = utf8_sequence(scan->text + scan->at, scan->size - scan->at);
    if ((unsigned char)scan->text[scan->at] < ' ')
        return wrong(scan, scan->at, "a line break or control character in a string");
    if (length == 0)
        return wrong(scan, scan->at, "not UTF-8");
    scan->at += length;
    return true;
}

static bool scan_string(struct scan *scan)
{
    size_t start = scan->at++;
    while (scan->at < scan->size) {
        char c = scan->text[scan->at];
        if (c == '"') {
            scan->at++;
            return true;
        }
        if (!(c == '\\' ? scan_escape(scan) : scan_character(scan)))
            return false;
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

static bool scan_word(struct scan *scan)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (starts_here(scan, words[i])) {
            scan->at += strlen(words[i]);
            return true;
        }
    return wrong(scan, scan->at, "expected a value");
}

static void skip_blanks(struct scan *scan)
{
    while (one_of(peek(scan), " \t\n\r"))
        scan->at++;
}

/* Steps over c and the blanks behind it, if it stands here. */
static bool step_over(struct scan *scan, char c)
{
    if (scan->at >= scan->size || scan->text[scan->at] != c)
        return false;
    scan->at++;
    skip_blanks(scan);
    return true;
}

static bool scan_value(struct scan *scan);

static bool scan_member(struct scan *scan)
{
    if (peek(scan) != '"')
        return wrong(scan, scan->at, "expected a key in double quotes");
    if (!scan_string(scan))
        return false;
    skip_blanks(scan);
    return step_over(scan, ':') ? scan_value(scan) : wrong(scan, scan->at, "expected a colon");
}

/* An array or an object: what stands between the brackets, and what the place after an element must have. */
static bool scan_list(struct scan *scan, char close, bool (*element)(struct scan *), const char *expected)
{
    if (++scan->depth > APP_JSON_DEPTH_MAX)
        return wrong(scan, scan->at, "nested too deeply");
    scan->at++;
    skip_blanks(scan);
    for (bool first = true; first || step_over(scan, ','); first = false) {
        if (first && peek(scan) == close)
            break;
        if (!element(scan))
            return false;
    }
    if (!step_over(scan, close))
        return wrong(scan, scan->at, expected);
    scan->depth--;
    return true;
}

/* A value and the blanks behind it. */
static bool scan_value(struct scan *scan)
{
    if (++scan->values > APP_JSON_VALUES_MAX)
        return wrong(scan, scan->at, "too many values");
    char c = peek(scan);
    if (c == '{')
        return scan_list(scan, '}', scan_member, "expected a comma or '}'");
    if (c == '[')
        return scan_list(scan, ']', scan_value, "expected a comma or ']'");
    bool good = c == '"' ? scan_string(scan) : is_digit(c) || c == '-' ? scan_number(scan) : scan_word(scan);
    if (good)
        skip_blanks(scan);
    return good;
}

static bool scan_document(struct scan *scan)
{
    skip_blanks(scan);
    if (scan->at == scan->size)
        return wrong(scan, scan->at, "the file is empty");
    if (!scan_value(scan))
        return false;
    return scan->at == scan->size || wrong(scan, scan->at, "something follows the document");
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

static cJSON *parse_document(const char *path, const char *text, size_t size, struct error *err)
{
    struct scan scan = {.text = text, .size = size};
    if (!scan_document(&scan))
        return broken(path, text, scan.at, scan.why, err);
    const char *end = text;
    cJSON *tree = cJSON_ParseWithLengthOpts(text, size, &end, false);
    if (!tree)
        return broken(path, text, (size_t)(end - text), "half of a surrogate pair", err);
    drop_shadowed(tree);
    return tree;
}

cJSON *app_json_parse(const char *path, const char *text, size_t size, struct error *err)
{
    if (size > APP_JSON_SIZE_MAX) {
        fail(err, STATUS_DATA, "%s: larger than %d bytes", path, APP_JSON_SIZE_MAX);
        return NULL;
    }
    size_t mark = sizeof byte_order_mark - 1;
    bool marked = size >= mark && memcmp(text, byte_order_mark, mark) == 0;
    return marked ? parse_document(path, text + mark, size - mark, err)
                  : parse_document(path, text, size, err);
}
