/*
 * The network of the host, as far as it concerns a dyno with a way out: which addresses are the host's own, so that no
 * dyno can connect to them, and whether there is a way.
 *
 * Theory of operation. What the kernel delivers to the host itself stands in its routing table `local`
 * (ip-route(8)), which has more than the addresses of interfaces. Addresses that come later are heard of, too: they
 * change while a dyno runs (DHCP, IPv6's temporary ones).
 */
#ifndef INDYNO_NET_HOST_H
#define INDYNO_NET_HOST_H

#include "base/error.h"
#include "net-range.h"

struct nl_sock;

struct net_host {
    struct nl_sock *sock;  /* NULL: not watched */
    struct net_range *own; /* in the order in which they were heard of */
    size_t count;
    bool ipv4, ipv6; /* has a default route */
};

/* Fills host with what there is now. */
int net_host_watch(struct net_host *host, struct error *err);

/* Readable when there is news, which net_host_hear adds to host; -1 where nothing is watched. */
int net_host_fd(const struct net_host *host);
int net_host_hear(struct net_host *host, struct error *err);

/* Hears no more, and keeps what there is: for init, which is a fork. */
void net_host_leave(struct net_host *host);

void net_host_clear(struct net_host *host);

#endif
