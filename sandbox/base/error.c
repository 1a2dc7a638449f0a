#include "error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

__attribute__((format(printf, 4, 0))) static int set_message(struct error *err, int status, int errnum,
                                                             const char *format, va_list args)
{
    if (!err)
        return -1;
    char *message = text_vformat(format, args);
    if (errnum) {
        char *why = text_format("%s: %s", message, strerror(errnum));
        free(message);
        message = why;
    }
    error_clear(err);
    *err = (struct error){.status = status, .errnum = errnum, .message = message};
    return -1;
}

int fail(struct error *err, int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_message(err, status, 0, format, args);
    va_end(args);
    return -1;
}

int fail_errno(struct error *err, const char *format, ...)
{
    int errnum = errno;
    va_list args;
    va_start(args, format);
    set_message(err, STATUS_ERRORED, errnum, format, args);
    va_end(args);
    return -1;
}

void error_remedy(struct error *err, const char *format, ...)
{
    if (!err)
        return;
    va_list args;
    va_start(args, format);
    free(err->remedy);
    err->remedy = text_vformat(format, args);
    va_end(args);
}

int error_context(struct error *err, const char *format, ...)
{
    if (!err)
        return -1;
    va_list args;
    va_start(args, format);
    char *context = text_vformat(format, args);
    va_end(args);
    char *message = text_format("%s: %s", context, err->message ? err->message : "failed");
    free(context);
    free(err->message);
    err->message = message;
    return -1;
}

/* The bytes of the control character at c, or 0: U+0080 to U+009F are controls, two bytes in UTF-8. */
static size_t control_size(const unsigned char *c)
{
    if (*c < ' ' || *c == 0x7f)
        return 1;
    return *c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f ? 2 : 0;
}

/* In one piece, so that lines of processes that print at once do not mix. */
static void print_line(const char *prefix, const char *line, FILE *to)
{
    char *text = text_format("%s%s\n", prefix, line), *end = text + strlen(prefix);
    for (const unsigned char *c = (const unsigned char *)end; *c && c[1]; c++) {
        size_t control = control_size(c);
        *end++ = (char)(control ? '?' : *c);
        c += control > 1;
    }
    memcpy(end, "\n", 2);
    fputs(text, to);
    free(text);
}

void error_print(const struct error *err, FILE *to)
{
    print_line("indyno: ", err->message ? err->message : "failed", to);
    if (err->remedy)
        print_line("  ", err->remedy, to);
}

void error_clear(struct error *err)
{
    free(err->message);
    free(err->remedy);
    *err = (struct error){0};
}
