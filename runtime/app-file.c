#include "app-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/own.h"
#include "base/sys.h"
#include "base/text.h"
#include "caller.h"

enum { FIRST_ROOM = 4096 };

/* errno is kept. */
static int data_errno(struct error *err, const char *label)
{
    int errnum = errno;
    fail(err, STATUS_DATA, "%s: %s", label, strerror(errnum));
    if (err)
        err->errnum = errnum;
    errno = errnum;
    return -1;
}

int folder_open(const char *folder, const char *label, struct error *err)
{
    cleanup_fd int fd = caller_open(folder, O_DIRECTORY, err);
    if (fd < 0)
        return error_context(err, "%s", label);
    return caller_check_owner(fd, folder, err) < 0 ? -1 : steal_fd(&fd);
}

static const char *kind_name(mode_t mode)
{
    static const struct {
        mode_t type;
        const char *name;
    } kinds[] = {
        {S_IFDIR, "a folder"},  {S_IFLNK, "a symbolic link"}, {S_IFIFO, "a fifo"},
        {S_IFSOCK, "a socket"}, {S_IFCHR, "a device"},        {S_IFBLK, "a device"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if ((mode & S_IFMT) == kinds[i].type)
            return kinds[i].name;
    return "something else";
}

static int wrong_kind(const char *label, mode_t mode, struct error *err)
{
    fail(err, STATUS_DATA, "%s: it is %s, and only a regular file is read", label, kind_name(mode));
    error_remedy(err, "put the file itself there");
    return -1;
}

static int open_resolved(int folder_fd, const char *name, uint64_t flags)
{
    struct open_how how = {
        .flags = flags | O_CLOEXEC | O_NOFOLLOW,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    return sys_openat2(folder_fd, name, &how);
}

/* A socket cannot be opened, nor a symbolic link without following it: say what it is rather than ENXIO or
 * ELOOP. */
static int cannot_open(int folder_fd, const char *name, const char *label, struct error *err)
{
    data_errno(err, label);
    if (errno == EACCES || errno == EPERM)
        error_remedy(err, "it is read with the rights of its folder's owner: let the owner read it");
    if (errno != ENXIO && errno != ELOOP)
        return -1;
    cleanup_fd int fd = open_resolved(folder_fd, name, O_PATH);
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode) ? wrong_kind(label, st.st_mode, err) : -1;
}

/* O_NONBLOCK: a fifo without a writer must not hold the run up before it is seen to be one. */
static int open_beneath(int folder_fd, const char *name, const char *label, size_t limit, struct error *err)
{
    cleanup_fd int fd = open_resolved(folder_fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return cannot_open(folder_fd, name, label, err);
    struct stat st;
    if (fstat(fd, &st) < 0)
        return fail_errno(err, "%s", label);
    if (!S_ISREG(st.st_mode))
        return wrong_kind(label, st.st_mode, err);
    if (st.st_size > (off_t)limit)
        return fail(err, STATUS_DATA, "%s: larger than %zu bytes", label, limit);
    return steal_fd(&fd);
}

char *file_read_beneath(int folder_fd, const char *name, const char *label, size_t limit, size_t *size,
                        struct error *err)
{
    cleanup_fd int fd = open_beneath(folder_fd, name, label, limit, err);
    if (fd < 0)
        return NULL;
    cleanup_free char *text = NULL;
    size_t used = 0, room = 0;
    for (ssize_t got = 1; got != 0;) {
        if (room - used < 2)
            text = reallocate(text, room = room ? room * 2 : FIRST_ROOM, 1);
        got = read(fd, text + used, room - used - 1);
        if (got < 0 && errno != EINTR) {
            fail_errno(err, "read %s", label);
            return NULL;
        }
        used += got > 0 ? (size_t)got : 0;
        if (used > limit) { /* it grows while it is read */
            fail(err, STATUS_DATA, "%s: larger than %zu bytes", label, limit);
            return NULL;
        }
    }
    text[used] = '\0';
    *size = used;
    return steal_pointer(text);
}

int file_remove_old(int folder, const char *name, struct error *err)
{
    struct stat st;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : fail(err, STATUS_ERRORED, "%s", strerror(errno));
    if (!S_ISREG(st.st_mode))
        return fail(err, STATUS_ERRORED, "something that is no regular file is there");
    return unlinkat(folder, name, 0) < 0 && errno != ENOENT ? fail(err, STATUS_ERRORED, "%s", strerror(errno))
                                                            : 0;
}
