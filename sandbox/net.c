#include "net.h"

#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/own.h"

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

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
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

/* Whether one message of a dump, or of the route groups, is a default route of the main table (rtnetlink(7)).
 */
static int see_route(struct nl_msg *message, void *seen)
{
    const struct nlmsghdr *header = nlmsg_hdr(message);
    if (header->nlmsg_type != RTM_NEWROUTE ||
        !nlmsg_valid_hdr((struct nlmsghdr *)(uintptr_t)header, sizeof(struct rtmsg)))
        return NL_OK;
    const struct rtmsg *route = nlmsg_data(header);
    if (route->rtm_dst_len == 0 && route->rtm_type == RTN_UNICAST && route->rtm_table == RT_TABLE_MAIN)
        *(bool *)seen = true;
    return NL_OK;
}

/* Asks for the routes that are there already; the groups bring those that come later. */
static int watch_routes(struct nl_sock *sock, bool *seen)
{
    static const unsigned groups[] = {RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE};
    const struct rtmsg all = {.rtm_family = AF_UNSPEC};
    nl_socket_disable_seq_check(sock);
    nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, see_route, seen);
    int code = nl_connect(sock, NETLINK_ROUTE);
    for (size_t i = 0; code >= 0 && i < sizeof groups / sizeof *groups; i++)
        code = nl_socket_add_membership(sock, (int)groups[i]);
    if (code >= 0)
        code = nl_send_simple(sock, RTM_GETROUTE, NLM_F_DUMP, (void *)(uintptr_t)&all, sizeof all);
    return code < 0 ? code : nl_socket_set_nonblocking(sock);
}

int net_await_default_route(uint64_t timeout_ms, struct error *err)
{
    __attribute__((cleanup(free_socket))) struct nl_sock *sock = nl_socket_alloc();
    bool seen = false;
    int code = sock ? watch_routes(sock, &seen) : -NLE_NOMEM;
    struct pollfd polled = {.fd = sock ? nl_socket_get_fd(sock) : -1, .events = POLLIN};
    for (int64_t deadline = clock_ms() + (int64_t)timeout_ms; code >= 0 && !seen;) {
        int64_t left = deadline - clock_ms();
        if (left <= 0)
            return fail(err, STATUS_ERRORED, "connect the dyno: no route within %llu ms",
                        (unsigned long long)timeout_ms);
        if (poll(&polled, 1, (int)left) > 0)
            code = nl_recvmsgs_default(sock);
        if (code == -NLE_AGAIN)
            code = 0;
    }
    return code < 0 ? fail(err, STATUS_ERRORED, "watch the dyno's routes: %s", nl_geterror(code)) : 0;
}
