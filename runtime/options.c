#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "app-name.h"
#include "base/own.h"
#include "layout.h"
#include "quantity.h"
#include "size.h"

enum { NAME_LENGTH_MAX = 63 };

/* ---- Plain values ---- */

static bool take_text(char **field, const char *value)
{
    if (!*value)
        return false;
    free(*field);
    *field = copy_string(value);
    return true;
}

static bool take_memory(struct options *options, const char *value)
{
    return parse_size(value, &options->limits.memory_bytes) && options->limits.memory_bytes > 0;
}

static bool take_cpus(struct options *options, const char *value)
{
    return parse_cpus(value, &options->limits.cpu_millis);
}

static bool take_pids(struct options *options, const char *value)
{
    return parse_count(value, &options->limits.pids);
}

static bool take_disk(struct options *options, const char *value)
{
    return parse_size(value, &options->limits.disk_bytes) && options->limits.disk_bytes > 0;
}

static bool take_size(struct options *options, const char *value)
{
    return size_find(value) && take_text(&options->size, value);
}

static bool take_cpu_weight(struct options *options, const char *value)
{
    uint64_t weight;
    if (!parse_count(value, &weight) || weight > SANDBOX_CPU_WEIGHT_MAX)
        return false;
    options->limits.cpu_weight = weight;
    return true;
}

static bool take_cpuset(struct options *options, const char *value)
{
    return parse_cpu_list(value, options->limits.cpus, sizeof options->limits.cpus);
}

static bool take_scratch(struct options *options, const char *value)
{
    return take_text(&options->scratch, value);
}

static bool take_inodes(struct options *options, const char *value)
{
    return parse_count(value, &options->limits.inodes);
}

static bool take_open_files(struct options *options, const char *value)
{
    return parse_count(value, &options->limits.open_files);
}

static bool take_file_size(struct options *options, const char *value)
{
    return parse_size(value, &options->limits.file_bytes) && options->limits.file_bytes > 0;
}

static bool take_cpu_time(struct options *options, const char *value)
{
    return parse_duration(value, &options->limits.cpu_ms) && options->limits.cpu_ms > 0;
}

static bool take_output_size(struct options *options, const char *value)
{
    return parse_size(value, &options->limits.output_bytes) && options->limits.output_bytes > 0;
}

static bool take_timeout(struct options *options, const char *value)
{
    return parse_duration(value, &options->limits.wall_ms);
}

static bool take_kill_after(struct options *options, const char *value)
{
    return parse_duration(value, &options->limits.kill_after_ms);
}

static bool take_report(struct options *options, const char *value)
{
    return take_text(&options->report, value);
}

static bool take_rootfs(struct options *options, const char *value)
{
    return take_text(&options->rootfs, value);
}

/* Only one is read: a second one must not replace the first without a word. */
static bool take_env_file(struct options *options, const char *value)
{
    return !options->env_file && take_text(&options->env_file, value);
}

/* Descriptors 0 to 2 are the test's own. */
static bool take_status_fd(struct options *options, const char *value)
{
    uint64_t number;
    if (!parse_count(value, &number) || number < 3 || number > INT_MAX || fcntl((int)number, F_GETFD) < 0)
        return false;
    options->status_fd = (int)number;
    return true;
}

/* A host name: it is the dyno's, and a part of file names. */
static bool take_name(struct options *options, const char *value)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    size_t length = strlen(value);
    bool valid = length > 0 && length <= NAME_LENGTH_MAX && strspn(value, letters) > 0 &&
                 strspn(value, "-.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == length;
    return valid && take_text(&options->name, value);
}

static bool take_pull(struct options *options, const char *value)
{
    options->pull = strcmp(value, "missing") == 0;
    return options->pull || strcmp(value, "never") == 0;
}

static bool take_app(struct options *options, const char *value)
{
    options->app_writable = strcmp(value, "rw") == 0;
    return options->app_writable || strcmp(value, "cow") == 0;
}

static bool take_network(struct options *options, const char *value)
{
    return networks_parse(value, &options->networks);
}

/* Of user namespaces it is --allow-userns that says so. */
static bool add_weaker(struct options *options, const char *name, size_t length)
{
    for (unsigned i = 0; sandbox_weaker_names[i]; i++)
        if (strlen(sandbox_weaker_names[i]) == length &&
            strncmp(sandbox_weaker_names[i], name, length) == 0 && 1U << i != SANDBOX_WEAKER_USERNS) {
            options->weaker |= 1U << i;
            return true;
        }
    return false;
}

static bool take_weaker(struct options *options, const char *value)
{
    for (const char *at = value;;) {
        size_t length = strcspn(at, ",");
        if (!add_weaker(options, at, length))
            return false;
        if (!at[length])
            return true;
        at += length + 1;
    }
}

static bool take_service(struct option_service *service, const char *value)
{
    service->wanted = true;
    return !value || take_text(&service->version, value);
}

static bool take_postgres(struct options *options, const char *value)
{
    return take_service(&options->services[OPTION_POSTGRES], value);
}

static bool take_redis(struct options *options, const char *value)
{
    return take_service(&options->services[OPTION_REDIS], value);
}

/* ---- Values with parts ---- */

/* As podman has it: NAME alone takes the caller's value, where the caller has one. */
static bool take_env(struct options *options, const char *value)
{
    size_t length = strcspn(value, "=");
    if (!variable_name_valid(value, length) || strlen(value) > ARGUMENT_MAX)
        return false;
    cleanup_free char *name = text_format("%.*s", (int)length, value);
    const char *given = value[length] ? value + length + 1 : getenv(name);
    if (given)
        strings_env_set(&options->env, name, given);
    return true;
}

/* Whether one of the path's parts is "..". */
static bool climbs(const char *path)
{
    for (const char *at = path; *at;) {
        size_t length = strcspn(at, "/");
        if (length == 2 && at[0] == '.' && at[1] == '.')
            return true;
        at += length + strspn(at + length, "/");
    }
    return false;
}

/* A path beneath some folder, without leading "./" and trailing slashes; NULL where it is none. */
static char *path_beneath(const char *path, size_t length)
{
    cleanup_free char *copy = text_format("%.*s", (int)length, path);
    char *at = copy;
    while (at[0] == '.' && at[1] == '/')
        at += 1 + strspn(at + 1, "/");
    for (size_t size = strlen(at); size > 0 && at[size - 1] == '/'; size--)
        at[size - 1] = '\0';
    return at[0] == '/' || !at[0] || strcmp(at, ".") == 0 || climbs(at) ? NULL : copy_string(at);
}

static bool take_artifact(struct options *options, const char *value)
{
    if (text_starts(value, LAYOUT_APP "/"))
        value += strlen(LAYOUT_APP "/");
    size_t length = strcspn(value, ":");
    const char *target = value[length] ? value + length + 1 : value;
    struct option_artifact artifact = {path_beneath(value, length),
                                       path_beneath(target, target == value ? length : strlen(target))};
    if (!artifact.source || !artifact.target) {
        free(artifact.source);
        free(artifact.target);
        return false;
    }
    options->artifacts =
        reallocate(options->artifacts, options->artifact_count + 1, sizeof *options->artifacts);
    options->artifacts[options->artifact_count++] = artifact;
    return true;
}

/* Places that are the dyno's own: what lies over them would break it. */
static bool reserved(const char *path)
{
    static const char *const places[] = {
        "/proc", "/sys", "/dev", LAYOUT_TREES, "/var/lib/postgresql", "/etc/passwd", "/etc/group"};
    if (path[strspn(path, "/")] == '\0')
        return true;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (text_lies_in(path, places[i]))
            return true;
    return strcmp(path, LAYOUT_APP) == 0;
}

static bool add_bind(struct options *options, const char *value, bool writable)
{
    size_t length = strcspn(value, ":");
    const char *dyno = value[length] ? value + length + 1 : value;
    if (length == 0 || dyno[0] != '/' || strchr(dyno == value ? "" : dyno, ':'))
        return false;
    struct option_bind bind = {.host = text_format("%.*s", (int)length, value),
                               .dyno = dyno == value ? text_format("%.*s", (int)length, value)
                                                     : copy_string(dyno),
                               .writable = writable};
    if (climbs(bind.dyno) || reserved(bind.dyno)) {
        free(bind.host);
        free(bind.dyno);
        return false;
    }
    options->binds = reallocate(options->binds, options->bind_count + 1, sizeof *options->binds);
    options->binds[options->bind_count++] = bind;
    return true;
}

static bool take_bind(struct options *options, const char *value)
{
    return add_bind(options, value, true);
}

static bool take_ro_bind(struct options *options, const char *value)
{
    return add_bind(options, value, false);
}

/* ---- Flags ---- */

static bool take_userns(struct options *options, const char *value)
{
    (void)value;
    options->weaker |= SANDBOX_WEAKER_USERNS;
    return true;
}

static bool take_dry_run(struct options *options, const char *value)
{
    (void)value;
    return options->dry_run = true;
}

static bool take_json(struct options *options, const char *value)
{
    (void)value;
    return options->json = true;
}

static bool take_verbose(struct options *options, const char *value)
{
    (void)value;
    return options->verbose = true;
}

static bool take_quiet(struct options *options, const char *value)
{
    (void)value;
    return options->quiet = true;
}

static bool take_help(struct options *options, const char *value)
{
    (void)value;
    return options->help = true;
}

/* ---- The table ---- */

#define SIZES "a size: bytes, or with a unit as in 512M or 1.5G"
#define TIMES "a time: seconds, or with a unit as in 90s, 1.5m or 250ms"
#define BINDS "HOST, or HOST:DYNO with an absolute path in the dyno that is not one of the dyno's own"
#define NETWORKS                                                                                             \
    "none, outbound or outbound,private, or for each phase as in setup:outbound,test:none, where test has "  \
    "all that "                                                                                              \
    "setup has, or none"
#define ARTIFACTS "SRC, or SRC:DST: SRC beneath /app, DST beneath ./" LAYOUT_OUTPUT ", without '..'"

const struct option_row option_rows[] = {
    {.name = "postgres",
     .argument = OPTION_MAYBE,
     .metavar = "VERSION",
     .accepts = "a version: 16, or 16.14",
     .help = "start Postgres, also where no app.json asks for it; VERSION wins over "
             "app.json's POSTGRESQL_VERSION",
     .take = take_postgres},
    {.name = "redis",
     .argument = OPTION_MAYBE,
     .metavar = "[NAME:]VERSION",
     .accepts = "a version: 7.0, or 6.2.10; or redis or valkey, alone or in front of one: valkey:8.1",
     .help = "start Redis, also where no app.json asks for it; VERSION wins over app.json's "
             "REDIS_VERSION; NAME is redis or valkey",
     .take = take_redis},
    {.name = "pull",
     .argument = OPTION_VALUE,
     .metavar = "WHEN",
     .accepts = "never or missing",
     .help = "missing: install the servers that are asked for and not there; never (the default): refuse",
     .take = take_pull},
    {.name = "env",
     .letter = 'e',
     .argument = OPTION_VALUE,
     .metavar = "NAME[=VALUE]",
     .accepts = "NAME=VALUE, or NAME to pass the caller's value on",
     .help = "set a variable for the test; NAME alone passes the caller's value on; "
             "repeatable",
     .take = take_env},
    {.name = "env-file",
     .argument = OPTION_VALUE,
     .metavar = "FILE",
     .accepts = "one file of NAME=VALUE lines",
     .help = "set the variables that FILE lists",
     .take = take_env_file},
    {.name = "size",
     .argument = OPTION_VALUE,
     .metavar = "NAME",
     .accepts = SIZE_NAMES,
     .help =
         "one of Heroku's dyno sizes, for memory, processes and share of the cpus (default: app.json's, or "
         "performance-m): " SIZE_NAMES,
     .take = take_size},
    {.name = "memory",
     .letter = 'm',
     .argument = OPTION_VALUE,
     .metavar = "SIZE",
     .accepts = SIZES,
     .help = "all of the dyno's memory, the databases' and its files included: 512M, 1.5G",
     .take = take_memory},
    {.name = "cpus",
     .argument = OPTION_VALUE,
     .metavar = "N",
     .accepts = "a number of cpus such as 2 or 0.5",
     .help = "processor time, in cpus: 1.5",
     .take = take_cpus},
    {.name = "cpu-weight",
     .argument = OPTION_VALUE,
     .metavar = "N",
     .accepts = "a whole number from 1 to 10000; others have 100",
     .help = "its share of the cpus beside other dynos: 1 to 10000, where 100 is usual",
     .take = take_cpu_weight},
    {.name = "cpuset-cpus",
     .argument = OPTION_VALUE,
     .metavar = "LIST",
     .accepts = "numbers of cpus, and ranges of them: 0-3,8",
     .help = "the cpus that it may use: 0-3,8",
     .take = take_cpuset},
    {.name = "cpu-time",
     .argument = OPTION_VALUE,
     .metavar = "TIME",
     .accepts = TIMES,
     .help = "end the run when the dyno has used so much processor time, with status 124",
     .take = take_cpu_time},
    {.name = "pids-limit",
     .argument = OPTION_VALUE,
     .metavar = "N",
     .accepts = "a whole number above 0",
     .help = "processes and threads, all of the dyno",
     .take = take_pids},
    {.name = "disk",
     .argument = OPTION_VALUE,
     .metavar = "SIZE",
     .accepts = SIZES,
     .help = "all that the dyno may write, which is kept in memory but for --scratch",
     .take = take_disk},
    {.name = "scratch",
     .argument = OPTION_VALUE,
     .metavar = "DIR",
     .accepts = "a folder",
     .help = "keep what the dyno writes in a file in DIR, on disk, instead of in memory (as root)",
     .take = take_scratch},
    {.name = "inodes",
     .argument = OPTION_VALUE,
     .metavar = "N",
     .accepts = "a whole number above 0",
     .help = "files, folders and links that the dyno may make",
     .take = take_inodes},
    {.name = "open-files",
     .argument = OPTION_VALUE,
     .metavar = "N",
     .accepts = "a whole number above 0",
     .help = "descriptors of each of the test's processes",
     .take = take_open_files},
    {.name = "file-size",
     .argument = OPTION_VALUE,
     .metavar = "SIZE",
     .accepts = SIZES,
     .help = "how large a file each of the test's processes may make",
     .take = take_file_size},
    {.name = "output-size",
     .argument = OPTION_VALUE,
     .metavar = "SIZE",
     .accepts = SIZES,
     .help = "end the run when the test has written more than this to its standard output and error",
     .take = take_output_size},
    {.name = "timeout",
     .argument = OPTION_VALUE,
     .metavar = "TIME",
     .accepts = TIMES,
     .help = "end the run after this time, with status 124: 90s, 10m",
     .take = take_timeout},
    {.name = "kill-after",
     .letter = 'k',
     .argument = OPTION_VALUE,
     .metavar = "TIME",
     .accepts = TIMES,
     .help = "how long a test that was told to stop may take before the dyno ends (default: "
             "5s)",
     .take = take_kill_after},
    {.name = "network",
     .argument = OPTION_VALUE,
     .metavar = "KIND",
     .accepts = NETWORKS,
     .help =
         "none (the default): loopback only; outbound: connections to the outside, never to the host itself; "
         "outbound,private: to private networks, too; setup:outbound,test:none: in test-setup alone",
     .take = take_network},
    {.name = "app",
     .argument = OPTION_VALUE,
     .metavar = "HOW",
     .accepts = "cow or rw",
     .help =
         "cow (the default): a view of DIR, whose changes go with the dyno; rw: DIR itself, where the test "
         "writes as its owner",
     .take = take_app},
    {.name = "rootfs",
     .argument = OPTION_VALUE,
     .metavar = "IMAGE|DIR",
     .accepts = "a root image, NAME or NAME:VERSION, or a folder, whose name has a slash: ./root",
     .help = "the test's root: a root image of the store, or a folder (./root), instead of the host's /usr",
     .take = take_rootfs},
    {.name = "artifact",
     .argument = OPTION_VALUE,
     .metavar = "SRC[:DST]",
     .accepts = ARTIFACTS,
     .help = "copy SRC of /app to ./indyno-out/DST when the run has ended; repeatable",
     .take = take_artifact},
    {.name = "ro-bind",
     .argument = OPTION_VALUE,
     .metavar = "HOST[:DYNO]",
     .accepts = BINDS,
     .help = "show a file or folder of the host in the dyno, read-only; repeatable",
     .take = take_ro_bind},
    {.name = "bind",
     .argument = OPTION_VALUE,
     .metavar = "HOST[:DYNO]",
     .accepts = BINDS,
     .help = "as --ro-bind, and the test may write to it where its id may; repeatable",
     .take = take_bind},
    {.name = "report",
     .argument = OPTION_VALUE,
     .metavar = "FILE",
     .accepts = "a file's name",
     .help = "write the verdict and the figures to FILE, as JSON",
     .take = take_report},
    {.name = "status-fd",
     .argument = OPTION_VALUE,
     .metavar = "N",
     .accepts = "the number of an open descriptor above 2",
     .help = "write the same JSON to descriptor N, as one line",
     .take = take_status_fd},
    {.name = "name",
     .argument = OPTION_VALUE,
     .metavar = "NAME",
     .accepts = "at most 63 letters, digits, dots and hyphens",
     .help = "the dyno's host name (default: dyno)",
     .take = take_name},
    {.name = "allow-weaker",
     .argument = OPTION_VALUE,
     .metavar = "NAME[,NAME]",
     .accepts = "ids, limits, or both with a comma",
     .help = "go on without a protection that this host cannot give: ids (one id for every "
             "process), limits (no cgroups); the report says so",
     .take = take_weaker},
    {.name = "allow-userns",
     .help = "let the test make user namespaces, as a browser's own sandbox does; the report says so",
     .take = take_userns},
    {.name = "dry-run",
     .help = "say what would be run, and do nothing, as `indyno plan` does",
     .take = take_dry_run},
    {.name = "json", .help = "print the plan as JSON (with plan or --dry-run)", .take = take_json},
    {.name = "verbose",
     .letter = 'v',
     .help = "say more: a summary of every run; secrets in a plan",
     .take = take_verbose},
    {.name = "quiet", .letter = 'q', .help = "print nothing but errors", .take = take_quiet},
    {.name = "help", .letter = 'h', .help = "print this text", .take = take_help},
    {0},
};

void options_clear(struct options *options)
{
    free(options->dir);
    free(options->env_file);
    free(options->rootfs);
    free(options->report);
    free(options->name);
    free(options->size);
    free(options->scratch);
    for (size_t i = 0; i < OPTION_ENGINES; i++)
        free(options->services[i].version);
    strings_clear(&options->command);
    strings_clear(&options->env);
    for (size_t i = 0; i < options->bind_count; i++) {
        free(options->binds[i].host);
        free(options->binds[i].dyno);
    }
    free(options->binds);
    for (size_t i = 0; i < options->artifact_count; i++) {
        free(options->artifacts[i].source);
        free(options->artifacts[i].target);
    }
    free(options->artifacts);
    *options = (struct options){.status_fd = -1};
}
