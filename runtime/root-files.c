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

static void add_bind(struct mounts *mounts, const char *path)
{
    mounts_add(mounts, &(struct sandbox_mount){
                           .kind = SANDBOX_BIND, .source = path, .target = path, .optional = true});
}

static bool leads_into_usr(const char *to)
{
    return text_starts(to, "usr/") || text_starts(to, "/usr/") || text_starts(to, "../usr/");
}

/* Adds what path is on the host. */
static void add_as_it_is(struct mounts *mounts, const char *path)
{
    char to[PATH_MAX];
    ssize_t size = readlink(path, to, sizeof to - 1);
    if (size < 0 && errno != EINVAL)
        return;
    to[size > 0 ? size : 0] = '\0';
    if (size > 0 && leads_into_usr(to))
        mounts_add(mounts, &(struct sandbox_mount){.kind = SANDBOX_LINK, .target = path, .content = to});
    else
        add_bind(mounts, path);
}

static int add_etc(struct mounts *mounts, struct error *err)
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
            add_as_it_is(mounts, path);
        else
            add_bind(mounts, path);
    }
    for (size_t i = 0; i < sizeof etc_parts / sizeof *etc_parts; i++)
        if (faccessat(dirfd(etc), etc_parts[i], F_OK, 0) == 0) {
            cleanup_free char *path = text_format("/etc/%s", etc_parts[i]);
            add_bind(mounts, path);
        }
    return 0;
}

int root_files_add(struct mounts *mounts, struct error *err)
{
    mounts_add(mounts, &(struct sandbox_mount){.kind = SANDBOX_BIND, .source = "/usr", .target = "/usr"});
    for (size_t i = 0; i < sizeof system_folders / sizeof *system_folders; i++)
        add_as_it_is(mounts, system_folders[i]);
    if (add_etc(mounts, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof own_mounts / sizeof *own_mounts; i++)
        mounts_add(mounts, &own_mounts[i]);
    return 0;
}
