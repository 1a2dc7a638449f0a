/* What of its cgroups a dyno sees: which mounts a spec gets for it. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "sandbox/cgroup-view.h"

static const struct sandbox_mount own = {.kind = SANDBOX_PROC, .target = "/proc"};
static const struct sandbox_process step = {.name = "test", .leaf = "step"};

static const struct sandbox_spec spec = {
    .name = "dyno", .mounts = &own, .mount_count = 1, .steps = &step, .step_count = 1};

struct row {
    struct cgroups groups;
    const char *expected[6][2]; /* source and target, ended by NULL */
};

#define TEXT(text) ((char *)(uintptr_t)(text))

static const struct row rows[] = {
    {{.version = 0, .runs = {TEXT("/m"), TEXT("/p"), TEXT("/c")}}, {{NULL}}},
    {{.version = 2, .runs = {TEXT("/g/indyno.x")}}, {{"/g/indyno.x/step", "/sys/fs/cgroup"}}},
    {{.version = 1, .runs = {TEXT("/m"), TEXT("/p"), TEXT("/c")}},
     {{"/m/step", "/sys/fs/cgroup/memory"}, {"/c/step", "/sys/fs/cgroup/cpu"}}},
    {{.version = 1, .runs = {TEXT("/m"), TEXT("/p"), TEXT("/c")}, .shown = {TEXT("/a"), TEXT("/s")}},
     {{"/m/step", "/sys/fs/cgroup/memory"},
      {"/c/step", "/sys/fs/cgroup/cpu"},
      {"/a", "/sys/fs/cgroup/cpuacct"},
      {"/s", "/sys/fs/cgroup/cpuset"}}},
    {{.version = 1, .runs = {TEXT("/m"), TEXT("/p"), TEXT("/c")}, .shown = {NULL, TEXT("/s")}},
     {{"/m/step", "/sys/fs/cgroup/memory"},
      {"/c/step", "/sys/fs/cgroup/cpu"},
      {"/s", "/sys/fs/cgroup/cpuset"}}},
};

static void test_mounts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cgroup_view view;
        size_t count = 0;
        cgroup_view_plan(&spec, &rows[i].groups, &view);
        for (; rows[i].expected[count][0]; count++) {
            const struct sandbox_mount *mount = &view.spec.mounts[1 + count];
            assert_true(1 + count < view.spec.mount_count);
            assert_int_equal(mount->kind, SANDBOX_BIND);
            assert_false(mount->writable);
            assert_true(mount->optional);
            assert_string_equal(mount->source, rows[i].expected[count][0]);
            assert_string_equal(mount->target, rows[i].expected[count][1]);
        }
        assert_int_equal(view.spec.mount_count, 1 + count);
        assert_string_equal(view.spec.mounts[0].target, "/proc");
        assert_string_equal(view.spec.name, "dyno");
        cgroup_view_clear(&view);
    }
}

static void test_nothing_to_show_it_to(void **state)
{
    (void)state;
    struct sandbox_spec empty = spec;
    struct cgroup_view view;
    empty.step_count = 0;
    cgroup_view_plan(&empty, &rows[1].groups, &view);
    assert_int_equal(view.spec.mount_count, 1);
    cgroup_view_clear(&view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mounts),
        cmocka_unit_test(test_nothing_to_show_it_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
