/*
 * The dyno's network namespace, from inside: a loopback, and a way out where there is one.
 *
 * Theory of operation. pasta makes connections wherever a packet is addressed to, the host's own addresses and loopback
 * among them, so all that keeps a dyno from any of it is in the dyno's namespace, is there before pasta is, and needs
 * CAP_NET_ADMIN to be changed, which only init has:
 *
 * - The interface that pasta attaches to is made here. It lets frames to one hardware address pass, its gateway's
 *   (TUNSETTXFILTER), which stands in the table of neighbours for good; the gateway's own address is nobody's.
 * - Nothing is on the link. There are routes through the gateway for what a dyno may reach (net-range.h), and rules before
 *   them that make unreachable what it may not, the host's own addresses among it.
 *
 * Both are needed. A socket that is bound to the interface (SO_BINDTODEVICE, IP_PKTINFO; no privilege asked) makes Linux
 * take what is unreachable by IPv4 to be on the link, and IPv6 pass over unreachable routes, though not over rules; groups
 * need no route at all. Such frames are to other hardware addresses than the gateway's.
 *
 * Of the name server's address a rule lets only port 53 through.
 */
#ifndef INDYNO_NET_H
#define INDYNO_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "net-host.h"

struct sandbox_spec;

/* The interface, and its addresses there; pasta has to know them. */
#define NET_INTERFACE    "outside"
#define NET_IPV4         "192.0.0.2" /* of those for hosts behind a translator (RFC 7335) */
#define NET_IPV4_GATEWAY "192.0.0.1"
#define NET_IPV6         "fd69:6e64:796e::2"
#define NET_IPV6_GATEWAY "fe80::1"

/* All networks that any of the spec's steps has. */
unsigned net_wanted(const struct sandbox_spec *spec);

/* Whether the steps' networks can follow each other as they do (sandbox.h). */
bool net_can_follow(const struct sandbox_spec *spec);

struct net {
    struct nl_sock *sock; /* NULL: there is no way out */
    int interface;
    bool ipv4, ipv6;
    bool connected;    /* pasta has been seen */
    unsigned networks; /* that can be reached now */
};

/* Sets the loopback interface of the calling process's network namespace up (rtnetlink(7)). */
int net_loopback_up(struct error *err);

/* Makes the interface, the host's addresses unreachable, and no network reachable. */
int net_open(const struct net_host *host, struct net *net, struct error *err);

/* Waits until pasta is at the other end; once for each way out. */
int net_await_pasta(struct net *net, struct error *err);

/* What can be reached from now on; connections that were made before to what cannot any more lose their route. */
int net_allow(struct net *net, unsigned networks, struct error *err);

/* Makes one more range unreachable. */
int net_forbid(const struct net *net, const struct net_range *range, struct error *err);

/* Removes the interface, and with it all connections through it. */
int net_close(struct net *net, struct error *err);

#endif
