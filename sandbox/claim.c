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
#include "base/sys.h"

enum { RECORD_MAX = 16384, SLOT_NAME_MAX = 16, RANDOM_BYTES = 8 };

#define NEW_PREFIX ".new." /* a claim that has no name yet */

/* Reads errno. */
static int fail_folder(struct error *err, const char *tried, const char *path)
{
    bool read_only = errno == EROFS;
    fail_errno(err, "%s %s", tried, path);
    if (read_only)
        error_remedy(err, "have the host's own there, writable: in bwrap(1), --bind %s %s", path, path);
    return -1;
}

/* The folder may be under /tmp: it must be ours and nobody else's. */
static int open_state_dir(const char *path, struct error *err)
{
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return fail_folder(err, "make the state folder", path);
    cleanup_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return fail_folder(err, "open the state folder", path);
    if (st.st_uid != geteuid() || (st.st_mode & 022))
        return fail(err, STATUS_ERRORED,
                    "state folder %s: belongs to somebody else or others can write to it", path);
    return steal_fd(&fd);
}

/* An empty one where it cannot be read. */
static void read_record(int fd, char record[RECORD_MAX])
{
    ssize_t size = pread(fd, record, RECORD_MAX - 1, 0);
    record[size > 0 ? size : 0] = '\0';
}

/* Locks the file name; -1 with errno EWOULDBLOCK where somebody holds it. */
static int lock_file(int dir_fd, const char *name)
{
    for (;;) {
        cleanup_fd int fd = openat(dir_fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
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
    cleanup_fd int fd = lock_file(dir_fd, name);
    if (fd < 0)
        return;
    char record[RECORD_MAX];
    read_record(fd, record);
    if (!*record || sweep(record))
        unlinkat(dir_fd, name, 0);
}

static void sweep_all(int dir_fd, bool (*sweep)(const char *record))
{
    cleanup_dir DIR *dir = sys_list(dir_fd);
    struct dirent *entry;
    while (dir && (entry = readdir(dir)))
        if (entry->d_name[0] != '.' || text_starts(entry->d_name, NEW_PREFIX))
            sweep_slot(dir_fd, entry->d_name, sweep);
}

void claim_sweep(const char *state_dir, bool (*sweep)(const char *record))
{
    cleanup_fd int dir_fd = open(state_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir_fd >= 0)
        sweep_all(dir_fd, sweep);
}

static bool overlap(uint32_t a, uint32_t b, uint32_t width)
{
    return (a < b ? b - a : a - b) < width;
}

/* 1 where another file's block overlaps slot's, 0 where none does, -1 with errno. */
static int find_overlap(int dir_fd, uint32_t slot, uint32_t width)
{
    cleanup_dir DIR *dir = sys_list(dir_fd);
    if (!dir)
        return -1;
    for (struct dirent *entry; (errno = 0, entry = readdir(dir));) {
        char *end;
        unsigned long other = strtoul(entry->d_name, &end, 10);
        if (end != entry->d_name && !*end && other != slot && overlap((uint32_t)other, slot, width))
            return 1;
    }
    return errno ? -1 : 0;
}

/* A locked file without a slot's name. Until it is locked, it may be swept. */
static int make_nameless(int dir_fd, char *name, size_t size)
{
    for (;;) {
        char random[2 * RANDOM_BYTES + 1];
        text_random_hex(random, RANDOM_BYTES);
        snprintf(name, size, NEW_PREFIX "%s", random);
        cleanup_fd int fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
            return steal_fd(&fd);
        if (fd < 0 || errno != EWOULDBLOCK)
            return -1;
    }
}

struct nameless {
    int fd;
    char name[sizeof NEW_PREFIX + (size_t)2 * RANDOM_BYTES];
};

/* Gives the file a slot's name. 1: done; 0: the name or a part of its block is taken; -1 with errno. */
static int give_name(int dir_fd, struct nameless *file, uint32_t slot, uint32_t width)
{
    char name[SLOT_NAME_MAX];
    snprintf(name, sizeof name, "%u", slot);
    while (linkat(dir_fd, file->name, dir_fd, name, 0) < 0) {
        if (errno != ENOENT)
            return errno == EEXIST ? 0 : -1;
        close_fd(&file->fd); /* swept before it was locked */
        file->fd = make_nameless(dir_fd, file->name, sizeof file->name);
        if (file->fd < 0)
            return -1;
    }
    int found = width > 1 ? find_overlap(dir_fd, slot, width) : 0;
    if (found)
        unlinkat(dir_fd, name, 0);
    return found < 0 ? -1 : !found;
}

/* As give_name, for the first slot of range that is free. */
static int take_first(int dir_fd, struct nameless *file, const struct claim_range *range, uint32_t *slot)
{
    int taken = 0;
    for (uint32_t i = 0; taken == 0 && i < range->count; i++) {
        *slot = range->first + i * range->width;
        taken = give_name(dir_fd, file, *slot, range->width);
    }
    return taken;
}

static int refuse(const char *state_dir, const struct claim_range *range, struct error *err)
{
    fail(err, STATUS_NO_ROOM, "no room for another dyno: all %u are running (%s)", range->count, state_dir);
    error_remedy(err, "try again when one of them has ended");
    return -1;
}

int claim_take(struct claim *claim, const char *state_dir, const struct claim_range *range,
               bool (*sweep)(const char *record), struct error *err)
{
    *claim = (struct claim){.dir_fd = -1, .lock_fd = -1};
    cleanup_fd int dir_fd = open_state_dir(state_dir, err);
    if (dir_fd < 0)
        return -1;
    sweep_all(dir_fd, sweep);
    struct nameless file = {.fd = -1};
    file.fd = make_nameless(dir_fd, file.name, sizeof file.name);
    uint32_t slot = 0;
    int taken = file.fd < 0 ? -1 : take_first(dir_fd, &file, range, &slot);
    if (taken < 0)
        fail_folder(err, "claim a slot in", state_dir);
    unlinkat(dir_fd, file.name, 0);
    if (taken <= 0) {
        close_fd(&file.fd);
        return taken < 0 ? -1 : refuse(state_dir, range, err);
    }
    *claim = (struct claim){.dir_fd = steal_fd(&dir_fd), .lock_fd = file.fd, .slot = slot};
    return 0;
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

/* One that is gone meanwhile has no record. */
static void visit_record(int dir_fd, const char *name, void (*visit)(const char *record, void *context),
                         void *context)
{
    char record[RECORD_MAX];
    cleanup_fd int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    read_record(fd, record);
    visit(record, context);
}

int claim_each(const struct claim *claim, void (*visit)(const char *record, void *context), void *context,
               struct error *err)
{
    char own[SLOT_NAME_MAX];
    snprintf(own, sizeof own, "%u", claim->slot);
    cleanup_dir DIR *dir = sys_list(claim->dir_fd);
    struct dirent *entry = NULL;
    while (dir && (errno = 0, entry = readdir(dir)))
        if (entry->d_name[0] != '.' && !text_equal(entry->d_name, own))
            visit_record(claim->dir_fd, entry->d_name, visit, context);
    return !dir || errno ? fail_errno(err, "list the runs that there are") : 0;
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
