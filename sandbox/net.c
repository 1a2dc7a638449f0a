#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fib_rules.h>
#include <linux/if_tun.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "base/own.h"
#include "base/teeth.h"
#include "sandbox.h"

enum {
    LOOPBACK_INDEX = 1, /* the first interface of every network namespace */
    MTU = 65520,        /* pasta's own: the largest frame, in whole words of 32 bits */
    RULE_RESOLVER = 100,
    RULE_FORBIDDEN = 200,
    DNS_PORT = 53,
    PASTA_TIMEOUT_MS = 20 * 1000,
    OPERATES = 6, /* IF_OPER_UP (RFC 2863), of a header that <net/if.h> excludes */
    CARRIER = 1 << 16
};

static const uint8_t gateway_hardware[6] = {0x02, 'i', 'n', 'd', 'y', 'n'};

unsigned net_wanted(const struct sandbox_spec *spec)
{
    unsigned networks = SANDBOX_NETWORK_NONE;
    for (size_t i = 0; i < spec->step_count; i++)
        networks |= spec->steps[i].networks;
    return networks;
}

/* A connection that was made to what is taken away could go on hearing from it: only all of them can be ended, with pasta,
 * which is started once. */
bool net_can_follow(const struct sandbox_spec *spec)
{
    bool ended = false;
    for (size_t i = 1; i < spec->step_count; i++) {
        unsigned before = spec->steps[i - 1].networks, now = spec->steps[i].networks;
        ended = ended || (before && !now);
        if (now && (ended || (before & ~now)))
            return false;
    }
    return true;
}

/* ---- Messages ---- */

static void free_socket(struct nl_sock **sock)
{
    if (*sock)
        nl_socket_free(*sock);
}

static struct nl_msg *start_message(int type, int flags, const void *header, size_t size)
{
    struct nl_msg *message = nlmsg_alloc_simple(type, NLM_F_REQUEST | NLM_F_ACK | flags);
    if (message && nlmsg_append(message, (void *)(uintptr_t)header, size, NLMSG_ALIGNTO) < 0) {
        nlmsg_free(message);
        return NULL;
    }
    return message;
}

/* Frees message, which may be NULL. Returns libnl's code. */
static int send_message(struct nl_sock *sock, struct nl_msg *message)
{
    return message ? nl_send_sync(sock, message) : -NLE_NOMEM;
}

static struct net_range range_of(const char *text)
{
    struct net_range range;
    net_range_parse(text, &range);
    return range;
}

static int put_address(struct nl_msg *message, int attribute, const struct net_range *range)
{
    return nla_put(message, attribute, range->family == AF_INET ? 4 : 16, range->address);
}

/* ---- Interfaces ---- */

static int set_up(struct nl_sock *sock, int index, unsigned mtu)
{
    struct ifinfomsg link = {
        .ifi_family = AF_UNSPEC, .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    struct nl_msg *message = start_message(RTM_NEWLINK, 0, &link, sizeof link);
    if (message && mtu)
        nla_put_u32(message, IFLA_MTU, mtu);
    return send_message(sock, message);
}

int net_loopback_up(struct error *err)
{
    __attribute__((cleanup(free_socket))) struct nl_sock *sock = nl_socket_alloc();
    int code = sock ? nl_connect(sock, NETLINK_ROUTE) : -NLE_NOMEM;
    if (code >= 0)
        code = set_up(sock, LOOPBACK_INDEX, 0);
    return code < 0 ? fail(err, STATUS_ERRORED, "set the loopback up: %s", nl_geterror(code)) : 0;
}

/* It stays when this descriptor is closed, and waits for pasta's. */
static int make_interface(struct error *err)
{
    const struct tun_filter head = {.count = 1};
    uint8_t filter[sizeof head + sizeof gateway_hardware];
    struct ifreq request = {.ifr_name = NET_INTERFACE, .ifr_flags = IFF_TAP | IFF_NO_PI};
    memcpy(filter, &head, sizeof head);
    memcpy(filter + sizeof head, gateway_hardware, sizeof gateway_hardware);
    cleanup_fd int tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (tap < 0) {
        fail_errno(err, "--network=outbound: open /dev/net/tun");
        error_remedy(err, "as root: modprobe tun; chmod 666 /dev/net/tun; docker run --device /dev/net/tun");
        return -1;
    }
    if (ioctl(tap, TUNSETIFF, &request) < 0 || ioctl(tap, TUNSETPERSIST, 1) < 0 ||
        (!teeth_out("tap-filter") && ioctl(tap, TUNSETTXFILTER, filter) < 0))
        return fail_errno(err, "make the dyno's interface");
    return 0;
}

static int add_address(const struct net *net, const char *text)
{
    struct net_range range = range_of(text);
    struct ifaddrmsg header = {.ifa_family = (uint8_t)range.family,
                               .ifa_prefixlen = (uint8_t)range.length,
                               .ifa_flags = IFA_F_NODAD,
                               .ifa_index = (unsigned)net->interface};
    struct nl_msg *message = start_message(RTM_NEWADDR, NLM_F_CREATE, &header, sizeof header);
    if (message)
        put_address(message, IFA_LOCAL, &range);
    return send_message(net->sock, message);
}

static int add_gateway(const struct net *net, const char *text)
{
    struct net_range range = range_of(text);
    struct ndmsg header = {
        .ndm_family = (uint8_t)range.family, .ndm_ifindex = net->interface, .ndm_state = NUD_PERMANENT};
    struct nl_msg *message = start_message(RTM_NEWNEIGH, NLM_F_CREATE, &header, sizeof header);
    if (message) {
        put_address(message, NDA_DST, &range);
        nla_put(message, NDA_LLADDR, sizeof gateway_hardware, gateway_hardware);
    }
    return send_message(net->sock, message);
}

/* ---- Routes and rules ---- */

static int change_route(const struct net *net, int type, const struct net_range *to)
{
    const bool ipv4 = to->family == AF_INET;
    struct net_range gateway = range_of(ipv4 ? NET_IPV4_GATEWAY : NET_IPV6_GATEWAY);
    struct net_range source = range_of(ipv4 ? NET_IPV4 : NET_IPV6);
    struct rtmsg header = {.rtm_family = (uint8_t)to->family,
                           .rtm_dst_len = (uint8_t)to->length,
                           .rtm_table = RT_TABLE_MAIN,
                           .rtm_protocol = RTPROT_STATIC,
                           .rtm_scope = RT_SCOPE_UNIVERSE,
                           .rtm_type = RTN_UNICAST,
                           .rtm_flags = RTNH_F_ONLINK};
    struct nl_msg *message =
        start_message(type, type == RTM_NEWROUTE ? NLM_F_CREATE : 0, &header, sizeof header);
    if (message) {
        put_address(message, RTA_DST, to);
        put_address(message, RTA_GATEWAY, &gateway);
        put_address(message, RTA_PREFSRC, &source);
        nla_put_u32(message, RTA_OIF, (unsigned)net->interface);
    }
    return send_message(net->sock, message);
}

static struct nl_msg *start_rule(int type, const struct net_range *to, uint8_t action, unsigned priority)
{
    struct fib_rule_hdr header = {.family = (uint8_t)to->family,
                                  .dst_len = (uint8_t)to->length,
                                  .table = action == FR_ACT_TO_TBL ? RT_TABLE_MAIN : RT_TABLE_UNSPEC,
                                  .action = action};
    struct nl_msg *message =
        start_message(type, type == RTM_NEWRULE ? NLM_F_CREATE | NLM_F_EXCL : 0, &header, sizeof header);
    if (!message)
        return NULL;
    put_address(message, FRA_DST, to);
    nla_put_u32(message, FRA_PRIORITY, priority);
    return message;
}

static int change_forbidden(const struct net *net, int type, const struct net_range *range)
{
    if (teeth_out("unreachable-rules"))
        return 0;
    int code = send_message(net->sock, start_rule(type, range, FR_ACT_UNREACHABLE, RULE_FORBIDDEN));
    return code == -NLE_EXIST ? 0 : code;
}

static bool has_family(const struct net *net, int family)
{
    return family == AF_INET ? net->ipv4 : net->ipv6;
}

/* With what leads there by way of a NAT64. */
static int change_range(const struct net *net, int type, const struct net_range *range)
{
    int code = has_family(net, range->family) ? change_forbidden(net, type, range) : 0;
    if (code < 0 || range->family != AF_INET || !net->ipv6)
        return code;
    const struct net_range translated = net_range_nat64(range);
    return change_forbidden(net, type, &translated);
}

static int open_resolver(const struct net *net, const char *text)
{
    static const uint8_t protocols[] = {IPPROTO_UDP, IPPROTO_TCP};
    const struct fib_rule_port_range port = {DNS_PORT, DNS_PORT};
    struct net_range resolver = range_of(text);
    int code = 0;
    for (size_t i = 0; code >= 0 && i < sizeof protocols; i++) {
        struct nl_msg *message = start_rule(RTM_NEWRULE, &resolver, FR_ACT_TO_TBL, RULE_RESOLVER);
        if (message) {
            nla_put_u8(message, FRA_IP_PROTO, protocols[i]);
            nla_put(message, FRA_DPORT_RANGE, sizeof port, &port);
        }
        code = send_message(net->sock, message);
    }
    return code;
}

/* ---- The way out ---- */

static int open_family(const struct net *net, const char *address, const char *gateway, const char *resolver)
{
    int code = add_address(net, address);
    if (code >= 0)
        code = add_gateway(net, gateway);
    return code < 0 ? code : open_resolver(net, resolver);
}

static int forbid_all(const struct net *net, const struct net_host *host)
{
    int code = 0;
    for (const struct net_rule *rule = net_forbidden; code >= 0 && rule->range; rule++) {
        struct net_range range = range_of(rule->range);
        code = change_range(net, RTM_NEWRULE, &range);
    }
    for (size_t i = 0; code >= 0 && i < host->count; i++)
        code = change_range(net, RTM_NEWRULE, &host->own[i]);
    return code;
}

static int set_out(struct net *net, const struct net_host *host)
{
    int code = nl_connect(net->sock, NETLINK_ROUTE);
    if (code >= 0)
        code = set_up(net->sock, net->interface, MTU);
    if (code >= 0 && net->ipv4)
        code = open_family(net, NET_IPV4, NET_IPV4_GATEWAY, SANDBOX_RESOLVER);
    if (code >= 0 && net->ipv6)
        code = open_family(net, NET_IPV6, NET_IPV6_GATEWAY, SANDBOX_RESOLVER_IPV6);
    return code < 0 ? code : forbid_all(net, host);
}

int net_open(const struct net_host *host, struct net *net, struct error *err)
{
    *net = (struct net){.sock = nl_socket_alloc(), .ipv4 = host->ipv4, .ipv6 = host->ipv6};
    if (make_interface(err) < 0)
        return -1;
    net->interface = (int)if_nametoindex(NET_INTERFACE);
    int code = net->sock ? set_out(net, host) : -NLE_NOMEM;
    return code < 0 ? fail(err, STATUS_ERRORED, "set the dyno's way out up: %s", nl_geterror(code)) : 0;
}

static int change_routes(const struct net *net, int type, unsigned networks)
{
    int code = 0;
    for (const struct net_rule *rule = net_routes; code >= 0 && rule->range; rule++) {
        struct net_range range = range_of(rule->range);
        if ((rule->networks & networks) && has_family(net, range.family))
            code = change_route(net, type, &range);
    }
    return code;
}

static int change_exceptions(const struct net *net, unsigned networks)
{
    int code = 0;
    for (const struct net_rule *rule = net_forbidden; code >= 0 && rule->range; rule++) {
        struct net_range range = range_of(rule->range);
        bool lifted = rule->networks & networks;
        if (lifted != !!(rule->networks & net->networks))
            code = change_range(net, lifted ? RTM_DELRULE : RTM_NEWRULE, &range);
    }
    return code;
}

/* All routes go, and come again, so that no connection goes on by what it has kept of an older one. */
int net_allow(struct net *net, unsigned networks, struct error *err)
{
    int code = change_routes(net, RTM_DELROUTE, net->networks);
    if (code >= 0)
        code = change_exceptions(net, networks);
    if (code >= 0)
        code = change_routes(net, RTM_NEWROUTE, networks);
    net->networks = networks;
    return code < 0 ? fail(err, STATUS_ERRORED, "change what the dyno can reach: %s", nl_geterror(code)) : 0;
}

int net_forbid(const struct net *net, const struct net_range *range, struct error *err)
{
    int code = change_range(net, RTM_NEWRULE, range);
    return code < 0 ? fail(err, STATUS_ERRORED, "keep the dyno from an address of the host's: %s",
                           nl_geterror(code))
                    : 0;
}

int net_close(struct net *net, struct error *err)
{
    struct ifinfomsg link = {.ifi_family = AF_UNSPEC, .ifi_index = net->interface};
    int code = send_message(net->sock, start_message(RTM_DELLINK, 0, &link, sizeof link));
    nl_socket_free(steal_pointer(net->sock));
    net->networks = SANDBOX_NETWORK_NONE;
    return code < 0 ? fail(err, STATUS_ERRORED, "remove the dyno's interface: %s", nl_geterror(code)) : 0;
}

/* ---- Waiting for pasta ---- */

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct carrier {
    int interface;
    bool seen;
};

/* Its state and not its flags, which say so a moment before packets are taken. */
static int see_link(struct nl_msg *message, void *context)
{
    struct carrier *carrier = context;
    struct nlmsghdr *header = nlmsg_hdr(message);
    if (header->nlmsg_type != RTM_NEWLINK || !nlmsg_valid_hdr(header, sizeof(struct ifinfomsg)))
        return NL_OK;
    const struct ifinfomsg *link = nlmsg_data(header);
    const struct nlattr *state = nlmsg_find_attr(header, sizeof *link, IFLA_OPERSTATE);
    if (link->ifi_index == carrier->interface && (link->ifi_flags & CARRIER) && state &&
        nla_get_u8(state) == OPERATES)
        carrier->seen = true;
    return NL_OK;
}

/* Asks for how it is; the group brings what changes. */
static int watch_link(struct nl_sock *sock, struct carrier *carrier)
{
    struct ifinfomsg link = {.ifi_family = AF_UNSPEC, .ifi_index = carrier->interface};
    nl_socket_disable_seq_check(sock);
    nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, see_link, carrier);
    int code = nl_connect(sock, NETLINK_ROUTE);
    if (code >= 0)
        code = nl_socket_add_membership(sock, RTNLGRP_LINK);
    if (code >= 0)
        code = nl_send_simple(sock, RTM_GETLINK, 0, &link, sizeof link);
    return code < 0 ? code : nl_socket_set_nonblocking(sock);
}

int net_await_pasta(struct net *net, struct error *err)
{
    if (net->connected)
        return 0;
    __attribute__((cleanup(free_socket))) struct nl_sock *sock = nl_socket_alloc();
    struct carrier carrier = {.interface = net->interface};
    int code = sock ? watch_link(sock, &carrier) : -NLE_NOMEM;
    struct pollfd polled = {.fd = sock ? nl_socket_get_fd(sock) : -1, .events = POLLIN};
    for (int64_t deadline = clock_ms() + PASTA_TIMEOUT_MS; code >= 0 && !carrier.seen;) {
        int64_t left = deadline - clock_ms();
        if (left <= 0)
            return fail(err, STATUS_ERRORED, "connect the dyno: pasta was not there within %d ms",
                        PASTA_TIMEOUT_MS);
        if (poll(&polled, 1, (int)left) > 0)
            code = nl_recvmsgs_default(sock);
        if (code == -NLE_AGAIN)
            code = 0;
    }
    net->connected = carrier.seen;
    return code < 0 ? fail(err, STATUS_ERRORED, "watch the dyno's interface: %s", nl_geterror(code)) : 0;
}
