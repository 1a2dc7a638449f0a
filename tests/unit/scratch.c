#include "scratch.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "base/text.h"
#include "unit.h"

enum { WALK_FDS = 16 };

void scratch_make(struct scratch *scratch)
{
    const char *parent = getenv("TMPDIR");
    scratch->path = text_format("%s/indyno-test-XXXXXX", parent ? parent : "/tmp");
    assert_non_null(mkdtemp(scratch->path));
    assert_int_equal(chmod(scratch->path, 0755), 0);
    scratch->fd = open(scratch->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(scratch->fd >= 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *place)
{
    (void)st, (void)type, (void)place;
    return remove(path);
}

void scratch_remove(struct scratch *scratch)
{
    nftw(scratch->path, remove_one, WALK_FDS, FTW_DEPTH | FTW_PHYS);
    close_fd(&scratch->fd);
    free_pointer(&scratch->path);
}

static void make_parents(const struct scratch *scratch, const char *name)
{
    for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
        cleanup_free char *folder = text_format("%.*s", (int)(slash - name), name);
        mkdirat(scratch->fd, folder, 0755);
    }
}

void scratch_write_bytes(const struct scratch *scratch, const char *name, const void *data, size_t size)
{
    make_parents(scratch, name);
    cleanup_fd int fd = openat(scratch->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(text_write_all(fd, data, size), 0);
}

void scratch_write(const struct scratch *scratch, const char *name, const char *text)
{
    scratch_write_bytes(scratch, name, text, strlen(text));
}

static int give_to(const char *path, uid_t owner)
{
    return lchown(path, owner, owner);
}

void scratch_give(const struct scratch *scratch, uid_t owner)
{
    cleanup_dir DIR *dir = opendir(scratch->path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        cleanup_free char *path = text_format("%s/%s", scratch->path, entry->d_name);
        if (strcmp(entry->d_name, "..") != 0)
            assert_int_equal(give_to(path, owner), 0);
    }
}
