/*
 * Theory of operation: the password stands in a configuration file rather than on the command line, where ps
 * would show it; the file may be read by the step, which is told the password anyway. Nothing is saved, and
 * the working folder is the server's own, so that no dump ever lands in /app.
 */
#include "engine.h"

#include <string.h>

#include "base/own.h"
#include "layout.h"

enum { PASSWORD_BYTES = 32, READY_TIMEOUT_MS = 30 * 1000, DATABASES_DEFAULT = 16, ATTACHMENT_MAX = 200 };

/* "-::1" is an address that may be missing; 6.2 is the first that knows it. */
static const char *addresses(const struct image *image)
{
    return version_compare(image->version, "6.2") >= 0 ? "127.0.0.1 -::1" : "127.0.0.1";
}

static char *configuration(const struct service *service)
{
    size_t databases = service->variables.count;
    return text_format("bind %s\n"
                       "port 6379\n"
                       "protected-mode yes\n"
                       "unixsocket " LAYOUT_REDIS_SOCK "\n"
                       "unixsocketperm 777\n"
                       "requirepass %s\n"
                       "databases %zu\n"
                       "save \"\"\n"
                       "appendonly no\n"
                       "dir " LAYOUT_REDIS_DATA "\n",
                       addresses(service->image), service->password,
                       databases > DATABASES_DEFAULT ? databases : DATABASES_DEFAULT);
}

static void prepare(struct service *service, const struct engine_context *context)
{
    char password[2 * PASSWORD_BYTES + 1];
    context->random_hex(password, PASSWORD_BYTES);
    service->password = copy_string(password);
}

static void add_mounts(const struct service *service, struct mounts *mounts)
{
    cleanup_free char *text = configuration(service);
    engine_mount_tree(service->image, mounts);
    mounts_add(mounts, &(struct sandbox_mount){
                           .kind = SANDBOX_FILE, .target = LAYOUT_REDIS_CONF, .content = text, .mode = 0444});
    mounts_add(mounts, &(struct sandbox_mount){.kind = SANDBOX_SCRATCH,
                                               .target = LAYOUT_REDIS_DATA,
                                               .owner = LAYOUT_REDIS_ID,
                                               .mode = 0700});
}

static void add_argv(const struct service *service, struct strings *argv)
{
    strings_take(argv, engine_server_path(service->image));
    strings_add(argv, LAYOUT_REDIS_CONF);
}

/* Redis 8 exits where LANG names a locale that its tree does not have. */
static void add_env(const struct service *service, struct strings *env)
{
    engine_plain_env(service, env);
    strings_env_set(env, "LC_ALL", "C");
}

static void set_ready(struct service *service)
{
    strings_addf(&service->texts, "AUTH %s\r\n", service->password);
    service->ready = (struct sandbox_ready){.kind = SANDBOX_READY_SOCKET,
                                            .path = LAYOUT_REDIS_SOCK,
                                            .send = service->texts.items[service->texts.count - 1],
                                            .expect = "+OK",
                                            .timeout_ms = READY_TIMEOUT_MS};
}

/* Before 6, which brought users, a URL without one was not taken by clients: Heroku's had "h". */
static char *url(const struct service *service, size_t index)
{
    const char *user = version_compare(service->image->version, "6") < 0 ? "h" : "";
    cleanup_free char *number = index ? text_format("%zu", index) : copy_string("");
    return text_format("redis://%s:%s@localhost:6379/%s", user, service->password, number);
}

static void add_client_env(const struct service *service, struct strings *env)
{
    bool valkey = text_equal(service->image->name, "valkey");
    strings_env_set(env, "REDIS_CLI", valkey ? "valkey-cli" : "redis-cli");
    strings_env_set(env, "REDISCLI_AUTH", service->password);
    if (valkey)
        strings_env_set(env, "VALKEYCLI_AUTH", service->password);
}

static const char *secret(const struct service *service)
{
    return service->password;
}

const struct engine redis_engine = {
    .name = "redis",
    .image = "redis",
    .stand_in = "valkey",
    .addon = "heroku-redis",
    .option = OPTION_REDIS,
    .version_variable = "REDIS_VERSION",
    .url_variable = "REDIS_URL",
    .user = LAYOUT_REDIS_ID,
    .home = LAYOUT_REDIS_DATA,
    .attachment_max = ATTACHMENT_MAX,
    .prepare = prepare,
    .add_mounts = add_mounts,
    .add_argv = add_argv,
    .add_env = add_env,
    .set_ready = set_ready,
    .url = url,
    .add_client_env = add_client_env,
    .secret = secret,
};
