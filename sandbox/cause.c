/* Theory of operation: a table of rules; the first whose refusal it is and whose test holds is the cause. */
#include "cause.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/text.h"
#include "sandbox.h"

/* ---- Tests ---- */

static bool is_denied(const struct facts *facts)
{
    return facts->errnum == EPERM || facts->errnum == EACCES;
}

static bool is_filtered(const struct facts *facts)
{
    return facts->filtered;
}

static bool has_no_room(const struct facts *facts)
{
    return (facts->errnum == ENOSPC || facts->errnum == EUSERS) && facts->limit;
}

static bool has_no_room_above(const struct facts *facts)
{
    return facts->errnum == ENOSPC || facts->errnum == EUSERS;
}

static bool is_debian_off(const struct facts *facts)
{
    return is_denied(facts) && facts->debian_clone == 0 && !facts->admin;
}

static bool is_apparmor(const struct facts *facts)
{
    return is_denied(facts) && facts->apparmor > 0 && !facts->admin;
}

static bool is_chrooted(const struct facts *facts)
{
    return facts->errnum == EPERM && facts->chrooted;
}

static bool is_unmapped(const struct facts *facts)
{
    return facts->errnum == EPERM && !facts->id_mapped;
}

static bool is_other_denial(const struct facts *facts)
{
    return is_denied(facts);
}

static bool is_too_old(const struct facts *facts)
{
    return facts->errnum == ENOSYS && facts->seccomp != 2;
}

static bool is_maybe_filtered(const struct facts *facts)
{
    return facts->seccomp == 2 && (is_denied(facts) || facts->errnum == ENOSYS);
}

static bool lacks_admin(const struct facts *facts)
{
    return is_denied(facts) && !facts->admin;
}

static bool lacks_block(const struct facts *facts)
{
    return facts->root && !facts->block_mapped;
}

static bool lacks_uids(const struct facts *facts)
{
    return !facts->root && !facts->uid_range;
}

static bool lacks_gids(const struct facts *facts)
{
    return !facts->root && !facts->gid_range;
}

static bool lacks_range_mapped(const struct facts *facts)
{
    return !facts->root && !facts->range_mapped;
}

static bool lacks_mapper(const struct facts *facts)
{
    return !facts->root && !facts->mapper_path;
}

static bool lacks_mapper_rights(const struct facts *facts)
{
    return !facts->root && !facts->mapper_rights;
}

static bool is_mapper_nosuid(const struct facts *facts)
{
    return !facts->root && facts->mapper_nosuid;
}

static bool has_no_new_privs(const struct facts *facts)
{
    return !facts->root && facts->no_new_privs;
}

static bool lacks_proc(const struct facts *facts)
{
    return !facts->proc;
}

static bool is_proc_foreign(const struct facts *facts)
{
    return facts->proc_foreign;
}

static bool is_proc_covered(const struct facts *facts)
{
    return facts->errnum == EPERM && facts->over;
}

static bool is_proc_read_only(const struct facts *facts)
{
    return facts->proc_read_only;
}

static bool is_not_for_idmap(const struct facts *facts)
{
    return facts->errnum == EINVAL;
}

static bool lacks_cgroupfs(const struct facts *facts)
{
    return !facts->cgroupfs;
}

static bool lacks_pasta(const struct facts *facts)
{
    return !facts->pasta;
}

static bool lacks_tun(const struct facts *facts)
{
    return !facts->tun;
}

static bool always(const struct facts *facts)
{
    (void)facts;
    return true;
}

/* ---- Rules ---- */

#define FILTER_REMEDY                                                                                        \
    "let the container have a filter that allows clone3, unshare and mount: docker and podman run "          \
    "--security-opt seccomp=unconfined; if this is a dyno of indyno's, there are none within it"
#define PROC_FOREIGN                                                                                         \
    "/proc shows the processes of another pid namespace than this process is in",                            \
        "mount this one's (bwrap: --proc /proc; unshare: --mount-proc), or make no new pid namespace"
#define KERNEL_TOO_OLD                                                                                       \
    "this kernel is older than Linux 5.12, the first that has all calls for mounts",                         \
        "run a kernel of at least 5.15"
#define PROC_READ_ONLY                                                                                       \
    "/proc is mounted read-only: no ids can be mapped", "make it writable: mount -o remount,bind,rw /proc"
#define ADD_RANGE                                                                                            \
    "have root run: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}; or run with "    \
    "--allow-weaker=ids (all processes then share one id)"

/* {user}, {mapper}, {path}, {over}, {limit} stand for the facts of that name. */
static const struct rule {
    enum refusal refused;
    bool (*applies)(const struct facts *);
    const char *name, *reason, *remedy;
} rules[] = {
    {REFUSED_NAMESPACES, is_filtered, "seccomp",
     "a system-call filter over this process, as containers have, answers in the kernel's place",
     FILTER_REMEDY},
    {REFUSED_NAMESPACES, has_no_room, "namespace-limit", "user.{limit} is 0 here",
     "as root, in this user namespace: sysctl user.{limit}=15000"},
    {REFUSED_NAMESPACES, has_no_room_above, "namespace-limit-above",
     "a limit of this or an enclosing user namespace (user.max_*_namespaces), or 32 levels of them, is "
     "reached",
     "as root outside: sysctl -a | grep ^user.max_, and raise what is too low"},
    {REFUSED_NAMESPACES, is_debian_off, "unprivileged-userns-clone",
     "kernel.unprivileged_userns_clone is 0: only root may make user namespaces",
     "as root: sysctl kernel.unprivileged_userns_clone=1 (and in /etc/sysctl.d, to keep it)"},
    {REFUSED_NAMESPACES, is_chrooted, "chroot",
     "this process is in a chroot, where the kernel allows no user namespaces",
     "enter the folder by pivot_root(2) instead, as containers, bwrap(1) and systemd-nspawn(1) do"},
    {REFUSED_NAMESPACES, is_unmapped, "unmapped-id",
     "the ids of this process are not mapped in its own user namespace",
     "map them: unshare --map-current-user, or --map-root-user"},
    {REFUSED_NAMESPACES, is_apparmor, "apparmor",
     "AppArmor takes the rights from user namespaces of programs without a profile "
     "(kernel.apparmor_restrict_unprivileged_userns is 1, as on Ubuntu since 24.04)",
     "as root: cp " PKGDATADIR "/apparmor/indyno /etc/apparmor.d/ && apparmor_parser -r "
     "/etc/apparmor.d/indyno"},
    {REFUSED_NAMESPACES, is_too_old, "kernel", "this kernel has no such call, or no user namespaces",
     "run a kernel of at least 5.15 with CONFIG_USER_NS"},
    {REFUSED_NAMESPACES, lacks_proc, "no-proc", "/proc is not mounted here, so that no reason can be found",
     "mount proc(5) at /proc; if this is a chroot, no user namespace can be made in it"},
    {REFUSED_NAMESPACES, is_other_denial, "denied",
     "it is none of the usual reasons: a security module (SELinux, AppArmor), a chroot or the container that "
     "this runs in",
     "look into the kernel's log (dmesg, journalctl -k) for a denial"},

    {REFUSED_IDS, is_proc_foreign, "proc-foreign", PROC_FOREIGN},
    {REFUSED_MOUNTS, is_proc_foreign, "proc-foreign", PROC_FOREIGN},
    {REFUSED_PROC, is_proc_foreign, "proc-foreign", PROC_FOREIGN},
    {REFUSED_IDS, is_proc_read_only, "proc-read-only", PROC_READ_ONLY},
    {REFUSED_MOUNTS, is_proc_read_only, "proc-read-only", PROC_READ_ONLY},
    {REFUSED_PROC, is_proc_read_only, "proc-read-only", PROC_READ_ONLY},
    {REFUSED_IDS, lacks_block, "block-not-mapped",
     "this is root of a user namespace, in which the ids of dynos (from 1879048192 on) are not mapped",
     "run indyno as an ordinary user with subordinate ids, or have at least 256 of these ids mapped"},
    {REFUSED_IDS, lacks_uids, "no-subordinate-uids", NULL, ADD_RANGE},
    {REFUSED_IDS, lacks_gids, "no-subordinate-gids", NULL, ADD_RANGE},
    {REFUSED_IDS, lacks_range_mapped, "subordinate-ids-not-mapped",
     "this is a user namespace, as bubblewrap and others make, in which the subordinate ids of {user} are "
     "not mapped",
     "run indyno outside of it"},
    {REFUSED_IDS, lacks_mapper, "no-newuidmap", "{mapper} is not installed",
     "install it (Debian, Ubuntu: uidmap; Fedora: shadow-utils)"},
    {REFUSED_IDS, lacks_mapper_rights, "newuidmap-not-set-uid",
     "{path} is neither set-user-ID root nor has file capabilities",
     "as root: chmod u+s {path}, or install its package again"},
    {REFUSED_IDS, is_mapper_nosuid, "newuidmap-nosuid",
     "{path} gains no rights: its filesystem is mounted nosuid", "mount it without nosuid"},
    {REFUSED_IDS, has_no_new_privs, "no-new-privs",
     "{path} gains no rights: this process has no_new_privs set",
     "start indyno without (systemd: NoNewPrivileges=no; docker: no --security-opt no-new-privileges)"},

    {REFUSED_PROC, lacks_proc, "no-proc", "/proc is not mounted here", "mount proc(5) at /proc"},
    {REFUSED_PROC, is_proc_covered, "proc-over-mounted",
     "something is mounted over {over}, as containers do, and a fresh proc(5) would show what that hides",
     "docker run --security-opt systempaths=unconfined; podman run --security-opt unmask=ALL; Kubernetes: "
     "procMount: Unmasked; bwrap as root: without --proc and --unshare-pid, or with a whole one as well, "
     "--bind "
     "/proc DIR"},

    {REFUSED_MOUNTS, is_maybe_filtered, "seccomp",
     "this process is under a system-call filter, as containers have, which seems to deny it", FILTER_REMEDY},
    {REFUSED_PROC, is_maybe_filtered, "seccomp",
     "this process is under a system-call filter, as containers have, which seems to deny it", FILTER_REMEDY},
    {REFUSED_MOUNTS, is_too_old, "kernel", KERNEL_TOO_OLD},
    {REFUSED_IDMAP, is_too_old, "kernel", KERNEL_TOO_OLD},
    {REFUSED_MOUNTS, lacks_admin, "no-cap-sys-admin", "this process may not mount: it lacks CAP_SYS_ADMIN",
     "run indyno as an ordinary user with subordinate ids, or let the container have it: --cap-add "
     "SYS_ADMIN"},
    {REFUSED_FILTER, is_too_old, "kernel", "this kernel has no system-call filters (CONFIG_SECCOMP_FILTER)",
     "run a kernel with them"},
    {REFUSED_IDMAP, is_not_for_idmap, "filesystem", "this filesystem cannot be id-mapped",
     "have the folder on ext4, xfs, btrfs or tmpfs"},
    {REFUSED_OVERLAY, always, "overlay", NULL,
     "have the folder be your own and on ext4, xfs, btrfs or tmpfs; as a user, on Linux 6.6 or later"},

    {REFUSED_CGROUPS, lacks_cgroupfs, "no-cgroups", "no cgroup filesystem is mounted at /sys/fs/cgroup",
     "mount cgroup2 there"},
    {REFUSED_CGROUPS, always, "not-delegated", NULL,
     "log in, so that a systemd of yours runs, from which indyno gets a group for each run with limits; or "
     "have "
     "one delegated as root: systemd-run --scope -p Delegate=yes"},
    {REFUSED_PASTA, lacks_pasta, "no-pasta", "pasta is not installed", "install it (Debian, Ubuntu: passt)"},
    {REFUSED_PASTA, lacks_tun, "no-tun",
     "/dev/net/tun is not there, or may not be opened: as root it must be open to everybody",
     "as root: modprobe tun; chmod 666 /dev/net/tun; docker run --device /dev/net/tun"},
};

static const char *value_of(const struct facts *facts, const char *name, size_t length)
{
    const struct {
        const char *name, *value;
    } values[] = {
        {"user", facts->user}, {"mapper", facts->mapper}, {"path", facts->mapper_path},
        {"over", facts->over}, {"limit", facts->limit},
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (strlen(values[i].name) == length && strncmp(values[i].name, name, length) == 0)
            return values[i].value ? values[i].value : "?";
    return "?";
}

static char *expand(const char *template, const struct facts *facts)
{
    if (!template)
        return NULL;
    char *text = copy_string("");
    while (*template) {
        size_t plain = strcspn(template, "{");
        size_t name = template[plain] ? strcspn(template + plain + 1, "}") : 0;
        const char *value = name ? value_of(facts, template + plain + 1, name) : "";
        char *longer = text_format("%s%.*s%s", text, (int)plain, template, value);
        free(text);
        text = longer;
        template += plain + (name ? name + 2 : 0);
    }
    return text;
}

void cause_find(enum refusal refused, const struct facts *facts, struct cause *cause)
{
    *cause = (struct cause){0};
    for (const struct rule *rule = rules; rule < rules + sizeof rules / sizeof *rules; rule++) {
        if (rule->refused != refused || !rule->applies(facts))
            continue;
        *cause = (struct cause){rule->name, expand(rule->reason, facts), expand(rule->remedy, facts)};
        return;
    }
}

void cause_clear(struct cause *cause)
{
    free(cause->reason);
    free(cause->remedy);
    *cause = (struct cause){0};
}
