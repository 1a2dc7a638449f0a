#include "copy-tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "base/sys.h"

enum { DEPTH_MAX = 256, CHUNK = 1 << 30 };

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int copy_file(int from, int to, const char *name, const struct stat *st)
{
    cleanup_fd int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    cleanup_fd int out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (in < 0 || out < 0)
        return -1;
    ssize_t sent;
    while ((sent = sendfile(out, in, NULL, CHUNK)) > 0)
        ;
    struct timespec times[2] = {st->st_atim, st->st_mtim};
    if (sent < 0 || fchmod(out, st->st_mode & 0777) < 0)
        return -1;
    return futimens(out, times);
}

static int copy_link(int from, int to, const char *name, const struct stat *st)
{
    char target[PATH_MAX];
    ssize_t size = readlinkat(from, name, target, sizeof target - 1);
    if (size < 0)
        return -1;
    target[size] = '\0';
    const struct timespec times[2] = {st->st_atim, st->st_mtim};
    return symlinkat(target, to, name) < 0 ? -1 : utimensat(to, name, times, AT_SYMLINK_NOFOLLOW);
}

static int copy_folder(int from, int to, const char *what, int depth, struct error *err);

static int copy_subfolder(int from, int to, const char *name, const struct stat *st, int depth,
                          struct error *err)
{
    if (depth == DEPTH_MAX)
        return fail(err, STATUS_DATA, "copy %s: folders nest deeper than %d", name, DEPTH_MAX);
    if (mkdirat(to, name, 0700) < 0)
        return fail_errno(err, "copy the folder %s", name);
    cleanup_fd int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    cleanup_fd int out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (in < 0 || out < 0)
        return fail_errno(err, "copy the folder %s", name);
    if (copy_folder(in, out, name, depth + 1, err) < 0)
        return -1;
    const struct timespec times[2] = {st->st_atim, st->st_mtim};
    if (fchmod(out, st->st_mode & 0777) < 0 || futimens(out, times) < 0)
        return fail_errno(err, "copy the folder %s", name);
    return 0;
}

static int copy_entry(int from, int to, const char *name, int depth, struct error *err)
{
    struct stat st;
    if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return fail_errno(err, "copy %s", name);
    if (S_ISDIR(st.st_mode))
        return copy_subfolder(from, to, name, &st, depth, err);
    int copied = S_ISREG(st.st_mode)   ? copy_file(from, to, name, &st)
                 : S_ISLNK(st.st_mode) ? copy_link(from, to, name, &st)
                                       : 0;
    return copied < 0 ? fail_errno(err, "copy %s", name) : 0;
}

static int copy_folder(int from, int to, const char *what, int depth, struct error *err)
{
    cleanup_dir DIR *dir = sys_list(from);
    if (!dir)
        return fail_errno(err, "list %s", what);
    struct dirent *entry;
    while ((errno = 0, entry = readdir(dir)))
        if (!is_dots(entry->d_name) && copy_entry(from, to, entry->d_name, depth, err) < 0)
            return -1;
    return errno ? fail_errno(err, "list %s", what) : 0;
}

int copy_tree(int from, int to, const char *what, struct error *err)
{
    return copy_folder(from, to, what, 0, err);
}

int copy_tree_chown(int to, uid_t uid, gid_t gid, const char *what, struct error *err)
{
    cleanup_dir DIR *dir = sys_list(to);
    if (!dir)
        return fail_errno(err, "list the copy of %s", what);
    struct dirent *entry;
    while ((entry = readdir(dir))) {
        if (is_dots(entry->d_name))
            continue;
        cleanup_fd int folder =
            entry->d_type == DT_DIR
                ? openat(to, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                : -1;
        if (folder >= 0 && copy_tree_chown(folder, uid, gid, what, err) < 0)
            return -1;
        if (folder < 0 && fchownat(to, entry->d_name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
            return fail_errno(err, "own the copy of %s", what);
    }
    return fchown(to, uid, gid) < 0 ? fail_errno(err, "own the copy of %s", what) : 0;
}
