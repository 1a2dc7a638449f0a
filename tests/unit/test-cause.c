/* Causes: what is told of a refusal from what can be seen of the host. The facts are simulated: AppArmor's restriction, and
 * other hosts' settings, cannot be had on the host that runs the tests; tests/cli/doctor.bats makes the others. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "sandbox/cause.h"
#include "sandbox/facts.h"

#define TEXT(literal) ((char *)(uintptr_t)(literal))

/* A user's, of a host where all is as it should be. */
static struct facts good_facts(int errnum)
{
    return (struct facts){.errnum = errnum,
                          .id_mapped = true,
                          .block_mapped = true,
                          .range_mapped = true,
                          .debian_clone = FACT_UNKNOWN,
                          .apparmor = FACT_UNKNOWN,
                          .proc = true,
                          .uid_range = true,
                          .gid_range = true,
                          .mapper = "newuidmap",
                          .mapper_path = TEXT("/usr/bin/newuidmap"),
                          .mapper_rights = true,
                          .user = TEXT("ada"),
                          .cgroupfs = true,
                          .pasta = true,
                          .tun = true};
}

static void expect(enum refusal refused, const struct facts *facts, const char *name, const char *in_reason,
                   const char *in_remedy)
{
    struct cause cause;
    cause_find(refused, facts, &cause);
    if (!text_equal(cause.name, name))
        fail_msg("cause %s, expected %s", cause.name ? cause.name : "none", name ? name : "none");
    if (in_reason && (!cause.reason || !strstr(cause.reason, in_reason)))
        fail_msg("%s: reason \"%s\" lacks \"%s\"", name, cause.reason ? cause.reason : "", in_reason);
    if (in_remedy && (!cause.remedy || !strstr(cause.remedy, in_remedy)))
        fail_msg("%s: remedy \"%s\" lacks \"%s\"", name, cause.remedy ? cause.remedy : "", in_remedy);
    cause_clear(&cause);
    assert_null(cause.reason);
}

/* Ubuntu 24.04 refuses it with either, or makes the namespace and denies its rights: EPERM of what is tried in it. */
static void test_apparmor(void **state)
{
    (void)state;
    static const int errnums[] = {EPERM, EACCES};
    for (size_t i = 0; i < sizeof errnums / sizeof *errnums; i++) {
        struct facts facts = good_facts(errnums[i]);
        facts.apparmor = 1;
        expect(REFUSED_NAMESPACES, &facts, "apparmor", "apparmor_restrict_unprivileged_userns",
               "apparmor/indyno /etc/apparmor.d/");
        facts.admin = true; /* it is for the unprivileged */
        expect(REFUSED_NAMESPACES, &facts, "denied", NULL, NULL);
        facts.admin = false;
        facts.apparmor = 0;
        expect(REFUSED_NAMESPACES, &facts, "denied", NULL, NULL);
    }
}

static void test_debian(void **state)
{
    (void)state;
    struct facts facts = good_facts(EPERM);
    facts.debian_clone = 0;
    expect(REFUSED_NAMESPACES, &facts, "unprivileged-userns-clone", NULL,
           "sysctl kernel.unprivileged_userns_clone=1");
    facts.debian_clone = 1;
    expect(REFUSED_NAMESPACES, &facts, "denied", NULL, NULL);
}

static void test_limits(void **state)
{
    (void)state;
    static const int errnums[] = {ENOSPC, EUSERS};
    for (size_t i = 0; i < sizeof errnums / sizeof *errnums; i++) {
        struct facts facts = good_facts(errnums[i]);
        expect(REFUSED_NAMESPACES, &facts, "namespace-limit-above", "enclosing", NULL);
        facts.limit = "max_net_namespaces";
        expect(REFUSED_NAMESPACES, &facts, "namespace-limit", "user.max_net_namespaces is 0",
               "sysctl user.max_net_namespaces=");
    }
}

/* What was seen for certain comes before what may be. */
static void test_order(void **state)
{
    (void)state;
    struct facts facts = good_facts(EPERM);
    facts.apparmor = 1;
    facts.id_mapped = false;
    expect(REFUSED_NAMESPACES, &facts, "unmapped-id", NULL, NULL);
    facts.chrooted = true;
    expect(REFUSED_NAMESPACES, &facts, "chroot", NULL, NULL);
    facts.filtered = true;
    expect(REFUSED_NAMESPACES, &facts, "seccomp", NULL, "--security-opt seccomp=unconfined");
    facts.errnum = ENOSYS; /* as containers answer clone3 */
    expect(REFUSED_NAMESPACES, &facts, "seccomp", NULL, NULL);
    facts.errnum = 0; /* the filter ended the process */
    expect(REFUSED_NAMESPACES, &facts, "seccomp", NULL, NULL);
}

static void test_unknown(void **state)
{
    (void)state;
    struct facts facts = good_facts(ENOSYS);
    expect(REFUSED_NAMESPACES, &facts, "kernel", NULL, NULL);
    facts = good_facts(ENOMEM);
    expect(REFUSED_NAMESPACES, &facts, NULL, NULL, NULL);
    facts = good_facts(EPERM);
    facts.proc = false;
    expect(REFUSED_NAMESPACES, &facts, "no-proc", NULL, NULL);
}

/* ---- Ids ---- */

static void test_ids(void **state)
{
    (void)state;
    struct facts facts = good_facts(0);
    expect(REFUSED_IDS, &facts, NULL, NULL, NULL);
    facts.no_new_privs = true;
    expect(REFUSED_IDS, &facts, "no-new-privs", "/usr/bin/newuidmap", NULL);
    facts.mapper_nosuid = true;
    expect(REFUSED_IDS, &facts, "newuidmap-nosuid", "/usr/bin/newuidmap", NULL);
    facts.mapper_rights = false;
    expect(REFUSED_IDS, &facts, "newuidmap-not-set-uid", NULL, "chmod u+s /usr/bin/newuidmap");
    facts.mapper_path = NULL;
    expect(REFUSED_IDS, &facts, "no-newuidmap", "newuidmap is not installed", "uidmap");
    facts.range_mapped = false;
    expect(REFUSED_IDS, &facts, "subordinate-ids-not-mapped", "of ada are not mapped", NULL);
    facts.gid_range = false;
    expect(REFUSED_IDS, &facts, "no-subordinate-gids", NULL, NULL);
    facts.uid_range = false;
    expect(REFUSED_IDS, &facts, "no-subordinate-uids", NULL,
           "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ada");
    facts.root = true; /* which needs none of them */
    expect(REFUSED_IDS, &facts, NULL, NULL, NULL);
    facts.block_mapped = false;
    expect(REFUSED_IDS, &facts, "block-not-mapped", "1879048192", NULL);
}

/* ---- Mounts ---- */

static void test_proc(void **state)
{
    (void)state;
    struct facts facts = good_facts(EPERM);
    expect(REFUSED_PROC, &facts, NULL, NULL, NULL);
    facts.over = TEXT("/proc/kcore");
    expect(REFUSED_PROC, &facts, "proc-over-mounted", "over /proc/kcore", "systempaths=unconfined");
    facts.proc = false;
    expect(REFUSED_PROC, &facts, "no-proc", NULL, NULL);
    facts = good_facts(EROFS);
    facts.proc_read_only = true;
    expect(REFUSED_PROC, &facts, "proc-read-only", NULL, "remount");
    expect(REFUSED_IDS, &facts, "proc-read-only", NULL, NULL);
    expect(REFUSED_MOUNTS, &facts, "proc-read-only", NULL, NULL);
    facts.proc_foreign = true;
    expect(REFUSED_PROC, &facts, "proc-foreign", NULL, "bwrap: --proc /proc");
    expect(REFUSED_IDS, &facts, "proc-foreign", NULL, NULL);
    expect(REFUSED_MOUNTS, &facts, "proc-foreign", NULL, NULL);
}

static void test_mounts(void **state)
{
    (void)state;
    struct facts facts = good_facts(ENOSYS);
    expect(REFUSED_MOUNTS, &facts, "kernel", "5.12", NULL);
    expect(REFUSED_IDMAP, &facts, "kernel", "5.12", NULL);
    facts.seccomp = 2;
    expect(REFUSED_MOUNTS, &facts, "seccomp", NULL, NULL);
    facts = good_facts(EPERM);
    expect(REFUSED_MOUNTS, &facts, "no-cap-sys-admin", NULL, "SYS_ADMIN");
    facts = good_facts(EINVAL);
    expect(REFUSED_IDMAP, &facts, "filesystem", NULL, NULL);
}

static void test_others(void **state)
{
    (void)state;
    struct facts facts = good_facts(0);
    expect(REFUSED_CGROUPS, &facts, "not-delegated", NULL, "Delegate=yes");
    facts.cgroupfs = false;
    expect(REFUSED_CGROUPS, &facts, "no-cgroups", NULL, NULL);
    facts.tun = false;
    expect(REFUSED_PASTA, &facts, "no-tun", NULL, "modprobe tun");
    facts.pasta = false;
    expect(REFUSED_PASTA, &facts, "no-pasta", NULL, "passt");
}

/* Not simulated: of whatever host this is, what is looked at agrees with what this process can see itself. */
static void test_gathering(void **state)
{
    (void)state;
    struct facts facts;
    facts_gather(EPERM, &facts);
    assert_int_equal(facts.errnum, EPERM);
    assert_true(facts.proc); /* the suite needs it anyway */
    assert_true(facts.id_mapped);
    assert_non_null(facts.user);
    facts_clear(&facts);
    assert_null(facts.user);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apparmor),  cmocka_unit_test(test_debian),  cmocka_unit_test(test_limits),
        cmocka_unit_test(test_order),     cmocka_unit_test(test_unknown), cmocka_unit_test(test_ids),
        cmocka_unit_test(test_proc),      cmocka_unit_test(test_mounts),  cmocka_unit_test(test_others),
        cmocka_unit_test(test_gathering),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
