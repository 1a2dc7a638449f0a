#include "report-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app-file.h"
#include "base/own.h"
#include "base/text.h"
#include "borrow.h"
#include "caller.h"

static int refuse(const char *path, const char *why, struct error *err)
{
    fail(err, STATUS_DATA, "--report %s: %s", path, why);
    error_remedy(err, "give a file in a folder that its owner can write to");
    return -1;
}

int report_file_open(const char *path, struct report_file *file, struct error *err)
{
    *file = (struct report_file){.folder = -1};
    if (!path)
        return 0;
    const char *slash = strrchr(path, '/');
    cleanup_free char *folder_path =
        slash ? text_format("%.*s", (int)(slash - path + 1), path) : copy_string(".");
    cleanup_fd int folder = caller_open(folder_path, O_DIRECTORY, err);
    if (folder < 0)
        return error_context(err, "--report %s", path);
    if (caller_check_owner(folder, folder_path, err) < 0)
        return -1;
    const char *name = slash ? slash + 1 : path;
    cleanup_borrowed struct borrowed rights;
    if (caller_borrow(folder, &rights, err) < 0)
        return -1;
    if (!*name)
        return refuse(path, "it is a folder", err);
    cleanup_error struct error why = {0};
    if (file_remove_old(folder, name, &why) < 0)
        return refuse(path, why.message, err);
    if (faccessat(folder, ".", W_OK, AT_EACCESS) < 0)
        return refuse(path, strerror(errno), err);
    *file = (struct report_file){.folder = steal_fd(&folder), .name = copy_string(name)};
    return 0;
}

static int write_new(int folder, const char *name, const char *text)
{
    cleanup_fd int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return -1;
    return text_write_all(fd, text, strlen(text)) < 0 || text_write_all(fd, "\n", 1) < 0 ? -1 : 0;
}

int report_file_write(const struct report_file *file, const char *text, struct error *err)
{
    if (file->folder < 0)
        return 0;
    char random[2 * 8 + 1];
    text_random_hex(random, 8);
    cleanup_free char *part = text_format(".%.200s.%s", file->name, random);
    cleanup_borrowed struct borrowed rights;
    if (caller_borrow(file->folder, &rights, err) < 0)
        return -1;
    if (write_new(file->folder, part, text) == 0 &&
        renameat(file->folder, part, file->folder, file->name) == 0)
        return 0;
    fail_errno(err, "write the report %s", file->name);
    unlinkat(file->folder, part, 0);
    return -1;
}

void report_file_close(struct report_file *file)
{
    close_fd(&file->folder);
    free(file->name);
    *file = (struct report_file){.folder = -1};
}

int report_fd_write(int fd, const char *text, struct error *err)
{
    if (fd < 0)
        return 0;
    if (text_write_all(fd, text, strlen(text)) < 0 || text_write_all(fd, "\n", 1) < 0)
        return fail_errno(err, "write the report to descriptor %d", fd);
    return 0;
}
