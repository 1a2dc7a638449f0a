/*
 * Ranges of addresses, and which of them a dyno may reach.
 *
 * A network is a bit (enum sandbox_network), and a dyno has a set of them. Two tables say what a set means: routes, of
 * what a bit allows, and exceptions from them, which hold unless a bit lifts them. What neither names has no route.
 */
#ifndef INDYNO_NET_RANGE_H
#define INDYNO_NET_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct net_range {
    int family;          /* AF_INET or AF_INET6 */
    uint8_t address[16]; /* in network order, the first 4 bytes of IPv4 */
    unsigned length;     /* of the prefix, in bits */
};

enum { NET_RANGE_TEXT_MAX = 64 };

/* "192.0.2.0/24", "2001:db8::/32"; an address without a length is one address. */
bool net_range_parse(const char *text, struct net_range *range);
void net_range_print(const struct net_range *range, char text[NET_RANGE_TEXT_MAX]);

/* What an IPv4 range is to a NAT64 of the well-known prefix (RFC 6052), which would lead there. */
struct net_range net_range_nat64(const struct net_range *ipv4);

struct net_rule {
    const char *range;
    unsigned networks; /* set of enum sandbox_network */
};

/* Routes there are where the dyno has one of the networks; what is forbidden is so unless it has. Each ends with a row
 * without a range. */
extern const struct net_rule net_routes[], net_forbidden[];

#endif
