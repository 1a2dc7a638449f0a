#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/own.h"
#include "base/sys.h"
#include "base/teeth.h"
#include "base/text.h"
#include "cow.h"
#include "mount.h"
#include "net.h"
#include "scratch.h"

/* ---- Sources ---- */

/* As root, a writable bind of a folder that is not root's shows what its owner has there as the step's own,
 * so that a tool's cache can be kept. What is root's stays root's: the step then writes only where everybody
 * may. On a filesystem that cannot be id-mapped it is the same for all. */
static int present_as_owned(const struct sandbox_mount *mount, const struct idmap *ids, int tree,
                            struct error *err)
{
    struct stat st;
    if (!mount->writable || ids->mode != SANDBOX_IDS_BLOCK || fstat(tree, &st) < 0 || st.st_uid == 0 ||
        st.st_gid == 0)
        return 0;
    cleanup_error struct error why = {0};
    cleanup_fd int userns = idmap_userns_for_folder(ids, st.st_uid, st.st_gid, mount->owner, true, &why);
    if ((userns >= 0 && mount_idmap(tree, userns, mount->source, &why) == 0) || !mount->owned)
        return 0;
    fail(err, STATUS_DATA, "write to %s: its files cannot be shown as the dyno's: %s", mount->source,
         why.message);
    error_remedy(err,
                 "its filesystem has no id-mapped mounts: have a view of the folder instead (--app=cow)");
    return -1;
}

static int restrict_bind(const struct sandbox_mount *mount, const struct idmap *ids, int tree,
                         struct error *err)
{
    if (present_as_owned(mount, ids, tree, err) < 0)
        return -1;
    return mount_attributes(tree,
                            MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (mount->writable ? 0 : MOUNT_ATTR_RDONLY),
                            true, mount->source, err);
}

static int clone_within(const struct sandbox_mount *mount, bool by_fd, struct error *err)
{
    struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    const char *rest = mount->source + strlen(mount->within);
    cleanup_fd int opened = by_fd ? -1 : open(mount->within, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int folder = by_fd ? mount->source_fd : opened;
    cleanup_fd int source = folder < 0 ? -1 : sys_openat2(folder, rest + strspn(rest, "/"), &how);
    return source < 0 ? fail_errno(err, "open %s", mount->source) : mount_clone(source, "", true, err);
}

/* A view is of one filesystem; but over mounts that a user's namespace has inherited, the kernel only clones
 * the whole. */
static int clone_source(const struct sandbox_mount *mount, const struct idmap *ids, struct error *err)
{
    bool block = ids->mode == SANDBOX_IDS_BLOCK;
    bool by_fd = block && mount->source_fd;
    if (mount->within)
        return clone_within(mount, by_fd, err);
    return mount_clone(by_fd ? mount->source_fd : AT_FDCWD, by_fd ? "" : mount->source,
                       mount->kind == SANDBOX_BIND || !block, err);
}

static int open_source(const struct sandbox_mount *mount, const struct idmap *ids, int *source,
                       struct error *err)
{
    cleanup_error struct error why = {0};
    cleanup_fd int tree = clone_source(mount, ids, &why);
    if (tree < 0 && why.errnum == ENOENT && mount->optional)
        return 0;
    if (tree < 0)
        return fail(err, STATUS_ERRORED, "bind %s: %s", mount->source, strerror(why.errnum));
    if (mount->kind == SANDBOX_BIND && restrict_bind(mount, ids, tree, err) < 0)
        return -1;
    *source = steal_fd(&tree);
    return 0;
}

int root_open_sources(const struct sandbox_spec *spec, const struct idmap *ids, struct root_parts *parts,
                      struct error *err)
{
    for (size_t i = 0; i < spec->mount_count; i++) {
        enum sandbox_mount_kind kind = spec->mounts[i].kind;
        if ((kind == SANDBOX_BIND || kind == SANDBOX_COW) &&
            open_source(&spec->mounts[i], ids, &parts->sources[i], err) < 0)
            return -1;
    }
    return 0;
}

static const char *const devices[ROOT_DEVICES] = {"null", "zero", "full", "random", "urandom", "tty"};

int root_open_devices(struct root_parts *parts, struct error *err)
{
    if (teeth_out("devices"))
        return (parts->devices[0] = mount_clone(AT_FDCWD, "/dev", true, err)) < 0 ? -1 : 0;
    for (size_t i = 0; i < ROOT_DEVICES; i++) {
        cleanup_free char *path = text_format("/dev/%s", devices[i]);
        parts->devices[i] = mount_clone(AT_FDCWD, path, false, err);
        if (parts->devices[i] < 0 ||
            mount_attributes(parts->devices[i], MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, false, path, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- The scratch and the views ---- */

static int make_views(const struct sandbox_spec *spec, const struct idmap *ids, int scratch,
                      struct root_parts *parts, struct error *err)
{
    for (size_t i = 0; i < spec->mount_count; i++) {
        if (spec->mounts[i].kind != SANDBOX_COW || parts->views[i] >= 0)
            continue;
        parts->views[i] =
            cow_make(&spec->mounts[i], i, ids, parts->sources[i], scratch, &parts->ways[i], err);
        if (parts->views[i] < 0)
            return -1;
    }
    return 0;
}

/* Attaches the scratch and makes it the working folder, against which overlays resolve their layers: names in
 * mountinfo are then relative and show nothing of the host. Returns its root. */
static int enter_scratch(const struct sandbox_spec *spec, int mount, struct error *err)
{
    if (mount_attach(mount, AT_FDCWD, spec->state_dir, "the scratch", err) < 0)
        return -1;
    cleanup_fd int scratch = open(spec->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (scratch < 0 || fchdir(scratch) < 0)
        return fail_errno(err, "enter the scratch");
    return steal_fd(&scratch);
}

static int prepare_in_host(const struct sandbox_spec *spec, const struct idmap *ids, struct root_parts *parts,
                           struct error *err)
{
    cleanup_fd int mount = scratch_mount(spec, err);
    cleanup_fd int scratch = mount < 0 ? -1 : enter_scratch(spec, mount, err);
    if (scratch < 0)
        return -1;
    if (make_views(spec, ids, scratch, parts, err) < 0)
        return -1;
    if (fchown(scratch, idmap_host_uid(ids, 0), idmap_host_gid(ids, 0)) < 0)
        return fail_errno(err, "own the scratch");
    parts->scratch = mount_clone(scratch, "", false, err);
    return parts->scratch < 0 ? -1 : 0;
}

int root_prepare(const struct sandbox_spec *spec, const struct idmap *ids, struct root_parts *parts,
                 struct error *err)
{
    if (ids->mode != SANDBOX_IDS_BLOCK)
        return 0;
    if (root_open_sources(spec, ids, parts, err) <
        0) /* descriptors of the caller's namespace are of no use in another */
        return -1;
    if (unshare(CLONE_NEWNS) < 0)
        return fail_errno(err, "make a mount namespace");
    return mount_make_private(err) < 0 ? -1 : prepare_in_host(spec, ids, parts, err);
}

static void forget_devices(struct root_parts *parts)
{
    for (size_t i = 0; i < ROOT_DEVICES; i++)
        parts->devices[i] = -1;
}

void root_parts_start(struct root_parts *parts, size_t count)
{
    *parts = (struct root_parts){.scratch = -1,
                                 .sources = allocate(count, sizeof *parts->sources),
                                 .views = allocate(count, sizeof *parts->views),
                                 .ways = allocate(count, sizeof *parts->ways)};
    for (size_t i = 0; i < count; i++)
        parts->sources[i] = parts->views[i] = -1;
    forget_devices(parts);
}

void root_parts_clear(struct root_parts *parts, size_t mount_count)
{
    if (!parts->sources)
        return; /* not started, or cleared */
    close_fd(&parts->scratch);
    for (size_t i = 0; i < mount_count; i++) {
        close_fd(&parts->sources[i]);
        close_fd(&parts->views[i]);
    }
    for (size_t i = 0; i < ROOT_DEVICES; i++)
        close_fd(&parts->devices[i]);
    free(parts->sources);
    free(parts->views);
    free(parts->ways);
    *parts = (struct root_parts){.scratch = -1};
    forget_devices(parts);
}

/* ---- From the launcher to init ---- */

/* place: at most 2 * mount_count. */
static int *place_of(struct root_parts *parts, size_t mount_count, size_t place)
{
    if (place < mount_count)
        return &parts->sources[place];
    return place < 2 * mount_count ? &parts->views[place - mount_count] : &parts->scratch;
}

struct batch {
    struct wire_message message;
    int fds[WIRE_FDS_MAX];
    size_t count;
};

static int flush_batch(struct batch *batch, int wire)
{
    size_t count = batch->count;
    batch->message.text_size = (uint32_t)(count * sizeof(uint16_t));
    batch->count = 0;
    return count ? wire_send_fds(wire, &batch->message, batch->fds, count) : 0;
}

int root_send(const struct root_parts *parts, size_t mount_count, int wire)
{
    struct batch batch = {.message = {.kind = WIRE_MOUNTS}};
    for (size_t place = 0; place <= 2 * mount_count; place++) {
        const int *fd = place_of((struct root_parts *)(uintptr_t)parts, mount_count, place);
        if (*fd < 0)
            continue;
        uint16_t number = (uint16_t)place;
        memcpy(batch.message.text + batch.count * sizeof number, &number, sizeof number);
        batch.fds[batch.count++] = *fd;
        if (batch.count == WIRE_FDS_MAX && flush_batch(&batch, wire) < 0)
            return -1;
    }
    return flush_batch(&batch, wire);
}

void root_take(struct root_parts *parts, size_t mount_count, const struct wire_message *message, int *fds,
               size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t number = UINT16_MAX;
        if ((i + 1) * sizeof number <= message->text_size)
            memcpy(&number, message->text + i * sizeof number, sizeof number);
        if (number <= 2 * mount_count)
            *place_of(parts, mount_count, number) = steal_fd(&fds[i]);
        close_fd(&fds[i]);
    }
}

/* ---- Targets ---- */

static int make_folders(int root, const char *path, struct error *err);

/* Opens the folder that path's last part, *name, lies in; made where it is missing. Root itself is not opened
 * again: *parent is then root, and *owned -1. */
static int open_parent(int root, const char *path, const char **name, int *parent, int *owned,
                       struct error *err)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    *owned = -1;
    *parent = root;
    if (!slash || slash == path)
        return 0;
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    return *parent = *owned = make_folders(root, folder, err);
}

/* Opens the folder path, making it and its parents. Most are made once and named often: so it is opened
 * first. */
static int make_folders(int root, const char *path, struct error *err)
{
    int folder = sys_open_inside(root, path, O_PATH | O_DIRECTORY);
    if (folder >= 0)
        return folder;
    const char *name;
    int parent;
    cleanup_fd int owned = -1;
    if (errno != ENOENT)
        return fail_errno(err, "make the folder %s in the dyno", path);
    if (open_parent(root, path, &name, &parent, &owned, err) < 0)
        return -1;
    folder = mkdirat(parent, name, 0755) == 0 ? sys_open_inside(root, path, O_PATH | O_DIRECTORY) : -1;
    return folder < 0 ? fail_errno(err, "make the folder %s in the dyno", path) : folder;
}

static int make_link(int root, const char *path, const char *to, struct error *err)
{
    const char *name;
    int parent;
    cleanup_fd int owned = -1;
    if (open_parent(root, path, &name, &parent, &owned, err) < 0)
        return -1;
    return symlinkat(to, parent, name) < 0 ? fail_errno(err, "make the link %s in the dyno", path) : 0;
}

/* A place to mount onto: a folder, or a file where the source is none; an empty one unless something is
 * there. */
static int make_mount_point(int root, const char *path, bool folder, struct error *err)
{
    if (folder)
        return make_folders(root, path, err);
    const char *name;
    int parent;
    cleanup_fd int owned = -1;
    if (open_parent(root, path, &name, &parent, &owned, err) < 0)
        return -1;
    int point = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (point < 0 && errno == EEXIST)
        point = sys_open_inside(root, path, O_PATH);
    return point < 0 ? fail_errno(err, "make %s in the dyno", path) : point;
}

struct build {
    const struct sandbox_spec *spec;
    const struct idmap *ids;
    struct root_parts *parts;
    int *kept;
    int scratch, root;
};

/* ---- Files ---- */

static int write_file(int folder, const char *name, const char *content, mode_t mode)
{
    cleanup_fd int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode ? mode : 0644);
    return fd < 0 ? -1 : text_write_all(fd, content, strlen(content));
}

/* A file of the scratch, named after its path, over the one that is there. */
static int cover_file(const struct build *build, const char *path, const char *content, mode_t mode,
                      struct error *err)
{
    cleanup_free char *name = text_format("file%s", path);
    for (char *c = name; (c = strchr(c, '/'));)
        *c = '-';
    if (write_file(build->scratch, name, content, mode) < 0)
        return fail_errno(err, "make %s in the dyno", path);
    cleanup_fd int mount = mount_clone(build->scratch, name, false, err);
    if (mount < 0 || mount_attributes(mount, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, false,
                                      path, err) < 0)
        return -1;
    cleanup_fd int point = sys_open_inside(build->root, path, O_PATH);
    return point < 0 ? fail_errno(err, "open %s in the dyno", path)
                     : mount_attach(mount, point, NULL, path, err);
}

static int make_file(const struct build *build, const char *path, const char *content, mode_t mode,
                     struct error *err)
{
    const char *name;
    int parent;
    cleanup_fd int owned = -1;
    if (open_parent(build->root, path, &name, &parent, &owned, err) < 0)
        return -1;
    if (write_file(parent, name, content, mode) == 0)
        return 0;
    return errno == EEXIST ? cover_file(build, path, content, mode, err)
                           : fail_errno(err, "make %s in the dyno", path);
}

/* ---- Kinds of mounts ---- */

static int attach(const struct build *build, int mount, const char *target, bool folder, struct error *err)
{
    cleanup_fd int point = make_mount_point(build->root, target, folder, err);
    return point < 0 ? -1 : mount_attach(mount, point, NULL, target, err);
}

static int add_bind(const struct build *build, size_t index, struct error *err)
{
    int tree = build->parts->sources[index];
    struct stat st;
    if (tree < 0)
        return 0; /* optional, and not there */
    const struct sandbox_mount *mount = &build->spec->mounts[index];
    if (fstat(tree, &st) < 0)
        return fail_errno(err, "bind %s", mount->source);
    return attach(build, tree, mount->target, S_ISDIR(st.st_mode), err);
}

static int add_cow(const struct build *build, size_t index, struct error *err)
{
    const struct sandbox_mount *mount = &build->spec->mounts[index];
    if (attach(build, build->parts->views[index], mount->target, true, err) < 0)
        return -1;
    if (mount->keep)
        build->kept[index] = sys_open_inside(build->root, mount->target, O_PATH | O_DIRECTORY);
    return 0;
}

/* Folders of the scratch, so that one size holds them all; each is a mount of its own because the root around
 * it becomes read-only. */
static int add_scratch_folder(const struct build *build, const char *target, const char *kind, size_t index,
                              mode_t mode, uid_t owner, struct error *err)
{
    char name[32];
    snprintf(name, sizeof name, "%s-%zu", kind, index);
    if (build->ids->mode == SANDBOX_IDS_SINGLE)
        owner = SANDBOX_ID_FIRST;
    if (mkdirat(build->scratch, name, 0700) < 0 || fchmodat(build->scratch, name, mode, 0) < 0 ||
        fchownat(build->scratch, name, owner, owner, 0) < 0)
        return fail_errno(err, "make the folder %s", target);
    cleanup_fd int mount = mount_clone(build->scratch, name, false, err);
    return mount < 0 ? -1 : attach(build, mount, target, true, err);
}

static int add_scratch(const struct build *build, size_t index, struct error *err)
{
    const struct sandbox_mount *mount = &build->spec->mounts[index];
    return add_scratch_folder(build, mount->target, "tmp", index, mount->mode ? mount->mode : 0755,
                              mount->owner, err);
}

static int add_file(const struct build *build, size_t index, struct error *err)
{
    const struct sandbox_mount *mount = &build->spec->mounts[index];
    return make_file(build, mount->target, mount->content, mount->mode, err);
}

static int add_link(const struct build *build, size_t index, struct error *err)
{
    const struct sandbox_mount *mount = &build->spec->mounts[index];
    return make_link(build->root, mount->target, mount->content, err);
}

static int add_folder(const struct build *build, size_t index, struct error *err)
{
    cleanup_fd int folder = make_folders(build->root, build->spec->mounts[index].target, err);
    return folder < 0 ? -1 : 0;
}

/* Keys belong to users, not to namespaces: a user's dyno would list its caller's. */
static int cover_keys(const struct build *build, const char *proc, struct error *err)
{
    cleanup_free char *keys = text_format("%s/keys", proc);
    cleanup_fd int there = sys_open_inside(build->root, keys, O_PATH);
    bool foreign = build->ids->mode == SANDBOX_IDS_BLOCK; /* none of the dyno's users has any */
    return foreign || there < 0 || teeth_out("proc-keys") ? 0 : cover_file(build, keys, "", 0444, err);
}

static int add_proc(const struct build *build, size_t index, struct error *err)
{
    cleanup_fd int mount =
        teeth_out("pid-namespace")
            ? mount_clone(AT_FDCWD, "/proc", true, err)
            : mount_new("proc", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err);
    if (mount < 0) {
        error_remedy(
            err,
            "where /proc is partly covered, as in many containers, the kernel refuses a new one: run indyno "
            "outside of that container, or have it started with an uncovered /proc");
        return -1;
    }
    const char *target = build->spec->mounts[index].target;
    return attach(build, mount, target, true, err) < 0 ? -1 : cover_keys(build, target, err);
}

static int add_pts(const struct build *build, const char *dev, struct error *err)
{
    static const char *const options[] = {"ptmxmode", "0666", "mode", "0620", NULL};
    cleanup_free char *target = text_format("%s/pts", dev);
    cleanup_fd int mount = mount_new("devpts", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, err);
    return mount < 0 ? -1 : attach(build, mount, target, true, err);
}

static int add_dev(const struct build *build, size_t index, struct error *err)
{
    static const char *const links[][2] = {
        {"ptmx", "pts/ptmx"},          {"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"},
        {"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"},
    };
    const char *dev = build->spec->mounts[index].target;
    if (teeth_out("devices"))
        return attach(build, build->parts->devices[0], dev, true, err);
    for (size_t i = 0; i < ROOT_DEVICES; i++) {
        cleanup_free char *target = text_format("%s/%s", dev, devices[i]);
        if (attach(build, build->parts->devices[i], target, false, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        cleanup_free char *path = text_format("%s/%s", dev, links[i][0]);
        if (make_link(build->root, path, links[i][1], err) < 0)
            return -1;
    }
    cleanup_free char *shm = text_format("%s/shm", dev);
    return add_pts(build, dev, err) < 0 ? -1 : add_scratch_folder(build, shm, "shm", index, 01777, 0, err);
}

static int (*const adders[])(const struct build *, size_t, struct error *) = {
    [SANDBOX_BIND] = add_bind, [SANDBOX_COW] = add_cow,   [SANDBOX_SCRATCH] = add_scratch,
    [SANDBOX_FILE] = add_file, [SANDBOX_LINK] = add_link, [SANDBOX_FOLDER] = add_folder,
    [SANDBOX_PROC] = add_proc, [SANDBOX_DEV] = add_dev,
};

/* ---- The sandbox's own files ---- */

static char *user_lines(const struct sandbox_spec *spec, bool group)
{
    char *text = copy_string(group ? "root:x:0:\n" : "root:x:0:0:root:/:/usr/sbin/nologin\n");
    for (size_t i = 0; i <= spec->user_count; i++) {
        const struct sandbox_user nobody = {"nobody", SANDBOX_ID_NOBODY, "/nonexistent"};
        const struct sandbox_user *user = i < spec->user_count ? &spec->users[i] : &nobody;
        const char *name = group && i == spec->user_count ? "nogroup" : user->name;
        char *line = group ? text_format("%s:x:%u:\n", name, user->id)
                           : text_format("%s:x:%u:%u::%s:%s\n", name, user->id, user->id, user->home,
                                         user->id == SANDBOX_ID_NOBODY ? "/usr/sbin/nologin" : "/bin/bash");
        char *longer = text_format("%s%s", text, line);
        free(text);
        free(line);
        text = longer;
    }
    return text;
}

static int add_own_files(const struct build *build, struct error *err)
{
    cleanup_free char *passwd = user_lines(build->spec, false);
    cleanup_free char *group = user_lines(build->spec, true);
    cleanup_free char *hostname = text_format("%s\n", build->spec->name);
    cleanup_free char *hosts =
        text_format("127.0.0.1 localhost %s\n::1 localhost ip6-localhost ip6-loopback\n", build->spec->name);
    const char *resolver = net_wanted(build->spec) ? "nameserver " SANDBOX_RESOLVER
                                                     "\nnameserver " SANDBOX_RESOLVER_IPV6 "\n"
                                                   : "";
    const char *files[][2] = {{"/etc/passwd", passwd},
                              {"/etc/group", group},
                              {"/etc/hosts", hosts},
                              {"/etc/hostname", hostname},
                              {"/etc/resolv.conf", resolver}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (make_file(build, files[i][0], files[i][1], 0644, err) < 0)
            return -1;
    return 0;
}

/* ---- Entering ---- */

static int make_root_folder(struct build *build, struct error *err)
{
    if (mkdirat(build->scratch, "root", 0755) < 0)
        return fail_errno(err, "make the root");
    cleanup_fd int mount = mount_clone(build->scratch, "root", false, err);
    if (mount < 0 || mount_attach(mount, build->scratch, "root", "the root", err) < 0)
        return -1;
    build->root = openat(build->scratch, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return build->root < 0 ? fail_errno(err, "open the root") : 0;
}

static int pivot(const struct build *build, struct error *err)
{
    if (mount_pivot(build->root, err) < 0)
        return -1;
    cleanup_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return fail_errno(err, "open the root");
    return mount_attributes(root, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, false, "the root",
                            err);
}

static int add_mounts(const struct build *build, size_t from, size_t to, struct error *err)
{
    for (size_t i = from; i < to; i++)
        if (adders[build->spec->mounts[i].kind](build, i, err) < 0)
            return -1;
    return 0;
}

static int build_root(struct build *build, struct error *err)
{
    if (make_views(build->spec, build->ids, build->scratch, build->parts, err) < 0 ||
        make_root_folder(build, err) < 0 || add_mounts(build, 0, build->spec->base_count, err) < 0 ||
        add_own_files(build, err) < 0 ||
        add_mounts(build, build->spec->base_count, build->spec->mount_count, err) < 0)
        return -1;
    return pivot(build, err);
}

int root_enter(const struct sandbox_spec *spec, const struct idmap *ids, struct root_parts *parts, int *kept,
               struct error *err)
{
    if (mount_make_private(err) < 0)
        return -1;
    if (parts->scratch < 0)
        parts->scratch = scratch_mount(spec, err);
    cleanup_fd int scratch = parts->scratch < 0 ? -1 : enter_scratch(spec, parts->scratch, err);
    if (scratch < 0)
        return -1;
    struct build build = {
        .spec = spec, .ids = ids, .parts = parts, .kept = kept, .scratch = scratch, .root = -1};
    int result = build_root(&build, err);
    close_fd(&build.root);
    return result;
}
