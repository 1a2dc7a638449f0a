#include "environment.h"

#include <inttypes.h>
#include <string.h>

#include "base/own.h"
#include "layout.h"

enum { SECRET_BYTES = 32, UUID_BYTES = 16, MIB = 1 << 20, WEB_MEMORY_MIB = 512 };

static const char default_stack[] = "heroku-24";

static void set(struct environment *environment, const char *name, const char *value)
{
    if (value)
        strings_env_set(&environment->env, name, value);
}

/* Sets it over app.json's, and notes where that had another value. */
static void impose(struct environment *environment, const char *name, const char *value)
{
    const char *there = strings_env_get(&environment->env, name);
    if (there && value && strcmp(there, value) != 0)
        strings_add(&environment->replaced, name);
    set(environment, name, value);
}

/* ---- 1: the dyno's own ---- */

static void add_own(const struct environment_input *input, struct environment *environment)
{
    const char *const own[][2] = {
        {"PATH", input->search_path ? input->search_path : LAYOUT_SYSTEM_PATH},
        {"HOME", LAYOUT_APP},
        {"USER", "dyno"},
        {"LOGNAME", "dyno"},
        {"SHELL", input->shell ? input->shell : "/bin/bash"},
        {"LANG", input->lang},
        {"TERM", input->term},
        {"PORT", "5000"},
        {"DYNO", "test.1"},
        {"STACK", input->app->stack ? input->app->stack : default_stack},
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        set(environment, own[i][0], own[i][1]);
}

/* A process takes WEB_MEMORY MiB, as Heroku's buildpack for Node has it, of which the test is free to say more. */
static void add_memory(const struct environment_input *input, struct environment *environment)
{
    uint64_t mib = input->memory_bytes / MIB;
    if (mib == 0)
        return;
    cleanup_free char *ram = text_format("%" PRIu64, mib);
    cleanup_free char *processes = text_format("%" PRIu64, mib > WEB_MEMORY_MIB ? mib / WEB_MEMORY_MIB : 1);
    set(environment, "DYNO_RAM", ram);
    set(environment, "WEB_CONCURRENCY", processes);
}

/* ---- 2: app.json's ---- */

static bool set_by_user(const struct environment_input *input, const char *name)
{
    return strings_env_get(&input->options->env, name) || strings_env_get(&input->app->env_file, name);
}

static void generate(const struct environment_input *input, const char *name, struct environment *environment)
{
    char secret[2 * SECRET_BYTES + 1];
    input->random_hex(secret, SECRET_BYTES);
    set(environment, name, secret);
    strings_add(&environment->generated, secret);
}

static void add_app(const struct environment_input *input, struct environment *environment)
{
    for (size_t i = 0; i < input->app->env_count; i++) {
        const struct app_env *variable = &input->app->env[i];
        if (variable->value)
            set(environment, variable->name, variable->value);
        else if (variable->generated && !set_by_user(input, variable->name))
            generate(input, variable->name, environment);
    }
}

/* ---- 3: Heroku's ---- */

/* RFC 9562's version 4. */
static char *random_uuid(void (*random_hex)(char *out, size_t size))
{
    char hex[2 * UUID_BYTES + 1];
    random_hex(hex, UUID_BYTES);
    hex[12] = '4';
    hex[16] = "89ab"[hex[16] & 3];
    return text_format("%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

static void add_heroku(const struct environment_input *input, struct environment *environment)
{
    cleanup_free char *id = random_uuid(input->random_hex);
    const char *const immutable[][2] = {
        {"CI", "true"},
        {"CI_NODE_INDEX", "0"},
        {"CI_NODE_TOTAL", "1"},
        {"HEROKU_TEST_RUN_ID", id},
        {"HEROKU_TEST_RUN_BRANCH", input->app->git_branch},
        {"HEROKU_TEST_RUN_COMMIT_VERSION", input->app->git_commit},
    };
    for (size_t i = 0; i < sizeof immutable / sizeof *immutable; i++)
        impose(environment, immutable[i][0], immutable[i][1]);
    strings_add(&environment->generated, id);
}

/* ---- 4: the services' ---- */

static void add_service(const struct service *service, struct environment *environment)
{
    for (size_t i = 0; i < service->variables.count; i++) {
        cleanup_free char *url = service->engine->url(service, i);
        impose(environment, service->variables.items[i], url);
        if (i == 0 && service->first_is_default)
            impose(environment, service->engine->url_variable, url);
    }
    cleanup_strings struct strings client = {0};
    service->engine->add_client_env(service, &client);
    for (size_t i = 0; i < client.count; i++) {
        const char *value = strchr(client.items[i], '=');
        if (!value)
            continue;
        cleanup_free char *name = text_format("%.*s", (int)(value - client.items[i]), client.items[i]);
        impose(environment, name, value + 1);
    }
    const char *secret = service->engine->secret(service);
    if (secret)
        strings_add(&environment->generated, secret);
}

static void put_in_front(char **path, const struct image *image)
{
    if (!image)
        return;
    cleanup_free char *tree = engine_tree(image);
    for (size_t i = image->bins.count; i-- > 0;) {
        char *longer = text_format("%s/%s:%s", tree, image->bins.items[i], *path);
        free(*path);
        *path = longer;
    }
}

/* Client programs come before the server's own: they are the newer and the more complete ones. */
static void extend_path(const struct services *services, struct environment *environment)
{
    cleanup_free char *path = copy_string(strings_env_get(&environment->env, "PATH"));
    for (size_t i = services->count; i-- > 0;) {
        put_in_front(&path, services->items[i].image);
        put_in_front(&path, services->items[i].client);
    }
    set(environment, "PATH", path);
}

/* ---- 5 and 6: the user's ---- */

static void add_list(const struct strings *list, struct environment *environment)
{
    for (size_t i = 0; i < list->count; i++) {
        int length = (int)strcspn(list->items[i], "=");
        cleanup_free char *name = text_format("%.*s", length, list->items[i]);
        set(environment, name, list->items[i] + length + 1);
    }
}

/* ---- What app.json declares ---- */

static int refuse_unset(const struct app *app, const char *name, struct error *err)
{
    fail(err, STATUS_DATA, "%s: env.%s: required, and has no value", app->path, name);
    error_remedy(err, "give it one with -e %s=VALUE or --env-file FILE", name);
    return -1;
}

/* Asked last: a declared variable has a value whoever gives it one, such as a service its DATABASE_URL. */
static int check_declared(const struct environment_input *input, struct environment *environment,
                          struct error *err)
{
    for (size_t i = 0; i < input->app->env_count; i++) {
        const struct app_env *variable = &input->app->env[i];
        if (strings_env_get(&environment->env, variable->name))
            continue;
        if (variable->required)
            return refuse_unset(input->app, variable->name, err);
        strings_add(&environment->unset, variable->name);
    }
    return 0;
}

int environment_compose(const struct environment_input *input, struct environment *environment,
                        struct error *err)
{
    *environment = (struct environment){0};
    add_own(input, environment);
    add_memory(input, environment);
    add_app(input, environment);
    add_heroku(input, environment);
    for (size_t i = 0; i < input->services->count; i++)
        add_service(&input->services->items[i], environment);
    extend_path(input->services, environment);
    add_list(&input->app->env_file, environment);
    add_list(&input->options->env, environment);
    if (check_declared(input, environment, err) == 0)
        return 0;
    environment_clear(environment);
    return -1;
}

void environment_clear(struct environment *environment)
{
    struct strings *const lists[] = {&environment->env, &environment->generated, &environment->unset,
                                     &environment->replaced};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        strings_clear(lists[i]);
}
