#include "app-dump.h"

#include <stdio.h>

static void dump_text(FILE *to, const char *what, const char *text)
{
    if (text)
        fprintf(to, "%s %s\n", what, text);
}

static void dump_list(FILE *to, const char *what, const struct strings *list)
{
    for (size_t i = 0; i < list->count; i++)
        dump_text(to, what, list->items[i]);
}

static void dump_env(FILE *to, const struct app_env *env)
{
    fprintf(to, "env %s%s%s%s%s\n", env->name, env->value ? "=" : "", env->value ? env->value : "",
            env->required ? " required" : "", env->generated ? " generated" : "");
}

static void dump_addons(FILE *to, const char *what, const struct app_addon *addons, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fprintf(to, "%s %s%s%s%s at %s\n", what, addons[i].plan, addons[i].as ? " as " : "",
                addons[i].as ? addons[i].as : "", addons[i].in_dyno ? " in-dyno" : "", addons[i].key);
        dump_list(to, "option", &addons[i].options);
    }
}

char *app_dump(const struct app *app)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    dump_text(to, "name", app->name);
    dump_text(to, "stack", app->stack);
    for (size_t i = 0; i < app->env_count; i++)
        dump_env(to, &app->env[i]);
    dump_addons(to, "addon", app->addons, app->addon_count);
    dump_addons(to, "skipped", app->skipped_addons, app->skipped_count);
    dump_text(to, "test-setup", app->test_setup);
    dump_text(to, "test", app->test);
    dump_list(to, "buildpack", &app->buildpacks);
    dump_list(to, "formation", &app->formation);
    dump_text(to, "size", app->size);
    dump_list(to, "unknown", &app->unknown);
    dump_list(to, "env-file", &app->env_file);
    dump_text(to, "branch", app->git_branch);
    dump_text(to, "commit", app->git_commit);
    fclose(to);
    return text;
}
