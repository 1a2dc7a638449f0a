#include "services.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"

/* ---- Addons ---- */

static const struct engine *engine_of(const char *plan)
{
    size_t length = strcspn(plan, ":");
    for (size_t i = 0; i < ENGINE_COUNT; i++)
        if (strlen(engines[i]->addon) == length && strncmp(engines[i]->addon, plan, length) == 0)
            return engines[i];
    return NULL;
}

static int refuse_addon(const struct app *app, const struct app_addon *addon, struct error *err)
{
    fail(err, STATUS_DATA, "%s: %s: %.100s: no such in-dyno addon", app->path, addon->key, addon->plan);
    error_remedy(err, "in-dyno addons are heroku-postgresql:in-dyno and heroku-redis:in-dyno");
    return -1;
}

static bool is_asked_for(const struct options *options, const struct app *app, const struct engine *engine)
{
    for (size_t i = 0; i < app->addon_count; i++)
        if (app->addons[i].in_dyno && engine_of(app->addons[i].plan) == engine)
            return true;
    return options->services[engine->option].wanted;
}

bool services_wanted(const struct options *options, const struct app *app)
{
    for (size_t i = 0; i < ENGINE_COUNT; i++)
        if (is_asked_for(options, app, engines[i]))
            return true;
    return false;
}

/* ---- Variables ---- */

/* "ANALYTICS_URL" of "analytics". */
static char *variable_name(const char *as)
{
    char *name = text_format("%s_URL", as);
    for (char *c = name; *c; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    return name;
}

static bool has_variable(const struct service *service, const char *variable)
{
    for (size_t i = 0; i < service->variables.count; i++)
        if (strcmp(service->variables.items[i], variable) == 0)
            return true;
    return false;
}

static int add_variable(struct service *service, const struct engine *engine, const struct app *app,
                        const struct app_addon *addon, struct error *err)
{
    if (addon->as && strlen(addon->as) > engine->attachment_max) {
        fail(err, STATUS_DATA, "%s: %s.as: longer than %zu letters", app->path, addon->key,
             engine->attachment_max);
        return -1;
    }
    cleanup_free char *variable = addon->as ? variable_name(addon->as) : copy_string(engine->url_variable);
    if (!has_variable(service, variable))
        strings_add(&service->variables, variable);
    return 0;
}

/* Where no addon names one, the engine's own. */
static int collect_variables(const struct services_input *input, struct service *service, struct error *err)
{
    const struct app *app = input->app;
    const struct engine *engine = service->engine;
    for (size_t i = 0; i < app->addon_count; i++)
        if (app->addons[i].in_dyno && engine_of(app->addons[i].plan) == engine &&
            add_variable(service, engine, app, &app->addons[i], err) < 0)
            return -1;
    if (!service->variables.count)
        strings_add(&service->variables, engine->url_variable);
    service->first_is_default = !has_variable(service, engine->url_variable);
    return 0;
}

/* Two servers must not be told under one name. */
static int check_variables(const struct services *services, const struct app *app, struct error *err)
{
    for (size_t i = 0; i < services->count; i++)
        for (size_t j = 0; j < services->count; j++) {
            const struct service *a = &services->items[i], *b = &services->items[j];
            for (size_t k = 0; i != j && k < b->variables.count; k++)
                if (has_variable(a, b->variables.items[k]) ||
                    strcmp(a->engine->url_variable, b->variables.items[k]) == 0) {
                    fail(err, STATUS_DATA, "%s: addons: %s would be both %s and %s", app->path,
                         b->variables.items[k], a->engine->name, b->engine->name);
                    error_remedy(err, "give one of the addons another \"as\"");
                    return -1;
                }
        }
    return 0;
}

/* ---- Options of addons ---- */

/* What has been read of them: what chooses the image, and what is the server's. */
struct chosen {
    struct strings choices, settings;
};

static void chosen_clear(struct chosen *chosen)
{
    strings_clear(&chosen->choices);
    strings_clear(&chosen->settings);
}

#define cleanup_chosen __attribute__((cleanup(chosen_clear)))

/* A message about option name of an addon; its value is not quoted. */
static int refuse_option(const struct app *app, const struct app_addon *addon, const char *option,
                         const char *why, struct error *err)
{
    enum { SHOWN_MAX = 64 };
    size_t length = strcspn(option, "=");
    return fail(err, STATUS_DATA, "%s: %s.options.%.*s: %s", app->path, addon->key,
                length < SHOWN_MAX ? (int)length : SHOWN_MAX, option, why);
}

static int refuse_unknown_option(const struct app *app, const struct app_addon *addon, const char *option,
                                 struct error *err)
{
    const struct engine *engine = engine_of(addon->plan);
    cleanup_free char *names = setting_names(engine->settings);
    refuse_option(app, addon, option, "no such option", err);
    error_remedy(err, "options of %s are: %s", engine->addon, names);
    return -1;
}

static int take_option(const struct app *app, const struct app_addon *addon, const char *option,
                       struct chosen *chosen, struct error *err)
{
    size_t length = strcspn(option, "=");
    const char *value = option + length + 1;
    const struct setting *setting = setting_find(engine_of(addon->plan)->settings, option, length);
    if (!setting)
        return refuse_unknown_option(app, addon, option, err);
    if (!setting_accepts(setting, value)) {
        refuse_option(app, addon, option, "not a value that it can have", err);
        error_remedy(err, "give it %s", setting->expected);
        return -1;
    }
    struct strings *list = setting->chooses ? &chosen->choices : &chosen->settings;
    const char *earlier = strings_env_get(list, setting->name);
    if (earlier && strcmp(earlier, value) != 0) {
        refuse_option(app, addon, option, "another value than an earlier entry's", err);
        error_remedy(err, "entries of one plan are one server: give the option in one of them");
        return -1;
    }
    strings_env_set(list, setting->name, value);
    return 0;
}

static int take_options(const struct app *app, const struct engine *engine, struct chosen *chosen,
                        struct error *err)
{
    for (size_t i = 0; i < app->addon_count; i++) {
        const struct app_addon *addon = &app->addons[i];
        bool ours = addon->in_dyno && engine_of(addon->plan) == engine;
        for (size_t j = 0; ours && j < addon->options.count; j++)
            if (take_option(app, addon, addon->options.items[j], chosen, err) < 0)
                return -1;
    }
    return 0;
}

/* ---- Images ---- */

static const char *find_image(const struct engine *engine, const char *name, size_t length)
{
    for (const char *const *image = engine->images; *image; image++)
        if (strlen(*image) == length && strncmp(*image, name, length) == 0)
            return *image;
    return NULL;
}

static int refuse_image(const struct engine *engine, const char *value, struct error *err)
{
    cleanup_strings struct strings images = {0};
    for (const char *const *image = engine->images; *image; image++)
        strings_add(&images, *image);
    cleanup_free char *names = strings_join(&images, ", ");
    fail(err, STATUS_USAGE, "--%s=%.100s: no image of that name serves it", engine->name, value);
    error_remedy(err, "images are: %s", names);
    return -1;
}

/* A value of --redis: "valkey:8.1", "valkey" or "8.1". What it does not name is left alone. */
static int parse_value(const struct engine *engine, const char *value, const char **image,
                       const char **version, struct error *err)
{
    size_t length = strcspn(value, ":");
    const char *found = find_image(engine, value, length);
    if (value[length] && !found)
        return refuse_image(engine, value, err);
    if (found)
        *image = found;
    if (value[length] || !found)
        *version = value[length] ? value + length + 1 : value;
    return 0;
}

static const char *or_else(const char *first, const char *second)
{
    return first && *first ? first : second;
}

/* Where the command line names the image, versions that were written with another in mind do not count. */
static int choose(const struct services_input *input, const struct engine *engine,
                  const struct strings *choices, struct service_choice *choice, struct error *err)
{
    const struct engine_context context = {.options = input->options, .app = input->app};
    const char *image = NULL, *version = NULL, *value = input->options->services[engine->option].version;
    if (value && parse_value(engine, value, &image, &version, err) < 0)
        return -1;
    if (!image) {
        const char *name = or_else(strings_env_get(choices, "engine"), engine->images[0]);
        image = find_image(engine, name, strlen(name));
        version = or_else(version, engine_setting(&context, engine->version_variable));
        version = or_else(version, strings_env_get(choices, "version"));
    }
    choice->image = image;
    choice->version = copy_string(version);
    return 0;
}

int services_choose(const struct services_input *input, const struct engine *engine,
                    struct service_choice *choice, struct error *err)
{
    cleanup_chosen struct chosen chosen = {0};
    *choice = (struct service_choice){0};
    if (!is_asked_for(input->options, input->app, engine))
        return 0;
    if (take_options(input->app, engine, &chosen, err) < 0 ||
        choose(input, engine, &chosen.choices, choice, err) < 0)
        return -1;
    choice->settings = chosen.settings;
    chosen.settings = (struct strings){0};
    return 0;
}

void service_choice_clear(struct service_choice *choice)
{
    free(choice->version);
    strings_clear(&choice->settings);
    *choice = (struct service_choice){0};
}

static int choose_image(const struct services_input *input, struct service *service, struct error *err)
{
    cleanup_choice struct service_choice choice;
    if (services_choose(input, service->engine, &choice, err) < 0)
        return -1;
    int index =
        resolve_image(input->catalog, input->images, input->image_count, choice.image, choice.version, err);
    if (index < 0)
        return -1;
    service->image = &input->images[index];
    service->settings = choice.settings;
    choice.settings = (struct strings){0};
    return 0;
}

/* ---- All together ---- */

/* Adds the engine's service; nothing where nobody asks for it. */
static int add_service(const struct services_input *input, const struct engine *engine,
                       struct services *services, struct error *err)
{
    const struct engine_context context = {.images = input->images,
                                           .image_count = input->image_count,
                                           .options = input->options,
                                           .app = input->app,
                                           .random_hex = input->random_hex,
                                           .notes = &services->notes};
    struct service *service = &services->items[services->count];
    if (!is_asked_for(input->options, input->app, engine))
        return 0;
    *service = (struct service){.engine = engine,
                                .images = input->images,
                                .image_count = input->image_count,
                                .has_rootfs = input->has_rootfs};
    if (collect_variables(input, service, err) < 0 || choose_image(input, service, err) < 0) {
        service_clear(service);
        return -1;
    }
    services->count++;
    engine->prepare(service, &context);
    service_configure(service);
    return 0;
}

static int check_addons(const struct app *app, struct error *err)
{
    for (size_t i = 0; i < app->addon_count; i++)
        if (app->addons[i].in_dyno && !engine_of(app->addons[i].plan))
            return refuse_addon(app, &app->addons[i], err);
    return 0;
}

static int plan_all(const struct services_input *input, struct services *services, struct error *err)
{
    if (check_addons(input->app, err) < 0)
        return -1;
    for (size_t i = 0; i < ENGINE_COUNT; i++)
        if (add_service(input, engines[i], services, err) < 0)
            return -1;
    return check_variables(services, input->app, err);
}

int services_plan(const struct services_input *input, struct services *services, struct error *err)
{
    *services = (struct services){0};
    if (plan_all(input, services, err) == 0)
        return 0;
    services_clear(services);
    return -1;
}

void services_clear(struct services *services)
{
    for (size_t i = 0; i < services->count; i++)
        service_clear(&services->items[i]);
    strings_clear(&services->notes);
    *services = (struct services){0};
}
