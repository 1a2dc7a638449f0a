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

bool services_wanted(const struct options *options, const struct app *app)
{
    for (size_t i = 0; i < OPTION_ENGINES; i++)
        if (options->services[i].wanted)
            return true;
    for (size_t i = 0; i < app->addon_count; i++)
        if (app->addons[i].in_dyno)
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

static int add_variable(struct service *service, const struct app *app, const struct app_addon *addon,
                        struct error *err)
{
    if (addon->as && strlen(addon->as) > service->engine->attachment_max) {
        fail(err, STATUS_DATA, "%s: %s.as: longer than %zu letters", app->path, addon->key,
             service->engine->attachment_max);
        return -1;
    }
    cleanup_free char *variable =
        addon->as ? variable_name(addon->as) : copy_string(service->engine->url_variable);
    if (!has_variable(service, variable))
        strings_add(&service->variables, variable);
    return 0;
}

/* Fills the service's variables; none where nobody asks for the engine. */
static int collect_variables(const struct services_input *input, struct service *service, struct error *err)
{
    const struct app *app = input->app;
    for (size_t i = 0; i < app->addon_count; i++)
        if (app->addons[i].in_dyno && engine_of(app->addons[i].plan) == service->engine &&
            add_variable(service, app, &app->addons[i], err) < 0)
            return -1;
    if (!service->variables.count && input->options->services[service->engine->option].wanted)
        strings_add(&service->variables, service->engine->url_variable);
    service->first_is_default = !has_variable(service, service->engine->url_variable);
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

/* ---- Versions ---- */

/* "valkey:8.1", "valkey" and "redis:7.2" name an image; sets *wanted to the version behind it, or to NULL. */
static const char *split_name(const struct engine *engine, const char **wanted)
{
    const char *const names[] = {engine->image, engine->stand_in};
    for (size_t i = 0; i < sizeof names / sizeof *names && *wanted; i++) {
        size_t length = names[i] ? strlen(names[i]) : 0;
        if (!length || strncmp(*wanted, names[i], length) != 0)
            continue;
        if ((*wanted)[length] && (*wanted)[length] != ':')
            continue;
        *wanted = (*wanted)[length] ? *wanted + length + 1 : NULL;
        return names[i];
    }
    return engine->image;
}

/* The image that serves, and of it the version (NULL: the default). */
static const char *find_wanted(const struct services_input *input, const struct engine_context *context,
                               const struct engine *engine, const char **version)
{
    *version = input->options->services[engine->option].version;
    if (!*version)
        *version = engine_setting(context, engine->version_variable);
    return split_name(engine, version);
}

static int choose_image(const struct services_input *input, const struct engine_context *context,
                        struct service *service, struct error *err)
{
    const char *version, *name = find_wanted(input, context, service->engine, &version);
    int index = resolve_image(input->catalog, input->images, input->image_count, name, version, err);
    if (index < 0)
        return -1;
    service->image = &input->images[index];
    return 0;
}

static bool is_wanted(const struct services_input *input, const struct engine *engine)
{
    if (input->options->services[engine->option].wanted)
        return true;
    for (size_t i = 0; i < input->app->addon_count; i++)
        if (input->app->addons[i].in_dyno && engine_of(input->app->addons[i].plan) == engine)
            return true;
    return false;
}

void services_missing(const struct services_input *input, struct strings *missing)
{
    const struct engine_context context = {.options = input->options, .app = input->app};
    for (size_t i = 0; i < ENGINE_COUNT; i++) {
        const char *version, *name = find_wanted(input, &context, engines[i], &version);
        if (is_wanted(input, engines[i]) &&
            resolve_image(input->catalog, input->images, input->image_count, name, version, NULL) < 0)
            strings_addf(missing, "%s%s%s", name, version ? ":" : "", version ? version : "");
    }
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
    *service = (struct service){.engine = engine};
    if (collect_variables(input, service, err) < 0 ||
        (service->variables.count && choose_image(input, &context, service, err) < 0)) {
        service_clear(service);
        return -1;
    }
    if (!service->variables.count)
        return 0;
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
