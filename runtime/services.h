/*
 * Which services a run has: from app.json's addons and the command line's --postgres and --redis to engines,
 * versions and the variables that their URLs are exported as. Pure.
 *
 * The rules, as users of Heroku expect them:
 *  - An entry without `as` exports its engine's variable (DATABASE_URL, REDIS_URL). One with `as: NAME`
 * exports NAME_URL, in capitals. Several entries of one engine are one server: the first has its first
 * database (postgres_buildpack_db, Redis' 0), each other one a database of its own
 * (postgres_buildpack_db_name, Redis' 1 and up). Entries that name the same variable are one.
 *  - Where no entry of an engine exports the engine's own variable, the first entry's URL is exported as that
 * too: Heroku's in-dyno databases always set DATABASE_URL.
 *  - The version is --postgres=VERSION, else POSTGRESQL_VERSION of -e, --env-file or app.json, else the
 * "version" of the addon's options, else the catalog's default.
 *  - What serves it is what --redis=NAME[:VERSION] names, else the "engine" of the addon's options, else the
 * engine's usual image. A name on the command line without a version means that image's default.
 *  - Further options of addons are settings of the server.
 */
#ifndef INDYNO_SERVICES_H
#define INDYNO_SERVICES_H

#include "app.h"
#include "engine.h"
#include "options.h"

struct services_input {
    const struct options *options;
    const struct app *app;
    const struct image *images; /* of the store; pointed to by the services */
    size_t image_count;
    const struct catalog *catalog;
    bool has_rootfs;                            /* the dyno's root is another than the host's */
    void (*random_hex)(char *out, size_t size); /* text_random_hex */
};

struct services {
    struct service items[ENGINE_COUNT];
    size_t count;
    struct strings notes; /* what the user should know: "psql is missing: ..." */
};

/* Whether any service is asked for, so that the store has to be read. */
bool services_wanted(const struct options *options, const struct app *app);

/* Which image an engine is to have, before it is looked for. */
struct service_choice {
    const char *image;       /* "valkey"; NULL where nobody asks for the engine */
    char *version;           /* as resolve_image takes it: NULL or "" is the default */
    struct strings settings; /* of the server, accepted */
};

/* STATUS_DATA where an option of an addon is unknown or has a value that it cannot have; STATUS_USAGE where the
 * command line names an image that does not serve the engine. */
int services_choose(const struct services_input *input, const struct engine *engine,
                    struct service_choice *choice, struct error *err);
void service_choice_clear(struct service_choice *choice);
#define cleanup_choice __attribute__((cleanup(service_choice_clear)))

/* As services_choose, and STATUS_DATA where an in-dyno plan has no engine, a version is not there, or two
 * entries export one variable. */
int services_plan(const struct services_input *input, struct services *services, struct error *err);
void services_clear(struct services *services);

#endif
