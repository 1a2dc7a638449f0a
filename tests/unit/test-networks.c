/* --network: what each phase can connect to. */
#include "unit.h"

#include "base/own.h"
#include "given.h"
#include "runtime/networks.h"
#include "sandbox/sandbox.h"

enum { NONE = SANDBOX_NETWORK_NONE, OUT = SANDBOX_NETWORK_OUTBOUND, ALL = OUT | SANDBOX_NETWORK_PRIVATE };

static void test_parsed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *again; /* NULL: the same */
        unsigned setup, test;
    } rows[] = {
        {"none", NULL, NONE, NONE},
        {"outbound", NULL, OUT, OUT},
        {"outbound,private", NULL, ALL, ALL},
        {"setup:outbound,test:none", NULL, OUT, NONE},
        {"setup:none,test:outbound", NULL, NONE, OUT},
        {"setup:outbound,private,test:none", NULL, ALL, NONE},
        {"setup:outbound,test:outbound,private", NULL, OUT, ALL},
        {"setup:outbound", "setup:outbound,test:none", OUT, NONE},
        {"test:outbound", "setup:none,test:outbound", NONE, OUT},
        {"test:none,setup:outbound", "setup:outbound,test:none", OUT, NONE},
        {"setup:outbound,test:outbound", "outbound", OUT, OUT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct networks networks;
        if (!networks_parse(rows[i].text, &networks))
            fail_msg("%s was refused", rows[i].text);
        assert_int_equal(networks.of[PHASE_SETUP], rows[i].setup);
        assert_int_equal(networks.of[PHASE_TEST], rows[i].test);
        cleanup_free char *text = networks_option(&networks);
        assert_text(rows[i].text, text, rows[i].again ? rows[i].again : rows[i].text);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "host",
        "private",
        "none,outbound",
        "outbound,none",
        "none,none",
        "outbound,outbound",
        "outbound,",
        ",outbound",
        "outbound,host",
        "private,outbound",
        "outbound,private,private",
        "outbound private",
        "setup:",
        "setup",
        "setup:host",
        "setup:private",
        "setup:outbound,",
        "setup:outbound,setup:none",
        "setup:setup:outbound",
        "deploy:outbound",
        "outbound,test:none",
        "setup:outbound,deploy:none",
        "setup:outbound,private,test:outbound", /* a part of it cannot be ended */
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct networks networks;
        if (networks_parse(texts[i], &networks))
            fail_msg("%s was accepted", texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parsed), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
