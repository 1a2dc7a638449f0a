/*
 * The options of `indyno run` and `indyno plan`.
 *
 * One table (option_rows) says of each option how it is spelled, what it takes, what it is for and which
 * function takes its value. Parsing, the help text and the tests walk the same table, so that none of them
 * can be out of date.
 */
#ifndef INDYNO_OPTIONS_H
#define INDYNO_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "base/text.h"
#include "networks.h"
#include "sandbox/sandbox.h"

/* --bind and --ro-bind. */
struct option_bind {
    char *host; /* as given; cmd makes it absolute */
    char *dyno; /* absolute */
    bool writable;
};

/* --artifact. */
struct option_artifact {
    char *source; /* relative to /app: "coverage" */
    char *target; /* relative to the output folder */
};

/* --postgres and --redis: which is which is their place in options.services. */
enum option_engine { OPTION_POSTGRES, OPTION_REDIS, OPTION_ENGINES };

struct option_service {
    bool wanted;
    char *version; /* or NAME:VERSION, or NAME, as services.h reads it; NULL: app.json's, or the default */
};

struct options {
    char *dir;
    struct strings command; /* what stands after "--"; empty: app.json's scripts */
    struct strings env;     /* -e: NAME=VALUE, in order; a NAME that the caller does not have is left out */
    char *env_file;
    char *size;                   /* a name of size.h; NULL: app.json's, or the default */
    struct sandbox_limits limits; /* those that were given; the size's others are the plan's */
    struct option_bind *binds;
    size_t bind_count;
    struct option_artifact *artifacts;
    size_t artifact_count;
    struct option_service services[OPTION_ENGINES];
    struct networks networks;
    unsigned weaker; /* set of enum sandbox_weaker */
    char *scratch;   /* DIR; NULL: in memory */
    char *rootfs;    /* IMAGE or DIR; NULL: the host's files */
    char *report;
    int status_fd;     /* -1: none */
    char *name;        /* NULL: the default */
    bool app_writable; /* --app=rw: the folder itself, instead of a view of it */
    bool pull;         /* install what is missing on the way */
    bool dry_run, json, verbose, quiet, help;
};

enum option_argument { OPTION_FLAG, OPTION_VALUE, OPTION_MAYBE };

struct option_row {
    const char *name; /* "memory" */
    char letter;      /* 'm', or 0 */
    enum option_argument argument;
    const char *metavar; /* "SIZE"; NULL for a flag */
    const char *accepts; /* what a value may be, for the message that refuses one; NULL for a flag */
    const char *help;
    /* Takes the value (NULL where OPTION_MAYBE has none; the flag's is NULL). False: not one that is
     * accepted. */
    bool (*take)(struct options *options, const char *value);
};

extern const struct option_row option_rows[]; /* ended by a row without a name */

/* Parses `run [OPTION...] [DIR] [-- COMMAND [ARG...]]`, argv[0] being "run" or "plan". Everything in options
 * is a copy, so that argv may be overwritten. STATUS_USAGE with the option, the value and what is accepted.
 * With --help nothing else is looked at. */
int options_parse(int argc, char **argv, struct options *options, struct error *err);
void options_clear(struct options *options);
#define cleanup_options __attribute__((cleanup(options_clear)))

/* The rows as the help text has them: spelling, then what it is for, wrapped. */
void options_help(FILE *to);

#endif
