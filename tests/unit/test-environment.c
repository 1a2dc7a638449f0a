/* The environment of the test: who sets what, who comes after whom, and what is told of it. */
#include "unit.h"

#include <regex.h>
#include <string.h>

#include "base/own.h"
#include "given.h"
#include "runtime/environment.h"

#define SYSTEM_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define CLIENT_PATH                                                                                          \
    "/opt/indyno/postgresql-client-17.6/usr/lib/17/bin:/opt/indyno/postgresql-client-17.6/usr/bin"
#define POSTGRES_URL "postgres://postgres:pg-secret@localhost:5432/postgres_buildpack_db"

enum { SECRET_DIGITS = 64 };

static const struct services no_services;
static const struct services both_services = {
    .items = {{.engine = &postgres_engine,
               .image = &given_images[GIVEN_POSTGRES_17],
               .client = &given_images[GIVEN_CLIENT_17],
               .variables = {WORDS(TEXT("DATABASE_URL"), TEXT("STATS_URL"))}},
              {.engine = &redis_engine,
               .image = &given_images[GIVEN_REDIS_7],
               .variables = {WORDS(TEXT("CACHE_URL"))},
               .first_is_default = true,
               .password = TEXT("redis-secret")}},
    .count = 2,
};
static const struct options no_options;

static void clear(struct environment *environment)
{
    environment_clear(environment);
}

#define cleanup_environment __attribute__((cleanup(clear)))

static int compose(const struct options *options, const struct app *app, const struct services *services,
                   struct environment *environment, struct error *err)
{
    const struct environment_input input = {
        .options = options, .app = app, .services = services, .lang = "C.UTF-8", .random_hex = given_hex};
    return environment_compose(&input, environment, err);
}

/* Composes what must not be refused. */
static void compose_well(const struct options *options, const struct app *app,
                         const struct services *services, struct environment *environment)
{
    cleanup_error struct error err = {0};
    if (compose(options, app, services, environment, &err) < 0)
        fail_msg("refused: %s", err.message);
}

static const char *value_of(const struct environment *environment, const char *name)
{
    return strings_env_get(&environment->env, name);
}

static void assert_value(const struct environment *environment, const char *name, const char *expected)
{
    assert_text(name, value_of(environment, name), expected);
}

static bool lists(const struct strings *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

/* ---- What there is ---- */

static void all_zero(char *out, size_t size)
{
    memset(out, '0', 2 * size);
    out[2 * size] = '\0';
}

/* All of it: nothing of the caller's gets in. */
static void test_bare(void **state)
{
    (void)state;
    const struct app app = {0};
    const struct environment_input input = {.options = &no_options,
                                            .app = &app,
                                            .services = &no_services,
                                            .lang = "en_US.UTF-8",
                                            .random_hex = all_zero};
    cleanup_environment struct environment environment;
    cleanup_error struct error err = {0};
    assert_int_equal(environment_compose(&input, &environment, &err), 0);
    ASSERT_LIST(&environment.env, "PATH=" SYSTEM_PATH, "HOME=/app", "USER=dyno", "LOGNAME=dyno",
                "SHELL=/bin/bash", "LANG=en_US.UTF-8", "PORT=5000", "DYNO=test.1", "STACK=heroku-24",
                "CI=true", "CI_NODE_INDEX=0", "CI_NODE_TOTAL=1",
                "HEROKU_TEST_RUN_ID=00000000-0000-4000-8000-000000000000");
    ASSERT_LIST(&environment.generated, "00000000-0000-4000-8000-000000000000");
    ASSERT_LIST(&environment.unset, NULL);
    ASSERT_LIST(&environment.replaced, NULL);
}

static void test_of_the_app(void **state)
{
    (void)state;
    const struct app app = {
        .stack = TEXT("heroku-22"), .git_branch = TEXT("main"), .git_commit = TEXT("0123abcd")};
    const struct environment_input input = {.options = &no_options,
                                            .app = &app,
                                            .services = &no_services,
                                            .lang = "C.UTF-8",
                                            .term = "xterm",
                                            .random_hex = given_hex};
    cleanup_environment struct environment environment;
    cleanup_error struct error err = {0};
    assert_int_equal(environment_compose(&input, &environment, &err), 0);
    assert_value(&environment, "STACK", "heroku-22");
    assert_value(&environment, "TERM", "xterm");
    assert_value(&environment, "HEROKU_TEST_RUN_BRANCH", "main");
    assert_value(&environment, "HEROKU_TEST_RUN_COMMIT_VERSION", "0123abcd");
}

/* RFC 9562's version 4, whatever the dice say. */
static void test_run_id(void **state)
{
    (void)state;
    regex_t uuid;
    const struct app app = {0};
    assert_int_equal(
        regcomp(&uuid, "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", REG_EXTENDED),
        0);
    for (int i = 0; i < 16; i++) {
        cleanup_environment struct environment environment;
        compose_well(&no_options, &app, &no_services, &environment);
        if (regexec(&uuid, value_of(&environment, "HEROKU_TEST_RUN_ID"), 0, NULL, 0) != 0)
            fail_msg("no UUID: %s", value_of(&environment, "HEROKU_TEST_RUN_ID"));
    }
    regfree(&uuid);
}

static void test_of_the_services(void **state)
{
    (void)state;
    const struct app app = {0};
    cleanup_environment struct environment environment;
    compose_well(&no_options, &app, &both_services, &environment);
    assert_value(&environment, "DATABASE_URL", POSTGRES_URL);
    assert_value(&environment, "STATS_URL", POSTGRES_URL "_stats");
    assert_value(&environment, "PGHOST", "/tmp");
    assert_value(&environment, "PGDATA", "/var/lib/postgresql/data");
    assert_value(&environment, "CACHE_URL", "redis://:redis-secret@localhost:6379/");
    assert_value(&environment, "REDIS_URL", "redis://:redis-secret@localhost:6379/");
    assert_value(&environment, "REDISCLI_AUTH", "redis-secret");
    assert_true(lists(&environment.generated, "pg-secret"));
    assert_true(lists(&environment.generated, "redis-secret"));
}

/* ---- Who comes after whom ---- */

static const struct order_row {
    const char *name;
    const char *app, *file, *option; /* what each of them says */
    const char *value;
    bool replaced;
} order_rows[] = {
    {"PORT", .value = "5000"},
    {"PORT", "app", .value = "app"},
    {"PORT", "app", "file", .value = "file"},
    {"PORT", "app", "file", "option", .value = "option"},
    {"PORT", .file = "file", .value = "file"},
    {"PORT", "app", .option = "option", .value = "option"},
    {"NEW", "app", .value = "app"},
    {"NEW", .file = "file", .option = "option", .value = "option"},
    {"NEW", .option = "with=signs", .value = "with=signs"},
    {"NEW", "app", .option = "", .value = ""},
    /* Heroku's. */
    {"CI", "app", .value = "true", .replaced = true},
    {"CI", "true", .value = "true"},
    {"CI", .file = "file", .value = "file"},
    {"CI", .option = "option", .value = "option"},
    {"CI_NODE_TOTAL", "9", .value = "1", .replaced = true},
    {"HEROKU_TEST_RUN_BRANCH", "app", .value = "main", .replaced = true},
    {"HEROKU_TEST_RUN_COMMIT_VERSION", "app", .value = "0123abcd", .replaced = true},
    /* The services'. */
    {"DATABASE_URL", "app", .value = POSTGRES_URL, .replaced = true},
    {"DATABASE_URL", POSTGRES_URL, .value = POSTGRES_URL},
    {"REDIS_URL", "app", .value = "redis://:redis-secret@localhost:6379/", .replaced = true},
    {"PGHOST", "app", .value = "/tmp", .replaced = true},
    {"REDISCLI_AUTH", "app", .value = "redis-secret", .replaced = true},
    {"DATABASE_URL", .file = "file", .value = "file"},
    {"DATABASE_URL", .file = "file", .option = "option", .value = "option"},
    {"PGHOST", .option = "option", .value = "option"},
};

static void add_if(struct strings *env, const char *name, const char *value)
{
    if (value)
        strings_addf(env, "%s=%s", name, value);
}

static void test_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof order_rows / sizeof *order_rows; i++) {
        const struct order_row *row = &order_rows[i];
        cleanup_options struct options options = {0};
        cleanup_app struct app app = {.git_branch = copy_string("main"),
                                      .git_commit = copy_string("0123abcd")};
        cleanup_environment struct environment environment;
        app.env = allocate(1, sizeof *app.env);
        app.env[0] = (struct app_env){.name = copy_string(row->name), .value = copy_string(row->app)};
        app.env_count = row->app ? 1 : 0;
        add_if(&app.env_file, row->name, row->file);
        add_if(&options.env, row->name, row->option);
        compose_well(&options, &app, &both_services, &environment);
        if (!app.env_count)
            app_env_clear(&app.env[0]);
        assert_value(&environment, row->name, row->value);
        ASSERT_LIST(&environment.replaced, row->replaced ? row->name : NULL);
    }
}

static const struct path_row {
    const char *app, *file, *option;
    const char *path;
} path_rows[] = {
    {.path = CLIENT_PATH ":/opt/indyno/postgresql-17.10/bin:/opt/indyno/redis-7.0.15/usr/bin:" SYSTEM_PATH},
    {.app = "/app/bin",
     .path = CLIENT_PATH ":/opt/indyno/postgresql-17.10/bin:/opt/indyno/redis-7.0.15/usr/bin:"
                         "/app/bin"},
    {.app = "/app/bin", .file = "/file", .path = "/file"},
    {.file = "/file", .option = "/option", .path = "/option"},
};

/* Client programs first, then the servers' own, then what there was; but the user's word is final. */
static void test_path(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof path_rows / sizeof *path_rows; i++) {
        const struct path_row *row = &path_rows[i];
        cleanup_options struct options options = {0};
        cleanup_free char *value = copy_string(row->app);
        struct app_env variable = {.name = TEXT("PATH"), .value = value};
        struct app app = {.env = &variable, .env_count = row->app ? 1 : 0};
        cleanup_environment struct environment environment;
        add_if(&app.env_file, "PATH", row->file);
        add_if(&options.env, "PATH", row->option);
        compose_well(&options, &app, &both_services, &environment);
        strings_clear(&app.env_file);
        assert_value(&environment, "PATH", row->path);
    }
}

/* ---- Secrets ---- */

static void test_secrets(void **state)
{
    (void)state;
    struct app_env variables[] = {{.name = TEXT("KEY"), .generated = true},
                                  {.name = TEXT("OTHER"), .generated = true, .required = true}};
    const struct app app = {.env = variables, .env_count = 2};
    cleanup_environment struct environment environment;
    compose_well(&no_options, &app, &no_services, &environment);
    for (size_t i = 0; i < app.env_count; i++) {
        const char *secret = value_of(&environment, variables[i].name);
        assert_non_null(secret);
        assert_int_equal(strlen(secret), SECRET_DIGITS);
        assert_int_equal(strspn(secret, "0123456789abcdef"), SECRET_DIGITS);
        assert_true(lists(&environment.generated, secret));
    }
    assert_string_not_equal(value_of(&environment, "KEY"), value_of(&environment, "OTHER"));
    ASSERT_LIST(&environment.unset, NULL);
}

/* What the user gives is no secret of indyno's making, and none is made in its stead. */
static void test_given_secrets(void **state)
{
    (void)state;
    struct app_env variables[] = {{.name = TEXT("KEY"), .generated = true},
                                  {.name = TEXT("OTHER"), .generated = true}};
    const struct app app = {.env = variables, .env_count = 2, .env_file = {WORDS(TEXT("KEY=file"))}};
    const struct options options = {.env = {WORDS(TEXT("OTHER=option"))}};
    cleanup_environment struct environment environment;
    compose_well(&options, &app, &no_services, &environment);
    assert_value(&environment, "KEY", "file");
    assert_value(&environment, "OTHER", "option");
    ASSERT_LIST(&environment.generated, value_of(&environment, "HEROKU_TEST_RUN_ID"));
}

/* ---- Without a value ---- */

static void test_required(void **state)
{
    (void)state;
    struct app_env variables[] = {{.name = TEXT("FREE")}, {.name = TEXT("TOKEN"), .required = true}};
    const struct app app = {.path = TEXT("d/app.json"), .env = variables, .env_count = 2};
    cleanup_environment struct environment environment;
    cleanup_error struct error err = {0};
    assert_int_equal(compose(&no_options, &app, &both_services, &environment, &err), -1);
    assert_int_equal(err.status, STATUS_DATA);
    assert_text("message", err.message, "d/app.json: env.TOKEN: required, and has no value");
    assert_text("remedy", err.remedy, "give it one with -e TOKEN=VALUE or --env-file FILE");
    assert_int_equal(environment.env.count, 0);
    assert_int_equal(environment.unset.count, 0);
}

/* Who gives a declared variable a value: then it is neither refused nor listed. */
static const struct given_row {
    const char *name;
    const char *value, *file, *option;
} given_rows[] = {
    {"TOKEN", .value = "app"},
    {"TOKEN", .value = ""},
    {"TOKEN", .file = "file"},
    {"TOKEN", .option = "option"},
    {"TOKEN", .option = ""},
    {.name = "PORT"},
    {.name = "CI"},
    {.name = "HEROKU_TEST_RUN_ID"},
    {.name = "DATABASE_URL"},
    {.name = "STATS_URL"},
    {.name = "REDIS_URL"},
    {.name = "REDISCLI_AUTH"},
};

static void check_given(const struct given_row *row, bool required)
{
    cleanup_options struct options options = {0};
    cleanup_app struct app app = {.path = copy_string("d/app.json"), .env_count = 1};
    cleanup_environment struct environment environment;
    app.env = allocate(1, sizeof *app.env);
    app.env[0] = (struct app_env){
        .name = copy_string(row->name), .value = copy_string(row->value), .required = required};
    add_if(&app.env_file, row->name, row->file);
    add_if(&options.env, row->name, row->option);
    compose_well(&options, &app, &both_services, &environment);
    assert_non_null(value_of(&environment, row->name));
    ASSERT_LIST(&environment.unset, NULL);
    ASSERT_LIST(&environment.replaced, NULL);
}

static void test_given(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof given_rows / sizeof *given_rows; i++) {
        check_given(&given_rows[i], false);
        check_given(&given_rows[i], true);
    }
}

static void test_unset(void **state)
{
    (void)state;
    struct app_env variables[] = {{.name = TEXT("B")}, {.name = TEXT("A")}, {.name = TEXT("DATABASE_URL")}};
    const struct app app = {.env = variables, .env_count = 3};
    cleanup_environment struct environment environment;
    compose_well(&no_options, &app, &no_services, &environment);
    ASSERT_LIST(&environment.unset, "B", "A", "DATABASE_URL");
    assert_value(&environment, "A", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bare),     cmocka_unit_test(test_of_the_app),
        cmocka_unit_test(test_run_id),   cmocka_unit_test(test_of_the_services),
        cmocka_unit_test(test_order),    cmocka_unit_test(test_path),
        cmocka_unit_test(test_secrets),  cmocka_unit_test(test_given_secrets),
        cmocka_unit_test(test_required), cmocka_unit_test(test_given),
        cmocka_unit_test(test_unset),
    };
    return cmocka_run_group_tests_name("environment", tests, NULL, NULL);
}
