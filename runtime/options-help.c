#include "options.h"

#include <string.h>

#include "base/own.h"

enum { WIDTH = 80, COLUMN = 29 };

/* "  -m, --memory SIZE" */
static char *spelling(const struct option_row *row)
{
    static const char *const around[][2] = {
        [OPTION_FLAG] = {"", ""}, [OPTION_VALUE] = {" ", ""}, [OPTION_MAYBE] = {"[=", "]"}};
    char letter[] = "      ";
    if (row->letter)
        snprintf(letter, sizeof letter, "  -%c, ", row->letter);
    return text_format("%s--%s%s%s%s", letter, row->name, around[row->argument][0],
                       row->metavar ? row->metavar : "", around[row->argument][1]);
}

/* Prints text from column at on, broken between words. */
static void print_wrapped(FILE *to, int at, const char *text)
{
    for (bool first = true; *text; first = false) {
        int length = (int)strcspn(text, " ");
        if (!first && at + 1 + length > WIDTH)
            at = fprintf(to, "\n%*s", COLUMN, "") - 1;
        else if (!first)
            at += fprintf(to, " ");
        at += fprintf(to, "%.*s", length, text);
        text += length + (text[length] == ' ');
    }
    fputc('\n', to);
}

void options_help(FILE *to)
{
    for (const struct option_row *row = option_rows; row->name; row++) {
        cleanup_free char *left = spelling(row);
        int used = (int)strlen(left);
        if (used + 2 > COLUMN)
            fprintf(to, "%s\n%*s", left, COLUMN, "");
        else
            fprintf(to, "%-*s", COLUMN, left);
        print_wrapped(to, COLUMN, row->help);
    }
}
