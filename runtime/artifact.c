/*
 * Theory of operation: two parties that trust each other in nothing, and a copier between them that has only
 * descriptors. Each open is done with the rights of the party whose file it is (borrow.h), and relative to a
 * descriptor of the folder around it, so that no name leads outside. The dyno has ended: nothing changes any
 * more while it is read.
 */
#include "artifact.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app-file.h"
#include "base/own.h"
#include "base/sys.h"
#include "borrow.h"
#include "caller.h"
#include "layout.h"

enum { CHUNK = 1 << 17 };

struct party {
    uid_t uid;
    gid_t gid;
};

struct copier {
    struct party reader, writer;
    struct artifact_totals *totals;
};

/* ---- With the reader's rights ---- */

static int open_source(const struct copier *copier, int folder, const char *name, struct error *err)
{
    struct open_how how = {
        .flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    cleanup_borrowed struct borrowed rights;
    if (borrow_ids(copier->reader.uid, copier->reader.gid, &rights, err) < 0)
        return -1;
    int fd = sys_openat2(folder, name, &how);
    return fd < 0 ? fail_errno(err, "open %s", name) : fd;
}

/* ---- With the writer's rights ---- */

static int make_folder(const struct copier *copier, int parent, const char *name, struct error *err)
{
    cleanup_borrowed struct borrowed rights;
    if (borrow_ids(copier->writer.uid, copier->writer.gid, &rights, err) < 0)
        return -1;
    if (mkdirat(parent, name, 0777) < 0 && errno != EEXIST)
        return fail_errno(err, "make the folder %s", name);
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? fail_errno(err, "open the folder %s", name) : fd;
}

/* A new file, so that whoever has the old one open, or linked to, sees nothing of it. */
static int make_file(const struct copier *copier, int parent, const char *name, mode_t mode,
                     struct error *err)
{
    cleanup_borrowed struct borrowed rights;
    if (borrow_ids(copier->writer.uid, copier->writer.gid, &rights, err) < 0)
        return -1;
    if (file_remove_old(parent, name, err) < 0)
        return error_context(err, "replace %s", name);
    int fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 0777);
    return fd < 0 ? fail_errno(err, "make %s", name) : fd;
}

/* ---- Copying ---- */

static int check_room(const struct copier *copier, uint64_t bytes, struct error *err)
{
    return bytes <= ARTIFACT_BYTES_MAX && copier->totals->bytes <= ARTIFACT_BYTES_MAX - bytes
               ? 0
               : fail(err, STATUS_ERRORED, "artifacts are larger than %llu bytes",
                      (unsigned long long)ARTIFACT_BYTES_MAX);
}

static int count(struct copier *copier, uint64_t bytes, size_t files, struct error *err)
{
    if (check_room(copier, bytes, err) < 0)
        return -1;
    copier->totals->bytes += bytes;
    copier->totals->files += files;
    if (copier->totals->files > ARTIFACT_FILES_MAX)
        return fail(err, STATUS_ERRORED, "artifacts are more than %d files", ARTIFACT_FILES_MAX);
    return 0;
}

static int copy_bytes(struct copier *copier, int from, int to, struct error *err)
{
    cleanup_free char *chunk = allocate(CHUNK, 1);
    for (;;) {
        ssize_t size = read(from, chunk, CHUNK);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return fail_errno(err, "read it");
        if (size == 0)
            return 0;
        if (count(copier, (uint64_t)size, 0, err) < 0)
            return -1;
        if (text_write_all(to, chunk, (size_t)size) < 0)
            return fail_errno(err, "write it");
    }
}

/* One that is too large, or says so and has nothing in it, is told before anything of it is written. */
static int copy_file(struct copier *copier, int from, const struct stat *st, int parent, const char *name,
                     struct error *err)
{
    if (check_room(copier, (uint64_t)st->st_size, err) < 0)
        return -1;
    cleanup_fd int to = make_file(copier, parent, name, st->st_mode, err);
    if (to < 0 || count(copier, 0, 1, err) < 0)
        return -1;
    return copy_bytes(copier, from, to, err);
}

static int copy_folder(struct copier *copier, int *from, int parent, const char *name, int depth,
                       struct error *err);

/* Copies one entry of a folder; what is neither a file nor a folder is left out. */
static int copy_entry(struct copier *copier, int folder, int to, const struct dirent *entry, int depth,
                      struct error *err)
{
    const char *name = entry->d_name;
    struct stat st;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return fail_errno(err, "%s", name);
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
        copier->totals->left_out++;
        return 0;
    }
    cleanup_fd int from = open_source(copier, folder, name, err);
    if (from < 0)
        return -1;
    int result = S_ISDIR(st.st_mode) ? copy_folder(copier, &from, to, name, depth + 1, err)
                                     : copy_file(copier, from, &st, to, name, err);
    return result < 0 ? error_context(err, "%s", name) : 0;
}

/* Takes *from. */
static int copy_folder(struct copier *copier, int *from, int parent, const char *name, int depth,
                       struct error *err)
{
    if (depth > ARTIFACT_DEPTH_MAX)
        return fail(err, STATUS_ERRORED, "folders lie more than %d deep", ARTIFACT_DEPTH_MAX);
    cleanup_fd int to = make_folder(copier, parent, name, err);
    if (to < 0 || count(copier, 0, 1, err) < 0)
        return -1;
    cleanup_dir DIR *dir = fdopendir(*from);
    if (!dir)
        return fail_errno(err, "read the folder");
    steal_fd(from);
    for (struct dirent *entry; (errno = 0, entry = readdir(dir));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            copy_entry(copier, dirfd(dir), to, entry, depth, err) < 0)
            return -1;
    return errno ? fail_errno(err, "read the folder") : 0;
}

/* ---- One artifact ---- */

/* Makes the folders above the last part of target; *name is that part. */
static int make_parents(const struct copier *copier, int output, const char *target, const char **name,
                        struct error *err)
{
    cleanup_fd int folder = fcntl(output, F_DUPFD_CLOEXEC, 0);
    *name = target;
    for (const char *slash; folder >= 0 && (slash = strchr(*name, '/'));) {
        cleanup_free char *part = text_format("%.*s", (int)(slash - *name), *name);
        *name = slash + strspn(slash, "/");
        if (!*part || strcmp(part, ".") == 0)
            continue;
        int next = make_folder(copier, folder, part, err);
        close_fd(&folder);
        folder = next;
    }
    return steal_fd(&folder);
}

static int copy_artifact(struct copier *copier, int app, int output, const struct option_artifact *artifact,
                         struct error *err)
{
    struct stat st;
    const char *name;
    cleanup_fd int from = open_source(copier, app, artifact->source, err);
    if (from < 0)
        return err->errnum == ENOENT ? fail(err, STATUS_ERRORED, "it is not there") : -1;
    if (fstat(from, &st) < 0)
        return fail_errno(err, "look at it");
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return fail(err, STATUS_ERRORED, "neither a regular file nor a folder");
    cleanup_fd int parent = make_parents(copier, output, artifact->target, &name, err);
    if (parent < 0)
        return -1;
    return S_ISDIR(st.st_mode) ? copy_folder(copier, &from, parent, name, 0, err)
                               : copy_file(copier, from, &st, parent, name, err);
}

static struct party owner_of(int fd)
{
    struct party party;
    caller_ids(fd, &party.uid, &party.gid);
    return party;
}

/* The output folder is made by the working folder's owner. Where that is root, its own owner writes in it; somebody
 * else's must not be written with more rights than theirs, whatever they have put there. */
static int open_output(struct copier *copier, struct error *err)
{
    cleanup_fd int cwd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (cwd < 0)
        return fail_errno(err, "open the working folder");
    if (caller_check_owner(cwd, "the working folder", err) < 0)
        return -1;
    copier->writer = owner_of(cwd);
    cleanup_fd int output = make_folder(copier, cwd, LAYOUT_OUTPUT, err);
    if (output < 0)
        return -1;
    if (copier->writer.uid == 0)
        copier->writer = owner_of(output);
    return steal_fd(&output);
}

int artifacts_take(const struct plan *plan, const struct sandbox_result *result,
                   struct artifact_totals *totals, struct error *err)
{
    struct copier copier = {.reader = {result->host_ids[0], result->host_ids[1]}, .totals = totals};
    *totals = (struct artifact_totals){0};
    int app = plan->app_mount < result->mount_count ? result->kept_fds[plan->app_mount] : -1;
    if (app < 0)
        return fail(err, STATUS_ERRORED, "artifacts: the dyno has left no /app to take them from");
    cleanup_fd int output = open_output(&copier, err);
    if (output < 0)
        return error_context(err, "artifacts");
    int outcome = 0;
    for (size_t i = 0; i < plan->artifact_count; i++) {
        cleanup_error struct error why = {0};
        if (copy_artifact(&copier, app, output, &plan->artifacts[i], &why) < 0 && outcome == 0)
            outcome = fail(err, STATUS_ERRORED, "artifact %s: %s", plan->artifacts[i].source, why.message);
    }
    return outcome;
}
