#include "enter.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/own.h"
#include "base/teeth.h"
#include "net.h"
#include "privilege.h"
#include "proc-mask.h"
#include "wire.h"

enum { COMMAND_LINE_CHUNK = 4096 };

static void tell_timing(const struct init_parts *parts, const char *name)
{
    wire_send(parts->wire, WIRE_TIMING, 0, 0, name);
}

static void await_go(const struct init_parts *parts)
{
    struct wire_message message;
    int fds[WIRE_FDS_MAX];
    size_t count;
    do {
        if (wire_receive_fds(parts->wire, &message, fds, &count) <= 0)
            _exit(STATUS_ERRORED);
        if (message.kind == WIRE_GROUPS)
            cgroup_take(parts->spec, parts->groups, &message, fds, count);
        else
            root_take(parts->root, parts->spec->mount_count, &message, fds, count);
    } while (message.kind != WIRE_GO);
}

/* setresuid(2) clears the parent-death signal, so it is set afterwards; a launcher that died before that is
 * seen by the wire's end. */
static int become_root(const struct init_parts *parts, struct error *err)
{
    if (parts->ids->mode != SANDBOX_IDS_SINGLE && ((!teeth_out("groups") && setgroups(0, NULL) < 0) ||
                                                   setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
        return fail_errno(err, "become the dyno's root");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return fail_errno(err, "follow the launcher's end");
    struct pollfd wire = {.fd = parts->wire};
    if (poll(&wire, 1, 0) > 0 && (wire.revents & POLLHUP))
        _exit(STATUS_ERRORED);
    return 0;
}

/* The launcher's arguments, which pid 1 inherits and /proc shows to all, may hold secrets (-e NAME=VALUE);
 * its environment stands right behind them. */
static void hide_command_line(void)
{
    char chunk[COMMAND_LINE_CHUNK], *end = program_invocation_name;
    cleanup_fd int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    for (ssize_t size; fd >= 0 && (size = read(fd, chunk, sizeof chunk)) > 0;)
        end += size;
    if (!teeth_out("command-line"))
        memset(program_invocation_name, 0, (size_t)(end - program_invocation_name));
    prctl(PR_SET_NAME, "indyno-init");
    prctl(PR_SET_DUMPABLE, teeth_out("dumpable"), 0, 0, 0);
}

/* A user namespace inside the dyno would give the step capabilities over fresh kernel surface. */
static int limit_namespaces(const struct sandbox_spec *spec, struct error *err)
{
    if ((spec->weaker & SANDBOX_WEAKER_USERNS) || teeth_out("user-namespaces"))
        return 0;
    cleanup_fd int fd = open("/proc/sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "0", 1) != 1)
        return fail_errno(err, "forbid user namespaces inside the dyno");
    return 0;
}

/* The caller's session keyring is possessed by whom it is handed on to. Where there are none, or may be none, nothing
 * can be done with it either. */
static void leave_keyring(void)
{
    if (!teeth_out("keyring"))
        syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
}

static void tell_kept(const struct init_parts *parts, const int *kept)
{
    const struct sandbox_spec *spec = parts->spec;
    for (uint32_t i = 0; i < spec->mount_count; i++) {
        struct wire_message message = {.kind = WIRE_KEPT, .index = i};
        if (spec->mounts[i].kind == SANDBOX_COW && parts->root->ways[i])
            wire_send(parts->wire, WIRE_MOUNT_WAY, i, 0, parts->root->ways[i]);
        if (kept[i] >= 0)
            wire_send_fd(parts->wire, &message, kept[i]);
    }
}

static int enter_root(const struct init_parts *parts, struct error *err)
{
    const struct sandbox_spec *spec = parts->spec;
    cleanup_free int *kept = allocate(spec->mount_count, sizeof *kept);
    for (size_t i = 0; i < spec->mount_count; i++)
        kept[i] = -1;
    if (root_enter(spec, parts->ids, parts->root, kept, err) < 0)
        return -1;
    tell_kept(parts, kept);
    for (size_t i = 0; i < spec->mount_count; i++)
        close_fd(&kept[i]);
    root_parts_clear(parts->root, spec->mount_count);
    return 0;
}

static int join_own_group(const struct init_parts *parts, struct error *err)
{
    return cgroup_join(parts->groups, cgroup_leaf(parts->groups, CGROUP_INIT_LEAF), err);
}

/* The launcher waits for this word: pasta would make an interface of its own. */
static int open_network(const struct init_parts *parts, struct error *err)
{
    if (net_open(parts->host, parts->net, err) < 0)
        return -1;
    wire_send(parts->wire, WIRE_NETWORK, 0, 0, NULL);
    return 0;
}

/* What needs nothing of the launcher's is done while that prepares the root. */
static int prepare_early(const struct init_parts *parts, struct error *err)
{
    privilege_reset_priority(); /* before it joins a group: one without real-time budget would not have it */
    if (teeth_out("net-namespace"))
        return root_open_devices(parts->root, err);
    if (!net_wanted(parts->spec) && unshare(CLONE_NEWNET) < 0)
        return fail_errno(err, "make a network namespace");
    if (net_loopback_up(err) < 0 || (net_wanted(parts->spec) && open_network(parts, err) < 0))
        return -1;
    return root_open_devices(parts->root, err);
}

int enter_dyno(const struct init_parts *parts, struct error *err)
{
    if (prepare_early(parts, err) < 0)
        return -1;
    await_go(parts);
    tell_timing(parts, "namespaces");
    /* before this process's ids change, which hides its namespaces from a user's pasta; of root's see pasta.c */
    if (parts->ids->mode != SANDBOX_IDS_BLOCK && net_wanted(parts->spec) &&
        net_await_pasta(parts->net, err) < 0)
        return -1;
    /* joined while the process still has the launcher's ids, which is what version 1 asks for */
    if (join_own_group(parts, err) < 0)
        return -1;
    /* with the caller's own rights, before they are given up: root's launcher has done it */
    if (parts->ids->mode != SANDBOX_IDS_BLOCK &&
        root_open_sources(parts->spec, parts->ids, parts->root, err) < 0)
        return -1;
    if (become_root(parts, err) < 0)
        return -1;
    leave_keyring();
    umask(0);
    if (!teeth_out("uts-namespace") && sethostname(parts->spec->name, strlen(parts->spec->name)) < 0)
        return fail_errno(err, "set the host name");
    if (enter_root(parts, err) < 0)
        return -1;
    tell_timing(parts, "root");
    if (!teeth_out("umask"))
        umask(022);
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    if (limit_namespaces(parts->spec, err) < 0 || proc_mask(err) < 0)
        return -1;
    hide_command_line();
    if (privilege_reduce_init(net_wanted(parts->spec), err) < 0)
        return -1;
    tell_timing(parts, "privileges");
    return 0;
}
