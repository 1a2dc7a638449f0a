/*
 * Theory of operation: the files of /etc are a list of what is let in, never of what is kept out; whatever
 * else the host has there (passwords, tokens, other services' configuration) is absent. /etc is read once and
 * its names are held against the table. A symbolic link into /usr stays a link, because programs read its
 * text: the time zone's name is that of the file that localtime leads to.
 *
 * /etc/npmrc, /etc/pip.conf and their like are not let in, though they are configuration of languages: they
 * are where access tokens are kept. --ro-bind shows them to those who need them.
 */
#include "root-files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "layout.h"

/* Folders of the host's root that are links into /usr where that is merged. */
static const char *const system_folders[] = {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};

static const char *const etc_patterns[] = {
    "alternatives",
    "ca-certificates",
    "ca-certificates.conf",
    "crypto-policies",
    "debian_version",
    "fonts",
    "gai.conf",
    "ld.so.*",
    "localtime",
    "mime.types",
    "nsswitch.conf",
    "os-release",
    "protocols",
    "services",
    "timezone",
    /* The languages' own. */
    "R",
    "ant*",
    "erlang",
    "java*",
    "lua*",
    "maven",
    "perl",
    "php*",
    "python[0-9]*",
    "ruby*",
};

/* Parts of folders that also hold private keys and more. */
static const char *const etc_parts[] = {
    "pki/ca-trust", "pki/tls/certs", "pki/tls/openssl.cnf", "ssl/certs", "ssl/openssl.cnf",
};

static const struct sandbox_mount own_mounts[] = {
    {.kind = SANDBOX_PROC, .target = "/proc"},
    {.kind = SANDBOX_DEV, .target = "/dev"},
    {.kind = SANDBOX_SCRATCH, .target = "/tmp", .mode = 01777},
    {.kind = SANDBOX_SCRATCH, .target = "/run", .owner = LAYOUT_DYNO_ID},
    {.kind = SANDBOX_SCRATCH, .target = "/var/tmp", .mode = 01777},
    {.kind = SANDBOX_SCRATCH, .target = "/var/log"},
};

bool root_files_shows(const char *name)
{
    for (size_t i = 0; i < sizeof etc_patterns / sizeof *etc_patterns; i++)
        if (fnmatch(etc_patterns[i], name, FNM_PATHNAME | FNM_PERIOD) == 0)
            return true;
    for (size_t i = 0; i < sizeof etc_parts / sizeof *etc_parts; i++)
        if (strcmp(etc_parts[i], name) == 0)
            return true;
    return false;
}

/* Where the host's files go. */
struct place {
    struct mounts *mounts;
    const char *at;
};

static void add(const struct place *place, struct sandbox_mount mount, const char *path)
{
    cleanup_free char *target = text_format("%s%s", place->at, path);
    mount.target = target;
    mounts_add(place->mounts, &mount);
}

static void add_bind(const struct place *place, const char *path)
{
    add(place, (struct sandbox_mount){.kind = SANDBOX_BIND, .source = path, .optional = true}, path);
}

static bool leads_into_usr(const char *to)
{
    return text_starts(to, "usr/") || text_starts(to, "/usr/") || text_starts(to, "../usr/");
}

/* Adds what path is on the host. */
static void add_as_it_is(const struct place *place, const char *path)
{
    char to[PATH_MAX];
    ssize_t size = readlink(path, to, sizeof to - 1);
    if (size < 0 && errno != EINVAL)
        return;
    to[size > 0 ? size : 0] = '\0';
    if (size > 0 && leads_into_usr(to))
        add(place, (struct sandbox_mount){.kind = SANDBOX_LINK, .content = to}, path);
    else
        add_bind(place, path);
}

static int add_etc(const struct place *place, struct error *err)
{
    cleanup_dir DIR *etc = opendir("/etc");
    if (!etc)
        return fail_errno(err, "read /etc");
    struct dirent *entry;
    while ((entry = readdir(etc))) {
        if (!root_files_shows(entry->d_name))
            continue;
        cleanup_free char *path = text_format("/etc/%s", entry->d_name);
        if (entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN)
            add_as_it_is(place, path);
        else
            add_bind(place, path);
    }
    for (size_t i = 0; i < sizeof etc_parts / sizeof *etc_parts; i++)
        if (faccessat(dirfd(etc), etc_parts[i], F_OK, 0) == 0) {
            cleanup_free char *path = text_format("/etc/%s", etc_parts[i]);
            add_bind(place, path);
        }
    return 0;
}

int root_files_add(const char *at, struct mounts *mounts, struct error *err)
{
    const struct place place = {mounts, at};
    add(&place, (struct sandbox_mount){.kind = SANDBOX_BIND, .source = "/usr"}, "/usr");
    for (size_t i = 0; i < sizeof system_folders / sizeof *system_folders; i++)
        add_as_it_is(&place, system_folders[i]);
    return add_etc(&place, err);
}

void root_files_add_own(struct mounts *mounts)
{
    for (size_t i = 0; i < sizeof own_mounts / sizeof *own_mounts; i++)
        mounts_add(mounts, &own_mounts[i]);
}
