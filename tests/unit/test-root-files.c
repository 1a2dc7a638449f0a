/* What of the host's /etc a dyno sees: what programs need to work, and nothing that keeps a secret. */
#include "unit.h"

#include "runtime/root-files.h"

static void test_shown(void **state)
{
    (void)state;
    static const char *const names[] = {
        "alternatives",    "ca-certificates", "ld.so.cache", "ld.so.conf.d", "localtime",
        "nsswitch.conf",   "os-release",      "services",    "perl",         "php8",
        "python3.13",      "java-17-openjdk", "ruby3.1",     "ssl/certs",    "pki/tls/certs",
        "ssl/openssl.cnf",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!root_files_shows(names[i]))
            fail_msg("/etc/%s is not shown", names[i]);
}

static void test_not_shown(void **state)
{
    (void)state;
    static const char *const names[] = {
        "",
        "passwd",
        "shadow",
        "shadow-",
        "sudoers",
        "hosts",
        "resolv.conf",
        "npmrc",
        "pip.conf",
        "environment",
        "machine-id",
        "krb5.keytab",
        "ssh",
        "ssl",
        "ssl/private",
        "ssl/certs/x",
        "pki",
        "pki/tls/private",
        "php/conf",
        "python",
        "ld.so",
        ".pwd.lock",
        "xperl",
        "Services",
        ".",
        "..",
        "perl/x",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (root_files_shows(names[i]))
            fail_msg("/etc/%s is shown", names[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shown),
        cmocka_unit_test(test_not_shown),
    };
    return cmocka_run_group_tests_name("root-files", tests, NULL, NULL);
}
