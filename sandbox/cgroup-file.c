#include "cgroup-file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/own.h"
#include "base/text.h"

enum { FILE_MAX = 65536, BUSY_TRIES = 100, BUSY_WAIT_NS = 10 * 1000 * 1000 };

int cgroup_write(const char *folder, const char *file, const char *value, struct error *err)
{
    cleanup_free char *path = text_format("%s/%s", folder, file);
    cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, value, strlen(value)) < 0)
        return fail_errno(err, "write %s to %s", value, path);
    return 0;
}

static char *read_file(const char *folder, const char *file)
{
    cleanup_free char *path = text_format("%s/%s", folder, file);
    return text_read_file(AT_FDCWD, path, FILE_MAX, NULL, NULL);
}

uint64_t cgroup_number(const char *folder, const char *file)
{
    cleanup_free char *text = read_file(folder, file);
    return text ? strtoull(text, NULL, 10) : 0;
}

uint64_t cgroup_keyed(const char *folder, const char *file, const char *key)
{
    cleanup_free char *text = read_file(folder, file);
    char *rest = text;
    size_t length = strlen(key);
    for (char *line; rest && (line = strsep(&rest, "\n"));)
        if (strncmp(line, key, length) == 0 && line[length] == ' ')
            return strtoull(line + length, NULL, 10);
    return 0;
}

uint64_t cgroup_sum(const char *folder, const char *file, const char *prefix)
{
    cleanup_free char *text = read_file(folder, file);
    char *rest = text;
    uint64_t sum = 0;
    for (char *word; rest && (word = strsep(&rest, " \n"));)
        if (text_starts(word, prefix))
            sum += strtoull(word + strlen(prefix), NULL, 10);
    return sum;
}

bool cgroup_has_word(const char *folder, const char *file, const char *word)
{
    cleanup_free char *text = read_file(folder, file);
    char *rest = text;
    for (char *item; rest && (item = strsep(&rest, " \n"));)
        if (strcmp(item, word) == 0)
            return true;
    return false;
}

bool cgroup_has_file(const char *folder, const char *file)
{
    cleanup_free char *path = text_format("%s/%s", folder, file);
    return access(path, F_OK) == 0;
}

bool cgroup_usable(const char *folder)
{
    return faccessat(AT_FDCWD, folder, W_OK, AT_EACCESS) == 0;
}

static bool remove_group(const char *folder, bool patient)
{
    const struct timespec wait = {.tv_nsec = BUSY_WAIT_NS};
    for (int tries = patient ? BUSY_TRIES : 1; tries > 0; tries--) {
        if (rmdir(folder) == 0 || errno == ENOENT)
            return true;
        if (errno != EBUSY)
            return false;
        if (tries > 1)
            nanosleep(&wait, NULL);
    }
    return false;
}

bool cgroup_remove_tree(const char *folder, bool patient)
{
    cleanup_dir DIR *dir = opendir(folder);
    if (!dir)
        return errno == ENOENT;
    struct dirent *entry;
    while ((entry = readdir(dir))) {
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        cleanup_free char *child = text_format("%s/%s", folder, entry->d_name);
        remove_group(child, patient);
    }
    return remove_group(folder, patient);
}
