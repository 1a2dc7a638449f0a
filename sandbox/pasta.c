#include "pasta.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "base/sys.h"
#include "base/text.h"
#include "net.h"
#include "privilege.h"
#include "sandbox.h"

enum { WORDS_MAX = 4096, EXECUTE_FAILED = 127 };

/* ---- In the child ---- */

/* The dyno's user namespace gives the rights to join its network namespace, and no others. */
static int become_dynos_root(const char *user_ns)
{
    cleanup_fd int ns = open(user_ns, O_RDONLY | O_CLOEXEC);
    return ns < 0 || setns(ns, CLONE_NEWUSER) < 0 || setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 ||
                   setresuid(0, 0, 0) < 0
               ? -1
               : 0;
}

static void add_words(struct strings *argv, const char *const *words)
{
    for (; *words; words++)
        strings_add(argv, *words);
}

static void child_main(const struct idmap *ids, pid_t init, const struct strings *arguments, int gate,
                       int output) __attribute__((noreturn));

static void child_main(const struct idmap *ids, pid_t init, const struct strings *arguments, int gate,
                       int output)
{
    char go, *user_ns = text_format("/proc/%d/ns/user", init);
    bool block = ids->mode == SANDBOX_IDS_BLOCK;
    pid_t launcher = getppid();
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
        dup2(output, STDERR_FILENO) < 0)
        _exit(EXECUTE_FAILED);
    /* A launcher that died before the word to go has told the janitor of this process. */
    if (read(gate, &go, 1) != 1)
        _exit(EXECUTE_FAILED);
    sys_close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC);
    privilege_reset_signals();
    if (block && become_dynos_root(user_ns) < 0) {
        dprintf(STDERR_FILENO, "enter the dyno's user namespace: %s\n", strerror(errno));
        _exit(EXECUTE_FAILED);
    }
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* the last, for a change of ids clears it */
    if (getppid() != launcher)
        _exit(EXECUTE_FAILED);
    execvp(arguments->items[0], arguments->items);
    dprintf(STDERR_FILENO, "execute pasta: %s (Debian: passt)\n", strerror(errno));
    _exit(EXECUTE_FAILED);
}

/* ---- In the launcher ---- */

/* Where pasta finds the network namespace. Another process's namespaces are shown only to those who may trace
 * it, which pasta with the dyno's ids may not: it is given a mount of it. */
static char *net_namespace(const struct idmap *ids, pid_t init, const char *place, struct error *err)
{
    cleanup_free char *own = text_format("/proc/%d/ns/net", init);
    if (ids->mode != SANDBOX_IDS_BLOCK)
        return steal_pointer(own);
    cleanup_free char *path = text_format("%s/net", place);
    cleanup_fd int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file < 0 || mount(own, path, NULL, MS_BIND, NULL) < 0) {
        fail_errno(err, "show pasta the dyno's network namespace");
        return NULL;
    }
    return steal_pointer(path);
}

/* Options that pasta has since 2023. It tells the dyno nothing (DHCP, NDP): all that is to know init has set. */
static void compose(const struct net_host *host, const char *net_ns, const char *user_ns,
                    struct strings *argv)
{
    static const char *const fixed[] = {
        "pasta",    "--foreground", "--quiet",     "--ns-ifname", NET_INTERFACE, "--no-dhcp",   "--no-dhcpv6",
        "--no-ndp", "--no-ra",      "--no-map-gw", "--tcp-ports", "none",        "--udp-ports", "none",
        "--tcp-ns", "none",         "--udp-ns",    "none",        NULL};
    static const char *const ipv4[] = {"--address",      NET_IPV4,        "--netmask",      "32", "--gateway",
                                       NET_IPV4_GATEWAY, "--dns-forward", SANDBOX_RESOLVER, NULL};
    static const char *const ipv6[] = {
        "--address", NET_IPV6, "--gateway", NET_IPV6_GATEWAY, "--dns-forward", SANDBOX_RESOLVER_IPV6, NULL};
    add_words(argv, fixed);
    if (host->ipv4)
        add_words(argv, ipv4);
    if (host->ipv6)
        add_words(argv, ipv6);
    if (!host->ipv4 || !host->ipv6)
        strings_add(argv, host->ipv4 ? "--ipv4-only" : "--ipv6-only");
    add_words(argv,
              (const char *const[]){"--netns", net_ns, user_ns ? "--userns" : "--netns-only", user_ns, NULL});
}

int pasta_start(const struct idmap *ids, const struct net_host *host, pid_t init, const char *place,
                struct pasta *pasta, struct error *err)
{
    cleanup_free char *net_ns = net_namespace(ids, init, place, err);
    if (!net_ns)
        return -1;
    cleanup_free char *user_ns =
        ids->mode == SANDBOX_IDS_BLOCK ? NULL : text_format("/proc/%d/ns/user", init);
    cleanup_strings struct strings argv = {0};
    compose(host, net_ns, user_ns, &argv);
    int ends[2];
    cleanup_fd int output = memfd_create("pasta", MFD_CLOEXEC);
    if (output < 0 || pipe2(ends, O_CLOEXEC) < 0)
        return fail_errno(err, "start pasta");
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[1]);
        child_main(ids, init, &argv, ends[0], output);
    }
    close(ends[0]);
    *pasta = (struct pasta){.pid = pid, .pidfd = -1, .gate = ends[1], .output = steal_fd(&output)};
    if (pid < 0)
        return fail_errno(err, "start pasta");
    pasta->pidfd = sys_pidfd_open(pid);
    return pasta->pidfd < 0 ? fail_errno(err, "watch pasta") : 0;
}

void pasta_go(struct pasta *pasta)
{
    if (pasta->gate >= 0)
        text_write_all(pasta->gate, "g", 1);
    close_fd(&pasta->gate);
}

/* The last line that has something to say: pasta(1) complains of a missing syslog in between. */
static const char *last_line(char *words)
{
    const char *last = "it ended by itself";
    char *rest = words;
    for (char *line; (line = strsep(&rest, "\n"));)
        if (*line && !strstr(line, "syslog"))
            last = line;
    return last;
}

int pasta_blame(const struct pasta *pasta, struct error *err)
{
    char words[WORDS_MAX];
    ssize_t size = pread(pasta->output, words, sizeof words - 1, 0);
    words[size > 0 ? size : 0] = '\0';
    fail(err, STATUS_ERRORED, "--network=outbound: pasta: %s", last_line(words));
    error_remedy(
        err, "it needs a route to the outside, /dev/net/tun for everybody, and its program (Debian: passt)");
    return -1;
}

void pasta_end(struct pasta *pasta)
{
    close_fd(&pasta->gate); /* which ends one that waits there still */
    if (pasta->pidfd >= 0)
        sys_pidfd_kill(pasta->pidfd, SIGKILL);
    if (pasta->pid > 0)
        sys_wait(pasta->pid, NULL);
    close_fd(&pasta->pidfd);
    close_fd(&pasta->output);
    pasta->pid = 0;
}
