#include "app.h"

#include <stdlib.h>

#include "base/own.h"

static void clear_addons(struct app_addon *addons, size_t count)
{
    for (size_t i = 0; i < count; i++)
        app_addon_clear(&addons[i]);
    free(addons);
}

void app_env_clear(struct app_env *env)
{
    free(env->name);
    free(env->value);
    *env = (struct app_env){0};
}

void app_addon_clear(struct app_addon *addon)
{
    free(addon->plan);
    free(addon->as);
    free(addon->key);
    strings_clear(&addon->options);
    *addon = (struct app_addon){0};
}

void app_clear(struct app *app)
{
    for (size_t i = 0; i < app->env_count; i++)
        app_env_clear(&app->env[i]);
    free(app->env);
    clear_addons(app->addons, app->addon_count);
    clear_addons(app->skipped_addons, app->skipped_count);
    char *const texts[] = {app->path, app->name, app->stack,      app->test_setup,
                           app->test, app->size, app->git_branch, app->git_commit};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    struct strings *const lists[] = {&app->buildpacks, &app->formation, &app->unknown, &app->env_file};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        strings_clear(lists[i]);
    *app = (struct app){0};
}
