#include "claim.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/own.h"

enum { RECORD_MAX = 16384, SLOT_NAME_MAX = 16 };

/* The folder may be under /tmp: it must be ours and nobody else's. */
static int open_state_dir(const char *path, struct error *err)
{
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return fail_errno(err, "make the state folder %s", path);
    cleanup_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return fail_errno(err, "open the state folder %s", path);
    if (st.st_uid != geteuid() || (st.st_mode & 022))
        return fail(err, STATUS_ERRORED,
                    "state folder %s: belongs to somebody else or others can write to it", path);
    return steal_fd(&fd);
}

/* Locks the file name; -1 with errno EWOULDBLOCK where somebody holds it. */
static int lock_file(int dir_fd, const char *name, int flags)
{
    for (;;) {
        cleanup_fd int fd = openat(dir_fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
        struct stat opened, named;
        if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &opened) < 0)
            return -1;
        if (fstatat(dir_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && named.st_ino == opened.st_ino)
            return steal_fd(&fd);
    }
}

/* Where not all of a record is gone, its processes may still run with the slot's ids: the file stays, and so does what it
 * says. */
static void sweep_slot(int dir_fd, const char *name, bool (*sweep)(const char *record))
{
    cleanup_fd int fd = lock_file(dir_fd, name, 0);
    if (fd < 0)
        return;
    char record[RECORD_MAX];
    ssize_t size = pread(fd, record, sizeof record - 1, 0);
    record[size > 0 ? size : 0] = '\0';
    if (size <= 0 || sweep(record))
        unlinkat(dir_fd, name, 0);
}

static void sweep_all(int dir_fd, bool (*sweep)(const char *record))
{
    int copy = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (!dir)
        return;
    struct dirent *entry;
    while ((entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            sweep_slot(dir_fd, entry->d_name, sweep);
}

void claim_sweep(const char *state_dir, bool (*sweep)(const char *record))
{
    cleanup_fd int dir_fd = open(state_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir_fd >= 0)
        sweep_all(dir_fd, sweep);
}

/* One with a record is of a dead run of which something is left. */
static bool is_empty(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_size == 0;
}

int claim_take(struct claim *claim, const char *state_dir, unsigned slots, bool (*sweep)(const char *record),
               struct error *err)
{
    *claim = (struct claim){.dir_fd = -1, .lock_fd = -1};
    cleanup_fd int dir_fd = open_state_dir(state_dir, err);
    if (dir_fd < 0)
        return -1;
    sweep_all(dir_fd, sweep);
    for (unsigned slot = 0; slot < slots; slot++) {
        char name[SLOT_NAME_MAX];
        snprintf(name, sizeof name, "%u", slot);
        cleanup_fd int fd = lock_file(dir_fd, name, O_CREAT);
        if (fd >= 0 && is_empty(fd)) {
            *claim = (struct claim){.dir_fd = steal_fd(&dir_fd), .lock_fd = steal_fd(&fd), .slot = slot};
            return 0;
        }
        if (fd < 0 && errno != EWOULDBLOCK)
            return fail_errno(err, "claim %s/%s", state_dir, name);
    }
    fail(err, STATUS_NO_ROOM, "no room for another dyno: all %u are running (%s)", slots, state_dir);
    error_remedy(err, "try again when one of them has ended");
    return -1;
}

int claim_record(const struct claim *claim, const char *record, struct error *err)
{
    size_t size = strlen(record);
    if (size >= RECORD_MAX)
        return fail(err, STATUS_ERRORED, "record what the run makes: too long");
    if (pwrite(claim->lock_fd, record, size, 0) != (ssize_t)size ||
        ftruncate(claim->lock_fd, (off_t)size) < 0)
        return fail_errno(err, "record what the run makes");
    return 0;
}

/* The name may lead to another run's file by now, where this one was unlinked before. */
static bool is_ours(const struct claim *claim, const char *name)
{
    struct stat ours, named;
    return fstat(claim->lock_fd, &ours) == 0 &&
           fstatat(claim->dir_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && ours.st_ino == named.st_ino &&
           ours.st_dev == named.st_dev;
}

void claim_drop(struct claim *claim)
{
    char name[SLOT_NAME_MAX];
    snprintf(name, sizeof name, "%u", claim->slot);
    if (claim->lock_fd >= 0 && is_ours(claim, name))
        unlinkat(claim->dir_fd, name, 0);
    claim_close(claim);
}

void claim_close(struct claim *claim)
{
    close_fd(&claim->lock_fd);
    close_fd(&claim->dir_fd);
}
