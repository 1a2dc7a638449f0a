#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "base/sys.h"
#include "base/text.h"
#include "sandbox.h"

extern char **environ;

enum { LOOPBACK_INDEX = 1 }; /* the first interface of every network namespace */

static void free_socket(struct nl_sock **sock)
{
    if (*sock)
        nl_socket_free(*sock);
}

static void free_message(struct nl_msg **message)
{
    if (*message)
        nlmsg_free(*message);
}

int net_loopback_up(struct error *err)
{
    __attribute__((cleanup(free_socket))) struct nl_sock *sock = nl_socket_alloc();
    __attribute__((cleanup(free_message))) struct nl_msg *message =
        nlmsg_alloc_simple(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK);
    struct ifinfomsg link = {
        .ifi_family = AF_UNSPEC, .ifi_index = LOOPBACK_INDEX, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    if (!sock || !message || nlmsg_append(message, &link, sizeof link, NLMSG_ALIGNTO) < 0)
        return fail(err, STATUS_ERRORED, "set the loopback up: out of memory");
    int code = nl_connect(sock, NETLINK_ROUTE);
    if (code >= 0)
        code = nl_send_sync(sock, steal_pointer(message)); /* frees the message */
    return code < 0 ? fail(err, STATUS_ERRORED, "set the loopback up: %s", nl_geterror(code)) : 0;
}

static pid_t read_pid_file(const char *path)
{
    cleanup_free char *text = text_read_file(AT_FDCWD, path, 64, NULL, NULL);
    unlink(path);
    return text ? (pid_t)strtol(text, NULL, 10) : 0;
}

int net_pasta_start(pid_t pid, const char *state_dir, unsigned slot, pid_t *pasta, struct error *err)
{
    cleanup_free char *pid_file = text_format("%s/pasta.%u", state_dir, slot);
    cleanup_free char *user_ns = text_format("/proc/%d/ns/user", pid);
    cleanup_free char *net_ns = text_format("/proc/%d/ns/net", pid);
    const char *argv[] = {"pasta",
                          "--quiet",
                          "--config-net",
                          "--no-map-gw",
                          "-t",
                          "none",
                          "-u",
                          "none",
                          "-T",
                          "none",
                          "-U",
                          "none",
                          "--pid",
                          pid_file,
                          "--dns-forward",
                          SANDBOX_RESOLVER,
                          "--userns",
                          user_ns,
                          "--netns",
                          net_ns,
                          NULL};
    pid_t child;
    int status;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    errno = posix_spawnp(&child, "pasta", NULL, NULL, (char *const *)(uintptr_t)argv, environ);
    if (errno) {
        fail_errno(err, "run pasta, which --network=outbound needs");
        error_remedy(err, "install it (Debian: passt)");
        return -1;
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    *pasta = read_pid_file(pid_file);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || *pasta <= 0)
        return fail(err, STATUS_DATA,
                    "--network=outbound: pasta could not connect the dyno (its reason is above)");
    int pidfd = sys_pidfd_open(*pasta);
    return pidfd < 0 ? fail_errno(err, "watch pasta") : pidfd;
}
