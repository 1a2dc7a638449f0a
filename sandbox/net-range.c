#include "net-range.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox.h"

enum { IPV4_BITS = 32, IPV6_BITS = 128, NAT64_BITS = 96, DECIMAL = 10 };

/* IPv6 has its global addresses in 2000::/3. Beyond it are the host's loopback, IPv4 in other clothes (::/96,
 * ::ffff:0:0/96), one link's (fe80::/10), groups (ff00::/8) and whatever will be: none of them has a route. */
const struct net_rule net_routes[] = {
    {"0.0.0.0/0", SANDBOX_NETWORK_OUTBOUND}, /* all of IPv4 */
    {"2000::/3", SANDBOX_NETWORK_OUTBOUND},
    {"64:ff9b::/96", SANDBOX_NETWORK_OUTBOUND}, /* NAT64: IPv4 for a host that has only IPv6 */
    {SANDBOX_RESOLVER_IPV6, SANDBOX_NETWORK_OUTBOUND},
    {"fc00::/7", SANDBOX_NETWORK_PRIVATE},
    {0}, /* the end */
};

/* IANA's registries of special-purpose addresses, less those for documentation, which lead nowhere; and where clouds
 * tell a machine its secrets. */
const struct net_rule net_forbidden[] = {
    {"0.0.0.0/8", SANDBOX_NETWORK_NONE}, /* Linux takes 0.0.0.0 for the host itself */
    {"127.0.0.0/8", SANDBOX_NETWORK_NONE},
    {"169.254.0.0/16", SANDBOX_NETWORK_NONE},  /* one link's, and the secrets of most clouds */
    {"192.0.0.0/24", SANDBOX_NETWORK_NONE},    /* protocols' own, and secrets */
    {"100.100.100.200", SANDBOX_NETWORK_NONE}, /* secrets */
    {"fd00:ec2::/32", SANDBOX_NETWORK_NONE},
    {"224.0.0.0/3", SANDBOX_NETWORK_NONE}, /* groups, reserved, broadcast */
    {"fd69:6e64:796e::/48",
     SANDBOX_NETWORK_NONE},              /* the dyno's interface; the name server's port comes before */
    {"2001::/32", SANDBOX_NETWORK_NONE}, /* IPv4 in other clothes: Teredo, 6to4 */
    {"2002::/16", SANDBOX_NETWORK_NONE},
    {"10.0.0.0/8", SANDBOX_NETWORK_PRIVATE},
    {"100.64.0.0/10", SANDBOX_NETWORK_PRIVATE}, /* a provider's */
    {"172.16.0.0/12", SANDBOX_NETWORK_PRIVATE},
    {"192.168.0.0/16", SANDBOX_NETWORK_PRIVATE},
    {"198.18.0.0/15", SANDBOX_NETWORK_PRIVATE}, /* laboratories' */
    {0},
};

static unsigned bits_of(int family)
{
    return family == AF_INET ? IPV4_BITS : IPV6_BITS;
}

bool net_range_parse(const char *text, struct net_range *range)
{
    char address[NET_RANGE_TEXT_MAX], *end;
    size_t size = strcspn(text, "/");
    *range = (struct net_range){.family = strchr(text, ':') ? AF_INET6 : AF_INET};
    range->length = bits_of(range->family);
    if (size >= sizeof address)
        return false;
    memcpy(address, text, size);
    address[size] = '\0';
    if (inet_pton(range->family, address, range->address) != 1)
        return false;
    if (!text[size])
        return true;
    if (strspn(text + size + 1, "0123456789") == 0)
        return false;
    unsigned long length = strtoul(text + size + 1, &end, DECIMAL);
    if (*end || length > bits_of(range->family))
        return false;
    range->length = (unsigned)length;
    return true;
}

void net_range_print(const struct net_range *range, char text[NET_RANGE_TEXT_MAX])
{
    if (!inet_ntop(range->family, range->address, text, NET_RANGE_TEXT_MAX))
        text[0] = '\0';
    size_t size = strlen(text);
    snprintf(text + size, NET_RANGE_TEXT_MAX - size, "/%u", range->length);
}

struct net_range net_range_nat64(const struct net_range *ipv4)
{
    struct net_range range = {
        .family = AF_INET6, .address = {0x00, 0x64, 0xff, 0x9b}, .length = NAT64_BITS + ipv4->length};
    memcpy(range.address + NAT64_BITS / 8, ipv4->address, IPV4_BITS / 8);
    return range;
}
