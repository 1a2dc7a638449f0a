#include "engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "layout.h"

const struct engine *const engines[ENGINE_COUNT] = {&postgres_engine, &redis_engine};

char *engine_tree(const struct image *image)
{
    return text_format(LAYOUT_TREES "/%s-%s", image->name, image->version);
}

void engine_mount_tree(const struct image *image, struct mounts *mounts)
{
    cleanup_free char *target = engine_tree(image);
    for (size_t i = 0; i < mounts->count; i++)
        if (strcmp(mounts->items[i].target, target) == 0)
            return;
    cleanup_free char *source = image_tree_at(image, image->path);
    mounts_add(mounts, &(struct sandbox_mount){.kind = SANDBOX_BIND, .source = source, .target = target});
}

const char *engine_setting(const struct engine_context *context, const char *name)
{
    const char *value = strings_env_get(&context->options->env, name);
    if (!value)
        value = strings_env_get(&context->app->env_file, name);
    for (size_t i = 0; i < context->app->env_count && !value; i++)
        if (strcmp(context->app->env[i].name, name) == 0)
            value = context->app->env[i].value;
    return value;
}

char *engine_server_path(const struct image *image)
{
    if (image->root)
        return text_format("/%s", image->server);
    cleanup_free char *tree = engine_tree(image);
    return text_format("%s/%s", tree, image->server);
}

/* The server's root is the tree's; what it shares with the dyno has its places there. */
static void set_own_root(struct service *service, const char *tree)
{
    strings_addf(&service->texts, "%s/%s", tree, service->image->root);
    service->root = (struct sandbox_root){.path = service->texts.items[service->texts.count - 1],
                                          .shared = image_shared_paths};
}

/* A prefix runs with the host's libc, whatever the dyno's is. */
static void set_host_root(struct service *service, const char *tree)
{
    for (const char *const *shared = image_shared_paths; *shared; shared++)
        strings_add(&service->shared, *shared);
    strings_add(&service->shared, tree);
    if (service->image->locpath)
        strings_addf(&service->shared, "%s-locale", tree);
    service->root =
        (struct sandbox_root){.path = LAYOUT_HOST, .shared = (const char *const *)service->shared.items};
}

static void set_root(struct service *service)
{
    cleanup_free char *tree = engine_tree(service->image);
    if (service->image->root)
        set_own_root(service, tree);
    else if (service->has_rootfs)
        set_host_root(service, tree);
}

void engine_plain_env(const struct service *service, struct strings *env)
{
    strings_env_set(env, "PATH", LAYOUT_SYSTEM_PATH);
    strings_env_set(env, "HOME", service->engine->home);
    strings_env_set(env, "LANG", "C.UTF-8");
}

void service_configure(struct service *service)
{
    service->engine->add_argv(service, &service->argv);
    service->engine->add_env(service, &service->env);
    service->engine->set_ready(service);
    set_root(service);
    service->log = text_format(LAYOUT_LOGS "/%s.log", service->engine->name);
}

void service_clear(struct service *service)
{
    strings_clear(&service->variables);
    strings_clear(&service->argv);
    strings_clear(&service->env);
    strings_clear(&service->texts);
    strings_clear(&service->settings);
    strings_clear(&service->shared);
    free(service->password);
    free(service->log);
    *service = (struct service){0};
}
