/*
 * Theory of operation: the password stands in a configuration file rather than on the command line, where ps
 * would show it; the file may be read by the step, which is told the password anyway. Nothing is saved, and
 * the working folder is the server's own, so that no dump ever lands in /app.
 */
#include "engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "layout.h"

enum { PASSWORD_BYTES = 32, READY_TIMEOUT_MS = 30 * 1000, DATABASES_DEFAULT = 16, ATTACHMENT_MAX = 200 };

static const char *const images[] = {"redis", "valkey", NULL};

#define POLICIES                                                                                             \
    "noeviction|allkeys-(lru|lfu|random)|volatile-(lru|lfu|random|ttl)",                                     \
        "noeviction, allkeys-lru, allkeys-lfu, allkeys-random, volatile-lru, volatile-lfu, volatile-random " \
        "or volatile-ttl"

static const struct setting settings[] = {
    {.name = "engine", "redis|valkey", "redis or valkey", .chooses = true},
    {.name = "version", SETTING_VERSION, .chooses = true},
    {.name = "maxmemory", "[0-9]{1,15}([kKmMgG][bB]?|[bB])?", "a size, such as \"64mb\""},
    {.name = "maxmemory-policy", POLICIES, .also = "maxmemory_policy"},
    {.name = "timeout", SETTING_COUNT},
    {.name = "notify-keyspace-events",
     "[KEg$lshzxetdmnA]*",
     "letters of classes of events, such as \"Ex\"",
     .also = "notify_keyspace_events"},
    {.name = "databases", "[1-9][0-9]{0,4}", "a whole number above 0"},
    {0},
};

/* Valkey goes on from Redis 7.2, with versions of its own. */
static bool is_since(const struct image *image, const char *redis_version)
{
    return !text_equal(image->name, "redis") || version_compare(image->version, redis_version) >= 0;
}

/* "-::1" is an address that may be missing; 6.2 is the first that knows it. */
static const char *addresses(const struct image *image)
{
    return is_since(image, "6.2") ? "127.0.0.1 -::1" : "127.0.0.1";
}

/* Each variable has a database of its own, however few were asked for. */
static size_t database_count(const struct service *service)
{
    const char *given = strings_env_get(&service->settings, "databases");
    size_t count = given ? strtoul(given, NULL, 10) : DATABASES_DEFAULT;
    return count > service->variables.count ? count : service->variables.count;
}

/* A value may be empty; the patterns let no quote through. */
static char *setting_lines(const struct service *service)
{
    cleanup_strings struct strings lines = {0};
    for (size_t i = 0; i < service->settings.count; i++) {
        const char *setting = service->settings.items[i];
        int length = (int)strcspn(setting, "=");
        if (!text_starts(setting, "databases="))
            strings_addf(&lines, "%.*s \"%s\"\n", length, setting, setting + length + 1);
    }
    return strings_join(&lines, "");
}

static char *configuration(const struct service *service)
{
    cleanup_free char *lines = setting_lines(service);
    return text_format("bind %s\n"
                       "port 6379\n"
                       "protected-mode yes\n"
                       "unixsocket " LAYOUT_REDIS_SOCK "\n"
                       "unixsocketperm 777\n"
                       "requirepass %s\n"
                       "databases %zu\n"
                       "save \"\"\n"
                       "appendonly no\n"
                       "dir " LAYOUT_REDIS_DATA "\n"
                       "%s",
                       addresses(service->image), service->password, database_count(service), lines);
}

static void prepare(struct service *service, const struct engine_context *context)
{
    char password[2 * PASSWORD_BYTES + 1];
    context->random_hex(password, PASSWORD_BYTES);
    service->password = copy_string(password);
    if (service->has_rootfs && !service->image->root)
        strings_addf(context->notes,
                     "%s-cli of %s:%s runs with the root's libc, where that is able to: of an image from deb "
                     "or oci it "
                     "has its own",
                     service->image->name, service->image->name, service->image->version);
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
    const char *user = is_since(service->image, "6") ? "" : "h";
    cleanup_free char *number = index ? text_format("%zu", index) : copy_string("");
    return text_format("redis://%s:%s@localhost:6379/%s", user, service->password, number);
}

static void add_client_env(const struct service *service, struct strings *env)
{
    cleanup_free char *program = text_format("%s-cli", service->image->name);
    strings_env_set(env, "REDISCLI_AUTH", service->password); /* valkey-cli reads it too */
    strings_env_set(env, "REDIS_CLI", program);
}

static const char *secret(const struct service *service)
{
    return service->password;
}

const struct engine redis_engine = {
    .name = "redis",
    .images = images,
    .settings = settings,
    .addon = "heroku-redis",
    .option = OPTION_REDIS,
    .version_variable = "REDIS_VERSION",
    .url_variable = "REDIS_URL",
    .role = SANDBOX_ROLE_REDIS,
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
