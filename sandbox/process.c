#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "base/sys.h"
#include "base/teeth.h"
#include "filter.h"
#include "privilege.h"
#include "process-root.h"

enum { STEP_OOM_SCORE = 1000, REPORT_MESSAGE_MAX = 512, CHILD_STACK = 256 * 1024 };

struct report {
    int exec_errno;
    char message[REPORT_MESSAGE_MAX];
};

/* ---- In the child ---- */

/* The kernel's choice under a shared limit is the biggest process, which would be a database for the step's
 * greed: raising the score needs no privilege, but /proc/self must be the process's own, which it is only
 * while dumpable. */
static int offer_to_oom_killer(const struct sandbox_process *process, struct error *err)
{
    if (process->role != SANDBOX_ROLE_STEP)
        return 0;
    char score[16];
    int size = snprintf(score, sizeof score, "%d", STEP_OOM_SCORE);
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    cleanup_fd int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, score, (size_t)size) < 0)
        return fail_errno(err, "raise the oom score");
    prctl(PR_SET_DUMPABLE, teeth_out("dumpable"), 0, 0, 0); /* the memory is still init's */
    return 0;
}

/* Version 1 lets a process be moved by whom it belongs to: a user's process has to have the caller's id for
 * that. */
static int join_groups(const struct sandbox_process *process, const struct idmap *ids,
                       const struct cgroups *groups, struct error *err)
{
    bool borrowed = ids->mode == SANDBOX_IDS_SUBORDINATE && groups->version == 1;
    if (borrowed && setresuid(SANDBOX_ID_FIRST, SANDBOX_ID_FIRST, 0) < 0)
        return fail_errno(err, "take the caller's id");
    int result = cgroup_join(groups, cgroup_leaf(groups, process->leaf), err);
    if (borrowed && setresuid(0, 0, 0) < 0)
        return fail_errno(err, "give the caller's id back");
    if (result == 0 && !teeth_out("cgroup-ns") && unshare(CLONE_NEWCGROUP) < 0)
        return fail_errno(err, "make a cgroup namespace");
    return result;
}

/* Whoever holds a folder of the host's can walk from it to all the others: what the caller's redirection cannot have
 * meant. */
static int refuse_folders(struct error *err)
{
    struct stat st;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
            return fail(
                err, STATUS_ERRORED,
                "descriptor %d is a folder of the host, which would let it out: redirect it to a file", fd);
    return 0;
}

static int arrange_files(const struct sandbox_process *process, int output, struct error *err)
{
    if (!process->inherit_stdin) {
        cleanup_fd int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (null < 0 || dup2(null, STDIN_FILENO) < 0)
            return fail_errno(err, "open /dev/null");
    }
    if (output >= 0 && (dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0))
        return fail_errno(err, "open the log");
    if (!teeth_out("standard-folders") && refuse_folders(err) < 0)
        return -1;
    /* Closing is left to execve: the report pipe is still needed. */
    return !teeth_out("close-fds") && sys_close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC) < 0
               ? fail_errno(err, "close descriptors")
               : 0;
}

static int prepare(const struct sandbox_process *process, const struct spawn_place *place, int output,
                   struct error *err)
{
    bool single = place->ids->mode == SANDBOX_IDS_SINGLE;
    if (join_groups(process, place->ids, place->groups, err) < 0 || offer_to_oom_killer(process, err) < 0 ||
        arrange_files(process, output, err) < 0 ||
        (process->root && process_root_enter(process->root, err) < 0))
        return -1;
    if (!teeth_out("session"))
        setsid();
    privilege_reset_signals();
    privilege_reset_limits();
    if (process->role == SANDBOX_ROLE_STEP) {
        privilege_limit(RLIMIT_NOFILE, place->limits->open_files);
        privilege_limit(RLIMIT_FSIZE, place->limits->file_bytes);
    }
    if (privilege_drop(single ? SANDBOX_ID_FIRST : process->user, !single, err) < 0)
        return -1;
    if (chdir(process->cwd) < 0)
        return fail_errno(err, "enter %s", process->cwd);
    return filter_load(process->role, place->filter_variants) < 0
               ? fail_errno(err, "load the system-call filter")
               : 0;
}

static const char *find_env(const char *const *envp, const char *name)
{
    size_t length = strlen(name);
    for (; *envp; envp++)
        if (strncmp(*envp, name, length) == 0 && (*envp)[length] == '=')
            return *envp + length + 1;
    return "";
}

/* As execvpe(3), but with the PATH of the new environment, and errno EACCES only if nothing better was found.
 */
static int execute(const struct sandbox_process *process)
{
    char *const *argv = (char *const *)(uintptr_t)process->argv;
    char *const *envp = teeth_out("environment") ? environ : (char *const *)(uintptr_t)process->envp;
    if (strchr(argv[0], '/')) {
        execve(argv[0], argv, envp);
        return errno;
    }
    int seen = ENOENT;
    const char *path = find_env(process->envp, "PATH");
    while (*path) {
        size_t length = strcspn(path, ":");
        char file[PATH_MAX];
        int size = snprintf(file, sizeof file, "%.*s/%s", (int)length, path, argv[0]);
        if (length > 0 && size < (int)sizeof file) {
            execve(file, argv, envp);
            if (errno != ENOENT && errno != ENOTDIR)
                seen = errno;
        }
        path += length + (path[length] == ':');
    }
    return seen;
}

struct child {
    const struct sandbox_process *process;
    const struct spawn_place *place;
    int output, report;
};

static int child_main(void *argument)
{
    const struct child *child = argument;
    struct error err = {0};
    struct report report = {.exec_errno = 0};
    if (prepare(child->process, child->place, child->output, &err) == 0) {
        report.exec_errno = execute(child->process);
        errno = report.exec_errno;
        fail_errno(&err, "execute %s", child->process->argv[0]);
    }
    snprintf(report.message, sizeof report.message, "%s", err.message);
    ssize_t ignored = write(child->report, &report, sizeof report);
    (void)ignored;
    _exit(STATUS_ERRORED);
}

/* ---- In init ---- */

/* As vfork(2): the child borrows init's memory until it executes, and init waits. Copying page tables and the
 * faults that follow cost a millisecond otherwise. */
static pid_t clone_borrowing(struct child *child)
{
    char *stack = allocate(CHILD_STACK, 1);
    pid_t pid = clone(child_main, stack + CHILD_STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, child);
    free(stack);
    return pid;
}

/* Version 2 lets a process be born in a group by whom the group belongs to: for a user's dyno, the caller. */
static pid_t clone_into(struct child *child, int cgroup_fd)
{
    bool borrow = child->place->ids->mode == SANDBOX_IDS_SUBORDINATE;
    struct clone_args args = {
        .exit_signal = SIGCHLD, .flags = CLONE_INTO_CGROUP, .cgroup = (uint64_t)cgroup_fd};
    if (borrow && seteuid(SANDBOX_ID_FIRST) < 0)
        return -1;
    pid_t pid = sys_clone3(&args);
    int saved = errno;
    if (borrow && seteuid(0) < 0)
        _exit(STATUS_ERRORED);
    errno = saved;
    if (pid == 0)
        child_main(child);
    return pid;
}

int spawn_start(const struct sandbox_process *process, const struct spawn_place *place, int output,
                struct spawned *spawned, struct error *err)
{
    int ends[2];
    *spawned = (struct spawned){.pid = -1, .report = -1};
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail_errno(err, "start %s", process->name);
    int group = cgroup_clone_fd(place->groups, cgroup_leaf(place->groups, process->leaf));
    struct child child = {process, place, output, ends[1]};
    pid_t pid = group >= 0 ? clone_into(&child, group) : clone_borrowing(&child);
    close(ends[1]);
    *spawned = (struct spawned){.pid = pid, .report = ends[0]};
    return pid < 0 ? fail_errno(err, "start %s", process->name) : 0;
}

int spawn_confirm(struct spawned *spawned, const struct sandbox_process *process, int *exec_errno,
                  struct error *err)
{
    struct report report;
    ssize_t size;
    while ((size = read(spawned->report, &report, sizeof report)) < 0 && errno == EINTR)
        ;
    close_fd(&spawned->report);
    *exec_errno = 0;
    if (size == 0)
        return 0;
    if (size != sizeof report)
        return fail(err, STATUS_ERRORED, "start %s: no report from it", process->name);
    *exec_errno = report.exec_errno;
    report.message[sizeof report.message - 1] = '\0';
    return fail(err, STATUS_ERRORED, "start %s: %s", process->name, report.message);
}
