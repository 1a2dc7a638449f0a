/* The host's policy: what is wrong with one, what it forbids, and how limits are held to it. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "given.h"
#include "runtime/policy.h"
#include "scratch.h"

#define MIB UINT64_C(1048576)

/* ---- Reading ---- */

static void test_whole(void **state)
{
    (void)state;
    static const char text[] =
        "{\"ids\": {\"first\": 1000000, \"count\": 65536},"
        " \"size\": {\"default\": \"Standard-2X\", \"largest\": \"performance-l\", \"cpus\": 1.5},"
        " \"totals\": {\"runs\": 8, \"runs_per_caller\": 2, \"memory\": \"64G\", \"cpus\": 16, "
        "\"processes\": 65536},"
        " \"networks\": [\"none\", \"outbound\"], \"binds\": {\"read_only\": [\"/opt\", \"/\"], "
        "\"writable\": []},"
        " \"images\": [\"postgresql:16\", \"redis:7.*\", \"heroku-*\"], \"weaker\": [\"userns\"],"
        " \"store\": \"/srv/store\", \"scratch\": \"/srv/scratch\", \"cgroup_parent\": \"/indyno.slice\"}";
    cleanup_policy struct policy policy = {0};
    cleanup_mistakes struct policy_mistakes mistakes;
    policy_parse("f", text, &policy, &mistakes);
    assert_int_equal(mistakes.messages.count, 0);
    assert_int_equal(policy.ids_first, 1000000);
    assert_int_equal(policy.ids_count, 65536);
    assert_string_equal(policy.default_size->name, "standard-2x");
    assert_string_equal(policy.largest_size->name, "performance-l");
    assert_int_equal(policy.cpu_millis, 1500);
    static const uint64_t totals[SANDBOX_TOTALS] = {8, 2, UINT64_C(64) << 30, 16000, 65536};
    assert_memory_equal(policy.totals, totals, sizeof totals);
    ASSERT_LIST(&policy.networks.items, "none", "outbound");
    ASSERT_LIST(&policy.read_only.items, "/opt", "/");
    assert_true(policy.writable.is_set);
    assert_int_equal(policy.writable.items.count, 0);
    ASSERT_LIST(&policy.images.items, "postgresql:16", "redis:7.*", "heroku-*");
    ASSERT_LIST(&policy.weaker.items, "userns");
    assert_string_equal(policy.store, "/srv/store");
    assert_string_equal(policy.scratch, "/srv/scratch");
    assert_string_equal(policy.cgroup_parent, "/indyno.slice");
}

/* Each row is one mistake: "key: why" behind the file's name. */
static void test_mistakes(void **state)
{
    (void)state;
    static const char not_accepted[] = "not a value that it can have", no_key[] = "no such key",
                      dots[] = "a path with an empty part, '.' or '..'";
    static const struct {
        const char *text, *key, *why;
    } rows[] = {
        {"{\"id\": 1}", "id", no_key},
        {"{\"size.largest\": \"eco\"}", "size.largest", no_key},
        {"{\"ids\": {\"last\": 1}}", "ids.last", no_key},
        {"{\"binds\": {\"read_only.x\": 1}}", "binds.read_only.x", no_key},
        {"{\"\": 1}", "", no_key},
        {"{\"ids\": []}", "ids", "not an object"},
        {"{\"totals\": \"x\"}", "totals", "not an object"},
        {"{\"ids\": {\"first\": 65535, \"count\": 256}}", "ids.first", not_accepted},
        {"{\"ids\": {\"first\": \"65536\", \"count\": 256}}", "ids.first", not_accepted},
        {"{\"ids\": {\"first\": 65536.5, \"count\": 256}}", "ids.first", not_accepted},
        {"{\"ids\": {\"first\": 65536, \"count\": 255}}", "ids.count", not_accepted},
        {"{\"ids\": {\"first\": 65536}}", "ids.first", "one without the other"},
        {"{\"ids\": {\"count\": 65536}}", "ids.count", "one without the other"},
        {"{\"ids\": {\"first\": 4294966000, \"count\": 65536}}", "ids.count",
         "there are no ids above 4294967294"},
        {"{\"size\": {\"default\": \"huge\"}}", "size.default", "no such size"},
        {"{\"size\": {\"largest\": 2}}", "size.largest", "no such size"},
        {"{\"size\": {\"default\": \"performance-m\", \"largest\": \"eco\"}}", "size.default",
         "larger than size.largest"},
        {"{\"size\": {\"cpus\": 0}}", "size.cpus", not_accepted},
        {"{\"size\": {\"cpus\": \"2\"}}", "size.cpus", not_accepted},
        {"{\"totals\": {\"runs\": 0}}", "totals.runs", not_accepted},
        {"{\"totals\": {\"runs\": -1}}", "totals.runs", not_accepted},
        {"{\"totals\": {\"runs\": 1e300}}", "totals.runs", not_accepted},
        {"{\"totals\": {\"runs_per_caller\": null}}", "totals.runs_per_caller", not_accepted},
        {"{\"totals\": {\"memory\": \"64 GB!\"}}", "totals.memory", not_accepted},
        {"{\"totals\": {\"memory\": \"0\"}}", "totals.memory", not_accepted},
        {"{\"totals\": {\"cpus\": -2}}", "totals.cpus", not_accepted},
        {"{\"totals\": {\"processes\": true}}", "totals.processes", not_accepted},
        {"{\"networks\": \"none\"}", "networks", "not a list"},
        {"{\"networks\": [\"none\", \"all\"]}", "networks[1]", not_accepted},
        {"{\"networks\": [1]}", "networks[0]", "not a string"},
        {"{\"weaker\": [\"ids\", \"seccomp\"]}", "weaker[1]", not_accepted},
        {"{\"images\": [\"Postgres\"]}", "images[0]", not_accepted},
        {"{\"images\": [\"redis:\"]}", "images[0]", not_accepted},
        {"{\"images\": [\":7\"]}", "images[0]", not_accepted},
        {"{\"images\": [\"redis:7:0\"]}", "images[0]", not_accepted},
        {"{\"binds\": {\"read_only\": [\"opt\"]}}", "binds.read_only[0]", "not an absolute path"},
        {"{\"binds\": {\"writable\": [\"/a/../b\"]}}", "binds.writable[0]", dots},
        {"{\"binds\": {\"writable\": [\"/a\", \"/a/./b\"]}}", "binds.writable[1]", dots},
        {"{\"binds\": {\"writable\": [\"/a/\"]}}", "binds.writable[0]", dots},
        {"{\"binds\": {\"writable\": [\"//a\"]}}", "binds.writable[0]", dots},
        {"{\"store\": \"var\"}", "store", "not an absolute path"},
        {"{\"store\": [\"/var\"]}", "store", not_accepted},
        {"{\"scratch\": \"\"}", "scratch", "not an absolute path"},
        {"{\"cgroup_parent\": \"/\"}", "cgroup_parent", not_accepted},
        {"{\"cgroup_parent\": \"/../x\"}", "cgroup_parent", dots},
        {"{\"store\": \"/a\", \"store\": \"/b\"}", "store", "given twice"},
        {"{\"ids\": {\"first\": 65536, \"first\": 65536, \"count\": 256}}", "ids.first", "given twice"},
        {"{\"size\": {}, \"size\": {}}", "size", "given twice"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_policy struct policy policy = {0};
        cleanup_mistakes struct policy_mistakes mistakes;
        cleanup_free char *expected = text_format("f: %s: %s", rows[i].key, rows[i].why);
        policy_parse("f", rows[i].text, &policy, &mistakes);
        if (mistakes.messages.count != 1 || strcmp(mistakes.messages.items[0], expected) != 0)
            fail_msg("%s: %zu mistakes, %s", rows[i].text, mistakes.messages.count,
                     mistakes.messages.count ? mistakes.messages.items[0] : "");
        assert_int_equal(mistakes.remedies.count, 1);
    }
}

static void test_all_mistakes(void **state)
{
    (void)state;
    cleanup_policy struct policy policy = {0};
    cleanup_mistakes struct policy_mistakes mistakes;
    policy_parse("f", "{\"a\": 1, \"networks\": [\"x\", \"none\", 2], \"ids\": {\"first\": 1, \"b\": 2}}",
                 &policy, &mistakes);
    ASSERT_LIST(&mistakes.messages, "f: a: no such key", "f: networks[0]: not a value that it can have",
                "f: networks[2]: not a string", "f: ids.first: not a value that it can have",
                "f: ids.b: no such key");
    assert_string_equal(mistakes.remedies.items[4], "known are: ids.first, ids.count");
    assert_true(text_starts(mistakes.remedies.items[0], "known are: ids, size, totals, networks, "));
}

static void test_not_json(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"", "f:1: not a policy, which is one JSON object"},
        {"[]", "f:1: not a policy, which is one JSON object"},
        {"{\n  \"ids\": {,}\n}", "f:2: not a policy, which is one JSON object"},
        {"{} x", "f:1: not a policy, which is one JSON object"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_policy struct policy policy = {0};
        cleanup_mistakes struct policy_mistakes mistakes;
        policy_parse("f", rows[i].text, &policy, &mistakes);
        ASSERT_LIST(&mistakes.messages, rows[i].message);
    }
}

/* ---- The file ---- */

static int load(const char *dir, struct error *err)
{
    cleanup_policy struct policy policy = {0};
    setenv("INDYNO_CONFIG_DIR", dir, 1);
    int status = policy_load(&policy, err);
    unsetenv("INDYNO_CONFIG_DIR");
    return status < 0 ? -1 : policy.is_there;
}

static void test_file(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    cleanup_free char *path = text_format("%s/indyno.conf", scratch.path);
    assert_int_equal(load(scratch.path, NULL), 0);
    assert_int_equal(load("/nonexistent", NULL), 0);
    assert_int_equal(load("/dev/null", NULL), 0);
    scratch_write(&scratch, "indyno.conf", "{}");
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(load(scratch.path, NULL), 1);
    scratch_write(&scratch, "indyno.conf", "{\"x\": 1, \"y\": 2}");
    cleanup_error struct error err = {0};
    assert_int_equal(load(scratch.path, &err), -1);
    assert_int_equal(err.status, STATUS_DATA);
    assert_non_null(strstr(err.message, "indyno.conf: x: no such key"));
    assert_non_null(strstr(err.remedy, "indyno config check shows all that is wrong"));
    unlink(path);
    assert_int_equal(mkdir(path, 0755), 0);
    assert_int_equal(load(scratch.path, &err), -1);
    assert_non_null(strstr(err.message, "not a regular file"));
}

/* Root goes by nobody else's word. */
static void test_owner(void **state)
{
    (void)state;
    static const struct {
        mode_t folder, file;
        uid_t owner;
        bool is_good;
    } rows[] = {{0755, 0644, 0, true},    {0755, 0600, 0, true},  {0775, 0644, 0, false},
                {0757, 0644, 0, false},   {0755, 0664, 0, false}, {0755, 0646, 0, false},
                {0755, 0644, 4711, false}};
    cleanup_scratch struct scratch scratch;
    if (geteuid() != 0)
        skip();
    scratch_make(&scratch);
    scratch_write(&scratch, "indyno.conf", "{}");
    cleanup_free char *path = text_format("%s/indyno.conf", scratch.path);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_error struct error err = {0};
        if (chown(path, rows[i].owner, 0) < 0 || chmod(path, rows[i].file) < 0 ||
            chmod(scratch.path, rows[i].folder) < 0)
            fail_msg("row %zu cannot be set up", i);
        if ((load(scratch.path, &err) == 1) != rows[i].is_good)
            fail_msg("row %zu: %s", i, err.message ? err.message : "good");
        if (!rows[i].is_good)
            assert_true(text_starts(err.remedy, "chown root:root "));
    }
}

/* ---- Judging ---- */

/* A policy of this text, which binds. */
static void parse(const char *text, struct policy *policy)
{
    cleanup_mistakes struct policy_mistakes mistakes;
    *policy = (struct policy){.path = copy_string("f"), .is_there = true, .binds = true};
    policy_parse("f", text, policy, &mistakes);
    if (mistakes.messages.count)
        fail_msg("%s: %s", text, mistakes.messages.items[0]);
}

static void test_options(void **state)
{
    (void)state;
    struct option_bind read_only = {.host = TEXT("b"), .dyno = TEXT("/b")},
                       writable = {.host = TEXT("b"), .dyno = TEXT("/b"), .writable = true};
    const struct options network = {.networks = {.of = {[PHASE_TEST] = SANDBOX_NETWORK_OUTBOUND}}},
                         private = {.networks = {.of = {[PHASE_SETUP] = SANDBOX_NETWORK_OUTBOUND |
                                                                        SANDBOX_NETWORK_PRIVATE}}},
                         none = {0}, app = {.app_writable = true},
                         reads = {.binds = &read_only, .bind_count = 1},
                         writes = {.binds = &writable, .bind_count = 1}, ids = {.weaker = SANDBOX_WEAKER_IDS},
                         limits = {.weaker = SANDBOX_WEAKER_LIMITS},
                         userns = {.weaker = SANDBOX_WEAKER_USERNS}, scratch = {.scratch = TEXT("s")};
    static const char opt[] =
        "{\"binds\": {\"read_only\": [\"/opt\", \"/srv/a b\"], \"writable\": [\"/home/ci\"]}}";
    const struct {
        const char *text;
        const struct options *options;
        const char *path;    /* of the bind, the app, the root or the scratch folder */
        const char *message; /* NULL: allowed */
    } rows[] = {
        {"{}", &network, "/", NULL},
        {"{}", &writes, "/etc", NULL},
        {"{}", &limits, "/", NULL},
        {"{}", &scratch, "/tmp", NULL},
        {"{\"networks\": []}", &network, "/", "--network=outbound: forbidden by networks of f"},
        {"{\"networks\": [\"none\"]}", &network, "/", "--network=outbound: forbidden by networks of f"},
        {"{\"networks\": [\"outbound\"]}", &network, "/", NULL},
        {"{\"networks\": [\"outbound\"]}", &private, "/", "--network=private: forbidden by networks of f"},
        {"{\"networks\": [\"outbound\", \"private\"]}", &private, "/", NULL},
        {"{\"networks\": []}", &none, "/opt", NULL},
        {opt, &reads, "/opt", NULL},
        {opt, &reads, "/opt/tool", NULL},
        {opt, &reads, "/srv/a b/c", NULL},
        {opt, &reads, "/home/ci/x", NULL},
        {opt, &reads, "/optional", "--ro-bind b: /optional: forbidden by binds.read_only of f"},
        {opt, &reads, "/op", "--ro-bind b: /op: forbidden by binds.read_only of f"},
        {opt, &reads, "/", "--ro-bind b: /: forbidden by binds.read_only of f"},
        {opt, &writes, "/home/ci", NULL},
        {opt, &writes, "/opt", "--bind b: /opt: forbidden by binds.writable of f"},
        {opt, &writes, "/home/cia", "--bind b: /home/cia: forbidden by binds.writable of f"},
        {opt, &app, "/home/ci/app", NULL},
        {opt, &app, "/opt", "--app=rw: /opt: forbidden by binds.writable of f"},
        {opt, &none, "/root", "--rootfs: /root: forbidden by binds.read_only of f"},
        {"{\"binds\": {\"writable\": []}}", &reads, "/etc", NULL},
        {"{\"binds\": {\"read_only\": []}}", &writes, "/etc", NULL},
        {"{\"binds\": {\"read_only\": [\"/\"]}}", &reads, "/etc", NULL},
        {"{\"weaker\": []}", &userns, "/", "--allow-userns: forbidden by weaker of f"},
        {"{\"weaker\": [\"userns\"]}", &userns, "/", NULL},
        {"{\"weaker\": [\"userns\"]}", &ids, "/", "--allow-weaker=ids: forbidden by weaker of f"},
        {"{\"size\": {\"largest\": \"eco\"}}", &limits, "/",
         "--allow-weaker=limits: forbidden by size.largest of f"},
        {"{\"size\": {\"largest\": \"eco\"}}", &userns, "/", NULL},
        {"{\"size\": {\"default\": \"eco\"}}", &limits, "/", NULL},
        {"{\"totals\": {\"memory\": 1}}", &limits, "/",
         "--allow-weaker=limits: forbidden by totals.memory of f"},
        {"{\"totals\": {\"runs\": 1}}", &limits, "/", NULL},
        {"{\"cgroup_parent\": \"/x\"}", &limits, "/",
         "--allow-weaker=limits: forbidden by cgroup_parent of f"},
        {"{\"cgroup_parent\": \"/x\", \"weaker\": [\"limits\"]}", &limits, "/", NULL},
        {"{\"scratch\": \"/srv\"}", &scratch, "/srv", NULL},
        {"{\"scratch\": \"/srv\"}", &scratch, "/srv/x", "--scratch s: forbidden by scratch of f"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_policy struct policy policy;
        cleanup_error struct error err = {0};
        cleanup_free char *path = copy_string(rows[i].path);
        const struct policy_paths paths = {.binds = {WORDS(path)},
                                           .app = path,
                                           .scratch = path,
                                           .rootfs = rows[i].options == &none ? path : NULL};
        parse(rows[i].text, &policy);
        int status = policy_judge(&policy, rows[i].options, &paths, &err);
        if (status != (rows[i].message ? -1 : 0))
            fail_msg("row %zu, %s: %s", i, rows[i].text, err.message ? err.message : "allowed");
        assert_text(rows[i].text, err.message, rows[i].message);
        assert_int_equal(err.status, rows[i].message ? STATUS_POLICY : 0);
        policy.binds = false;
        assert_int_equal(policy_judge(&policy, rows[i].options, &paths, NULL), 0);
    }
}

static void test_images(void **state)
{
    (void)state;
    static const struct {
        const char *images, *name, *version;
        bool is_allowed;
    } rows[] = {
        {"[]", "redis", "7.0.15", false},
        {"[\"redis\"]", "redis", "7.0.15", true},
        {"[\"redis\"]", "redis-x", "7.0.15", false},
        {"[\"redis:7\"]", "redis", "7.0.15", true},
        {"[\"redis:7.0\"]", "redis", "7.0.15", true},
        {"[\"redis:7.0.15\"]", "redis", "7.0.15", true},
        {"[\"redis:7.0.1\"]", "redis", "7.0.15", false},
        {"[\"redis:7.*\"]", "redis", "7.2.1", true},
        {"[\"redis:7.*\"]", "redis", "6.2.1", false},
        {"[\"*:16\"]", "postgresql", "16.14", true},
        {"[\"*\"]", "valkey", "8.1.1", true},
        {"[\"heroku-*\", \"redis:6\"]", "heroku-24", "1", true},
        {"[\"heroku-*\", \"redis:6\"]", "postgresql", "16.14", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_policy struct policy policy;
        cleanup_error struct error err = {0};
        cleanup_free char *text = text_format("{\"images\": %s}", rows[i].images);
        parse(text, &policy);
        if ((policy_judge_image(&policy, rows[i].name, rows[i].version, &err) == 0) != rows[i].is_allowed)
            fail_msg("row %zu", i);
        if (!rows[i].is_allowed) {
            cleanup_free char *message =
                text_format("%s:%s: forbidden by images of f", rows[i].name, rows[i].version);
            assert_text("message", err.message, message);
        }
        policy.binds = false;
        assert_int_equal(policy_judge_image(&policy, rows[i].name, rows[i].version, NULL), 0);
    }
    cleanup_policy struct policy silent;
    parse("{}", &silent);
    assert_int_equal(policy_judge_image(&silent, "redis", "7.0.15", NULL), 0);
}

/* ---- Limits ---- */

static void test_default_size(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bound, *unbound;
    } rows[] = {
        {"{}", "performance-m", "performance-m"},
        {"{\"size\": {\"default\": \"eco\"}}", "standard-1x", "standard-1x"},
        {"{\"size\": {\"largest\": \"2x\"}}", "standard-2x", "performance-m"},
        {"{\"size\": {\"largest\": \"performance-l\"}}", "performance-m", "performance-m"},
        {"{\"size\": {\"default\": \"1x\", \"largest\": \"2x\"}}", "standard-1x", "standard-1x"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_policy struct policy policy;
        parse(rows[i].text, &policy);
        assert_string_equal(policy_default_size(&policy)->name, rows[i].bound);
        policy.binds = false;
        assert_string_equal(policy_default_size(&policy)->name, rows[i].unbound);
    }
}

static void test_bounds(void **state)
{
    (void)state;
    static const char largest[] = "{\"size\": {\"largest\": \"standard-2x\", \"cpus\": 2}}",
                      totals[] = "{\"totals\": {\"memory\": \"300M\", \"cpus\": 3, \"processes\": 100}}";
    static const struct {
        const char *text, *size; /* size of --size, or NULL */
        struct sandbox_limits given, held;
        const char *message, *note;
    } rows[] = {
        {"{}", NULL, {0}, {.memory_bytes = 2560 * MIB, .pids = 16384, .cpu_weight = 100}, NULL, NULL},
        {largest,
         NULL,
         {0},
         {.memory_bytes = 1024 * MIB, .pids = 512, .cpu_weight = 17, .cpu_millis = 2000},
         NULL,
         "performance-m: size.largest of f cuts its memory to 1024 MiB"},
        {largest,
         NULL,
         {.memory_bytes = 1024 * MIB, .pids = 1, .cpu_weight = 17, .cpu_millis = 500},
         {.memory_bytes = 1024 * MIB, .pids = 1, .cpu_weight = 17, .cpu_millis = 500},
         NULL,
         NULL},
        {largest,
         NULL,
         {.memory_bytes = 1024 * MIB + 1},
         {0},
         "--memory: more memory than one run may have: forbidden by size.largest of f",
         NULL},
        {largest,
         NULL,
         {.pids = 513},
         {0},
         "--pids-limit: more processes than one run may have: forbidden by size.largest of f",
         NULL},
        {largest,
         NULL,
         {.cpu_weight = 18},
         {0},
         "--cpu-weight: more cpu weight than one run may have: forbidden by size.largest of f",
         NULL},
        {largest,
         NULL,
         {.cpu_millis = 2001},
         {0},
         "--cpus: more cpus than one run may have: forbidden by size.cpus of f",
         NULL},
        {largest,
         "performance-m",
         {0},
         {0},
         "--size performance-m: more memory than one run may have: forbidden by size.largest of f",
         NULL},
        {largest,
         "performance-m",
         {.memory_bytes = 1},
         {0},
         "--size performance-m: more processes than one run may have: forbidden by size.largest of f",
         NULL},
        {totals,
         "standard-1x",
         {.memory_bytes = MIB},
         {0},
         "--size standard-1x: more processes than one run may have: forbidden by totals.processes of f",
         NULL},
        {totals,
         NULL,
         {.memory_bytes = 301 * MIB},
         {0},
         "--memory: more memory than one run may have: forbidden by totals.memory of f",
         NULL},
        {totals,
         NULL,
         {.memory_bytes = MIB},
         {.memory_bytes = MIB, .pids = 100, .cpu_weight = 100, .cpu_millis = 3000},
         NULL,
         "performance-m: totals.processes of f cuts its processes to 100"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_policy struct policy policy;
        cleanup_error struct error err = {0};
        cleanup_strings struct strings notes = {0}, unbound_notes = {0};
        cleanup_free char *name = copy_string(rows[i].size);
        const struct size *size = size_find(rows[i].size ? rows[i].size : "performance-m");
        const struct options options = {.size = name, .limits = rows[i].given};
        struct sandbox_limits limits = rows[i].given;
        size_apply(size, 0, &limits, &notes);
        struct sandbox_limits unbound = limits;
        const struct sandbox_limits before = limits;
        parse(rows[i].text, &policy);
        int status = policy_bound(&policy, &options, size, &limits, &notes, &err);
        assert_text("message", err.message, rows[i].message);
        assert_int_equal(status, rows[i].message ? -1 : 0);
        assert_int_equal(err.status, rows[i].message ? STATUS_POLICY : 0);
        if (!rows[i].message)
            assert_memory_equal(&limits, &rows[i].held, sizeof limits);
        if (!rows[i].message)
            assert_text("note", notes.count ? notes.items[0] : NULL, rows[i].note);
        policy.binds = false;
        assert_int_equal(policy_bound(&policy, &options, size, &unbound, &unbound_notes, NULL), 0);
        assert_memory_equal(&unbound, &before, sizeof before);
    }
}

static void test_needs_limits(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool needs;
    } rows[] = {
        {"{}", false},
        {"{\"size\": {\"default\": \"eco\"}}", false},
        {"{\"totals\": {\"runs\": 1, \"runs_per_caller\": 1}}", false},
        {"{\"size\": {\"largest\": \"eco\"}}", true},
        {"{\"size\": {\"cpus\": 1}}", true},
        {"{\"totals\": {\"memory\": 1}}", true},
        {"{\"totals\": {\"cpus\": 1}}", true},
        {"{\"totals\": {\"processes\": 1}}", true},
        {"{\"cgroup_parent\": \"/x\"}", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_policy struct policy policy;
        parse(rows[i].text, &policy);
        if (policy_needs_limits(&policy) != rows[i].needs)
            fail_msg("%s", rows[i].text);
        policy.binds = false;
        assert_false(policy_needs_limits(&policy));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_all_mistakes), cmocka_unit_test(test_not_json),
        cmocka_unit_test(test_file),         cmocka_unit_test(test_owner),
        cmocka_unit_test(test_options),      cmocka_unit_test(test_images),
        cmocka_unit_test(test_default_size), cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_needs_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
