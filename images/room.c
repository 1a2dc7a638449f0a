#include "store.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/own.h"

enum { ROOM_MIN = 1 << 20 };

/* ---- Sizes ---- */

char *store_size_text(uint64_t bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    enum { UNIT_COUNT = sizeof units / sizeof *units };
    size_t unit = 0;
    double size = (double)bytes;
    for (; size >= 999.5 && unit + 1 < UNIT_COUNT; unit++)
        size /= 1000;
    return text_format("%.*f %s", unit && size < 9.95 ? 1 : 0, size, units[unit]);
}

static void close_walk(FTS **walk)
{
    if (*walk)
        fts_close(*walk);
}

uint64_t store_tree_size(const char *folder)
{
    cleanup_free char *root = copy_string(folder);
    char *const roots[] = {root, NULL};
    uint64_t size = 0;
    __attribute__((cleanup(close_walk))) FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    for (FTSENT *entry; walk && (entry = fts_read(walk));)
        if (entry->fts_info == FTS_F) /* each name of a file has its share of it */
            size += (uint64_t)entry->fts_statp->st_size / entry->fts_statp->st_nlink;
    return size;
}

/* ---- A full disk ---- */

static uint64_t free_bytes(const struct statvfs *disk)
{
    return (uint64_t)disk->f_bavail * disk->f_frsize;
}

bool store_no_room(const char *path)
{
    struct statvfs disk;
    return statvfs(path, &disk) == 0 && free_bytes(&disk) < ROOM_MIN;
}

void store_explain_room(const char *store, struct error *err)
{
    struct statvfs disk;
    if (!err || !err->message || statvfs(store, &disk) < 0)
        return;
    if (err->errnum != ENOSPC && err->errnum != EDQUOT && !store_no_room(store))
        return;
    cleanup_free char *size = store_size_text(free_bytes(&disk));
    fail(err, err->status, "no space left in %s (%s free)", store, size);
    err->errnum = ENOSPC;
    error_remedy(err, "see what can go: indyno image prune --dry-run");
}
