/* On the host: what the dyno must not see, and a caller that hands on everything odd. */
#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    exit(2);
}

/* ---- What must not be seen ---- */

struct prepared {
    char tmp_file[64], shm_file[64], name[64]; /* name: of the abstract socket and of the queue */
    key_t key;
    int memory, semaphores, messages;
};

static void listen_on_loopback(FILE *facts)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)(void *)&at, size) < 0 || listen(fd, 1) < 0 ||
        getsockname(fd, (struct sockaddr *)(void *)&at, &size) < 0)
        die("listen on the loopback");
    fprintf(facts, "port %u\n", ntohs(at.sin_port));
}

static void listen_abstractly(const struct prepared *own, FILE *facts)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "%s", own->name);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(own->name));
    if (bind(fd, (struct sockaddr *)(void *)&at, size) < 0 || listen(fd, 1) < 0)
        die("listen on an abstract socket");
    fprintf(facts, "abstract %s\n", own->name);
}

static void make_ipc(struct prepared *own, FILE *facts)
{
    own->memory = shmget(own->key, 4096, IPC_CREAT | 0666);
    own->semaphores = semget(own->key, 1, IPC_CREAT | 0666);
    own->messages = msgget(own->key, IPC_CREAT | 0666);
    if (own->memory < 0 || own->semaphores < 0 || own->messages < 0)
        die("make System V objects");
    fprintf(facts, "key %d\n", own->key);
    if (syscall(SYS_mq_open, own->name, O_RDWR | O_CREAT, 0666, NULL) < 0)
        die("make a queue");
    fprintf(facts, "queue %s\n", own->name);
}

static void make_file(const char *path, const char *key, FILE *facts)
{
    if (open(path, O_WRONLY | O_CREAT, 0644) < 0)
        die(path);
    fprintf(facts, "%s %s\n", key, path);
}

static void remove_all(const struct prepared *own)
{
    unlink(own->tmp_file);
    unlink(own->shm_file);
    shmctl(own->memory, IPC_RMID, NULL);
    semctl(own->semaphores, 0, IPC_RMID);
    msgctl(own->messages, IPC_RMID, NULL);
    syscall(SYS_mq_unlink, own->name);
}

int outside(const char *path)
{
    enum { KEY_BASE = 0x1d1a0000, KEY_MASK = 0xffff };
    struct prepared own = {.key = KEY_BASE | (getpid() & KEY_MASK)};
    char app[4096], folder[4096], host[256], rest[16];
    umask(0);
    snprintf(own.name, sizeof own.name, "indyno-inside-%d", getpid());
    snprintf(own.tmp_file, sizeof own.tmp_file, "/tmp/indyno-inside-%d", getpid());
    snprintf(own.shm_file, sizeof own.shm_file, "/dev/shm/indyno-inside-%d", getpid());
    snprintf(app, sizeof app, "%s", path);
    dirname(app);
    snprintf(folder, sizeof folder, "%s", app);
    gethostname(host, sizeof host);
    FILE *facts = fopen(path, "ae");
    if (!facts)
        die(path);
    prctl(PR_SET_NAME, "outside");
    fprintf(facts, "pid %d\nhost %s\napp %s\nfolder %s\n", getpid(), host, app, dirname(folder));
    make_file(own.tmp_file, "tmp-file", facts);
    make_file(own.shm_file, "shm-file", facts);
    listen_on_loopback(facts);
    listen_abstractly(&own, facts);
    make_ipc(&own, facts);
    fclose(facts);
    puts("ready");
    fflush(stdout);
    while (read(STDIN_FILENO, rest, sizeof rest) > 0)
        ;
    remove_all(&own);
    return 0;
}

/* ---- A caller with everything odd ---- */

enum { LEAKED = 50, KEY_SECONDS = 60 };

static void leak_descriptors(void)
{
    for (int i = 0; i < LEAKED; i++)
        if (open(i % 2 ? "/" : "/etc/passwd", O_RDONLY) < 0)
            die("leak descriptors");
}

static void ignore_signals(void)
{
    static const int ignored[] = {SIGCHLD, SIGPIPE, SIGQUIT, SIGUSR1, SIGTSTP};
    sigset_t blocked;
    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    static const int held[] = {SIGTERM, SIGUSR1, SIGUSR2, SIGALRM};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        sigaddset(&blocked, held[i]);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    raise(SIGUSR2);
}

/* Some can be had as root only, which is where they matter. */
static void set_limits(void)
{
    static const struct {
        int resource;
        rlim_t soft;
        bool high;
    } limits[] = {
        {RLIMIT_FSIZE, 1 << 28, false},
        {RLIMIT_NOFILE, 256, false},
        {RLIMIT_CPU, 3600, false},
        {RLIMIT_RTPRIO, 99, true},
        {RLIMIT_NICE, 40, true},
        {RLIMIT_MEMLOCK, RLIM_INFINITY, true},
        {RLIMIT_CORE, RLIM_INFINITY, true},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct rlimit limit;
        getrlimit((__rlimit_resource_t)limits[i].resource, &limit);
        limit.rlim_cur = limits[i].soft;
        if (limits[i].high)
            limit.rlim_max = limits[i].soft;
        setrlimit((__rlimit_resource_t)limits[i].resource, &limit);
    }
}

static void take_priority(void)
{
    const struct sched_param lowest = {.sched_priority = 1};
    enum { IOPRIO_REALTIME = 1 << 13 };
    setpriority(PRIO_PROCESS, 0, -5);
    if (getenv("INSIDE_REAL_TIME")) /* a group without a budget for it refuses to be joined */
        sched_setscheduler(0, SCHED_RR, &lowest);
    syscall(SYS_ioprio_set, 1, 0, IOPRIO_REALTIME | 4);
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && write(fd, "-500", 4) < 0)
        fprintf(stderr, "# no oom score: not root\n");
    close(fd);
}

/* In the caller's session keyring and its user's. */
static void add_keys(void)
{
    static const int rings[] = {KEY_SPEC_SESSION_KEYRING, KEY_SPEC_USER_KEYRING};
    syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
    for (size_t i = 0; i < sizeof rings / sizeof *rings; i++) {
        long key =
            syscall(SYS_add_key, "user", OUTSIDE_KEY, OUTSIDE_SECRET, strlen(OUTSIDE_SECRET), rings[i]);
        syscall(SYS_keyctl, KEYCTL_SET_TIMEOUT, key, KEY_SECONDS);
    }
}

int odd(char **command)
{
    static const gid_t groups[] = {4, 24};
    setenv("INDYNO_INSIDE_CALLER", OUTSIDE_SECRET, 1);
    leak_descriptors();
    ignore_signals();
    add_keys();
    take_priority();
    set_limits();
    if (geteuid() == 0 && setgroups(2, groups) < 0)
        die("setgroups");
    umask(077);
    personality(ADDR_NO_RANDOMIZE);
    execvp(command[0], command);
    die(command[0]);
    return 2;
}
