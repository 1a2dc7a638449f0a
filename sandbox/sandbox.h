/*
 * The sandbox: runs processes in a dyno, from a spec to a result.
 *
 * A dyno is a set of Linux namespaces (user, mount, pid, net, ipc, uts, cgroup; namespaces(7)) with a private
 * root, its own ids, limits and system-call filters. The spec is plain data and says all there is to say; the
 * sandbox knows nothing of app.json or of any database, and could serve another program unchanged.
 *
 * sandbox_run() makes the dyno, starts the services, waits until each shows that it is ready, runs the steps
 * one after the other, and removes everything. While it runs, SIGINT, SIGTERM and SIGHUP of the calling
 * process are forwarded to the step (the run is then "cancelled"), unless the process ignores them. The
 * calling process must be single-threaded, must not ignore SIGCHLD, and the spec's strings must not lie in
 * its own argv or environ: pid 1 of the dyno is a fork of it, whose command line is wiped so that its
 * /proc/1/cmdline shows no secrets.
 *
 * Units: bytes, milliseconds and microseconds, as each name says. Ids in the spec are the dyno's own (inner)
 * ids.
 */
#ifndef INDYNO_SANDBOX_H
#define INDYNO_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"

/* ---- Ids ------------------------------------------------------------------------------------------------
 */

/* Inner ids: 0 is the dyno's init, 1000.. are the users; 65534 is everybody else. */
enum {
    SANDBOX_ID_FIRST = 1000,
    SANDBOX_ID_COUNT = 254, /* 1000 to 1253 */
    SANDBOX_ID_NOBODY = 65534,
    SANDBOX_ID_BLOCK = 256, /* host ids of one run as root: 0, the users, nobody */
};

enum sandbox_ids {
    SANDBOX_IDS_BLOCK,       /* root: a private block of host ids, claimed for the run */
    SANDBOX_IDS_SUBORDINATE, /* a user: newuidmap(1); SANDBOX_ID_FIRST is the caller, the rest subordinate ids
                              */
    SANDBOX_IDS_SINGLE,      /* a user: the caller's id alone; every process is SANDBOX_ID_FIRST */
};

struct sandbox_user {
    const char *name; /* for the dyno's /etc/passwd and /etc/group */
    uid_t id;         /* inner uid and gid */
    const char *home;
};

/* ---- Files ----------------------------------------------------------------------------------------------
 */

enum sandbox_mount_kind {
    SANDBOX_BIND, /* source, with what is mounted beneath it; nosuid, nodev; read-only unless writable */
    SANDBOX_COW,  /* a writable view of the folder source, owned by owner; source itself is never written */
    SANDBOX_SCRATCH, /* an empty writable folder, owned by owner, in the run's sized tmpfs */
    SANDBOX_FILE,    /* a file with content, in the read-only root or over one that is there */
    SANDBOX_LINK,    /* a symbolic link to content */
    SANDBOX_FOLDER,  /* an empty folder in the read-only root */
    SANDBOX_PROC,    /* a fresh proc(5) */
    SANDBOX_DEV,     /* a minimal /dev with its own devpts and shm */
};

struct sandbox_mount {
    enum sandbox_mount_kind kind;
    const char *source;  /* host path, absolute */
    int source_fd;       /* BLOCK mode: an open descriptor of source (O_PATH will do), so that the path is not
                          * resolved       again; 0: none. In the other modes the path is resolved with the caller's
                          * own       rights. */
    const char *within;  /* BIND: a folder above source, or NULL. From there on the way to source leads
                          * through no link, and source is none; source_fd is then the folder's. */
    const char *target;  /* dyno path, absolute; parents are made */
    const char *content; /* FILE: text, LINK: where to */
    uid_t owner; /* inner id of COW and SCRATCH, and of a writable BIND's files that its folder's owner has */
    mode_t mode; /* of COW's and SCRATCH's top folder and of FILE; 0 means 0755 (FILE: 0644) */
    bool writable; /* BIND */
    bool owned;    /* writable BIND, BLOCK mode: not without its folder's owner being shown as owner */
    bool optional; /* BIND: left out where source does not exist */
    bool keep;     /* COW: the result has a descriptor of it, to take files out after the dyno's end */
};

/* ---- Limits ---------------------------------------------------------------------------------------------
 */

enum { SANDBOX_CPUS_MAX = 128, SANDBOX_CPU_WEIGHT_MAX = 10000, SANDBOX_CPU_WEIGHT_USUAL = 100 };

/* 0 means none was asked for. */
struct sandbox_limits {
    uint64_t memory_bytes; /* all of the dyno, with swap; the step's own leaf has the same */
    uint64_t cpu_millis;   /* thousandths of one cpu: 1500 is one and a half */
    uint64_t cpu_weight;   /* its share of the cpus beside others: 1 to SANDBOX_CPU_WEIGHT_MAX */
    char cpus
        [SANDBOX_CPUS_MAX]; /* which cpus it may use, "0-3,8" as cpuset(7) has it; "": all of the caller's */
    uint64_t pids;          /* processes and threads, all of the dyno */
    uint64_t
        disk_bytes;  /* all that is writable in the dyno; 0: half of the host's memory, as tmpfs(5) has it */
    uint64_t inodes; /* files, folders and links there */
    uint64_t open_files, file_bytes; /* of each process of a step: RLIMIT_NOFILE and RLIMIT_FSIZE */
    uint64_t wall_ms;                /* from launch to the end of the last step */
    uint64_t cpu_ms;                 /* processor time, all of the dyno */
    uint64_t output_bytes;           /* what the steps write to their standard output and error, together */
    uint64_t kill_after_ms; /* between the step's SIGTERM (or the forwarded signal) and the dyno's end */
    bool
        optional; /* nobody asked for those of cgroups: where the host cannot enforce them they are left out */
};

/* Whether any of them takes a cgroup. */
bool sandbox_takes_groups(const struct sandbox_limits *limits);

/* Protections that the caller is ready to go without (--allow-weaker). */
enum sandbox_weaker {
    SANDBOX_WEAKER_IDS = 1 << 0,    /* a single id */
    SANDBOX_WEAKER_LIMITS = 1 << 1, /* limits that the host cannot enforce are left out */
    SANDBOX_WEAKER_USERNS = 1 << 2, /* steps may make user namespaces, and others in them (--allow-userns) */
};

/* "ids", "limits", "userns": of the bits, in their order; NULL-terminated. */
extern const char *const sandbox_weaker_names[];

/* The name servers that an outbound dyno sees: pasta forwards what is sent there to the host's own. */
#define SANDBOX_RESOLVER      "169.254.1.1"
#define SANDBOX_RESOLVER_IPV6 "fd69:6e64:796e::53"

/* What a step can connect to besides the dyno's own loopback; net-range.h says which addresses these are. The servers
 * have what the step has that runs. */
enum sandbox_network {
    SANDBOX_NETWORK_NONE = 0,
    SANDBOX_NETWORK_OUTBOUND = 1 << 0, /* the outside, through pasta(1); never an address of the host's own */
    SANDBOX_NETWORK_PRIVATE = 1 << 1,  /* besides that, private networks */
};

/* ---- Totals ---------------------------------------------------------------------------------------------
 */

/* What all runs that share a state folder may have together, by the limits of each. */
enum sandbox_total {
    SANDBOX_TOTAL_RUNS,
    SANDBOX_TOTAL_RUNS_PER_CALLER,
    SANDBOX_TOTAL_MEMORY,    /* bytes */
    SANDBOX_TOTAL_CPUS,      /* thousandths of one */
    SANDBOX_TOTAL_PROCESSES, /* threads, too */
    SANDBOX_TOTALS,
};

/* "runs", "runs_per_caller", "memory", "cpus", "processes". */
extern const char *const sandbox_total_names[SANDBOX_TOTALS];

/* ---- Processes ------------------------------------------------------------------------------------------
 */

/* Each role has its own system-call filter (filter-table.h). Servers of others than these two have the step's. */
enum sandbox_role { SANDBOX_ROLE_STEP, SANDBOX_ROLE_POSTGRES, SANDBOX_ROLE_REDIS, SANDBOX_ROLE_COUNT };

enum sandbox_ready_kind {
    SANDBOX_READY_NONE,   /* not waited for */
    SANDBOX_READY_FILE,   /* the file at path has a line that, less trailing blanks, equals text */
    SANDBOX_READY_SOCKET, /* the Unix socket at path answers send with something that starts with expect; the
                           * service writes to its log once it listens */
};

struct sandbox_ready {
    enum sandbox_ready_kind kind;
    const char *path; /* dyno path; its folder exists before the service starts */
    const char *text;
    const char *send, *expect;
    uint64_t timeout_ms;
};

/* Another root for a process: a tree that brings its own libc, read-only, with the dyno's ids, network and
 * processes around it. Shared are dyno paths that are the same file or folder in the tree, with what is
 * mounted beneath. The tree must have each, as a file or folder as the dyno has it; what the dyno lacks is
 * left out. */
struct sandbox_root {
    const char *path;          /* dyno path of the tree: a mount of the spec's lies there or above it */
    const char *const *shared; /* NULL-terminated */
};

struct sandbox_process {
    const char *name;        /* in messages, log and leaf names: [a-z0-9-] */
    const char *const *argv; /* NULL-terminated; argv[0] is searched in envp's PATH where it has no slash */
    const char *const *envp;
    const char *cwd;
    const struct sandbox_root *root; /* argv[0] and cwd are looked up there; NULL: the dyno's */
    uid_t user;                      /* inner uid and gid */
    enum sandbox_role role;
    const char *leaf; /* name of its leaf cgroup; processes of one name share it */
    const char
        *log; /* services: dyno path of the file that takes stdout and stderr; NULL: the caller's own */
    const char *log_mark; /* services: text of log lines that the result has; NULL: none */
    bool inherit_stdin;   /* else /dev/null */
    bool must_succeed;    /* steps: a failure of this one ends the run before the next */
    unsigned
        networks; /* steps: set of enum sandbox_network. One that has none after one that had ends the way out for
                        * all steps after it; nothing less may be taken away */
    struct sandbox_ready ready; /* services */
};

/* ---- The spec -------------------------------------------------------------------------------------------
 */

struct sandbox_spec {
    const char *name; /* the dyno's hostname, and part of its cgroups' names: [a-zA-Z0-9.-], at most 63 */
    const char *state_dir; /* claims of running dynos: /run/indyno, or the user's own; made if missing */
    enum sandbox_ids ids;
    uid_t block_first; /* BLOCK: first host id of the range, and how many blocks it has */
    unsigned block_count;
    unsigned weaker; /* set of enum sandbox_weaker */
    const char
        *scratch;   /* BLOCK mode: a folder on disk for what the dyno writes; NULL: that is kept in memory */
    int scratch_fd; /* the folder, open */
    struct sandbox_limits limits;
    uint64_t totals[SANDBOX_TOTALS]; /* BLOCK: 0: none. STATUS_NO_ROOM where this run would be too much */
    uid_t caller;                    /* BLOCK: whose run this is */
    const char *cgroup_parent;       /* the group that is to have the run's: "/indyno.slice", or NULL */
    const struct sandbox_user *users;
    size_t user_count;
    const struct sandbox_mount *mounts; /* made in this order; /etc/passwd, group, hosts, hostname and
                                         * resolv.conf are the sandbox's own */
    size_t mount_count;
    size_t
        base_count; /* so many of the mounts are made before the sandbox's own files, which lie over them */
    const struct sandbox_process *services;
    size_t service_count;
    const struct sandbox_process *steps;
    size_t step_count;
};

/* ---- The result -----------------------------------------------------------------------------------------
 */

enum sandbox_end {
    SANDBOX_END_STEPS,     /* the steps ended by themselves; see each one's process result */
    SANDBOX_END_SETUP,     /* the dyno or a service could not be set up; the error says which and why */
    SANDBOX_END_TIMEOUT,   /* wall_ms ran out */
    SANDBOX_END_CPU_TIME,  /* cpu_ms were used */
    SANDBOX_END_OUTPUT,    /* output_bytes were written, and there was more */
    SANDBOX_END_CANCELLED, /* a signal told the caller to stop */
};

enum sandbox_process_state {
    SANDBOX_NOT_STARTED,
    SANDBOX_NOT_EXECUTED, /* execve(2) failed: exec_errno */
    SANDBOX_RUNNING,      /* services: alive at the end, as it should be; steps: ended with the dyno */
    SANDBOX_EXITED,       /* exit_status */
    SANDBOX_SIGNALED,     /* term_signal */
};

struct sandbox_process_result {
    enum sandbox_process_state state;
    int exit_status, term_signal, exec_errno;
    int64_t started_us, ready_us, ended_us; /* since launch; -1 where it did not happen */
    uint64_t cpu_us;                        /* of the process and its waited-for children */
    char *log_tail;                         /* services: last 4 kB of the log, or NULL */
    char *log_marked; /* services: lines with log_mark, of the log's first 64 MB, at most 2 kB; or NULL */
};

struct sandbox_leaf_result {
    const char *name; /* of the spec's, or "dyno" for the whole */
    uint64_t memory_peak_bytes;
    int64_t cpu_us;                  /* -1: this host's groups do not count it */
    uint64_t oom_kills;              /* processes that were killed for want of memory */
    uint64_t pids_denied;            /* forks that the pids limit refused */
    int64_t pids_peak;               /* -1: not counted; as the next two */
    int64_t read_bytes, write_bytes; /* of disks */
};

/* What was writable in the dyno, when the last step had ended. */
struct sandbox_disk {
    int64_t used_bytes;       /* -1: not known */
    bool no_space, no_inodes; /* it was full */
};

struct sandbox_timing {
    const char *name; /* of a launch step */
    int64_t at_us;    /* when it was done, since launch */
};

enum { SANDBOX_TIMINGS_MAX = 32, SANDBOX_LEAVES_MAX = 16 };

struct sandbox_result {
    enum sandbox_end end;
    int cancel_signal;
    struct sandbox_process_result *services, *steps; /* as many as the spec has */
    size_t service_count, step_count;
    struct sandbox_leaf_result leaves[SANDBOX_LEAVES_MAX];
    size_t leaf_count;
    bool
        oom_is_outside; /* what killed for want of memory was the host's or a group's above, no limit of the dyno */
    struct sandbox_disk disk;
    uint64_t cpu_us; /* all of the dyno, as init has reaped it */
    bool cgroups;    /* false: this host let the caller make none; no leaf results then */
    struct sandbox_timing timings[SANDBOX_TIMINGS_MAX];
    size_t timing_count;
    const char **mount_ways; /* per mount of the spec: for COW "overlay" or "copy"; else NULL */
    int *kept_fds;           /* per mount of the spec: O_PATH descriptor, or -1 */
    size_t mount_count;
    uid_t host_ids[2];     /* host uid and gid of inner SANDBOX_ID_FIRST */
    struct strings weaker; /* names of the protections that this run went without */
    struct strings notes;  /* one-line remarks for the summary */
};

/* Runs the spec. Returns 0 when the steps were run or the run was ended from outside, and -1 with err when
 * the dyno could not be made or a service failed to start (result->end is then SANDBOX_END_SETUP). In both
 * cases result is filled as far as the run came, and must be freed with sandbox_result_clear. Nothing is left
 * behind but kept_fds. */
int sandbox_run(const struct sandbox_spec *spec, struct sandbox_result *result, struct error *err);

void sandbox_result_clear(struct sandbox_result *result);

/* ---- Defaults -------------------------------------------------------------------------------------------
 */

/* Host ids of dynos that root runs, where nothing else is said: right above the range that systemd-nspawn takes
 * its ids from (systemd's UIDS-GIDS), and far from anybody's subordinate ids. */
enum { SANDBOX_BLOCK_FIRST = 0x70000000, SANDBOX_BLOCK_COUNT = 4096 };

/* What a spec's block_first and block_count are taken from. */
struct sandbox_id_range {
    uid_t first;        /* uids and gids alike */
    unsigned blocks;    /* of SANDBOX_ID_BLOCK ids */
    const char *source; /* the file that has it, or NULL: the range above */
};

/* The range for root's dynos: that of `indyno` in /etc/subuid and /etc/subgid (id-range.h), else the one above.
 * STATUS_DATA, with a remedy, where an entry is wrong or somebody else's ids overlap the range. */
int sandbox_find_ids(struct sandbox_id_range *range, struct error *err);

/* STATUS_DATA where somebody's ids in these files, other than indyno's, overlap a range that comes from elsewhere. */
int sandbox_check_ids(const struct sandbox_id_range *range, struct error *err);

/* The first of them; where they cannot be found, of the range above. */
uid_t sandbox_first_id(void);

/* Where claims are kept: /run/indyno for root, $XDG_RUNTIME_DIR/indyno or /tmp/indyno-UID for a user. All
 * runs that take ids from ranges that overlap must use one folder. The caller's to free. */
char *sandbox_state_dir(void);

/* Sets ids and the block range of a spec to what the caller has by default: a block of sandbox_find_ids' as root,
 * else subordinate ids. */
int sandbox_default_ids(struct sandbox_spec *spec, struct error *err);

/* ---- Probing --------------------------------------------------------------------------------------------
 */

/* What this host lets the caller have, each found by trying. */
struct sandbox_capabilities {
    bool root; /* effective uid 0: SANDBOX_IDS_BLOCK */
    bool user_namespaces;
    bool subordinate_ids; /* newuidmap and a range for this user */
    bool overlay, idmap;  /* a COW is an overlay rather than a copy */
    bool cgroup_memory, cgroup_pids, cgroup_cpu;
    int cgroup_version; /* 2, 1, or 0: none that the caller may use */
    bool pasta;         /* SANDBOX_NETWORK_OUTBOUND */
    char *missing[8];   /* for each that is missing, one line with the reason; NULL-terminated */
};

/* Fills found; source is a folder that would be a COW (its filesystem decides), or NULL. Never fails:
 * what cannot be tried is missing. */
void sandbox_probe(const char *source, struct sandbox_capabilities *found);
void sandbox_capabilities_clear(struct sandbox_capabilities *found);

/* Where the caller's runs have no cgroups because, of version 2, none is delegated to it: that in one line, the caller's to
 * free. Else NULL. */
char *sandbox_lacks_delegation(void);

/* ---- Examining ------------------------------------------------------------------------------------------
 */

enum { SANDBOX_FINDINGS_MAX = 16 }; /* the probes, and room for a caller's own */

enum sandbox_finding_state {
    SANDBOX_FINDING_WORKS,
    SANDBOX_FINDING_MISSING,
    SANDBOX_FINDING_UNTRIED, /* not needed here, or without another that is missing there is nothing to try */
};

/* What one probe came to. */
struct sandbox_finding {
    const char *name;   /* [a-z-], for programs; static, as the next three are */
    const char *what;   /* what a dyno needs it for */
    const char *cost;   /* what going without means */
    const char *weaker; /* the --allow-weaker by which runs go without, or NULL */
    enum sandbox_finding_state state;
    bool vital;        /* no run works without it */
    const char *cause; /* MISSING: its name, static; NULL: not known */
    char *failure;     /* MISSING: what was tried, and the error; UNTRIED: why; WORKS: more, or NULL */
    char *reason;      /* MISSING: one line; NULL where failure says it all */
    char *remedy;      /* MISSING: one line, or NULL */
};

struct sandbox_findings {
    struct sandbox_finding items[SANDBOX_FINDINGS_MAX];
    size_t count;
};

/* All probes, those of sandbox_probe among them, and for what is missing why. Makes nothing that outlives it. source is
 * as there. Never fails. */
void sandbox_examine(const char *source, struct sandbox_findings *findings);
void sandbox_findings_clear(struct sandbox_findings *findings);

/* For a caller's own failure on the way to a run. Where err is of a call that the host refused (ENOSYS, EPERM), and what
 * every run needs is refused here as well, adds the reason and makes the remedy that one's. Else leaves err as it is. */
void sandbox_explain(struct error *err);

#endif
