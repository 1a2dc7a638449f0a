#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/own.h"
#include "cgroup-file.h"
#include "cgroup-limits.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
#define RECORD_KEY  "cgroup "
/* Where launchers and janitors stand while their own group has the dynos' beneath it; runs share it. */
#define CGROUP_LAUNCHERS "indyno.launchers"

const char *const cgroup_controller_names[] = {"memory", "pids", "cpu", "cpuacct", "cpuset"};

enum { PROC_FILE_MAX = 65536 };

/* ---- Where ---- */

/* The caller's path in the hierarchy that has the controller (NULL: version 2's), from /proc/self/cgroup:
 * "4:memory:/path", "2:cpu,cpuacct:/path", "0::/path". */
static char *own_path(const char *self, const char *controller)
{
    cleanup_free char *copy = copy_string(self);
    char *rest = copy;
    for (char *line; rest && (line = strsep(&rest, "\n"));) {
        char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL;
        if (!path)
            continue;
        *list++ = *path++ = '\0';
        if (!controller && !*list)
            return copy_string(path);
        for (char *item; controller && list && (item = strsep(&list, ","));)
            if (strcmp(item, controller) == 0)
                return copy_string(path);
    }
    return NULL;
}

/* The folder of a path below a hierarchy's mount; in a container the mount may already be that group. */
static char *group_folder(const char *mount, const char *path)
{
    char *folder = text_format("%s%s", mount, text_equal(path, "/") ? "" : path);
    if (access(folder, F_OK) == 0)
        return folder;
    free(folder);
    return copy_string(mount);
}

/* Where the dynos' groups are to be. */
struct place {
    const char *self;   /* /proc/self/cgroup */
    const char *parent; /* as the spec has it, or NULL: the caller's own */
};

static char *given_folder(const char *mount, const char *parent)
{
    char *folder = text_format("%s%s", mount, parent);
    if (access(folder, F_OK) == 0)
        return folder;
    free(folder);
    return NULL;
}

/* The parent in the hierarchy of a controller; NULL where there is none. */
static char *folder_v1(const struct place *place, const char *controller)
{
    cleanup_free char *mount = text_format(CGROUP_ROOT "/%s", controller);
    if (place->parent)
        return given_folder(mount, place->parent);
    cleanup_free char *path = own_path(place->self, controller);
    return path ? group_folder(mount, path) : NULL;
}

static void plan_v1(const struct place *place, struct cgroups *groups)
{
    for (int c = 0; c < CGROUP_CONTROLLERS; c++) {
        char *folder = folder_v1(place, cgroup_controller_names[c]);
        if (folder && cgroup_usable(folder)) {
            groups->parents[c] = folder;
            continue;
        }
        groups->missing =
            folder ? text_format("no groups can be made in %s", folder)
                   : text_format("no %s controller%s%s", cgroup_controller_names[c],
                                 place->parent ? " has a group " : "", place->parent ? place->parent : "");
        free(folder);
        return;
    }
    groups->version = 1;
}

/* Whether nothing is held by the group itself, so that a group beside it escapes no limit. */
static bool is_unlimited(const char *folder)
{
    static const char *const limits[] = {"memory.max", "memory.high", "pids.max", "cpu.max"};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        cleanup_free char *path = text_format("%s/%s", folder, limits[i]);
        cleanup_free char *text = text_read_file(AT_FDCWD, path, PROC_FILE_MAX, NULL, NULL);
        if (text && !text_starts(text, "max"))
            return false;
    }
    return true;
}

static bool has_controllers(const char *folder, const char *file)
{
    for (int c = 0; c < CGROUP_CONTROLLERS; c++)
        if (!cgroup_has_word(folder, file, cgroup_controller_names[c]))
            return false;
    return true;
}

static bool is_alone(const char *folder)
{
    cleanup_free char *path = text_format("%s/cgroup.procs", folder);
    cleanup_free char *text = text_read_file(AT_FDCWD, path, PROC_FILE_MAX, NULL, NULL);
    return text && strtol(text, NULL, 10) == getpid() && strchr(text, '\n') && !strchr(text, '\n')[1];
}

/* The nearest group at or above the caller's own in which groups with all controllers can be made without
 * escaping a limit: the own one if the caller is alone in it, or an ancestor that delegates, as long as those
 * left have none. */
static void plan_v2(const char *self, struct cgroups *groups)
{
    cleanup_free char *path = own_path(self, NULL);
    cleanup_free char *folder = group_folder(CGROUP_ROOT, path ? path : "/");
    if (is_alone(folder) && cgroup_usable(folder) && has_controllers(folder, "cgroup.controllers")) {
        groups->parents[0] = copy_string(folder);
        groups->own_leaf = text_format("%s/" CGROUP_LAUNCHERS, folder);
        groups->version = 2;
        return;
    }
    for (;;) {
        if (cgroup_usable(folder) && has_controllers(folder, "cgroup.subtree_control")) {
            groups->parents[0] = copy_string(folder);
            groups->version = 2;
            return;
        }
        char *slash = strrchr(folder, '/');
        if (strlen(folder) <= strlen(CGROUP_ROOT) || !is_unlimited(folder))
            break;
        *slash = '\0';
    }
    groups->is_undelegated = true;
    groups->missing =
        text_format("no group with the controllers memory, pids and cpu was delegated to this process "
                    "(it is in %s)",
                    path ? path : "none");
}

/* Only there: a group elsewhere would escape what the parent is held to. */
static void plan_given_v2(const char *parent, struct cgroups *groups)
{
    cleanup_free char *folder = given_folder(CGROUP_ROOT, parent);
    if (folder && cgroup_usable(folder) && has_controllers(folder, "cgroup.controllers")) {
        groups->parents[0] = steal_pointer(folder);
        groups->is_given = true;
        groups->version = 2;
        return;
    }
    groups->missing =
        text_format("%s group %s%s", folder ? "no groups with limits can be made in the" : "there is no",
                    CGROUP_ROOT, parent);
}

void cgroup_plan(const char *name, const char *id, const char *parent, struct cgroups *groups)
{
    *groups = (struct cgroups){.shown_fds = {-1, -1}};
    struct statfs fs;
    cleanup_free char *self = text_read_file(AT_FDCWD, "/proc/self/cgroup", PROC_FILE_MAX, NULL, NULL);
    if (!self || statfs(CGROUP_ROOT, &fs) < 0) {
        groups->missing = text_format("no cgroup filesystem at %s", CGROUP_ROOT);
        return;
    }
    const struct place place = {self, parent};
    if ((unsigned long)fs.f_type != CGROUP2_SUPER_MAGIC)
        plan_v1(&place, groups);
    else if (parent)
        plan_given_v2(parent, groups);
    else
        plan_v2(self, groups);
    for (int c = 0; groups->version && c < CGROUP_CONTROLLERS; c++)
        if (groups->parents[c])
            groups->runs[c] = text_format("%s/indyno.%s.%s", groups->parents[c], name, id);
    for (int c = 0; groups->version == 1 && c < CGROUP_SHOWN; c++) {
        cleanup_free char *folder = folder_v1(&place, cgroup_controller_names[CGROUP_CONTROLLERS + c]);
        if (folder && cgroup_usable(folder))
            groups->shown[c] = text_format("%s/indyno.%s.%s", folder, name, id);
    }
}

static char *add_line(char *record, const char *folder)
{
    if (!folder)
        return record;
    char *longer = text_format("%s" RECORD_KEY "%s\n", record, folder);
    free(record);
    return longer;
}

char *cgroup_record(const struct cgroups *groups)
{
    char *record = copy_string("");
    for (int c = 0; c < CGROUP_CONTROLLERS; c++)
        record = add_line(record, groups->runs[c]);
    for (int c = 0; c < CGROUP_SHOWN; c++)
        record = add_line(record, groups->shown[c]);
    return add_line(record, groups->own_leaf);
}

/* ---- Making ---- */

static int make_group(const struct cgroups *groups, const char *leaf, struct error *err)
{
    for (int c = 0; c < CGROUP_CONTROLLERS; c++) {
        if (!groups->runs[c])
            continue;
        cleanup_free char *folder =
            leaf ? text_format("%s/%s", groups->runs[c], leaf) : copy_string(groups->runs[c]);
        if (mkdir(folder, 0755) < 0)
            return fail_errno(err, "make the cgroup %s", folder);
    }
    return 0;
}

static int open_leaf(const struct cgroups *groups, struct cgroup_leaf *leaf, struct error *err)
{
    bool is_run = groups->version == 1 && text_equal(leaf->name, CGROUP_INIT_LEAF);
    for (int c = 0; c < CGROUP_CONTROLLERS; c++) {
        if (!groups->runs[c])
            continue;
        const char *file = groups->version == 1 ? "/tasks" : "";
        cleanup_free char *path = is_run ? text_format("%s%s", groups->runs[c], file)
                                         : text_format("%s/%s%s", groups->runs[c], leaf->name, file);
        leaf->fds[c] = open(path, (groups->version == 1 ? O_WRONLY : O_RDONLY | O_DIRECTORY) | O_CLOEXEC);
        if (leaf->fds[c] < 0)
            return fail_errno(err, "open the cgroup %s", path);
    }
    return 0;
}

static void add_leaf(struct cgroups *groups, const char *name, bool is_steps)
{
    if (cgroup_leaf(groups, name) >= 0 || groups->leaf_count == SANDBOX_LEAVES_MAX)
        return;
    groups->leaves[groups->leaf_count++] =
        (struct cgroup_leaf){.name = name, .is_steps = is_steps, .fds = {-1, -1, -1}};
}

static void list_leaves(const struct sandbox_spec *spec, struct cgroups *groups)
{
    add_leaf(groups, CGROUP_INIT_LEAF, false);
    for (size_t i = 0; i < spec->service_count; i++)
        add_leaf(groups, spec->services[i].leaf, false);
    for (size_t i = 0; i < spec->step_count; i++)
        add_leaf(groups, spec->steps[i].leaf, true);
}

int cgroup_make_own_leaf(const struct cgroups *groups, struct error *err)
{
    if (!groups->own_leaf)
        return 0;
    if (mkdir(groups->own_leaf, 0755) < 0 && errno != EEXIST)
        return fail_errno(err, "make the cgroup %s", groups->own_leaf);
    return cgroup_write(groups->own_leaf, "cgroup.procs", "0", err);
}

/* Version 2: controllers must be enabled in one write, memory among them (pids and cpu alone would succeed
 * and leave an invalid domain). Where there is no io, a run goes on without its figures; where there is no cpuset, the limit
 * itself is what cannot be set. */
static int enable_controllers(const char *folder, bool cpuset, struct error *err)
{
    bool io = cgroup_has_word(folder, "cgroup.controllers", "io");
    cpuset = cpuset && cgroup_has_word(folder, "cgroup.controllers", "cpuset");
    cleanup_free char *words =
        text_format("+memory +pids +cpu%s%s", io ? " +io" : "", cpuset ? " +cpuset" : "");
    return cgroup_write(folder, "cgroup.subtree_control", words, err);
}

/* Whose processes may be in it is not for a run to move. */
static int enable_given(const char *folder, bool cpuset, struct error *err)
{
    cleanup_error struct error own = {0};
    if (enable_controllers(folder, cpuset, &own) == 0)
        return 0;
    fail(err, STATUS_DATA, "no dynos can be made in %s: %s", folder, own.message);
    error_remedy(err, "keep processes out of %s itself: a group that has any cannot hold others to limits",
                 folder);
    return -1;
}

/* A group that has processes cannot enable any controllers: all move to a leaf first. */
int cgroup_delegate(const struct cgroups *groups, const struct sandbox_limits *limits, struct error *err)
{
    bool cpuset = limits->cpus[0];
    if (groups->is_given)
        return enable_given(groups->parents[0], cpuset, err);
    if (!groups->own_leaf)
        return 0;
    if (cgroup_write(groups->own_leaf, "cgroup.procs", "0", err) < 0)
        return -1;
    return enable_controllers(groups->parents[0], cpuset, err);
}

void cgroup_undelegate(const struct cgroups *groups)
{
    if (!groups->own_leaf)
        return;
    static const char *const optional[] = {"-io", "-cpuset"}; /* not every kernel knows them */
    for (size_t i = 0; i < sizeof optional / sizeof *optional; i++)
        cgroup_write(groups->parents[0], "cgroup.subtree_control", optional[i], NULL);
    if (cgroup_write(groups->parents[0], "cgroup.subtree_control", "-memory -pids -cpu", NULL) == 0 &&
        cgroup_write(groups->parents[0], "cgroup.procs", "0", NULL) == 0)
        rmdir(groups->own_leaf);
}

/* pid 1 puts the processes into the leaves: it must be able to write cgroup.procs of them and of their common
 * parent. */
static int give_to_init(const struct cgroups *groups, const struct idmap *ids, struct error *err)
{
    uid_t inner = ids->mode == SANDBOX_IDS_SINGLE ? SANDBOX_ID_FIRST : 0;
    uid_t uid = idmap_host_uid(ids, inner);
    gid_t gid = idmap_host_gid(ids, inner);
    if (ids->mode != SANDBOX_IDS_BLOCK)
        return 0; /* a user cannot give files away: init enters the leaves while it still has the caller's id
                   */
    for (size_t i = 0; i <= groups->leaf_count; i++) {
        cleanup_free char *path = i < groups->leaf_count ? text_format("%s/%s/cgroup.procs", groups->runs[0],
                                                                       groups->leaves[i].name)
                                                         : text_format("%s/cgroup.procs", groups->runs[0]);
        if (chown(path, uid, gid) < 0)
            return fail_errno(err, "give %s to the dyno's init", path);
    }
    return 0;
}

/* Whoever loses a process to the memory limit ends whole: a test that goes on without some of its own proves nothing. */
static int kill_as_one(const struct cgroups *groups, const char *leaf, struct error *err)
{
    cleanup_free char *folder = text_format("%s/%s", groups->runs[0], leaf);
    return groups->version == 2 ? cgroup_write(folder, "memory.oom.group", "1", err) : 0;
}

static int limit_steps(const struct cgroups *groups, const struct sandbox_limits *limits, struct error *err)
{
    for (size_t i = 0; i < groups->leaf_count; i++) {
        const struct cgroup_leaf *leaf = &groups->leaves[i];
        if (leaf->is_steps &&
            (cgroup_limit(groups, limits, leaf->name, err) < 0 || kill_as_one(groups, leaf->name, err) < 0))
            return -1;
    }
    return 0;
}

/* Where two controllers share a hierarchy, the group is there already. */
static void make_shown(const struct cgroups *groups)
{
    for (int c = 0; c < CGROUP_SHOWN; c++)
        if (groups->shown[c])
            mkdir(groups->shown[c], 0755);
}

/* Of version 1, with init in it, all of the dyno is: children are born where their parent is. */
static int open_shown(struct cgroups *groups, int which, struct error *err)
{
    cleanup_free char *path = text_format("%s/tasks", groups->shown[which]);
    groups->shown_fds[which] = open(path, O_WRONLY | O_CLOEXEC);
    if (groups->shown_fds[which] >= 0)
        return 0;
    return fail(err, STATUS_DATA, "open the cgroup %s: %s", path, strerror(errno));
}

static int use_shown(const struct sandbox_limits *limits, struct cgroups *groups, struct error *err)
{
    if (groups->version != 1)
        return 0;
    if (limits->cpus[0] && open_shown(groups, CGROUP_SHOWN_CPUSET, err) < 0)
        return -1;
    if (!limits->cpu_ms || cgroup_has_file(groups->runs[CGROUP_CPU], "cpuacct.usage"))
        return 0;
    return groups->shown[CGROUP_SHOWN_CPUACCT] ? open_shown(groups, CGROUP_SHOWN_CPUACCT, err)
                                               : fail(err, STATUS_DATA, "there is no cpuacct controller");
}

static int make_leaves(struct cgroups *groups, struct error *err)
{
    for (size_t i = 0; i < groups->leaf_count; i++) {
        bool is_run = groups->version == 1 && i == 0;
        if ((!is_run && make_group(groups, groups->leaves[i].name, err) < 0) ||
            open_leaf(groups, &groups->leaves[i], err) < 0)
            return -1;
    }
    return 0;
}

static int make_all(const struct sandbox_spec *spec, const struct idmap *ids, struct cgroups *groups,
                    struct error *err)
{
    list_leaves(spec, groups);
    if (make_group(groups, NULL, err) < 0)
        return -1;
    make_shown(groups);
    if (cgroup_limit(groups, &spec->limits, NULL, err) < 0 ||
        (groups->version == 2 && enable_controllers(groups->runs[0], spec->limits.cpus[0], err) < 0) ||
        make_leaves(groups, err) < 0 || limit_steps(groups, &spec->limits, err) < 0 ||
        use_shown(&spec->limits, groups, err) < 0)
        return -1;
    return groups->version == 2 ? give_to_init(groups, ids, err) : 0;
}

static void suggest(const struct sandbox_spec *spec, const struct cgroups *groups, bool is_limit,
                    struct error *err)
{
    if (is_limit)
        error_remedy(err, "ask for what this host has, leave that limit out, or run without any with "
                          "--allow-weaker=limits");
    else if (groups->version)
        error_remedy(err, "run without limits with --allow-weaker=limits");
    else if (spec->cgroup_parent)
        error_remedy(err, "make the group %s, with the controllers memory, pids and cpu",
                     spec->cgroup_parent);
    else
        error_remedy(err,
                     "have cgroups delegated to this user (as root: systemd-run --scope -p Delegate=yes), "
                     "or run without them with --allow-weaker=limits");
}

int cgroup_make(const struct sandbox_spec *spec, const struct idmap *ids, struct cgroups *groups,
                struct error *err)
{
    bool asked = sandbox_takes_groups(&spec->limits) && !spec->limits.optional;
    cleanup_error struct error own = {0};
    if (groups->version && make_all(spec, ids, groups, &own) == 0)
        return 0;
    const char *why = groups->version ? own.message : groups->missing;
    if (asked && !(spec->weaker & SANDBOX_WEAKER_LIMITS)) {
        fail(err, STATUS_DATA, "limits cannot be enforced here: %s", why);
        suggest(spec, groups, own.status == STATUS_DATA, err);
        return -1;
    }
    cgroup_remove(groups);
    if (!groups->missing)
        groups->missing = steal_pointer(own.message);
    groups->version = 0;
    return 0;
}

/* ---- From the launcher to init ---- */

int cgroup_send(const struct cgroups *groups, int wire)
{
    const struct wire_message message = {.kind = WIRE_GROUPS, .value = groups->version};
    int fds[WIRE_FDS_MAX];
    size_t count = 0;
    for (size_t i = 0; groups->version == 1 && i < groups->leaf_count; i++)
        for (int c = 0; c < CGROUP_CONTROLLERS; c++)
            fds[count++] = groups->leaves[i].fds[c];
    for (int c = 0; groups->version == 1 && c < CGROUP_SHOWN; c++)
        if (groups->shown_fds[c] >= 0)
            fds[count++] = groups->shown_fds[c];
    return wire_send_fds(wire, &message, fds, count);
}

void cgroup_take(const struct sandbox_spec *spec, struct cgroups *groups, const struct wire_message *message,
                 int *fds, size_t count)
{
    groups->version = message->value;
    list_leaves(spec, groups);
    size_t leaves = groups->leaf_count * CGROUP_CONTROLLERS;
    for (size_t i = 0; i < count; i++)
        if (i < leaves)
            groups->leaves[i / CGROUP_CONTROLLERS].fds[i % CGROUP_CONTROLLERS] = steal_fd(&fds[i]);
        else if (i < leaves + CGROUP_SHOWN)
            groups->shown_fds[i - leaves] = steal_fd(&fds[i]);
        else
            close_fd(&fds[i]);
}

/* ---- Using ---- */

int cgroup_leaf(const struct cgroups *groups, const char *name)
{
    for (size_t i = 0; i < groups->leaf_count; i++)
        if (text_equal(groups->leaves[i].name, name))
            return (int)i;
    return -1;
}

static int join_shown(const struct cgroups *groups, struct error *err)
{
    for (int c = 0; c < CGROUP_SHOWN; c++)
        if (groups->shown_fds[c] >= 0 && write(groups->shown_fds[c], "0", 1) != 1)
            return fail_errno(err, "join the run's cgroups");
    return 0;
}

int cgroup_join(const struct cgroups *groups, int leaf, struct error *err)
{
    if (groups->version != 1 || leaf < 0)
        return 0;
    for (int c = 0; c < CGROUP_CONTROLLERS; c++)
        if (write(groups->leaves[leaf].fds[c], "0", 1) != 1)
            return fail_errno(err, "join the %s cgroup of %s", cgroup_controller_names[c],
                              groups->leaves[leaf].name);
    return leaf == 0 ? join_shown(groups, err) : 0;
}

int cgroup_clone_fd(const struct cgroups *groups, int leaf)
{
    return groups->version == 2 && leaf >= 0 ? groups->leaves[leaf].fds[0] : -1;
}

/* ---- Removing ---- */

void cgroup_remove(const struct cgroups *groups)
{
    for (int c = 0; c < CGROUP_CONTROLLERS; c++)
        if (groups->runs[c])
            cgroup_remove_tree(groups->runs[c], true);
    for (int c = 0; c < CGROUP_SHOWN; c++)
        if (groups->shown[c])
            rmdir(groups->shown[c]); /* gone with the others where they share a hierarchy */
}

static bool sweep_group(const char *folder)
{
    if (!text_ends(folder, "/" CGROUP_LAUNCHERS))
        return cgroup_remove_tree(folder, false);
    rmdir(folder); /* other runs may stand in it, and remove it then */
    return true;
}

bool cgroup_sweep(const char *record)
{
    cleanup_free char *copy = copy_string(record);
    char *rest = copy;
    bool gone = true;
    for (char *line; rest && (line = strsep(&rest, "\n"));)
        if (text_starts(line, RECORD_KEY CGROUP_ROOT "/"))
            gone = sweep_group(line + strlen(RECORD_KEY)) && gone;
    return gone;
}

void cgroup_clear(struct cgroups *groups)
{
    for (size_t i = 0; i < groups->leaf_count; i++)
        for (int c = 0; c < CGROUP_CONTROLLERS; c++)
            close_fd(&groups->leaves[i].fds[c]);
    for (int c = 0; c < CGROUP_CONTROLLERS; c++) {
        free(groups->parents[c]);
        free(groups->runs[c]);
    }
    for (int c = 0; c < CGROUP_SHOWN; c++) {
        free(groups->shown[c]);
        close_fd(&groups->shown_fds[c]);
    }
    free(groups->missing);
    free(groups->own_leaf);
    *groups = (struct cgroups){.shown_fds = {-1, -1}};
}
