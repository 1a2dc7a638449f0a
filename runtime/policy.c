#include "policy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "images/image.h"

#define FILE_NAME "indyno.conf"

enum { POLICY_MAX = 1 << 20 };

char *policy_path(void)
{
    return text_format("%s/" FILE_NAME, images_config_dir());
}

/* ---- Whose it is ---- */

/* Who can write the file can write all that root does for its callers; who can write the folder can replace it. */
static int check_owner(int fd, const char *path, const char *mode, struct error *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return fail_errno(err, "%s", path);
    if (st.st_uid == 0 && !(st.st_mode & 022))
        return 0;
    fail(err, STATUS_DATA, "%s: %s", path,
         st.st_uid ? "does not belong to root, whose runs it binds" : "others than root can write to it");
    error_remedy(err, "chown root:root %s; chmod %s %s", path, mode, path);
    return -1;
}

static int check_kind(int fd, const char *path, struct error *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return fail_errno(err, "%s", path);
    return S_ISREG(st.st_mode) ? 0 : fail(err, STATUS_DATA, "%s: not a regular file", path);
}

/* ---- Reading ---- */

/* *opened stays -1 where there is none to be had. */
static int open_file(struct policy *policy, int *opened, struct error *err)
{
    const char *dir = images_config_dir();
    cleanup_fd int folder = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_fd int fd =
        folder < 0 ? -1 : openat(folder, FILE_NAME, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        policy->is_unreadable = !policy->binds && errno == EACCES;
        bool is_none = errno == ENOENT || errno == ENOTDIR || policy->is_unreadable;
        return is_none ? 0 : fail(err, STATUS_DATA, "%s: %s", policy->path, strerror(errno));
    }
    if (policy->binds &&
        (check_owner(fd, policy->path, "644", err) < 0 || check_owner(folder, dir, "755", err) < 0))
        return -1;
    *opened = steal_fd(&fd);
    return 0;
}

int policy_read_fd(int fd, const char *path, struct policy *policy, struct policy_mistakes *mistakes,
                   struct error *err)
{
    size_t length = 0;
    if (check_kind(fd, path, err) < 0)
        return -1;
    cleanup_free char *text = text_read_fd(fd, path, POLICY_MAX, &length, err);
    if (!text)
        return -1;
    if (strlen(text) != length)
        return fail(err, STATUS_DATA, "%s: has a NUL byte", path);
    policy_parse(path, text, policy, mistakes);
    return 0;
}

int policy_read(struct policy *policy, struct policy_mistakes *mistakes, struct error *err)
{
    *policy = (struct policy){.path = policy_path(), .binds = geteuid() == 0};
    cleanup_fd int fd = -1;
    if (open_file(policy, &fd, err) < 0)
        return -1;
    policy->is_there = fd >= 0;
    return fd < 0 ? 0 : policy_read_fd(fd, policy->path, policy, mistakes, err);
}

int policy_load(struct policy *policy, struct error *err)
{
    cleanup_mistakes struct policy_mistakes mistakes = {0};
    if (policy_read(policy, &mistakes, err) < 0)
        return -1;
    if (!mistakes.messages.count)
        return 0;
    fail(err, STATUS_DATA, "%s", mistakes.messages.items[0]);
    error_remedy(err, "%s; indyno config check shows all that is wrong", mistakes.remedies.items[0]);
    return -1;
}

int policy_stores(struct strings *stores, struct error *err)
{
    cleanup_policy struct policy policy = {0};
    if (policy_load(&policy, err) < 0)
        return -1;
    *stores = store_search(policy.store);
    return 0;
}

int policy_find_ids(const struct policy *policy, struct sandbox_id_range *range, struct error *err)
{
    if (!policy->ids_first)
        return sandbox_find_ids(range, err);
    *range = (struct sandbox_id_range){.first = (uid_t)policy->ids_first,
                                       .blocks = (unsigned)(policy->ids_count / SANDBOX_ID_BLOCK),
                                       .source = policy->path};
    return sandbox_check_ids(range, err);
}

void policy_clear(struct policy *policy)
{
    struct policy_list *const lists[] = {&policy->networks, &policy->read_only, &policy->writable,
                                         &policy->images, &policy->weaker};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        strings_clear(&lists[i]->items);
    free(policy->path);
    free(policy->store);
    free(policy->scratch);
    free(policy->cgroup_parent);
    *policy = (struct policy){0};
}

void policy_paths_clear(struct policy_paths *paths)
{
    strings_clear(&paths->binds);
    free(paths->app);
    free(paths->rootfs);
    free(paths->scratch);
    *paths = (struct policy_paths){0};
}
