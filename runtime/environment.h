/*
 * The environment of the test command. Pure.
 *
 * Nothing of the caller's environment is in it but what is named here. In this order, a later one replacing
 * an earlier one:
 *
 *  1. the dyno's own: PATH, HOME=/app, USER, LOGNAME, SHELL, LANG, TERM (the caller's, where the
 *     test's stdout is a terminal; else none), PORT=5000, DYNO=test.1, STACK (app.json's, or heroku-24);
 *     DYNO_RAM (the dyno's memory in MiB) and WEB_CONCURRENCY (a process for each 512 MiB of it)
 *  2. app.json's env: values and generated secrets
 *  3. Heroku CI's immutable variables, which app.json cannot change: CI=true, CI_NODE_INDEX=0,
 *     CI_NODE_TOTAL=1, HEROKU_TEST_RUN_ID (a random UUID), HEROKU_TEST_RUN_BRANCH and
 *     HEROKU_TEST_RUN_COMMIT_VERSION (where DIR is a checkout)
 *  4. the services': DATABASE_URL, PGHOST, PGDATA, REDIS_URL, REDISCLI_AUTH, REDIS_CLI: on Heroku the in-dyno
 *     databases' profile scripts export them last, over app.json's
 *  5. --env-file, then 6. -e: what whoever runs indyno says is final
 *
 * The folders of the images' programs stand in front of the PATH of 1 or 2; a PATH of 5 or 6 is taken as it
 * is.
 */
#ifndef INDYNO_ENVIRONMENT_H
#define INDYNO_ENVIRONMENT_H

#include "app.h"
#include "options.h"
#include "services.h"

struct environment_input {
    const struct options *options;
    const struct app *app;
    const struct services *services;
    const char *search_path, *shell; /* of the root; NULL: the usual ones */
    const char *lang;                /* "en_US.UTF-8", where the host has it, or "C.UTF-8" */
    const char *term;                /* NULL: none */
    uint64_t memory_bytes;           /* of the dyno; 0: no limit */
    void (*random_hex)(char *out, size_t size);
};

struct environment {
    struct strings env; /* NAME=VALUE */
    struct strings
        generated;        /* values, or parts of them, that are made at random or secret: a plan hides them */
    struct strings unset; /* names that app.json declares and that have no value */
    struct strings replaced; /* names of app.json whose values the services' or Heroku's replaced */
};

/* STATUS_DATA where a variable that app.json requires has no value. */
int environment_compose(const struct environment_input *input, struct environment *environment,
                        struct error *err);
void environment_clear(struct environment *environment);

#endif
