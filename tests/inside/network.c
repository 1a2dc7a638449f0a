/* The network: nothing but a loopback of the dyno's own. */
#include "inside.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *interfaces(void)
{
    char line[512];
    FILE *list = fopen("/proc/net/dev", "re");
    const char *result = "none";
    for (unsigned n = 0; list && fgets(line, sizeof line, list); n++) {
        char name[64];
        if (n >= 2 && sscanf(line, " %63[^:]", name) == 1 && strcmp(name, "lo") != 0)
            result = told("%s", name);
    }
    if (!list)
        return "no list";
    fclose(list);
    return result;
}

static const char *routes(void)
{
    char text[4096];
    if (!read_text("/proc/net/route", text, sizeof text))
        return "no list";
    const char *rest = strchr(text, '\n');
    return !rest || !rest[1] ? "none" : told("%.100s", rest + 1);
}

static const char *connect_ipv4(const char *address, int port, int type)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, address, &to.sin_addr);
    int fd = socket(AF_INET, type, 0);
    const char *result = result_of(connect(fd, (const struct sockaddr *)(const void *)&to, sizeof to));
    close(fd);
    return result;
}

static const char *connect_outside(void)
{
    struct tally tally = {.should = "ENETUNREACH"};
    static const char *const addresses[] = {"198.51.100.7", "169.254.169.254", "10.0.0.1", "172.17.0.1"};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        tally_add(&tally, addresses[i], connect_ipv4(addresses[i], 80, SOCK_STREAM));
        tally_add(&tally, addresses[i], connect_ipv4(addresses[i], 53, SOCK_DGRAM));
    }
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(80)};
    inet_pton(AF_INET6, "2001:db8::7", &to.sin6_addr);
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    tally_add(&tally, "IPv6", result_of(connect(fd, (const struct sockaddr *)(const void *)&to, sizeof to)));
    return tally_result(&tally);
}

static const char *host_loopback(void)
{
    int port = prepared_number("port");
    return port < 0 ? NULL : connect_ipv4("127.0.0.1", port, SOCK_STREAM);
}

static const char *host_abstract_socket(void)
{
    const char *name = prepared("abstract");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (!name)
        return NULL;
    snprintf(to.sun_path + 1, sizeof to.sun_path - 1, "%s", name);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return result_of(connect(fd, (const struct sockaddr *)(const void *)&to, size));
}

static const char *listed_sockets(void)
{
    static char text[1 << 16];
    const char *name = prepared("abstract");
    if (!name)
        return NULL;
    char copy[128];
    snprintf(copy, sizeof copy, "%s", name);
    read_text("/proc/net/unix", text, sizeof text);
    return strstr(text, copy) ? "the host's" : "none of the host's";
}

static const char *raw_sockets(void)
{
    struct tally tally = {.should = "EPERM"};
    tally_add(&tally, "ICMP", result_of(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)));
    tally_add(&tally, "ICMPv6", result_of(socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)));
    return tally_result(&tally);
}

static const char *change_network(void)
{
    struct tally tally = {.should = "EPERM"};
    struct ifreq lo = {.ifr_name = "lo"};
    int mark = 1, fd = socket(AF_INET, SOCK_DGRAM, 0);
    tally_add(&tally, "interface", result_of(ioctl(fd, SIOCSIFFLAGS, &lo)));
    tally_add(&tally, "mark", result_of(setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark)));
    tally_add(&tally, "transparent",
              result_of(setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &mark, sizeof mark)));
    tally_add(&tally, "buffers", result_of(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &mark, sizeof mark)));
    return tally_result(&tally);
}

static const char *low_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(80)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return result_of(bind(fd, (const struct sockaddr *)(const void *)&at, sizeof at));
}

const struct attack network_attacks[] = {
    {"interfaces", BOTH, "to find an interface but lo", "none", interfaces},
    {"routes", BOTH, "to find a route", "none", routes},
    {"connect-outside", BOTH, "to connect to the outside", "ENETUNREACH", connect_outside},
    {"host-loopback", BOTH, "to connect to a server on the host's loopback", "ECONNREFUSED", host_loopback},
    {"host-abstract-socket", BOTH, "to connect to an abstract socket of the host's", "ECONNREFUSED",
     host_abstract_socket},
    {"listed-sockets", BOTH, "to see the host's sockets in /proc/net/unix", "none of the host's",
     listed_sockets},
    {"raw-sockets", BOTH, "raw sockets", "EPERM", raw_sockets},
    {"change-network", BOTH, "to change interfaces and what needs privileges", "EPERM", change_network},
    {"low-port", BOTH, "to bind port 80", "EACCES", low_port},
    {0},
};
