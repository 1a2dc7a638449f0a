/*
 * Theory of operation: most paths have no link in them, which one openat2(2) finds out. Else the way is walked name by
 * name, each relative to the descriptor of the folder before, so that nobody can change what has been looked at.
 */
#include "links.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/own.h"
#include "base/sys.h"
#include "base/text.h"

enum { LINKS_MAX = 40 }; /* as the kernel has it */

struct walk {
    int fd; /* so far */
    int links;
    bool is_bound; /* by a link of owner's, to what is theirs */
    uid_t owner;
};

static int fail_with(struct error *err, int errnum, const char *why)
{
    fail(err, STATUS_DATA, "%s", why);
    if (err)
        err->errnum = errnum;
    errno = errnum;
    return -1;
}

static int fail_as(struct error *err, int errnum)
{
    return fail_with(err, errnum, strerror(errnum));
}

static int refuse(uid_t owner, struct error *err)
{
    cleanup_free char *why =
        text_format("a symbolic link of uid %u's leads to what is not theirs", (unsigned)owner);
    fail_with(err, EACCES, why);
    error_remedy(err, "name what is meant without that link");
    return -1;
}

static int bind_to(struct walk *walk, uid_t owner, struct error *err)
{
    if (++walk->links > LINKS_MAX)
        return fail_as(err, ELOOP);
    if (owner == 0)
        return 0;
    if (walk->is_bound && walk->owner != owner)
        return refuse(walk->owner, err);
    walk->is_bound = true;
    walk->owner = owner;
    return 0;
}

static int follow(struct walk *walk, const char *path, struct error *err);

static int follow_link(struct walk *walk, int link, uid_t owner, struct error *err)
{
    char target[PATH_MAX];
    ssize_t size = readlinkat(link, "", target, sizeof target);
    if (size < 0 || (size_t)size >= sizeof target)
        return fail_as(err, size < 0 ? errno : ENAMETOOLONG);
    target[size] = '\0';
    return bind_to(walk, owner, err) < 0 ? -1 : follow(walk, target, err);
}

static int step(struct walk *walk, const char *name, struct error *err)
{
    struct stat st;
    cleanup_fd int next = openat(walk->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0 || fstat(next, &st) < 0)
        return fail_as(err, errno);
    if (S_ISLNK(st.st_mode))
        return follow_link(walk, next, st.st_uid, err);
    close_fd(&walk->fd);
    walk->fd = steal_fd(&next);
    return 0;
}

static int follow(struct walk *walk, const char *path, struct error *err)
{
    cleanup_free char *copy = copy_string(path);
    char *rest = copy;
    if (path[0] == '/') {
        close_fd(&walk->fd);
        walk->fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
    for (char *name; (name = strsep(&rest, "/"));)
        if (*name && step(walk, name, err) < 0)
            return -1;
    return 0;
}

static int check_end(const struct walk *walk, int flags, struct error *err)
{
    struct stat st;
    if (fstat(walk->fd, &st) < 0)
        return fail_as(err, errno);
    if (walk->is_bound && walk->owner != st.st_uid)
        return refuse(walk->owner, err);
    return (flags & O_DIRECTORY) && !S_ISDIR(st.st_mode) ? fail_as(err, ENOTDIR) : 0;
}

int links_open(const char *path, int flags, struct error *err)
{
    struct open_how how = {.flags = (uint64_t)(O_PATH | O_CLOEXEC | flags), .resolve = RESOLVE_NO_SYMLINKS};
    int fd = sys_openat2(AT_FDCWD, path, &how);
    if (fd >= 0)
        return fd;
    if (errno != ELOOP)
        return fail_as(err, errno);
    struct walk walk = {.fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (walk.fd < 0)
        return fail_as(err, errno);
    if (follow(&walk, path, err) == 0 && check_end(&walk, flags, err) == 0)
        return walk.fd;
    close_fd(&walk.fd);
    return -1;
}
