#include "caller.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "base/text.h"
#include "borrow.h"
#include "links.h"

struct caller {
    uid_t uid;
    gid_t gid;
};

static bool read_id(const char *name, unsigned *id)
{
    const char *text = getenv(name);
    char *end;
    unsigned long number = text ? strtoul(text, &end, 10) : ULONG_MAX;
    if (!text || !*text || *end || number >= UINT_MAX)
        return false;
    *id = (unsigned)number;
    return true;
}

/* Whether this is root by somebody else's sudo. An id that cannot be read is nobody's: nothing is theirs. */
static bool find_caller(struct caller *caller)
{
    if (geteuid() != 0 || !getenv("SUDO_UID"))
        return false;
    if (!read_id("SUDO_UID", &caller->uid) || !read_id("SUDO_GID", &caller->gid))
        *caller = (struct caller){UINT_MAX - 1, UINT_MAX - 1};
    return caller->uid != 0;
}

bool caller_is_other(void)
{
    struct caller caller;
    return find_caller(&caller);
}

uid_t caller_uid(void)
{
    struct caller caller;
    return find_caller(&caller) ? caller.uid : geteuid();
}

int caller_open(const char *path, int flags, struct error *err)
{
    struct caller caller;
    cleanup_borrowed struct borrowed rights = {0};
    bool is_other = find_caller(&caller);
    if (geteuid() == 0 && !is_other)
        return links_open(path, flags, err);
    if (is_other && borrow_ids(caller.uid, caller.gid, &rights, err) < 0)
        return -1;
    int fd = open(path, O_PATH | O_CLOEXEC | flags);
    if (fd >= 0)
        return fd;
    int errnum = errno;
    fail(err, STATUS_DATA, "%s", strerror(errnum));
    if (err)
        err->errnum = errnum;
    return -1;
}

int caller_check_readable(int fd)
{
    struct caller caller;
    cleanup_borrowed struct borrowed rights = {0};
    if (!find_caller(&caller))
        return 0;
    if (borrow_ids(caller.uid, caller.gid, &rights, NULL) < 0)
        return -1;
    return faccessat(fd, "", R_OK, AT_EMPTY_PATH | AT_EACCESS);
}

int caller_borrow(int fd, struct borrowed *rights, struct error *err)
{
    struct caller caller;
    return find_caller(&caller) ? borrow_ids(caller.uid, caller.gid, rights, err)
                                : borrow_owner(fd, rights, err);
}

void caller_ids(int fd, uid_t *uid, gid_t *gid)
{
    struct caller caller;
    struct stat st;
    bool is_known = fstat(fd, &st) == 0;
    *uid = is_known ? st.st_uid : geteuid();
    *gid = is_known ? st.st_gid : getegid();
    if (find_caller(&caller) && caller.uid == *uid)
        *gid = caller.gid;
}

int caller_check_owner(int fd, const char *what, struct error *err)
{
    struct caller caller;
    struct stat st;
    if (!find_caller(&caller))
        return 0;
    if (fstat(fd, &st) < 0)
        return fail_errno(err, "%s", what);
    if (st.st_uid == caller.uid)
        return 0;
    fail(err, STATUS_POLICY, "%s: belongs to uid %u, not to sudo's caller", what, (unsigned)st.st_uid);
    error_remedy(
        err, "use a folder of your own, or run indyno without sudo (as an administrator: unset SUDO_UID)");
    return -1;
}

/* Trees that are trusted, and programs that run as root: what sudo lets through of them is a mistake in its policy. */
int caller_check_environment(struct error *err)
{
    static const char prefix[] = "INDYNO_";
    if (!caller_is_other())
        return 0;
    for (char **variable = environ; *variable; variable++)
        if (text_starts(*variable, prefix)) {
            fail(err, STATUS_POLICY, "%.*s: not taken from sudo's caller", (int)strcspn(*variable, "="),
                 *variable);
            error_remedy(err, "run indyno without it, or without sudo (as an administrator: unset SUDO_UID)");
            return -1;
        }
    return 0;
}
