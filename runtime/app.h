/*
 * The application: what its folder says about itself, as plain data.
 *
 * Sources are app.json (Heroku's schema, read as liberally as Heroku reads it), an --env-file, and the files
 * of .git that name branch and commit. All three are the tenant's: as root they are opened beneath their
 * folder and parsed in a child process that has dropped to the folder's owner; what comes back are
 * length-prefixed strings (app-reader.c).
 */
#ifndef INDYNO_APP_H
#define INDYNO_APP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

struct app_env {
    char *name;
    char *value;    /* NULL: declared without one */
    bool required;  /* "required": true was written out */
    bool generated; /* "generator": "secret" and no value: 64 hex digits are made for each run */
};

struct app_addon {
    char *plan;             /* "heroku-postgresql:in-dyno" */
    char *as;               /* NULL where app.json names none */
    char *key;              /* where it stands, for messages: "environments.test.addons[0]" */
    struct strings options; /* "max_connections=200", as written; of an in-dyno plan only */
    bool in_dyno;           /* the plan's part after the colon is "in-dyno" */
};

struct app {
    bool present;        /* there is an app.json */
    char *path;          /* as messages name it: "DIR/app.json" */
    char *name, *stack;  /* NULL where not given */
    struct app_env *env; /* merged: environments.test over the top level, per variable */
    size_t env_count;
    struct app_addon
        *addons; /* environments.test.addons where present, else the top level's, less in-dyno ones */
    size_t addon_count;
    struct app_addon
        *skipped_addons; /* in-dyno plans outside the test environment: not provisioned, said by plan */
    size_t skipped_count;
    char *test_setup, *test;       /* scripts; NULL where not given */
    char *size;                    /* formation.test.size; NULL where not given */
    struct strings buildpacks;     /* urls */
    struct strings formation;      /* "web: quantity 1, size standard-1x": one line each, for plan */
    struct strings unknown;        /* key paths that are accepted and do nothing */
    struct strings env_file;       /* NAME=VALUE of the --env-file, in order */
    char *git_branch, *git_commit; /* NULL where DIR is no checkout */
};

/* What else is to be done while a child process reads. */
struct app_meanwhile {
    void (*act)(void *argument);
    void *argument;
};

/* Reads DIR's app.json (a missing one leaves present false), DIR/.git, and env_file (NULL: none; relative to
 * the caller's working folder). dir_fd is DIR, open (folder_open), so that what is read is what the caller
 * mounts; dir is its name in messages. As root, with the rights of the folder's owner (of the env file's
 * folder's owner for that). Errors: STATUS_DATA with the file and, for broken JSON, line and column, for a
 * wrong type the key path. meanwhile (or NULL) is done in any case, once. */
int app_read(int dir_fd, const char *dir, const char *env_file, const struct app_meanwhile *meanwhile,
             struct app *app, struct error *err);

/* Free what each owns and make it empty. */
void app_env_clear(struct app_env *env);
void app_addon_clear(struct app_addon *addon);
void app_clear(struct app *app);
#define cleanup_app __attribute__((cleanup(app_clear)))

/* The pure part: parses app.json's text into app (zeroed by the caller). path is for messages. */
int app_parse(const char *path, const char *text, size_t size, struct app *app, struct error *err);

/* The pure part of --env-file, podman's syntax: NAME=VALUE lines, blank lines and # comments; NAME alone
 * takes the value of the caller's environment where it has one. */
int env_file_parse(const char *path, const char *text, struct strings *env, struct error *err);

#endif
