/* Who the dyno is on the host, and who owns what in it. */
#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { NOBODY = 65534 };

/* Lines of INSIDE OUTSIDE COUNT. */
static const char *host_root_in(const char *path)
{
    FILE *map = fopen(path, "re");
    char line[128];
    const char *result = "not mapped";
    if (!map)
        return "no map";
    while (fgets(line, sizeof line, map)) {
        char *rest;
        unsigned long inside = strtoul(line, &rest, 10);
        if (strtoul(rest, NULL, 10) == 0)
            result = told("mapped to %lu", inside);
    }
    fclose(map);
    return result;
}

static const char *root_user(void)
{
    return host_root_in("/proc/self/uid_map");
}

static const char *root_group(void)
{
    return host_root_in("/proc/self/gid_map");
}

static const char *owner_of(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return NULL;
    return st.st_uid == NOBODY && st.st_gid == NOBODY ? "nobody" : told("%u:%u", st.st_uid, st.st_gid);
}

static const char *owner_of_usr(void)
{
    return owner_of("/usr");
}

static const char *owner_of_device(void)
{
    return owner_of("/dev/null");
}

static const char *give_away(void)
{
    static const uid_t ids[] = {0, 1001, 1002, NOBODY};
    int fd = open("/tmp/inside-given", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    struct tally tally = {.should = "refused"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        if (ids[i] == getuid())
            continue;
        tally_add(&tally, "owner", refusal_of(fchown(fd, ids[i], (gid_t)-1)));
        tally_add(&tally, "group", refusal_of(fchown(fd, (uid_t)-1, ids[i])));
    }
    unlink("/tmp/inside-given");
    return tally_result(&tally);
}

static const char *take_usr(void)
{
    struct tally tally = {.should = "EROFS"};
    tally_add(&tally, "chown", result_of(chown("/usr", getuid(), getgid())));
    tally_add(&tally, "chmod", result_of(chmod("/usr", 0777)));
    tally_add(&tally, "utimes", result_of(utimensat(AT_FDCWD, "/usr", NULL, 0)));
    return tally_result(&tally);
}

/* A user's own group may be listed once more: it gives nothing. */
static const char *groups(void)
{
    gid_t list[64];
    int count = getgroups(64, list);
    for (int i = 0; i < count; i++)
        if (list[i] != getegid())
            return told("%d, %u among them", count, list[i]);
    return count < 0 ? told("%s", strerror(errno)) : "none";
}

static const char *host_name(void)
{
    struct utsname own;
    const char *host = prepared("host");
    return !host || uname(&own) < 0 ? NULL : strcmp(host, own.nodename) == 0 ? "the host's" : "the dyno's";
}

const struct attack identity_attacks[] = {
    {"root-user", BOTH, "to find host root in its users", "not mapped", root_user},
    {"root-group", BOTH, "to find host root in its groups", "not mapped", root_group},
    {"owner-of-usr", BOTH, "to be more than a stranger to /usr", "nobody", owner_of_usr},
    {"owner-of-device", BOTH, "to be more than a stranger to /dev/null", "nobody", owner_of_device},
    {"give-away", BOTH, "to give a file to others", "refused", give_away},
    {"take-usr", BOTH, "to take /usr, or touch it", "EROFS", take_usr},
    {"groups", BOTH, "to have groups of the caller's", "none", groups},
    {"host-name", BOTH, "to see the host's name", "the dyno's", host_name},
    {0},
};
