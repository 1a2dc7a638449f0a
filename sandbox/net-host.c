#include "net-host.h"

#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <string.h>

#include "base/own.h"

static bool is_known(const struct net_host *host, const struct net_range *range)
{
    for (size_t i = 0; i < host->count; i++)
        if (memcmp(&host->own[i], range, sizeof *range) == 0)
            return true;
    return false;
}

static void add_own(struct net_host *host, const struct net_range *prefix, const struct nlattr *address)
{
    struct net_range range = *prefix;
    if (nla_len(address) > (int)sizeof range.address)
        return;
    memcpy(range.address, nla_data(address), (size_t)nla_len(address));
    if (is_known(host, &range))
        return;
    host->own = reallocate(host->own, host->count + 1, sizeof *host->own);
    host->own[host->count++] = range;
}

/* Whatever is delivered to the host, by one address or by all of a network's. */
static bool leads_to_host(const struct rtmsg *route)
{
    return route->rtm_table == RT_TABLE_LOCAL &&
           (route->rtm_type == RTN_LOCAL || route->rtm_type == RTN_ANYCAST ||
            route->rtm_type == RTN_BROADCAST);
}

static bool leads_out(const struct rtmsg *route)
{
    return route->rtm_table == RT_TABLE_MAIN && route->rtm_type == RTN_UNICAST && route->rtm_dst_len == 0;
}

static void see_route(struct net_host *host, struct nlmsghdr *header)
{
    const struct rtmsg *route = nlmsg_data(header);
    const struct nlattr *to = nlmsg_find_attr(header, sizeof *route, RTA_DST);
    struct net_range range = {.family = route->rtm_family, .length = route->rtm_dst_len};
    if (leads_to_host(route) && to)
        add_own(host, &range, to);
    if (leads_out(route))
        *(route->rtm_family == AF_INET ? &host->ipv4 : &host->ipv6) = true;
}

static void see_address(struct net_host *host, struct nlmsghdr *header)
{
    const struct ifaddrmsg *address = nlmsg_data(header);
    const struct nlattr *own = nlmsg_find_attr(header, sizeof *address, IFA_LOCAL);
    if (!own)
        own = nlmsg_find_attr(header, sizeof *address, IFA_ADDRESS);
    if (own)
        add_own(host,
                &(struct net_range){.family = address->ifa_family, .length = 8 * (unsigned)nla_len(own)},
                own);
}

static int see(struct nl_msg *message, void *host)
{
    static const struct {
        int type, size;
        void (*see)(struct net_host *, struct nlmsghdr *);
    } kinds[] = {{RTM_NEWROUTE, sizeof(struct rtmsg), see_route},
                 {RTM_NEWADDR, sizeof(struct ifaddrmsg), see_address}};
    struct nlmsghdr *header = nlmsg_hdr(message);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (header->nlmsg_type == kinds[i].type && nlmsg_valid_hdr(header, kinds[i].size))
            kinds[i].see(host, header);
    return NL_OK;
}

/* The groups first, so that nothing can come in between. */
static int ask(struct net_host *host)
{
    static const unsigned groups[] = {RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR};
    struct rtmsg all = {.rtm_family = AF_UNSPEC};
    nl_socket_disable_seq_check(host->sock);
    nl_socket_modify_cb(host->sock, NL_CB_VALID, NL_CB_CUSTOM, see, host);
    int code = nl_connect(host->sock, NETLINK_ROUTE);
    for (size_t i = 0; code >= 0 && i < sizeof groups / sizeof *groups; i++)
        code = nl_socket_add_membership(host->sock, (int)groups[i]);
    if (code >= 0)
        code = nl_send_simple(host->sock, RTM_GETROUTE, NLM_F_DUMP, &all, sizeof all);
    if (code >= 0)
        code = nl_recvmsgs_default(host->sock);
    return code < 0 ? code : nl_socket_set_nonblocking(host->sock);
}

int net_host_watch(struct net_host *host, struct error *err)
{
    *host = (struct net_host){.sock = nl_socket_alloc()};
    int code = host->sock ? ask(host) : -NLE_NOMEM;
    return code < 0 ? fail(err, STATUS_ERRORED, "list the host's addresses: %s", nl_geterror(code)) : 0;
}

int net_host_fd(const struct net_host *host)
{
    return host->sock ? nl_socket_get_fd(host->sock) : -1;
}

int net_host_hear(struct net_host *host, struct error *err)
{
    int code = nl_recvmsgs_default(host->sock);
    return code < 0 && code != -NLE_AGAIN
               ? fail(err, STATUS_ERRORED, "follow the host's addresses: %s", nl_geterror(code))
               : 0;
}

void net_host_leave(struct net_host *host)
{
    if (host->sock)
        nl_socket_free(host->sock);
    host->sock = NULL;
}

void net_host_clear(struct net_host *host)
{
    net_host_leave(host);
    free(host->own);
    *host = (struct net_host){0};
}
