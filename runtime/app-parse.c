/*
 * Theory of operation: each kind of object in app.json has a table of the members that are known, each with
 * the function that takes it and the field that it goes to. parse_members walks an object along its table, in
 * the table's order, and then lists the members that the table does not have as unknown. A member that is
 * null counts as absent.
 *
 * "environments" stands last in the top level's table: what environments.test says then replaces what the top
 * level said (its env: variable by variable), which is all there is to precedence.
 *
 * Messages name the file and the key path, and quote no value: the file may belong to somebody whom the
 * reader of the message should not have to trust.
 */
#include "app.h"

#include <string.h>

#include "app-json.h"
#include "app-members.h"
#include "app-name.h"
#include "base/own.h"

/* ---- env
 * ------------------------------------------------------------------------------------------------ */

/* "secret" is all that Heroku has; another one makes nothing. */
static int take_generator(struct parse *parse, const struct key *key, const cJSON *item, void *field)
{
    if (!cJSON_IsString(item))
        return parse_wrong_type(parse, key, "a string", item);
    *(bool *)field = strcmp(item->valuestring, "secret") == 0;
    if (!*(bool *)field)
        parse_unknown(parse, key);
    return 0;
}

static const struct member variable_members[] = {
    {"value", take_scalar, offsetof(struct app_env, value)},
    {"required", take_flag, offsetof(struct app_env, required)},
    {"generator", take_generator, offsetof(struct app_env, generated)},
    {"description", NULL, 0},
    {0},
};

/* The entry of that name, emptied, or a new one: a later declaration replaces the whole of an earlier one. */
static struct app_env *declare(struct app *app, const char *name)
{
    struct app_env *env = NULL;
    for (size_t i = 0; i < app->env_count && !env; i++)
        if (strcmp(app->env[i].name, name) == 0)
            env = &app->env[i];
    if (env) {
        app_env_clear(env);
    } else {
        app->env = reallocate(app->env, app->env_count + 1, sizeof *app->env);
        env = &app->env[app->env_count++];
    }
    *env = (struct app_env){.name = copy_string(name)};
    return env;
}

static int parse_variable(struct parse *parse, const struct key *key, const cJSON *item)
{
    if (!variable_name_valid(key->name, strlen(key->name))) {
        parse_refuse(parse, key, "not a name that an environment variable can have");
        error_remedy(parse->err, "use letters, digits and underscores, with no digit in front");
        return -1;
    }
    struct app_env *env = declare(parse->app, key->name);
    if (cJSON_IsObject(item)) {
        if (parse_members(parse, key, item, variable_members, env) < 0)
            return -1;
    } else if (!cJSON_IsNull(item) && take_scalar(parse, key, item, &env->value) < 0) {
        return -1;
    }
    env->generated = env->generated && !env->value;
    if (strlen(env->name) + 1 + (env->value ? strlen(env->value) : 0) > ARGUMENT_MAX)
        return parse_too_long(parse, key);
    return 0;
}

static int take_env(struct parse *parse, const struct key *key, const cJSON *item, void *field)
{
    (void)field;
    if (!cJSON_IsObject(item))
        return parse_wrong_type(parse, key, "an object", item);
    const cJSON *variable;
    cJSON_ArrayForEach (variable, item) {
        struct key at = {.parent = key, .name = variable->string};
        if (parse_variable(parse, &at, variable) < 0)
            return -1;
    }
    return 0;
}

/* ---- addons
 * --------------------------------------------------------------------------------------------- */

static int take_attachment(struct parse *parse, const struct key *key, const cJSON *item, void *field)
{
    if (take_string(parse, key, item, field) < 0)
        return -1;
    if (variable_name_valid(item->valuestring, strlen(item->valuestring)))
        return 0;
    parse_refuse(parse, key, "not a name that an environment variable can start with");
    error_remedy(parse->err, "the variable will be <AS>_URL: use letters, digits and underscores");
    return -1;
}

static const struct member addon_members[] = {
    {"plan", take_string, offsetof(struct app_addon, plan)},
    {"as", take_attachment, offsetof(struct app_addon, as)},
    {"options", NULL, 0},
    {0},
};

/* Which of them the plan has is not for here. */
static int take_options(struct parse *parse, const struct key *key, const cJSON *object,
                        struct strings *options)
{
    if (!cJSON_IsObject(object))
        return parse_wrong_type(parse, key, "an object", object);
    const cJSON *item;
    cJSON_ArrayForEach (item, object) {
        cleanup_free char *value = NULL;
        struct key at = {.parent = key, .name = item->string};
        if (cJSON_IsNull(item))
            continue;
        if (take_scalar(parse, &at, item, &value) < 0)
            return -1;
        strings_addf(options, "%s=%s", item->string, value);
    }
    return 0;
}

/* What another plan's options may be is its provider's business: they are shown as doing nothing. */
static int parse_options(struct parse *parse, const struct key *key, const cJSON *item,
                         struct app_addon *addon)
{
    static const struct member none[] = {{0}};
    struct key at = {.parent = key, .name = "options"};
    const cJSON *options = cJSON_GetObjectItemCaseSensitive(item, at.name);
    if (!options || cJSON_IsNull(options))
        return 0;
    return addon->in_dyno ? take_options(parse, &at, options, &addon->options)
                          : parse_members(parse, &at, options, none, addon);
}

static int parse_addon(struct parse *parse, const struct key *key, const cJSON *item, struct app_addon *addon)
{
    addon->key = key_path(key);
    if (!cJSON_IsString(item) && !cJSON_IsObject(item))
        return parse_wrong_type(parse, key, "a string or an object", item);
    if (cJSON_IsString(item))
        addon->plan = copy_string(item->valuestring);
    else if (parse_members(parse, key, item, addon_members, addon) < 0)
        return -1;
    if (!addon->plan || !*addon->plan) {
        parse_refuse(parse, key, "no plan is named");
        error_remedy(parse->err, "name one, such as \"heroku-postgresql:in-dyno\"");
        return -1;
    }
    const char *colon = strchr(addon->plan, ':');
    addon->in_dyno = colon && strcmp(colon + 1, "in-dyno") == 0;
    return parse_options(parse, key, item, addon);
}

static void add_addon(struct app_addon **list, size_t *count, struct app_addon *addon)
{
    *list = reallocate(*list, *count + 1, sizeof **list);
    (*list)[(*count)++] = *addon;
    *addon = (struct app_addon){0};
}

enum place { PLACE_TEST, PLACE_TOP, PLACE_ELSEWHERE };

/* An in-dyno plan belongs to the test environment alone. Others that stand at the top level would apply to a
 * test run too; those of other environments are nobody's business here. */
static void file_addon(struct app *app, enum place place, struct app_addon *addon)
{
    if (addon->in_dyno && place != PLACE_TEST)
        add_addon(&app->skipped_addons, &app->skipped_count, addon);
    else if (place != PLACE_ELSEWHERE)
        add_addon(&app->addons, &app->addon_count, addon);
}

static int parse_addons(struct parse *parse, const struct key *key, const cJSON *list, enum place place)
{
    if (!cJSON_IsArray(list))
        return parse_wrong_type(parse, key, "an array", list);
    struct key at = {.parent = key};
    const cJSON *item;
    cJSON_ArrayForEach (item, list) {
        __attribute__((cleanup(app_addon_clear))) struct app_addon addon = {0};
        if (parse_addon(parse, &at, item, &addon) < 0)
            return -1;
        file_addon(parse->app, place, &addon);
        at.index++;
    }
    return 0;
}

static int take_top_addons(struct parse *parse, const struct key *key, const cJSON *item, void *field)
{
    (void)field;
    return parse_addons(parse, key, item, PLACE_TOP);
}

static int take_test_addons(struct parse *parse, const struct key *key, const cJSON *item, void *field)
{
    (void)field;
    while (parse->app->addon_count > 0)
        app_addon_clear(&parse->app->addons[--parse->app->addon_count]);
    return parse_addons(parse, key, item, PLACE_TEST);
}

/* ---- formation, buildpacks, scripts
 * ---------------------------------------------------------------------- */

struct process_type {
    char *quantity, *size;
};

static void process_type_clear(struct process_type *type)
{
    free(type->quantity);
    free(type->size);
}

static const struct member formation_members[] = {
    {"quantity", take_scalar, offsetof(struct process_type, quantity)},
    {"size", take_scalar, offsetof(struct process_type, size)},
    {0},
};

static int parse_process_type(struct parse *parse, const struct key *key, const cJSON *item,
                              struct strings *lines)
{
    __attribute__((cleanup(process_type_clear))) struct process_type type = {0};
    if (parse_members(parse, key, item, formation_members, &type) < 0)
        return -1;
    cleanup_free char *label = key_label(key->name);
    strings_addf(lines, "%s:%s%s%s%s%s", label, type.quantity ? " quantity " : "",
                 type.quantity ? type.quantity : "", type.quantity && type.size ? "," : "",
                 type.size ? " size " : "", type.size ? type.size : "");
    if (strcmp(key->name, "test") == 0)
        parse->app->size = steal_pointer(type.size);
    return 0;
}

static int take_formation(struct parse *parse, const struct key *key, const cJSON *item, void *field)
{
    strings_clear(field);
    free(parse->app->size);
    parse->app->size = NULL;
    if (!cJSON_IsObject(item))
        return parse_wrong_type(parse, key, "an object", item);
    const cJSON *type;
    cJSON_ArrayForEach (type, item) {
        struct key at = {.parent = key, .name = type->string};
        if (!cJSON_IsNull(type) && parse_process_type(parse, &at, type, field) < 0)
            return -1;
    }
    return 0;
}

static const struct member buildpack_members[] = {{"url", take_string, 0}, {0}};

static int parse_buildpack(struct parse *parse, const struct key *key, const cJSON *item,
                           struct strings *urls)
{
    cleanup_free char *url = NULL;
    if (!cJSON_IsString(item) && !cJSON_IsObject(item))
        return parse_wrong_type(parse, key, "an object with a url", item);
    if (cJSON_IsString(item))
        url = copy_string(item->valuestring);
    else if (parse_members(parse, key, item, buildpack_members, &url) < 0)
        return -1;
    if (!url)
        return parse_refuse(parse, key, "no url is given");
    strings_take(urls, steal_pointer(url));
    return 0;
}

static int take_buildpacks(struct parse *parse, const struct key *key, const cJSON *item, void *field)
{
    strings_clear(field);
    if (!cJSON_IsArray(item))
        return parse_wrong_type(parse, key, "an array", item);
    struct key at = {.parent = key};
    const cJSON *buildpack;
    cJSON_ArrayForEach (buildpack, item) {
        if (parse_buildpack(parse, &at, buildpack, field) < 0)
            return -1;
        at.index++;
    }
    return 0;
}

/* A blank script counts as none: a shell would take it for a success. */
static int take_script(struct parse *parse, const struct key *key, const cJSON *item, void *field)
{
    if (take_string(parse, key, item, field) < 0)
        return -1;
    if (strlen(item->valuestring) > ARGUMENT_MAX)
        return parse_too_long(parse, key);
    if (strspn(item->valuestring, " \t\r\n") == strlen(item->valuestring))
        free_pointer(field);
    return 0;
}

static const struct member test_scripts[] = {
    {"test-setup", take_script, offsetof(struct app, test_setup)},
    {"test", take_script, offsetof(struct app, test)},
    {0},
};

static int take_test_scripts(struct parse *parse, const struct key *key, const cJSON *item, void *field)
{
    return parse_members(parse, key, item, test_scripts, field);
}

/* The top level's scripts belong to deployments: none acts in a test run. */
static int take_top_scripts(struct parse *parse, const struct key *key, const cJSON *item, void *field)
{
    static const struct member none[] = {{0}};
    return parse_members(parse, key, item, none, field);
}

/* ---- environments and the top level
 * ----------------------------------------------------------------------- */

static const struct member test_members[] = {
    {"env", take_env, 0},
    {"addons", take_test_addons, 0},
    {"scripts", take_test_scripts, 0},
    {"formation", take_formation, offsetof(struct app, formation)},
    {"buildpacks", take_buildpacks, offsetof(struct app, buildpacks)},
    {"stack", take_string, offsetof(struct app, stack)},
    {0},
};

/* Of the other environments only the in-dyno plans are of interest: `plan` says that they are not
 * provisioned. */
static int parse_other_environment(struct parse *parse, const struct key *key, const cJSON *item)
{
    if (!cJSON_IsObject(item))
        return parse_wrong_type(parse, key, "an object", item);
    parse_unknown(parse, key);
    const cJSON *addons = cJSON_GetObjectItemCaseSensitive(item, "addons");
    struct key at = {.parent = key, .name = "addons"};
    return addons && !cJSON_IsNull(addons) ? parse_addons(parse, &at, addons, PLACE_ELSEWHERE) : 0;
}

static int take_environments(struct parse *parse, const struct key *key, const cJSON *item, void *field)
{
    if (!cJSON_IsObject(item))
        return parse_wrong_type(parse, key, "an object", item);
    const cJSON *environment;
    cJSON_ArrayForEach (environment, item) {
        struct key at = {.parent = key, .name = environment->string};
        if (cJSON_IsNull(environment))
            continue;
        bool test = strcmp(environment->string, "test") == 0;
        if ((test ? parse_members(parse, &at, environment, test_members, field)
                  : parse_other_environment(parse, &at, environment)) < 0)
            return -1;
    }
    return 0;
}

static const struct member top_members[] = {
    {"name", take_string, offsetof(struct app, name)},
    {"stack", take_string, offsetof(struct app, stack)},
    {"env", take_env, 0},
    {"addons", take_top_addons, 0},
    {"scripts", take_top_scripts, 0},
    {"formation", take_formation, offsetof(struct app, formation)},
    {"buildpacks", take_buildpacks, offsetof(struct app, buildpacks)},
    {"$schema", NULL, 0},
    {"description", NULL, 0},
    {"keywords", NULL, 0},
    {"website", NULL, 0},
    {"repository", NULL, 0},
    {"logo", NULL, 0},
    {"success_url", NULL, 0},
    {"environments", take_environments, 0},
    {0},
};

int app_parse(const char *path, const char *text, size_t size, struct app *app, struct error *err)
{
    cleanup_app_json cJSON *tree = app_json_parse(path, text, size, err);
    if (!tree)
        return -1;
    app->present = true;
    app->path = copy_string(path);
    struct parse parse = {.path = path, .app = app, .err = err};
    if (parse_members(&parse, &(struct key){0}, tree, top_members, app) == 0)
        return 0;
    app_clear(app);
    return -1;
}
