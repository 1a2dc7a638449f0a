/* From addons and options to servers: which, of what version, under what names, and what is refused. */
#include "unit.h"

#include <regex.h>
#include <string.h>

#include "base/own.h"
#include "given.h"
#include "runtime/services.h"

/* Of a row's addon; its `as` may follow. */
#define POSTGRES .plan = "heroku-postgresql:in-dyno"
#define REDIS    .plan = "heroku-redis:in-dyno"
#define AT       "environments.test.addons[0]"
/* As long as a Postgres attachment may be: with its prefix it fills an identifier. */
#define LONGEST "a234567890b234567890c234567890d2345678901"

enum { ADDONS_MAX = 3, OPTIONS_MAX = 3, REDIS_DEFAULT_DATABASES = 16 };

/* An addon as a row has it. */
struct row_addon {
    const char *plan, *as;
    bool elsewhere; /* not in-dyno */
    const char *options[OPTIONS_MAX];
};

static void make_app(const struct row_addon *addons, struct app *app)
{
    *app = (struct app){.present = true, .path = copy_string("d/app.json")};
    app->addons = allocate(ADDONS_MAX, sizeof *app->addons);
    for (; app->addon_count < ADDONS_MAX && addons[app->addon_count].plan; app->addon_count++) {
        const struct row_addon *addon = &addons[app->addon_count];
        app->addons[app->addon_count] =
            (struct app_addon){.plan = copy_string(addon->plan),
                               .as = copy_string(addon->as),
                               .key = text_format("environments.test.addons[%zu]", app->addon_count),
                               .in_dyno = !addon->elsewhere};
        for (size_t i = 0; i < OPTIONS_MAX && addon->options[i]; i++)
            strings_add(&app->addons[app->addon_count].options, addon->options[i]);
    }
}

static int plan_with(const struct options *options, const struct app *app, struct services *services,
                     struct error *err)
{
    const struct services_input input = {.options = options,
                                         .app = app,
                                         .images = given_images,
                                         .image_count = GIVEN_IMAGES,
                                         .catalog = &given_catalog,
                                         .random_hex = given_hex};
    return services_plan(&input, services, err);
}

static void clear(struct services *services)
{
    services_clear(services);
}

#define cleanup_services __attribute__((cleanup(clear)))

/* "postgres 17.10 A_URL B_URL (DATABASE_URL); " for each; the one in brackets is the first's other name. */
static char *dump(const struct services *services)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    for (size_t i = 0; i < services->count; i++) {
        const struct service *service = &services->items[i];
        fprintf(to, "%s %s", service->engine->name, service->image->version);
        for (size_t j = 0; j < service->variables.count; j++)
            fprintf(to, " %s", service->variables.items[j]);
        if (service->first_is_default)
            fprintf(to, " (%s)", service->engine->url_variable);
        fputs("; ", to);
    }
    fclose(to);
    return text;
}

/* ---- Addons ---- */

static const struct addons_row {
    struct row_addon addons[ADDONS_MAX];
    bool postgres, redis; /* the options */
    const char *services;
} addons_rows[] = {
    {.services = ""},
    {{{POSTGRES}}, .services = "postgres 17.10 DATABASE_URL; "},
    {{{REDIS}}, .services = "redis 7.0.15 REDIS_URL; "},
    {{{REDIS}, {POSTGRES}}, .services = "postgres 17.10 DATABASE_URL; redis 7.0.15 REDIS_URL; "},
    {{{"heroku-postgresql:essential-0", .elsewhere = true}}, .services = ""},
    {{{"papertrail:choklad", .elsewhere = true}, {REDIS}}, .services = "redis 7.0.15 REDIS_URL; "},
    /* Options. */
    {.postgres = true, .services = "postgres 17.10 DATABASE_URL; "},
    {.redis = true, .services = "redis 7.0.15 REDIS_URL; "},
    {{{POSTGRES}}, .postgres = true, .services = "postgres 17.10 DATABASE_URL; "},
    {{{REDIS, "cache"}}, .redis = true, .services = "redis 7.0.15 CACHE_URL (REDIS_URL); "},
    {{{REDIS}}, .postgres = true, .services = "postgres 17.10 DATABASE_URL; redis 7.0.15 REDIS_URL; "},
    /* Names, and further databases. */
    {{{POSTGRES, "stats"}}, .services = "postgres 17.10 STATS_URL (DATABASE_URL); "},
    {{{POSTGRES}, {POSTGRES, "My_stats2"}}, .services = "postgres 17.10 DATABASE_URL MY_STATS2_URL; "},
    {{{POSTGRES, "stats"}, {POSTGRES}}, .services = "postgres 17.10 STATS_URL DATABASE_URL; "},
    {{{POSTGRES, "a"}, {POSTGRES, "b"}}, .services = "postgres 17.10 A_URL B_URL (DATABASE_URL); "},
    {{{POSTGRES, "database"}}, .services = "postgres 17.10 DATABASE_URL; "},
    /* Entries of one name are one. */
    {{{POSTGRES}, {POSTGRES}}, .services = "postgres 17.10 DATABASE_URL; "},
    {{{POSTGRES}, {POSTGRES, "DATABASE"}}, .services = "postgres 17.10 DATABASE_URL; "},
    {{{REDIS, "Cache"}, {REDIS, "CACHE"}}, .services = "redis 7.0.15 CACHE_URL (REDIS_URL); "},
    /* The other engine's name is free where that engine is not asked for. */
    {{{POSTGRES, "redis"}}, .services = "postgres 17.10 REDIS_URL (DATABASE_URL); "},
    {{{POSTGRES, LONGEST}},
     .services = "postgres 17.10 A234567890B234567890C234567890D2345678901_URL (DATABASE_URL); "},
};

static void test_addons(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof addons_rows / sizeof *addons_rows; i++) {
        const struct addons_row *row = &addons_rows[i];
        const struct options options = {
            .services = {[OPTION_POSTGRES].wanted = row->postgres, [OPTION_REDIS].wanted = row->redis}};
        cleanup_app struct app app;
        cleanup_services struct services services;
        cleanup_error struct error err = {0};
        make_app(row->addons, &app);
        if (plan_with(&options, &app, &services, &err) < 0)
            fail_msg("%s refused: %s", row->services, err.message);
        cleanup_free char *text = dump(&services);
        assert_text("services", text, row->services);
        assert_int_equal(services_wanted(&options, &app), services.count > 0);
    }
}

/* ---- Versions ---- */

static const struct version_row {
    const char *option, *env, *file, *app;
    const char *version;
} version_rows[] = {
    {.version = "17.10"},
    {.option = "16", .version = "16.14"},
    {.option = "16.14", .version = "16.14"},
    {.env = "16", .version = "16.14"},
    {.file = "16", .version = "16.14"},
    {.app = "16", .version = "16.14"},
    {.option = "16", .env = "18", .file = "18", .app = "18", .version = "16.14"},
    {.env = "16", .file = "18", .app = "18", .version = "16.14"},
    {.file = "16", .app = "18", .version = "16.14"},
    {.app = "", .version = "17.10"},
};

static void add_setting(struct strings *env, const char *value)
{
    if (value)
        strings_addf(env, "POSTGRESQL_VERSION=%s", value);
}

static void test_versions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof version_rows / sizeof *version_rows; i++) {
        const struct version_row *row = &version_rows[i];
        cleanup_options struct options options = {
            .services[OPTION_POSTGRES] = {.wanted = true, .version = copy_string(row->option)}};
        struct app_env variables[] = {{.name = TEXT("POSTGRESQL_VERSION"), .value = copy_string(row->app)}};
        struct app app = {.env = variables, .env_count = 1};
        cleanup_services struct services services;
        cleanup_error struct error err = {0};
        add_setting(&options.env, row->env);
        add_setting(&app.env_file, row->file);
        assert_int_equal(plan_with(&options, &app, &services, &err), 0);
        assert_text("version", services.items[0].image->version, row->version);
        free(variables[0].value);
        strings_clear(&app.env_file);
    }
}

static void test_redis_version(void **state)
{
    (void)state;
    const struct options options = {.env = {WORDS(TEXT("REDIS_VERSION=5"))},
                                    .services[OPTION_REDIS].wanted = true};
    const struct app app = {0};
    cleanup_services struct services services;
    cleanup_error struct error err = {0};
    assert_int_equal(plan_with(&options, &app, &services, &err), 0);
    assert_text("version", services.items[0].image->version, "5.0.14");
}

/* ---- Images by name ---- */

#define OPTIONS(...) .options = {__VA_ARGS__}

static const struct image_row {
    const char *option; /* --redis */
    const char *env;    /* REDIS_VERSION */
    struct row_addon addons[ADDONS_MAX];
    int image;
} image_rows[] = {
    {"", NULL, {{0}}, GIVEN_REDIS_7},
    {"6", NULL, {{0}}, GIVEN_REDIS_6},
    {"redis", NULL, {{0}}, GIVEN_REDIS_7},
    {"redis:", NULL, {{0}}, GIVEN_REDIS_7},
    {"redis:6.0", NULL, {{0}}, GIVEN_REDIS_6},
    {"valkey", NULL, {{0}}, GIVEN_VALKEY_8},
    {"valkey:8.1", NULL, {{0}}, GIVEN_VALKEY_8},
    /* by an addon's options */
    {NULL, NULL, {{REDIS, OPTIONS("engine=valkey")}}, GIVEN_VALKEY_8},
    {NULL, NULL, {{REDIS, OPTIONS("engine=valkey", "version=8")}}, GIVEN_VALKEY_8},
    {NULL, NULL, {{REDIS, OPTIONS("engine=redis")}}, GIVEN_REDIS_7},
    {NULL, NULL, {{REDIS, OPTIONS("version=5")}}, GIVEN_REDIS_5},
    {NULL, NULL, {{REDIS}, {REDIS, "CACHE", OPTIONS("version=5")}}, GIVEN_REDIS_5},
    {NULL, NULL, {{REDIS, OPTIONS("version=5")}, {REDIS, "CACHE", OPTIONS("version=5")}}, GIVEN_REDIS_5},
    /* which are the weakest */
    {NULL, "6", {{REDIS, OPTIONS("version=5")}}, GIVEN_REDIS_6},
    {NULL, "", {{REDIS, OPTIONS("version=5")}}, GIVEN_REDIS_5},
    {"7.0", "6", {{REDIS, OPTIONS("version=5")}}, GIVEN_REDIS_7},
    {"8.1", NULL, {{REDIS, OPTIONS("engine=valkey", "version=9")}}, GIVEN_VALKEY_8},
    {"redis:6", NULL, {{REDIS, OPTIONS("engine=valkey", "version=8.1")}}, GIVEN_REDIS_6},
    /* a version that was meant for another */
    {"valkey", "6", {{REDIS, OPTIONS("version=5")}}, GIVEN_VALKEY_8},
    {"redis", NULL, {{REDIS, OPTIONS("engine=valkey", "version=8.1")}}, GIVEN_REDIS_7},
};

static void test_images(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof image_rows / sizeof *image_rows; i++) {
        const struct image_row *row = &image_rows[i];
        const char *version = row->option && *row->option ? row->option : NULL;
        cleanup_options struct options options = {
            .services[OPTION_REDIS] = {row->option != NULL, copy_string(version)}};
        cleanup_app struct app app;
        cleanup_services struct services services;
        cleanup_error struct error err = {0};
        if (row->env)
            strings_addf(&options.env, "REDIS_VERSION=%s", row->env);
        make_app(row->addons, &app);
        if (plan_with(&options, &app, &services, &err) < 0)
            fail_msg("row %zu: %s", i, err.message);
        assert_int_equal(services.count, 1);
        if (services.items[0].image != &given_images[row->image])
            fail_msg("row %zu: %s %s", i, services.items[0].image->name, services.items[0].image->version);
    }
}

/* What is wanted is known also where it is not installed. */
static void test_choice(void **state)
{
    (void)state;
    const struct options options = {.services[OPTION_REDIS] = {true, TEXT("valkey:9")}};
    const struct app app = {0};
    const struct services_input input = {.options = &options, .app = &app};
    cleanup_choice struct service_choice redis, postgres;
    assert_int_equal(services_choose(&input, &redis_engine, &redis, NULL), 0);
    assert_text("image", redis.image, "valkey");
    assert_text("version", redis.version, "9");
    assert_int_equal(services_choose(&input, &postgres_engine, &postgres, NULL), 0);
    assert_null(postgres.image);
}

/* ---- Refusals ---- */

static const struct refused_row {
    struct row_addon addons[ADDONS_MAX];
    const char *version, *redis; /* --postgres, --redis */
    int status;                  /* 0: STATUS_DATA */
    const char *message, *remedy;
} refused_rows[] = {
    {{{.plan = "heroku-kafka:in-dyno"}},
     .message = "d/app.json: " AT ": heroku-kafka:in-dyno: no such in-dyno addon",
     .remedy = "in-dyno addons are heroku-postgresql:in-dyno and heroku-redis:in-dyno"},
    {{{.plan = "heroku-redis-2:in-dyno"}},
     .message = "d/app.json: " AT ": heroku-redis-2:in-dyno: no such in-dyno addon",
     .remedy = "in-dyno addons are heroku-postgresql:in-dyno and heroku-redis:in-dyno"},
    {{{.plan = "heroku:in-dyno"}},
     .message = "d/app.json: " AT ": heroku:in-dyno: no such in-dyno addon",
     .remedy = "in-dyno addons are heroku-postgresql:in-dyno and heroku-redis:in-dyno"},
    {.redis = "mysql:8",
     .status = STATUS_USAGE,
     .message = "--redis=mysql:8: no image of that name serves it",
     .remedy = "images are: redis, valkey"},
    {.redis = "valkey:7.2",
     .message = "Specified valkey version 7.2 is not available",
     .remedy = "installed: 8.1.1; any directory can be installed with: indyno image import valkey:7.2 DIR"},
    {{{REDIS, OPTIONS("engine=keydb")}},
     .message = "d/app.json: " AT ".options.engine: not a value that it can have",
     .remedy = "give it redis or valkey"},
    {{{REDIS, OPTIONS("max_connections=5")}},
     .message = "d/app.json: " AT ".options.max_connections: no such option",
     .remedy = "options of heroku-redis are: engine, version, maxmemory, maxmemory-policy, timeout, "
               "notify-keyspace-events, databases"},
    {{{REDIS, OPTIONS("=x")}},
     .message = "d/app.json: " AT ".options.: no such option",
     .remedy = "options of heroku-redis are: engine, version, maxmemory, maxmemory-policy, timeout, "
               "notify-keyspace-events, databases"},
    {{{POSTGRES, OPTIONS("jit=off", "work_mem=4 MB")}},
     .message = "d/app.json: " AT ".options.work_mem: not a value that it can have",
     .remedy = "give it a size, such as \"64MB\""},
    {{{REDIS, OPTIONS("version=5")}, {REDIS, "CACHE", OPTIONS("version=6")}},
     .message = "d/app.json: environments.test.addons[1].options.version: another value than an earlier "
                "entry's",
     .remedy = "entries of one plan are one server: give the option in one of them"},
    {{{REDIS, OPTIONS("maxmemory-policy=noeviction", "maxmemory_policy=allkeys-lru")}},
     .message = "d/app.json: " AT ".options.maxmemory_policy: another value than an earlier entry's",
     .remedy = "entries of one plan are one server: give the option in one of them"},
    {{{POSTGRES, LONGEST "x"}}, .message = "d/app.json: " AT ".as: longer than 41 letters"},
    {.version = "13",
     .message = "Specified postgresql version 13 is not available",
     .remedy = "installed: 18.1, 17.10, 16.14; any directory can be installed with: indyno image import "
               "postgresql:13 DIR"},
    {{{POSTGRES, "cache"}, {REDIS, "CACHE"}},
     .message = "d/app.json: addons: CACHE_URL would be both postgres and redis",
     .remedy = "give one of the addons another \"as\""},
    {{{POSTGRES, "redis"}, {REDIS}},
     .message = "d/app.json: addons: REDIS_URL would be both postgres and redis",
     .remedy = "give one of the addons another \"as\""},
    /* REDIS_URL is also the name of the one that is called otherwise. */
    {{{POSTGRES, "redis"}, {REDIS, "cache"}},
     .message = "d/app.json: addons: REDIS_URL would be both redis and postgres",
     .remedy = "give one of the addons another \"as\""},
    {{{POSTGRES, "stats"}, {REDIS, "database"}},
     .message = "d/app.json: addons: DATABASE_URL would be both postgres and redis",
     .remedy = "give one of the addons another \"as\""},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused_rows / sizeof *refused_rows; i++) {
        const struct refused_row *row = &refused_rows[i];
        cleanup_options struct options options = {
            .services = {[OPTION_POSTGRES] = {row->version != NULL, copy_string(row->version)},
                         [OPTION_REDIS] = {row->redis != NULL, copy_string(row->redis)}}};
        cleanup_app struct app app;
        cleanup_services struct services services;
        cleanup_error struct error err = {0};
        make_app(row->addons, &app);
        if (plan_with(&options, &app, &services, &err) == 0)
            fail_msg("not refused: %s", row->message);
        assert_int_equal(err.status, row->status ? row->status : STATUS_DATA);
        assert_text("message", err.message, row->message);
        assert_text("remedy", err.remedy, row->remedy);
        assert_int_equal(services.count, 0);
    }
}

/* ---- Engines ---- */

/* A service of one image, as planning makes it; settings are -e's. The caller clears both. */
static const struct service *service_of(int image, const struct row_addon *addons,
                                        const struct strings *settings, struct services *services,
                                        struct app *app)
{
    bool redis = image >= GIVEN_REDIS_7;
    cleanup_options struct options options = {0};
    cleanup_error struct error err = {0};
    struct option_service *option = &options.services[redis ? OPTION_REDIS : OPTION_POSTGRES];
    *option = (struct option_service){
        true, text_format("%s:%s", given_images[image].name, given_images[image].version)};
    strings_copy(&options.env, settings);
    make_app(addons, app);
    assert_int_equal(plan_with(&options, app, services, &err), 0);
    assert_ptr_equal(services->items[0].image, &given_images[image]);
    return &services->items[0];
}

static const struct strings no_settings;
static const struct row_addon no_addons[ADDONS_MAX];

/* A '#' stands for the password that was made. */
static const struct url_row {
    int image;
    struct row_addon addons[ADDONS_MAX];
    const char *urls[ADDONS_MAX];
} url_rows[] = {
    {GIVEN_POSTGRES_17,
     {{POSTGRES}, {POSTGRES, "STATS"}, {POSTGRES, "Old_1"}},
     {"postgres://postgres:pg-secret@localhost:5432/postgres_buildpack_db",
      "postgres://postgres:pg-secret@localhost:5432/postgres_buildpack_db_stats",
      "postgres://postgres:pg-secret@localhost:5432/postgres_buildpack_db_old_1"}},
    {GIVEN_POSTGRES_17,
     {{POSTGRES, "STATS"}, {POSTGRES}},
     {"postgres://postgres:pg-secret@localhost:5432/postgres_buildpack_db",
      "postgres://postgres:pg-secret@localhost:5432/postgres_buildpack_db_database"}},
    {GIVEN_REDIS_7,
     {{REDIS}, {REDIS, "cache"}, {REDIS, "jobs"}},
     {"redis://:#@localhost:6379/", "redis://:#@localhost:6379/1", "redis://:#@localhost:6379/2"}},
    {GIVEN_REDIS_6, {{REDIS}}, {"redis://:#@localhost:6379/"}},
    {GIVEN_REDIS_5,
     {{REDIS}, {REDIS, "cache"}},
     {"redis://h:#@localhost:6379/", "redis://h:#@localhost:6379/1"}},
    {GIVEN_VALKEY_8, {{REDIS}}, {"redis://:#@localhost:6379/"}},
};

static char *expected_url(const char *url, const char *password)
{
    const char *mark = strchr(url, '#');
    return mark ? text_format("%.*s%s%s", (int)(mark - url), url, password, mark + 1) : copy_string(url);
}

static void test_urls(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof url_rows / sizeof *url_rows; i++) {
        const struct url_row *row = &url_rows[i];
        cleanup_app struct app app;
        cleanup_services struct services services;
        const struct service *service = service_of(row->image, row->addons, &no_settings, &services, &app);
        assert_int_equal(services.count, 1);
        assert_int_equal(service->variables.count, app.addon_count);
        for (size_t j = 0; j < service->variables.count; j++) {
            cleanup_free char *url = service->engine->url(service, j);
            cleanup_free char *expected = expected_url(row->urls[j], service->password);
            assert_text("url", url, expected);
        }
    }
}

static void test_redis_passwords(void **state)
{
    (void)state;
    cleanup_app struct app app, other_app;
    cleanup_services struct services services, others;
    const struct service *service = service_of(GIVEN_REDIS_7, no_addons, &no_settings, &services, &app);
    const struct service *other = service_of(GIVEN_REDIS_7, no_addons, &no_settings, &others, &other_app);
    assert_int_equal(strspn(service->password, "0123456789abcdef"), 64);
    assert_int_equal(strlen(service->password), 64);
    assert_string_not_equal(service->password, other->password);
    assert_string_equal(service->engine->secret(service), service->password);
    for (size_t i = 0; i < service->argv.count; i++)
        assert_null(strstr(service->argv.items[i], service->password));
}

static void test_postgres_argv(void **state)
{
    (void)state;
    cleanup_app struct app app;
    cleanup_services struct services services;
    const struct service *service = service_of(GIVEN_POSTGRES_17, no_addons, &no_settings, &services, &app);
    ASSERT_LIST(&service->argv, "/opt/indyno/postgresql-17.10/bin/postgres", "-D",
                "/var/lib/postgresql/data");
    ASSERT_LIST(&service->env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME=/var/lib/postgresql", "LANG=C.UTF-8");
    assert_text("log", service->log, "/var/log/postgres.log");
    assert_text("secret", service->engine->secret(service), "pg-secret");
}

static void test_postgres_settings(void **state)
{
    (void)state;
    static const struct row_addon addons[ADDONS_MAX] = {
        {POSTGRES, OPTIONS("version=17", "max_connections=200")}, {POSTGRES, OPTIONS("jit=off")}};
    cleanup_app struct app app;
    cleanup_services struct services services;
    const struct service *service = service_of(GIVEN_POSTGRES_17, addons, &no_settings, &services, &app);
    ASSERT_LIST(&service->argv, "/opt/indyno/postgresql-17.10/bin/postgres", "-D", "/var/lib/postgresql/data",
                "-c", "max_connections=200", "-c", "jit=off");
}

/* What the template cluster does not have is made by SQL, one statement a line; none is no shell. */
static void test_postgres_preparation(void **state)
{
    (void)state;
    static const struct row_addon two[ADDONS_MAX] = {{POSTGRES}, {POSTGRES, "STATS"}};
    static const struct row_addon set[ADDONS_MAX] = {{POSTGRES, OPTIONS("jit=off", "datestyle=ISO, DMY")}};
    const struct strings off = {WORDS(TEXT("HEROKU_CI_POSTGRES_HEROKU_EXT_OFF="))};
    const struct {
        const struct row_addon *addons;
        const struct strings *settings;
        const char *sql;
        size_t words; /* of settings */
    } rows[] = {
        {two, &no_settings,
         "CREATE DATABASE \"postgres_buildpack_db_stats\" OWNER \"postgres\" TEMPLATE "
         "\"postgres_buildpack_db\";\n",
         0},
        {no_addons, &off, "DROP SCHEMA IF EXISTS heroku_ext CASCADE;\n", 0},
        {set, &off, "DROP SCHEMA IF EXISTS heroku_ext CASCADE;\n", 4},
        {two, &off,
         "DROP SCHEMA IF EXISTS heroku_ext CASCADE;\n"
         "CREATE DATABASE \"postgres_buildpack_db_stats\" OWNER \"postgres\" TEMPLATE "
         "\"postgres_buildpack_db\";\n",
         0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_app struct app app;
        cleanup_services struct services services;
        const struct service *service =
            service_of(GIVEN_POSTGRES_17, rows[i].addons, rows[i].settings, &services, &app);
        static const char *const settings[] = {"-c", "jit=off", "-c", "datestyle=ISO, DMY"};
        const char *const words[] = {"/bin/sh",
                                     "-c",
                                     service->argv.items[2],
                                     "sh",
                                     "/opt/indyno/postgresql-17.10/bin/postgres",
                                     "postgres_buildpack_db",
                                     rows[i].sql};
        enum { WORDS_BEFORE = sizeof words / sizeof *words };
        assert_int_equal(service->argv.count, WORDS_BEFORE + rows[i].words);
        for (size_t j = 0; j < service->argv.count; j++)
            assert_string_equal(service->argv.items[j],
                                j < WORDS_BEFORE ? words[j] : settings[j - WORDS_BEFORE]);
    }
}

/* No other one of these images has what is missing. */
static void test_postgres_hints(void **state)
{
    (void)state;
    cleanup_app struct app app;
    cleanup_services struct services services;
    cleanup_strings struct strings notes = {0};
    setenv("INDYNO_EXTENSIONS", IMAGES_DIR "/extensions", 1);
    const struct service *service = service_of(GIVEN_POSTGRES_17, no_addons, &no_settings, &services, &app);
    assert_string_equal(service->engine->log_mark, "\" is not available");
    service->engine->explain(service,
                             "ERROR:  extension \"postgis\" is not available\n"
                             "DETAIL:  something \" is not available\n"
                             "ERROR:  extension \"postgis\" is not available\n"
                             "ERROR:  collation \"x\" is not available\n"
                             "ERROR:  extension \"nosuch\" is not available\n"
                             "ERROR:  extension \"cut sho",
                             &notes);
    ASSERT_LIST(
        &notes,
        "the extension \"postgis\" is not in postgresql:17.10; "
        "indyno image install postgresql:17 --from deb --with postgresql-17-postgis-3 brings it",
        "the extension \"nosuch\" is not in postgresql:17.10; no package is known that brings it (any can be "
        "added: indyno image install --with)");
}

static void test_redis_argv(void **state)
{
    (void)state;
    cleanup_app struct app app, plain_app;
    cleanup_services struct services services, plain;
    const struct service *loaded = service_of(GIVEN_REDIS_7, no_addons, &no_settings, &services, &app);
    const struct service *bare = service_of(GIVEN_REDIS_6, no_addons, &no_settings, &plain, &plain_app);
    ASSERT_LIST(&loaded->argv, "/usr/bin/redis-server", "/etc/redis/redis.conf");
    assert_text("root", loaded->root.path, "/opt/indyno/redis-7.0.15/root");
    assert_null(bare->root.path);
    ASSERT_LIST(&bare->argv, "/opt/indyno/redis-6.0.20/redis-server", "/etc/redis/redis.conf");
    ASSERT_LIST(&loaded->env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME=/var/lib/redis", "LANG=C.UTF-8", "LC_ALL=C");
}

static void test_ready(void **state)
{
    (void)state;
    cleanup_app struct app app, redis_app;
    cleanup_services struct services services, redis_services;
    const struct service *postgres = service_of(GIVEN_POSTGRES_17, no_addons, &no_settings, &services, &app);
    const struct service *redis =
        service_of(GIVEN_REDIS_7, no_addons, &no_settings, &redis_services, &redis_app);
    cleanup_free char *authentication = text_format("AUTH %s\r\n", redis->password);
    assert_int_equal(postgres->ready.kind, SANDBOX_READY_FILE);
    assert_text("path", postgres->ready.path, "/var/lib/postgresql/data/postmaster.pid");
    assert_text("text", postgres->ready.text, "ready");
    assert_int_equal(redis->ready.kind, SANDBOX_READY_SOCKET);
    assert_text("path", redis->ready.path, "/tmp/redis.sock");
    assert_text("send", redis->ready.send, authentication);
    assert_text("expect", redis->ready.expect, "+OK");
}

/* Locales are where the host may have none; a client is a tree of its own. */
static void test_postgres_mounts(void **state)
{
    (void)state;
    cleanup_app struct app app;
    cleanup_services struct services services;
    cleanup_mounts struct mounts mounts = {0};
    const struct service *service = service_of(GIVEN_POSTGRES_16, no_addons, &no_settings, &services, &app);
    service->engine->add_mounts(service, &mounts);
    static const struct sandbox_mount expected[] = {
        {SANDBOX_BIND, .source = "/store/images/postgresql/16.14/tree",
         .target = "/opt/indyno/postgresql-16.14"},
        {SANDBOX_BIND, .source = "/store/images/postgresql-client/17.6/tree",
         .target = "/opt/indyno/postgresql-client-17.6"},
        {SANDBOX_BIND, .source = "/store/images/postgresql/16.14/locale",
         .target = "/opt/indyno/postgresql-16.14-locale"},
        {SANDBOX_COW, .source = "/store/images/postgresql/16.14/template",
         .target = "/var/lib/postgresql/data", .owner = 1001, .mode = 0700},
    };
    assert_int_equal(mounts.count, sizeof expected / sizeof *expected);
    for (size_t i = 0; i < mounts.count; i++) {
        assert_int_equal(mounts.items[i].kind, expected[i].kind);
        assert_text("source", mounts.items[i].source, expected[i].source);
        assert_text("target", mounts.items[i].target, expected[i].target);
        assert_int_equal(mounts.items[i].owner, expected[i].owner);
        assert_int_equal(mounts.items[i].mode, expected[i].mode);
        assert_false(mounts.items[i].writable);
    }
    assert_text("LOCPATH", strings_env_get(&service->env, "LOCPATH"), "/opt/indyno/postgresql-16.14-locale");
}

/* Whether the configuration has this line. */
static bool configures(const struct mounts *mounts, const char *line)
{
    cleanup_free char *ended = text_format("\n%s\n", line);
    cleanup_free char *text = text_format("\n%s", mounts->items[1].content);
    return strstr(text, ended) != NULL;
}

static void test_redis_configuration(void **state)
{
    (void)state;
    static const struct {
        int image;
        const char *bind;
    } rows[] = {
        {GIVEN_REDIS_7, "bind 127.0.0.1 -::1"},
        {GIVEN_REDIS_6, "bind 127.0.0.1"},
        {GIVEN_VALKEY_8, "bind 127.0.0.1 -::1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_app struct app app;
        cleanup_services struct services services;
        cleanup_mounts struct mounts mounts = {0};
        const struct service *service = service_of(rows[i].image, no_addons, &no_settings, &services, &app);
        cleanup_free char *password = text_format("requirepass %s", service->password);
        service->engine->add_mounts(service, &mounts);
        assert_int_equal(mounts.count, 3);
        assert_int_equal(mounts.items[1].kind, SANDBOX_FILE);
        assert_text("target", mounts.items[1].target, "/etc/redis/redis.conf");
        assert_true(configures(&mounts, rows[i].bind));
        assert_true(configures(&mounts, password));
        assert_true(configures(&mounts, "databases 16"));
        assert_true(configures(&mounts, "protected-mode yes"));
        assert_int_equal(mounts.items[2].kind, SANDBOX_SCRATCH);
        assert_int_equal(mounts.items[2].owner, 1002);
    }
}

/* What one server is told, in the order of its options; the databases are as many as are in use at least. */
static void test_redis_settings(void **state)
{
    (void)state;
    static const struct {
        struct row_addon addons[ADDONS_MAX];
        const char *lines[OPTIONS_MAX];
    } rows[] = {
        {{{REDIS, OPTIONS("maxmemory=64mb", "maxmemory_policy=allkeys-lru", "version=7.0")}},
         {"maxmemory \"64mb\"", "maxmemory-policy \"allkeys-lru\"", "databases 16"}},
        {{{REDIS, OPTIONS("notify_keyspace_events=E$x", "timeout=5", "databases=64")}},
         {"notify-keyspace-events \"E$x\"", "timeout \"5\"", "databases 64"}},
        {{{REDIS, OPTIONS("notify-keyspace-events=", "databases=1")}, {REDIS, "A"}, {REDIS, "B"}},
         {"notify-keyspace-events \"\"", "databases 3"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_app struct app app;
        cleanup_services struct services services;
        cleanup_mounts struct mounts mounts = {0};
        const struct service *service =
            service_of(GIVEN_REDIS_7, rows[i].addons, &no_settings, &services, &app);
        service->engine->add_mounts(service, &mounts);
        for (size_t j = 0; j < OPTIONS_MAX && rows[i].lines[j]; j++)
            if (!configures(&mounts, rows[i].lines[j]))
                fail_msg("no %s in: %s", rows[i].lines[j], mounts.items[1].content);
        assert_null(strstr(mounts.items[1].content, "version"));
    }
}

static void test_redis_clients(void **state)
{
    (void)state;
    static const struct {
        int image;
        const char *program;
    } rows[] = {{GIVEN_REDIS_5, "redis-cli"}, {GIVEN_REDIS_7, "redis-cli"}, {GIVEN_VALKEY_8, "valkey-cli"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_app struct app app;
        cleanup_services struct services services;
        cleanup_strings struct strings env = {0};
        const struct service *service = service_of(rows[i].image, no_addons, &no_settings, &services, &app);
        service->engine->add_client_env(service, &env);
        assert_text("REDIS_CLI", strings_env_get(&env, "REDIS_CLI"), rows[i].program);
        assert_text("REDISCLI_AUTH", strings_env_get(&env, "REDISCLI_AUTH"), service->password);
    }
}

/* Which values are let through to a server. */
static void test_setting_values(void **state)
{
    (void)state;
    static const struct {
        const struct engine *engine;
        const char *name, *good[6], *bad[8];
    } rows[] = {
        {&postgres_engine, "version", {"16", "16.14"}, {"", "16 ", "a/b", "16\n"}},
        {&postgres_engine, "max_connections", {"0", "200"}, {"", "-1", "2e2", "20 0", "200\n", "9999999999"}},
        {&postgres_engine,
         "shared_buffers",
         {"128", "64MB", "8kB", "1GB"},
         {"", "64M", "64mb", "1.5GB", "'1'"}},
        {&postgres_engine, "statement_timeout", {"0", "500", "5s", "2min"}, {"", "5 s", "s", "5sec"}},
        {&postgres_engine, "log_min_duration_statement", {"-1", "0", "250ms"}, {"--1"}},
        {&postgres_engine,
         "timezone",
         {"UTC", "Europe/Berlin", "Etc/GMT+3", "-7"},
         {"", "a b", "x'", "../x"}},
        {&postgres_engine,
         "datestyle",
         {"ISO", "ISO, DMY", "ISO,MDY"},
         {"", "ISO DMY", "ISO, DMY, X", "ISO;"}},
        {&postgres_engine,
         "default_text_search_config",
         {"english", "pg_catalog.simple"},
         {"", "a.b.c", "a b", "\"a\""}},
        {&postgres_engine,
         "default_transaction_isolation",
         {"serializable", "read committed"},
         {"", "read", "read committed\n", "SERIALIZABLE x"}},
        {&postgres_engine, "jit", {"on", "off", "true", "false", "0"}, {"", "2", "on off"}},
        {&postgres_engine, "log_statement", {"none", "all"}, {"", "some", "nonesuch"}},
        {&postgres_engine,
         "shared_preload_libraries",
         {"pg_stat_statements", "auto_explain, pg_stat_statements"},
         {"", "/app/evil.so", "$libdir/x", "../x", "a b", "a,"}},
        {&postgres_engine, "wal_level", {"minimal", "logical"}, {"", "none"}},
        {&postgres_engine, "random_page_cost", {"1", "1.1"}, {"", "1.", ".5", "1,1", "1.1.1"}},
        {&redis_engine, "engine", {"redis", "valkey"}, {"", "Redis", "redis valkey"}},
        {&redis_engine,
         "maxmemory",
         {"0", "100", "64mb", "1GB", "1k"},
         {"", "64 mb", "1.5gb", "64m b", "-1"}},
        {&redis_engine,
         "maxmemory-policy",
         {"noeviction", "allkeys-lru", "volatile-ttl"},
         {"", "allkeys-ttl", "noeviction\nsave 1 1"}},
        {&redis_engine, "timeout", {"0", "300"}, {"", "-1", "1s"}},
        {&redis_engine, "notify-keyspace-events", {"", "KEA", "E$x"}, {"K\"", "K E", "Kq", "K\n"}},
        {&redis_engine, "databases", {"1", "64"}, {"", "0", "-1", "1.5"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct setting *setting =
            setting_find(rows[i].engine->settings, rows[i].name, strlen(rows[i].name));
        assert_non_null(setting);
        for (size_t j = 0; rows[i].good[j]; j++)
            if (!setting_accepts(setting, rows[i].good[j]))
                fail_msg("%s: refused: %s", rows[i].name, rows[i].good[j]);
        for (size_t j = 0; rows[i].bad[j]; j++)
            if (setting_accepts(setting, rows[i].bad[j]))
                fail_msg("%s: taken: %s", rows[i].name, rows[i].bad[j]);
    }
}

/* Every row has a pattern that compiles, and no pattern lets through what ends a line or a quoted word. */
static void test_setting_tables(void **state)
{
    (void)state;
    static const char *const hostile[] = {"a\nb", "\n", "1\n", "a\"b", "'", "1'", "a\\b", "a\tb"};
    for (size_t i = 0; i < ENGINE_COUNT; i++)
        for (const struct setting *setting = engines[i]->settings; setting->name; setting++) {
            regex_t regex;
            assert_int_equal(regcomp(&regex, setting->pattern, REG_EXTENDED), 0);
            regfree(&regex);
            assert_non_null(setting->expected);
            for (size_t j = 0; j < sizeof hostile / sizeof *hostile; j++)
                assert_false(setting_accepts(setting, hostile[j]));
        }
}

/* Redis refuses a database's number that is not below what it is configured with. */
static void test_many_redis_databases(void **state)
{
    (void)state;
    struct service service = {
        .engine = &redis_engine, .image = &given_images[GIVEN_REDIS_7], .password = TEXT("p")};
    for (int i = 0; i <= REDIS_DEFAULT_DATABASES; i++)
        strings_addf(&service.variables, "A%d_URL", i);
    cleanup_mounts struct mounts mounts = {0};
    redis_engine.add_mounts(&service, &mounts);
    assert_true(configures(&mounts, "databases 17"));
    strings_clear(&service.variables);
}

static void test_notes(void **state)
{
    (void)state;
    static const struct {
        int image;
        const char *note;
    } rows[] = {
        {GIVEN_POSTGRES_18, "no client programs (psql and others) for Postgres 18.1 are installed"},
        {GIVEN_POSTGRES_17, NULL},
        {GIVEN_POSTGRES_16, "Postgres sorts text by C.UTF-8, not by en_US.UTF-8 as Heroku's does"},
        {GIVEN_REDIS_7, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_app struct app app;
        cleanup_services struct services services;
        service_of(rows[i].image, no_addons, &no_settings, &services, &app);
        ASSERT_LIST(&services.notes, rows[i].note);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addons),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_redis_version),
        cmocka_unit_test(test_images),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_redis_passwords),
        cmocka_unit_test(test_postgres_argv),
        cmocka_unit_test(test_postgres_settings),
        cmocka_unit_test(test_postgres_preparation),
        cmocka_unit_test(test_postgres_hints),
        cmocka_unit_test(test_redis_argv),
        cmocka_unit_test(test_ready),
        cmocka_unit_test(test_postgres_mounts),
        cmocka_unit_test(test_redis_configuration),
        cmocka_unit_test(test_redis_settings),
        cmocka_unit_test(test_redis_clients),
        cmocka_unit_test(test_setting_values),
        cmocka_unit_test(test_setting_tables),
        cmocka_unit_test(test_many_redis_databases),
        cmocka_unit_test(test_notes),
    };
    return cmocka_run_group_tests_name("services", tests, NULL, NULL);
}
