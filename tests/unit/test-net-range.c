/* Ranges of addresses, and which of them a dyno may reach. */
#include "unit.h"

#include <string.h>
#include <sys/socket.h>

#include "base/own.h"
#include "base/text.h"
#include "sandbox/net-range.h"
#include "sandbox/sandbox.h"

static void test_parsed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *again; /* NULL: the same */
        int family;
    } rows[] = {
        {"0.0.0.0/0", NULL, AF_INET},           {"10.0.0.0/8", NULL, AF_INET},
        {"192.0.2.1", "192.0.2.1/32", AF_INET}, {"::/0", NULL, AF_INET6},
        {"2001:db8::/32", NULL, AF_INET6},      {"fe80::1", "fe80::1/128", AF_INET6},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct net_range range;
        char text[NET_RANGE_TEXT_MAX];
        if (!net_range_parse(rows[i].text, &range))
            fail_msg("%s was refused", rows[i].text);
        assert_int_equal(range.family, rows[i].family);
        net_range_print(&range, text);
        assert_string_equal(text, rows[i].again ? rows[i].again : rows[i].text);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "/8",
        "10",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/ 8",
        "10.0.0.0/8x",
        "10.0.0/8",
        "::/129",
        "fe80::1%lo",
        "example.org",
        "10.0.0.0/99999999999999999999",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999:1111:2222:3333:4444:5555:6666:7777/1"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct net_range range;
        if (net_range_parse(texts[i], &range))
            fail_msg("%s was accepted", texts[i]);
    }
}

static void test_nat64(void **state)
{
    (void)state;
    struct net_range ipv4;
    char text[NET_RANGE_TEXT_MAX];
    assert_true(net_range_parse("169.254.0.0/16", &ipv4));
    const struct net_range range = net_range_nat64(&ipv4);
    net_range_print(&range, text);
    assert_string_equal(text, "64:ff9b::a9fe:0/112");
}

static bool covers(const struct net_range *range, const struct net_range *address)
{
    if (range->family != address->family)
        return false;
    for (unsigned bit = 0; bit < range->length; bit++)
        if ((range->address[bit / 8] ^ address->address[bit / 8]) & (0x80 >> bit % 8))
            return false;
    return true;
}

/* What the tables mean, as net.c makes routes and rules of them. */
static bool may_reach(const char *text, unsigned networks)
{
    struct net_range address, range;
    bool route = false, forbidden = false;
    assert_true(net_range_parse(text, &address));
    for (const struct net_rule *rule = net_routes; rule->range; rule++) {
        assert_true(net_range_parse(rule->range, &range));
        route = route || ((rule->networks & networks) && covers(&range, &address));
    }
    for (const struct net_rule *rule = net_forbidden; rule->range; rule++) {
        assert_true(net_range_parse(rule->range, &range));
        forbidden = forbidden || (!(rule->networks & networks) && covers(&range, &address));
    }
    return route && !forbidden;
}

static void test_reached(void **state)
{
    (void)state;
    enum { OUT = SANDBOX_NETWORK_OUTBOUND, ALL = OUT | SANDBOX_NETWORK_PRIVATE };
    static const struct {
        const char *address;
        bool outbound, with_private;
    } rows[] = {
        {"1.1.1.1", true, true},
        {"223.255.255.255", true, true},
        {"100.63.255.255", true, true},
        {"100.128.0.0", true, true},
        {"172.15.255.255", true, true},
        {"172.32.0.0", true, true},
        {"169.253.255.255", true, true},
        {"2606:4700::1111", true, true},
        {"2001:4860::1", true, true},
        {"10.255.0.1", false, true},
        {"172.31.255.255", false, true},
        {"192.168.0.1", false, true},
        {"100.64.0.1", false, true},
        {"198.19.0.1", false, true},
        {"fd12::1", false, true},
        {"fc00::1", false, true},
        {"0.0.0.0", false, false},
        {"0.1.2.3", false, false},
        {"127.0.0.1", false, false},
        {"127.9.9.9", false, false},
        {"169.254.169.254", false, false},
        {"169.254.1.1", false, false},
        {"192.0.0.192", false, false},
        {"100.100.100.200", false, false},
        {"224.0.0.251", false, false},
        {"240.0.0.1", false, false},
        {"255.255.255.255", false, false},
        {"::", false, false},
        {"::1", false, false},
        {"::ffff:10.0.0.1", false, false},
        {"::127.0.0.1", false, false},
        {"fe80::1", false, false},
        {"fec0::1", false, false},
        {"ff02::1", false, false},
        {"ff0e::1", false, false},
        {"fd00:ec2::254", false, false},
        {"2002:7f00:1::", false, false},
        {"2001::1", false, false},
        {"64:ff9b:1::1", false, false},
        {"4000::1", false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (may_reach(rows[i].address, SANDBOX_NETWORK_NONE) ||
            may_reach(rows[i].address, OUT) != rows[i].outbound ||
            may_reach(rows[i].address, ALL) != rows[i].with_private)
            fail_msg("%s", rows[i].address);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parsed), cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_nat64), cmocka_unit_test(test_reached)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
