/*
 * Theory of operation: the server's data is a copy-on-write view of the image's template cluster, which has
 * its superuser, its database and its roles, so that there is nothing to set up. Only where the run asks for
 * what the template does not have (further databases, or no heroku_ext schema) does a shell first have the
 * server make it in single-user mode, which costs some 0.1 s, and then become the server. A further database
 * is a copy of the first, extensions' schema and all.
 *
 * The template trusts loopback and the socket in /tmp: the network is the dyno's alone.
 */
#include "engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "layout.h"

enum { READY_TIMEOUT_MS = 60 * 1000, IDENTIFIER_MAX = 63 };

static const char heroku_locale[] = "en_US.UTF-8";
static const char further_prefix[] = "postgres_buildpack_db_";

static const char *const images[] = {"postgresql", NULL};

/* ---- Settings ---- */

#define SIZE "-?[0-9]{1,9}(B|kB|MB|GB|TB)?", "a size, such as \"64MB\""
#define TIME "-?[0-9]{1,9}(us|ms|s|min|h|d)?", "a time, such as \"30s\""
#define NAME "[A-Za-z_][A-Za-z0-9_]{0,62}"

/* What tests have reason to change and what cannot undo what the dyno rests on: where the server listens, who is
 * let in, and where it keeps its data. */
static const struct setting settings[] = {
    {.name = "version", SETTING_VERSION, .chooses = true},
    {.name = "max_connections", SETTING_COUNT},
    {.name = "shared_buffers", SIZE},
    {.name = "work_mem", SIZE},
    {.name = "maintenance_work_mem", SIZE},
    {.name = "effective_cache_size", SIZE},
    {.name = "temp_buffers", SIZE},
    {.name = "max_locks_per_transaction", SETTING_COUNT},
    {.name = "max_prepared_transactions", SETTING_COUNT},
    {.name = "max_worker_processes", SETTING_COUNT},
    {.name = "max_parallel_workers", SETTING_COUNT},
    {.name = "max_parallel_workers_per_gather", SETTING_COUNT},
    {.name = "statement_timeout", TIME},
    {.name = "lock_timeout", TIME},
    {.name = "idle_in_transaction_session_timeout", TIME},
    {.name = "timezone", "[A-Za-z0-9+-][A-Za-z0-9_+/:-]{0,62}", "a time zone, such as \"Europe/Berlin\""},
    {.name = "datestyle", "[A-Za-z]{2,10}(, ?[A-Za-z]{2,10})?", "a style of dates, such as \"ISO, DMY\""},
    {.name = "default_text_search_config", NAME "([.]" NAME ")?", "a name, such as \"english\""},
    {.name = "default_transaction_isolation",
     "serializable|repeatable read|read committed|read uncommitted",
     "serializable, repeatable read, read committed or read uncommitted"},
    {.name = "jit", SETTING_BOOLEAN},
    {.name = "log_statement", "none|ddl|mod|all", "none, ddl, mod or all"},
    {.name = "log_min_duration_statement", TIME},
    {.name = "track_io_timing", SETTING_BOOLEAN},
    {.name = "shared_preload_libraries", NAME "(, ?" NAME "){0,15}", "names of libraries, with commas"},
    {.name = "wal_level", "minimal|replica|logical", "minimal, replica or logical"},
    {.name = "max_wal_senders", SETTING_COUNT},
    {.name = "max_replication_slots", SETTING_COUNT},
    {.name = "random_page_cost", SETTING_NUMBER},
    {0},
};

/* ---- The server ---- */

static void prepare(struct service *service, const struct engine_context *context)
{
    const struct image *image = service->image;
    bool own = image->root && image->bins.count;
    int client = own ? -1 : resolve_client(context->images, context->image_count, image->version);
    if (client >= 0)
        service->client = &context->images[client];
    else if (!own)
        strings_addf(context->notes, "no client programs (psql and others) for Postgres %s are installed",
                     image->version);
    service->no_extension_schema = engine_setting(context, "HEROKU_CI_POSTGRES_HEROKU_EXT_OFF") != NULL;
    if (!text_equal(image->locale, heroku_locale))
        strings_addf(context->notes, "Postgres sorts text by %s, not by %s as Heroku's does",
                     image->locale ? image->locale : "another locale", heroku_locale);
}

static void add_mounts(const struct service *service, struct mounts *mounts)
{
    const struct image *image = service->image;
    cleanup_free char *template = text_format("%s/%s", image->path, image->template);
    engine_mount_tree(image, mounts);
    if (service->client)
        engine_mount_tree(service->client, mounts);
    if (image->locpath) {
        cleanup_free char *source = text_format("%s/%s", image->path, image->locpath);
        cleanup_free char *tree = engine_tree(image);
        cleanup_free char *target = text_format("%s-locale", tree);
        mounts_add(mounts, &(struct sandbox_mount){.kind = SANDBOX_BIND, .source = source, .target = target});
    }
    mounts_add(mounts, &(struct sandbox_mount){.kind = SANDBOX_COW,
                                               .source = template,
                                               .target = LAYOUT_PGDATA,
                                               .owner = LAYOUT_POSTGRES_ID,
                                               .mode = 0700});
}

/* ---- Databases ---- */

/* "postgres_buildpack_db_analytics" of "ANALYTICS_URL". */
static char *database_name(const struct service *service, size_t index)
{
    if (index == 0)
        return copy_string(service->image->database);
    const char *variable = service->variables.items[index];
    int length = (int)(strlen(variable) - strlen("_URL"));
    char *name = text_format("%s%.*s", further_prefix, length, variable);
    for (char *c = name; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return name;
}

/* One statement a line, as single-user mode reads them. Names are of letters, digits and underscores. */
static char *preparation(const struct service *service)
{
    char *sql =
        copy_string(service->no_extension_schema ? "DROP SCHEMA IF EXISTS heroku_ext CASCADE;\n" : "");
    for (size_t i = 1; i < service->variables.count; i++) {
        cleanup_free char *name = database_name(service, i);
        char *longer = text_format("%sCREATE DATABASE \"%s\" OWNER \"%s\" TEMPLATE \"%s\";\n", sql, name,
                                   service->image->user, service->image->database);
        free(sql);
        sql = longer;
    }
    return sql;
}

/* $1 is the server, $2 the database, $3 the SQL, the rest the options that the server gets beside its data's. */
static const char prepare_script[] =
    "set -eu\n"
    "server=$1 database=$2 sql=$3\n"
    "shift 3\n"
    "printf '%s' \"$sql\" |\n"
    "    \"$server\" --single -c exit_on_error=on -D " LAYOUT_PGDATA " \"$database\" >/dev/null\n"
    "exec \"$server\" -D " LAYOUT_PGDATA " \"$@\"\n";

static void add_command(const struct service *service, const char *sql, struct strings *argv)
{
    cleanup_free char *server = engine_server_path(service->image);
    const char *const plain[] = {server, "-D", LAYOUT_PGDATA, NULL};
    const char *const prepared[] = {"/bin/sh", "-c", prepare_script, "sh", server, service->image->database,
                                    sql,       NULL};
    for (const char *const *word = *sql ? prepared : plain; *word; word++)
        strings_add(argv, *word);
}

static void add_argv(const struct service *service, struct strings *argv)
{
    cleanup_free char *sql = preparation(service);
    add_command(service, sql, argv);
    for (size_t i = 0; i < service->settings.count; i++) {
        strings_add(argv, "-c");
        strings_add(argv, service->settings.items[i]);
    }
}

static void add_env(const struct service *service, struct strings *env)
{
    engine_plain_env(service, env);
    if (!service->image->locpath)
        return;
    cleanup_free char *tree = engine_tree(service->image);
    cleanup_free char *locales = text_format("%s-locale", tree);
    strings_env_set(env, "LOCPATH", locales);
}

static void set_ready(struct service *service)
{
    service->ready = (struct sandbox_ready){.kind = SANDBOX_READY_FILE,
                                            .path = LAYOUT_PGDATA "/postmaster.pid",
                                            .text = "ready",
                                            .timeout_ms = READY_TIMEOUT_MS};
}

static char *url(const struct service *service, size_t index)
{
    cleanup_free char *database = database_name(service, index);
    return text_format("postgres://%s:%s@localhost:5432/%s", service->image->user, service->image->password,
                       database);
}

static void add_client_env(const struct service *service, struct strings *env)
{
    (void)service;
    strings_env_set(env, "PGHOST", LAYOUT_SOCKETS);
    strings_env_set(env, "PGDATA", LAYOUT_PGDATA);
}

/* ---- Hints ---- */

static const char not_available[] = "\" is not available";
static const char before_name[] = "extension \"";

/* The extension that a line of the log says is missing; NULL where it says something else. The caller's to free. */
static char *missing_extension(const char *line, size_t length)
{
    const char *mark = memmem(line, length, not_available, strlen(not_available));
    const char *start = memmem(line, length, before_name, strlen(before_name));
    if (!mark || !start || (start += strlen(before_name)) > mark || mark - start > IDENTIFIER_MAX)
        return NULL;
    return text_format("%.*s", (int)(mark - start), start);
}

static const struct image *find_with_extension(const struct service *service, const char *extension)
{
    for (size_t i = 0; i < service->image_count; i++)
        if (text_equal(service->images[i].name, service->image->name) &&
            strings_env_get(&service->images[i].extensions, extension))
            return &service->images[i];
    return NULL;
}

/* Where it is: in another image, in an image that can be installed, or nowhere that we know of. The caller's to free. */
static char *where_it_is(const struct service *service, const char *extension)
{
    const struct image *other = find_with_extension(service, extension);
    if (other)
        return text_format("postgresql:%s has it: --postgres=%s", other->version, other->version);
    cleanup_free char *command = image_extension_hint(service->image, extension);
    if (command)
        return text_format("%s brings it", command);
    return copy_string("no package is known that brings it (any can be added: indyno image install --with)");
}

static void add_hint(const struct service *service, const char *extension, struct strings *notes)
{
    cleanup_free char *hint = where_it_is(service, extension);
    cleanup_free char *note = text_format("the extension \"%s\" is not in postgresql:%s; %s", extension,
                                          service->image->version, hint);
    for (size_t i = 0; i < notes->count; i++)
        if (strcmp(notes->items[i], note) == 0)
            return;
    strings_add(notes, note);
}

static void explain(const struct service *service, const char *lines, struct strings *notes)
{
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        cleanup_free char *extension = missing_extension(lines, length);
        if (extension)
            add_hint(service, extension, notes);
        lines += length + (lines[length] == '\n');
    }
}

static const char *secret(const struct service *service)
{
    return service->image->password;
}

const struct engine postgres_engine = {
    .name = "postgres",
    .images = images,
    .settings = settings,
    .addon = "heroku-postgresql",
    .option = OPTION_POSTGRES,
    .version_variable = "POSTGRESQL_VERSION",
    .url_variable = "DATABASE_URL",
    .role = SANDBOX_ROLE_POSTGRES,
    .user = LAYOUT_POSTGRES_ID,
    .home = "/var/lib/postgresql",
    .attachment_max = IDENTIFIER_MAX - sizeof further_prefix + 1,
    .prepare = prepare,
    .add_mounts = add_mounts,
    .add_argv = add_argv,
    .add_env = add_env,
    .set_ready = set_ready,
    .url = url,
    .add_client_env = add_client_env,
    .log_mark = not_available,
    .explain = explain,
    .secret = secret,
};
