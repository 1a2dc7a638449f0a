/*
 * Theory of operation. A launch is an ordered table of steps, each with a name (for the report's timings), a
 * way to do it and, where the kernel does not do it by itself, a way to undo it. When the last step, which
 * follows the dyno to its end, has returned, or one has failed, the undo ways of those begun run in reverse.
 * The process may be killed at any instant: the janitor (janitor.c) then does the same from outside, and if
 * that is killed too, the next run's claim sweeps.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "base/sys.h"
#include "base/teeth.h"
#include "base/text.h"
#include "cgroup.h"
#include "cgroup-view.h"
#include "claim.h"
#include "follow.h"
#include "idmap.h"
#include "init.h"
#include "janitor.h"
#include "net.h"
#include "pasta.h"
#include "probe.h"
#include "relay.h"
#include "remains.h"
#include "root.h"
#include "totals.h"
#include "wire.h"

enum { USER_SLOTS = 4096, RUN_ID_BYTES = 4 };

struct launch {
    const struct sandbox_spec *spec;
    struct sandbox_result *result;
    int64_t start_us;
    struct claim claim;
    struct idmap ids;
    struct cgroups groups;
    struct cgroup_view view; /* has the spec, once it is planned */
    bool groups_first;       /* made before init was cloned */
    struct janitor janitor;
    struct root_parts root;
    int home_mounts, home_cwd; /* as root: what prepare_root leaves, or -1 */
    int wire, init_wire;
    pid_t init;
    int init_pidfd;
    struct net_host host; /* watched where the dyno has a way out */
    struct net net;       /* init's */
    struct pasta pasta;
    struct relay relay;
    int signals;
    sigset_t old_mask;
};

/* ---- Steps ---- */

/* Blocked before anything exists, so that from here on a signal is an event and not an end. One that the
 * caller ignores, as under nohup(1), stays ignored. */
static int hold_signals(struct launch *launch, struct error *err)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    sigset_t held;
    sigemptyset(&held);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct sigaction now;
        if (sigaction(ends[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            sigaddset(&held, ends[i]);
    }
    sigprocmask(SIG_BLOCK, &held, &launch->old_mask);
    launch->signals = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
    return launch->signals < 0 ? fail_errno(err, "watch for signals") : 0;
}

static bool hear_signal(struct launch *launch, struct signalfd_siginfo *info)
{
    return launch->signals >= 0 && read(launch->signals, info, sizeof *info) == sizeof *info;
}

static void cancel(struct launch *launch, const struct signalfd_siginfo *info)
{
    launch->result->end = SANDBOX_END_CANCELLED;
    launch->result->cancel_signal = (int)info->ssi_signo;
}

/* One that came when nobody followed the dyno (any more) has been heard, too: it must not end the process now, before it
 * could say what happened. */
static void release_signals(struct launch *launch)
{
    struct signalfd_siginfo info;
    while (hear_signal(launch, &info))
        if (launch->result->end == SANDBOX_END_SETUP)
            cancel(launch, &info);
    close_fd(&launch->signals);
    sigprocmask(SIG_SETMASK, &launch->old_mask, NULL);
}

static int plan_groups(struct launch *launch, struct error *err)
{
    char id[2 * RUN_ID_BYTES + 1];
    (void)err;
    text_random_hex(id, RUN_ID_BYTES);
    cgroup_plan(launch->spec->name, id, launch->spec->cgroup_parent, &launch->groups);
    cgroup_view_plan(launch->spec, &launch->groups, &launch->view);
    launch->spec = &launch->view.spec;
    return 0;
}

/* The spec goes with the view: this is the last step that is undone but for the signals'. */
static void leave_groups(struct launch *launch)
{
    cgroup_view_clear(&launch->view);
    cgroup_clear(&launch->groups);
}

static int start_janitor(struct launch *launch, struct error *err)
{
    return janitor_start(launch->spec->state_dir, &launch->groups, &launch->janitor, err);
}

static void dismiss_janitor(struct launch *launch)
{
    cgroup_undelegate(&launch->groups); /* as far as this process goes: the janitor is the last */
    janitor_dismiss(&launch->janitor);
    claim_drop(&launch->claim); /* it has done so, unless somebody killed it */
}

static int claim(struct launch *launch, struct error *err)
{
    const struct sandbox_spec *spec = launch->spec;
    const struct claim_range users = {.width = 1, .count = USER_SLOTS};
    const struct claim_range blocks = {spec->block_first, SANDBOX_ID_BLOCK, spec->block_count};
    bool has_block = spec->ids == SANDBOX_IDS_BLOCK;
    if (claim_take(&launch->claim, spec->state_dir, has_block ? &blocks : &users, remains_sweep, err) < 0) {
        if (has_block && err->status == STATUS_NO_ROOM)
            error_remedy(
                err,
                "try again when one of them has ended, or give indyno more host ids (it has %u from %u on)",
                blocks.count * blocks.width, blocks.first);
        return -1;
    }
    cleanup_free char *groups = cgroup_record(&launch->groups);
    if (totals_claim(&launch->claim, spec, groups, err) < 0)
        return -1;
    return janitor_share_claim(&launch->janitor, &launch->claim, &launch->groups, err);
}

/* Before the process has any of the run's ids. */
static int record_process(struct launch *launch, pid_t pid, struct error *err)
{
    cleanup_free char *groups = cgroup_record(&launch->groups), *process = remains_of_process(pid);
    cleanup_free char *share = totals_record(launch->spec);
    cleanup_free char *record = text_format("%s%s%s", groups, share, process);
    return claim_record(&launch->claim, record, err);
}

static int choose_ids(struct launch *launch, struct error *err)
{
    if (idmap_choose(launch->spec, launch->claim.slot, &launch->ids, err) < 0)
        return -1;
    launch->result->host_ids[0] = idmap_host_uid(&launch->ids, SANDBOX_ID_FIRST);
    launch->result->host_ids[1] = idmap_host_gid(&launch->ids, SANDBOX_ID_FIRST);
    return 0;
}

static int make_groups(struct launch *launch, struct error *err)
{
    if (cgroup_delegate(&launch->groups, &launch->spec->limits, err) < 0 ||
        cgroup_make(launch->spec, &launch->ids, &launch->groups, err) < 0)
        return -1;
    if (launch->groups.version)
        return 0;
    if (sandbox_takes_groups(&launch->spec->limits) && !launch->spec->limits.optional)
        strings_add(&launch->result->weaker, "limits");
    strings_addf(&launch->result->notes, "no cgroups: %s", launch->groups.missing);
    return 0;
}

/* Init is born in its group of version 2. Of version 1, or where there will be none, that is found out while
 * init makes the network namespace. */
static int make_groups_before(struct launch *launch, struct error *err)
{
    launch->groups_first = launch->groups.version == 2;
    return launch->groups_first ? make_groups(launch, err) : 0;
}

static int make_groups_after(struct launch *launch, struct error *err)
{
    if (launch->groups_first)
        return 0;
    if (make_groups(launch, err) < 0)
        return -1;
    return cgroup_send(&launch->groups, launch->wire) < 0 ? fail_errno(err, "tell init of its cgroups") : 0;
}

static void remove_groups(struct launch *launch)
{
    cgroup_read(&launch->groups, launch->result);
    cgroup_remove(&launch->groups);
}

static int start_root(struct launch *launch, struct error *err)
{
    (void)err;
    root_parts_start(&launch->root, launch->spec->mount_count);
    return 0;
}

static int prepare_root(struct launch *launch, struct error *err)
{
    if (launch->ids.mode == SANDBOX_IDS_BLOCK) {
        launch->home_mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
        launch->home_cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (launch->home_mounts < 0 || launch->home_cwd < 0)
            return fail_errno(err, "keep the mount namespace and the working folder");
    }
    return root_prepare(launch->spec, &launch->ids, &launch->root, err);
}

/* Once the dyno has ended: on the way to its start, undoing so many mounts would be waited for. */
static void return_home(struct launch *launch)
{
    if (launch->home_mounts >= 0 && setns(launch->home_mounts, CLONE_NEWNS) == 0 && launch->home_cwd >= 0 &&
        fchdir(launch->home_cwd) < 0)
        strings_add(&launch->result->notes, "the working folder could not be returned to");
    close_fd(&launch->home_mounts);
    close_fd(&launch->home_cwd);
}

static void clear_root(struct launch *launch)
{
    root_parts_clear(&launch->root, launch->spec->mount_count);
}

static void be_init(struct launch *launch) __attribute__((noreturn));

/* In the new process. The claim stays open in it: ids are in use until pid 1 is gone. */
static void be_init(struct launch *launch)
{
    close_fd(&launch->wire);
    close_fd(&launch->janitor.wire);
    close_fd(&launch->signals);
    if (relay_take(&launch->relay) < 0)
        _exit(STATUS_ERRORED);
    relay_release(&launch->relay);
    close_fd(&launch->relay.pidfd);
    net_host_leave(&launch->host);
    init_main(&(struct init_parts){.spec = launch->spec,
                                   .ids = &launch->ids,
                                   .groups = &launch->groups,
                                   .root = &launch->root,
                                   .host = &launch->host,
                                   .net = &launch->net,
                                   .wire = launch->init_wire});
}

/* What keeps crashes from the host's handler is a limit of 1 (privilege.c). A hard one of 0, which only a capability
 * raises, would let them pass. */
static void raise_core_limit(void)
{
    const struct rlimit one = {1, 1};
    struct rlimit now;
    if (getrlimit(RLIMIT_CORE, &now) == 0 && now.rlim_max == 0)
        setrlimit(RLIMIT_CORE, &one);
}

static int start_relay(struct launch *launch, struct error *err)
{
    uint64_t limit = launch->spec->limits.output_bytes;
    return limit ? relay_start(limit, &launch->relay, err) : 0;
}

/* When whoever reads the output is waited for no longer; 0: never. Of a run whose steps came to their end all counts, as
 * before; of another one the reader of its last words has a moment. */
static int64_t output_deadline_us(const struct launch *launch)
{
    enum { MOMENT_US = 1000000, US_PER_MS = 1000 };
    int64_t wall_ms = (int64_t)launch->spec->limits.wall_ms;
    if (launch->result->end != SANDBOX_END_STEPS)
        return wire_now_us() + MOMENT_US;
    return wall_ms ? launch->start_us + wall_ms * US_PER_MS : 0;
}

/* What is over the limit may have come last. */
static void end_relay(struct launch *launch)
{
    struct sandbox_result *result = launch->result;
    struct signalfd_siginfo info;
    int64_t deadline_us = output_deadline_us(launch);
    bool counts = result->end == SANDBOX_END_STEPS;
    enum relay_outcome outcome = relay_end(&launch->relay, launch->signals, deadline_us);
    if (outcome == RELAY_OVERFLOWED && counts)
        result->end = SANDBOX_END_OUTPUT;
    if (outcome != RELAY_CUT)
        return;
    if (counts && hear_signal(launch, &info))
        cancel(launch, &info);
    else if (counts && deadline_us && wire_now_us() >= deadline_us)
        result->end = SANDBOX_END_TIMEOUT;
    else
        strings_add(&result->notes, "the end of the output was dropped: nobody read it");
}

/* Before init is cloned, which makes of it what the dyno must not reach. */
static int watch_host(struct launch *launch, struct error *err)
{
    if (!net_wanted(launch->spec))
        return 0;
    if (!net_can_follow(launch->spec))
        return fail(err, STATUS_DATA, "a step's network cannot be given back, nor taken away in part");
    if (net_host_watch(&launch->host, err) < 0)
        return -1;
    if (launch->host.ipv4 || launch->host.ipv6)
        return 0;
    fail(err, STATUS_ERRORED, "--network=outbound: this host has no default route");
    error_remedy(err, "give it one (ip route show default shows what there is), or leave --network out");
    return -1;
}

static void forget_host(struct launch *launch)
{
    net_host_clear(&launch->host);
}

static int clone_init(struct launch *launch, struct error *err)
{
    raise_core_limit();
    int ends[2];
    if (wire_pair(ends, err) < 0)
        return -1;
    launch->wire = ends[0];
    launch->init_wire = ends[1];
    struct clone_args args = {
        .flags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_PIDFD,
        .pidfd = (uint64_t)(uintptr_t)&launch->init_pidfd,
        .exit_signal = SIGCHLD,
    };
    args.flags &= ~(uint64_t)((teeth_out("ipc-namespace") ? CLONE_NEWIPC : 0) |
                              (teeth_out("uts-namespace") ? CLONE_NEWUTS : 0) |
                              (teeth_out("pid-namespace") ? CLONE_NEWPID : 0));
    int group = cgroup_clone_fd(&launch->groups, cgroup_leaf(&launch->groups, CGROUP_INIT_LEAF));
    if (group >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (uint64_t)group;
    }
    if (net_wanted(launch->spec))
        args.flags |= CLONE_NEWNET; /* pasta is given it before init could make it */
    launch->init = sys_clone3(&args);
    if (launch->init == 0)
        be_init(launch);
    close_fd(&launch->init_wire);
    relay_release(&launch->relay);
    if (launch->init < 0)
        return fail_errno(err, "make the dyno's namespaces");
    if (janitor_watch(&launch->janitor, launch->init_pidfd, err) < 0)
        return -1;
    return record_process(launch, launch->init, err);
}

static void end_init(struct launch *launch)
{
    close_fd(&launch->wire); /* hear_init has read what there was */
    if (launch->init <= 0)
        return;
    sys_pidfd_kill(launch->init_pidfd, SIGKILL);
    struct rusage usage = {0};
    while (wait4(launch->init, NULL, 0, &usage) < 0 && errno == EINTR)
        ;
    launch->result->cpu_us = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
                             (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    close_fd(&launch->init_pidfd);
}

/* A caller that the OOM killer is told to spare hands that on, and with it the right to be spared. With the capability
 * of whoever told it so, that right ends here, too. */
static int face_oom_killer(struct launch *launch, struct error *err)
{
    cleanup_free char *own = text_read_file(AT_FDCWD, "/proc/self/oom_score_adj", 32, NULL, NULL);
    if (!own || strtol(own, NULL, 10) >= 0 || teeth_out("oom-score"))
        return 0;
    cleanup_free char *path = text_format("/proc/%d/oom_score_adj", launch->init);
    cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd < 0 || write(fd, "0", 1) != 1 ? fail_errno(err, "write %s", path) : 0;
}

static int map_ids(struct launch *launch, struct error *err)
{
    return idmap_write(&launch->ids, launch->init, err);
}

/* Init says nothing before but what went wrong. */
static int await_interface(const struct launch *launch, struct error *err)
{
    struct wire_message message;
    cleanup_fd int fd = -1;
    if (wire_receive(launch->wire, &message, &fd) <= 0)
        return fail(err, STATUS_ERRORED, "connect the dyno: its init was killed");
    return message.kind == WIRE_NETWORK ? 0 : wire_take_error(&message, err);
}

static int connect_network(struct launch *launch, struct error *err)
{
    if (!net_wanted(launch->spec))
        return 0;
    if (await_interface(launch, err) < 0 ||
        pasta_start(&launch->ids, &launch->host, launch->init, launch->spec->state_dir, &launch->pasta, err) <
            0 ||
        janitor_watch(&launch->janitor, launch->pasta.pidfd, err) < 0)
        return -1;
    pasta_go(&launch->pasta);
    return 0;
}

static void disconnect_network(struct launch *launch)
{
    pasta_end(&launch->pasta);
}

static int go(struct launch *launch, struct error *err)
{
    if (root_send(&launch->root, launch->spec->mount_count, launch->wire) < 0 ||
        wire_send(launch->wire, WIRE_GO, 0, 0, NULL) < 0)
        return fail_errno(err, "start the dyno's init");
    return 0;
}

static int follow(struct launch *launch, struct error *err)
{
    for (size_t i = 0; i < launch->result->mount_count; i++)
        launch->result->mount_ways[i] = launch->root.ways[i];
    clear_root(launch); /* the dyno has its own descriptors of these mounts now */
    struct follow parts = {.spec = launch->spec,
                           .result = launch->result,
                           .start_us = launch->start_us,
                           .wire = launch->wire,
                           .init_pidfd = launch->init_pidfd,
                           .pasta = &launch->pasta,
                           .host = &launch->host,
                           .groups = &launch->groups,
                           .relay = &launch->relay,
                           .signals = launch->signals};
    return follow_dyno(&parts, err);
}

static const struct {
    const char *name;
    int (*act)(struct launch *, struct error *);
    void (*undo)(struct launch *);
} steps[] = {
    {"signals", hold_signals, release_signals},
    {"cgroup-plan", plan_groups, leave_groups},
    {"janitor", start_janitor, dismiss_janitor},
    {"claim", claim, NULL}, /* dropped last */
    {"choose-ids", choose_ids, NULL},
    {NULL, make_groups_before, remove_groups},
    {NULL, start_root, clear_root},
    {NULL, start_relay, end_relay},
    {NULL, watch_host, forget_host},
    {"clone", clone_init, end_init},
    {"cgroups", make_groups_after, NULL},
    {"views", prepare_root, return_home},
    {"ids", map_ids, NULL},
    {NULL, face_oom_killer, NULL}, /* now that /proc is known to be of this pid namespace */
    {"network", connect_network, disconnect_network},
    {"go", go, NULL},
    {NULL, follow, NULL},
};

/* ---- The result ---- */

static void start_result(const struct sandbox_spec *spec, struct sandbox_result *result)
{
    *result = (struct sandbox_result){
        .end = SANDBOX_END_SETUP,
        .services = allocate(spec->service_count, sizeof *result->services),
        .steps = allocate(spec->step_count, sizeof *result->steps),
        .service_count = spec->service_count,
        .step_count = spec->step_count,
        .mount_ways = allocate(spec->mount_count, sizeof *result->mount_ways),
        .kept_fds = allocate(spec->mount_count, sizeof *result->kept_fds),
        .mount_count = spec->mount_count,
        .disk = {.used_bytes = -1},
    };
    const struct sandbox_process_result never = {.started_us = -1, .ready_us = -1, .ended_us = -1};
    for (size_t i = 0; i < spec->service_count; i++)
        result->services[i] = never;
    for (size_t i = 0; i < spec->step_count; i++)
        result->steps[i] = never;
    for (size_t i = 0; i < spec->mount_count; i++)
        result->kept_fds[i] = -1;
    if (spec->ids == SANDBOX_IDS_SINGLE)
        strings_add(&result->weaker, "ids");
    if (spec->weaker & SANDBOX_WEAKER_USERNS)
        strings_add(&result->weaker, "userns");
}

/* Where init gave up while the launcher still prepared, what fails here is the consequence: init knows the
 * cause. */
static void hear_init(const struct launch *launch, struct error *err)
{
    struct pollfd polled = {.fd = launch->wire, .events = POLLIN};
    while (launch->wire >= 0 && poll(&polled, 1, 0) > 0) {
        struct wire_message message;
        int fd;
        if (wire_receive(launch->wire, &message, &fd) <= 0)
            return;
        close_fd(&fd);
        if (message.kind == WIRE_ERROR)
            wire_take_error(&message, err);
    }
}

/* Whether what failed is the dyno itself: before init is cloned nothing was refused that a probe knows of, and
 * once init has given up its privileges the dyno is there. */
static bool was_made(const struct launch *launch)
{
    const struct sandbox_result *result = launch->result;
    for (size_t i = 0; i < result->timing_count; i++)
        if (text_equal(result->timings[i].name, "privileges"))
            return true;
    return launch->init == 0;
}

int sandbox_run(const struct sandbox_spec *spec, struct sandbox_result *result, struct error *err)
{
    struct launch launch = {.spec = spec,
                            .result = result,
                            .start_us = wire_now_us(),
                            .claim = {-1, -1, 0},
                            .janitor = {0, -1},
                            .root = {.scratch = -1},
                            .home_mounts = -1,
                            .home_cwd = -1,
                            .wire = -1,
                            .init_wire = -1,
                            .init_pidfd = -1,
                            .pasta = {0, -1, -1, -1},
                            .relay = RELAY_NONE,
                            .signals = -1};
    start_result(spec, result);
    int status = 0;
    size_t begun = 0;
    while (status == 0 && begun < sizeof steps / sizeof *steps) {
        const char *name = steps[begun].name;
        status = steps[begun++].act(&launch, err);
        if (name)
            follow_timing(result, name, wire_now_us() - launch.start_us);
    }
    if (status < 0)
        hear_init(&launch, err);
    while (begun-- > 0)
        if (steps[begun].undo)
            steps[begun].undo(&launch);
    if (status < 0 && result->end == SANDBOX_END_SETUP && !was_made(&launch))
        probe_explain(spec, err);
    follow_timing(result, "removed", wire_now_us() - launch.start_us);
    return status;
}

void sandbox_result_clear(struct sandbox_result *result)
{
    for (size_t i = 0; i < result->service_count; i++) {
        free(result->services[i].log_tail);
        free(result->services[i].log_marked);
    }
    for (size_t i = 0; i < result->mount_count; i++)
        close_fd(&result->kept_fds[i]);
    free(result->services);
    free(result->steps);
    free(result->mount_ways);
    free(result->kept_fds);
    strings_clear(&result->weaker);
    strings_clear(&result->notes);
    *result = (struct sandbox_result){0};
}
