/*
 * Engines: the databases that a dyno can have, each one file behind this one interface.
 *
 * A service is an engine with a version, chosen by planning (services.h). The engine's functions are pure:
 * from the service they add what the dyno must have for it, as plain data.
 */
#ifndef INDYNO_ENGINE_H
#define INDYNO_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/text.h"
#include "app.h"
#include "images/image.h"
#include "mounts.h"
#include "options.h"
#include "settings.h"
#include "sandbox/sandbox.h"

struct engine;

struct service {
    const struct engine *engine;
    const struct image *image;  /* the server's; the store's */
    const struct image *client; /* its client programs, where they are an image of their own; else NULL */
    const struct image *images; /* all of the store */
    size_t image_count;
    struct strings
        variables; /* "DATABASE_URL", ...: each one names a database of its own, the first the first */
    bool first_is_default;      /* the first one's URL is also exported as the engine's url_variable */
    bool no_extension_schema;   /* postgres: without heroku_ext */
    char *password;             /* redis: made for this run */
    struct strings settings;    /* "max_connections=200": rows of the engine's table, their values accepted */
    struct strings argv, env;   /* of the server */
    struct sandbox_ready ready; /* points into texts */
    bool has_rootfs;            /* the dyno's root is another than the host's */
    struct sandbox_root root;   /* where the server's root is not the dyno's; points into texts and shared */
    struct strings shared;      /* with the dyno, where the server's root is the host's beside a --rootfs */
    char *log;                  /* dyno path */
    struct strings texts;
};

/* What planning knows when it makes a service. */
struct engine_context {
    const struct image *images; /* of the store */
    size_t image_count;
    const struct options *options;
    const struct app *app;
    void (*random_hex)(char *out, size_t size); /* text_random_hex */
    struct strings *notes;                      /* what the user should know: "psql is missing: ..." */
};

struct engine {
    const char *name;               /* of its process, leaf, log and user: "postgres" */
    const char *const *images;      /* names of those that serve it, the usual one first; ended by NULL */
    const struct setting *settings; /* what an addon's options may set; ended by a nameless row */
    const char *addon;              /* "heroku-postgresql" */
    enum option_engine option;      /* --postgres */
    const char *version_variable;   /* "POSTGRESQL_VERSION" */
    const char *url_variable;       /* "DATABASE_URL" */
    enum sandbox_role role;         /* whose filter it has */
    uid_t user;                     /* inner id */
    const char *home;               /* its user's, and its working folder */
    size_t attachment_max;          /* how long <AS> may be */
    /* Fills what is the engine's own of a service that has its image and variables. */
    void (*prepare)(struct service *service, const struct engine_context *context);
    void (*add_mounts)(const struct service *service, struct mounts *mounts);
    void (*add_argv)(const struct service *service, struct strings *argv);
    void (*add_env)(const struct service *service, struct strings *env);
    void (*set_ready)(struct service *service);
    /* The URL of database number index: 0 is the first variable's. The caller's to free. */
    char *(*url)(const struct service *service, size_t index);
    /* What clients find the server by, besides URLs. */
    void (*add_client_env)(const struct service *service, struct strings *env);
    /* Lines of its log that have this text are worth a hint (NULL: none), which explain adds to notes. */
    const char *log_mark;
    void (*explain)(const struct service *service, const char *lines, struct strings *notes);
    /* What a secret of it is, or NULL: shown in no plan. */
    const char *(*secret)(const struct service *service);
};

extern const struct engine postgres_engine, redis_engine;

enum { ENGINE_COUNT = 2 };
extern const struct engine *const engines[ENGINE_COUNT]; /* in the order in which they start */

/* Fills argv, env, ready and log of a service by its engine. */
void service_configure(struct service *service);
void service_clear(struct service *service);

/* The value of a variable that the run's user or app.json sets (-e, --env-file, app.json's env), or NULL. */
const char *engine_setting(const struct engine_context *context, const char *name);

/* Where an image's tree is in a dyno: "/opt/indyno/redis-7.0.15". The caller's to free. */
char *engine_tree(const struct image *image);

/* Adds an image's tree, read-only, unless it is there already. */
void engine_mount_tree(const struct image *image, struct mounts *mounts);

/* The path of the image's server, in the root that it runs in. The caller's to free. */
char *engine_server_path(const struct image *image);

/* Adds what every server's environment has: PATH, HOME, LANG. */
void engine_plain_env(const struct service *service, struct strings *env);

#endif
