/*
 * Theory of operation: getopt_long(3) is told to hand over every word in order (a leading '-' in its option
 * string), so that a second word before "--" is seen where it stands: nobody writes one but who forgot the
 * "--", and the message can show the command line with it.
 */
#include "options.h"

#include <getopt.h>
#include <string.h>

#include "base/own.h"
#include "quote.h"

enum { ROWS_MAX = 64, LONG_CODE = 256, DEFAULT_KILL_AFTER_MS = 5000 };

/* What getopt_long needs, made from the table. A row's code is its letter, or LONG_CODE and its index. */
struct spelling {
    char letters[2 + 3 * ROWS_MAX + 1];
    struct option longs[ROWS_MAX + 1];
};

static int code_of(size_t index)
{
    return option_rows[index].letter ? option_rows[index].letter : LONG_CODE + (int)index;
}

static void spell(struct spelling *spelling)
{
    static const char *const colons[] = {[OPTION_FLAG] = "", [OPTION_VALUE] = ":", [OPTION_MAYBE] = "::"};
    static const int has_arg[] = {
        [OPTION_FLAG] = no_argument, [OPTION_VALUE] = required_argument, [OPTION_MAYBE] = optional_argument};
    char *at = stpcpy(spelling->letters, "-:");
    size_t i;
    for (i = 0; i < ROWS_MAX && option_rows[i].name; i++) {
        const struct option_row *row = &option_rows[i];
        spelling->longs[i] = (struct option){row->name, has_arg[row->argument], NULL, code_of(i)};
        if (!row->letter)
            continue;
        *at++ = row->letter;
        at = stpcpy(at, colons[row->argument]);
    }
    spelling->longs[i] = (struct option){0};
}

static const struct option_row *row_of(int code)
{
    for (size_t i = 0; option_rows[i].name; i++)
        if (code_of(i) == code)
            return &option_rows[i];
    return NULL;
}

/* ---- Refusals ---- */

static int refuse_value(const struct option_row *row, const char *value, struct error *err)
{
    fail(err, STATUS_USAGE, "--%s %s: not accepted", row->name, value);
    error_remedy(err, "--%s takes %s", row->name, row->accepts);
    return -1;
}

static int refuse_word(const char *word, const char *command, struct error *err)
{
    int length = (int)strcspn(word, "=");
    fail(err, STATUS_USAGE, "%.*s: no such option, or not one alone", length, word);
    error_remedy(err, "see indyno help %s; what belongs to the test command goes after --", command);
    return -1;
}

static int refuse_getopt(int code, char **argv, struct error *err)
{
    const struct option_row *row = optopt ? row_of(optopt) : NULL;
    if (code == ':' && row) {
        fail(err, STATUS_USAGE, "--%s: a value is missing", row->name);
        error_remedy(err, "--%s takes %s", row->name, row->accepts);
        return -1;
    }
    if (row)
        return fail(err, STATUS_USAGE, "--%s: takes no value", row->name);
    char letter[] = {'-', (char)optopt, '\0'};
    return refuse_word(optopt ? letter : argv[optind - 1], argv[0], err);
}

/* The whole command line, with "--" put in front of word number at. */
static char *corrected(int argc, char **argv, int at)
{
    cleanup_strings struct strings words = {0};
    strings_add(&words, "indyno");
    for (int i = 0; i < argc; i++) {
        if (i == at)
            strings_add(&words, "--");
        strings_add(&words, argv[i]);
    }
    return quote_words(&words);
}

static int refuse_second_word(int argc, char **argv, int at, struct error *err)
{
    fail(err, STATUS_USAGE, "-- is missing in front of the command: %s", argv[at]);
    cleanup_free char *line = corrected(argc, argv, at);
    error_remedy(err, "%s", line);
    return -1;
}

/* ---- Parsing ---- */

static int take_option(int code, struct options *options, char **argv, struct error *err)
{
    const struct option_row *row = code == '?' || code == ':' ? NULL : row_of(code);
    if (!row)
        return refuse_getopt(code, argv, err);
    return row->take(options, optarg) ? 0 : refuse_value(row, optarg ? optarg : "", err);
}

static int parse_words(int argc, char **argv, struct options *options, struct error *err)
{
    struct spelling spelling;
    spell(&spelling);
    opterr = 0;
    optind = 0; /* glibc's way to start anew */
    for (int code; (code = getopt_long(argc, argv, spelling.letters, spelling.longs, NULL)) != -1;) {
        if (code != 1) {
            if (take_option(code, options, argv, err) < 0)
                return -1;
        } else if (options->dir) {
            return refuse_second_word(argc, argv, optind - 1, err);
        } else {
            options->dir = copy_string(optarg);
        }
        if (options->help)
            return 0;
    }
    for (int i = optind; i < argc; i++)
        strings_add(&options->command, argv[i]);
    return 0;
}

int options_parse(int argc, char **argv, struct options *options, struct error *err)
{
    *options = (struct options){.status_fd = -1, .limits.kill_after_ms = DEFAULT_KILL_AFTER_MS};
    if (parse_words(argc, argv, options, err) < 0) {
        options_clear(options);
        return -1;
    }
    if (!options->dir)
        options->dir = copy_string(".");
    if (options->json && !options->dry_run && strcmp(argv[0], "plan") != 0 && !options->help) {
        options_clear(options);
        fail(err, STATUS_USAGE, "--json: goes with --dry-run only");
        error_remedy(err, "for the result of a run as JSON use --report FILE or --status-fd N");
        return -1;
    }
    return 0;
}
