/* Plans as text and as JSON: the same plan, without its secrets unless they are asked for. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "given.h"
#include "members.h"
#include "runtime/plan-print.h"
#include "runtime/plan-words.h"

static struct sandbox_mount mounts[] = {
    {.kind = SANDBOX_BIND, .source = "/usr", .target = "/usr"},
    {.kind = SANDBOX_LINK, .target = "/bin", .content = "usr/bin"},
    {.kind = SANDBOX_FILE,
     .target = "/etc/redis/redis.conf",
     .content = "requirepass hidden1\n",
     .mode = 0444},
    {.kind = SANDBOX_COW, .source = "/home/u/app", .target = "/app", .owner = 1000},
    {.kind = SANDBOX_BIND, .source = "/c", .target = "/app/c", .owner = 1000, .writable = true},
};
static struct option_artifact artifacts[] = {{TEXT("coverage"), TEXT("cov")}, {TEXT("a"), TEXT("a")}};
static const struct plan plan = {
    .dir = TEXT("/home/u/app"),
    .name = TEXT("dyno"),
    .services = {.items = {{.engine = &redis_engine,
                            .image = &given_images[GIVEN_REDIS_7],
                            .variables = {WORDS(TEXT("REDIS_URL"), TEXT("CACHE_URL"))},
                            .argv = {WORDS(TEXT("redis-server"), TEXT("--x=hidden1"))},
                            .env = {WORDS(TEXT("LANG=C"))},
                            .log = TEXT("/var/log/redis.log")}},
                 .count = 1},
    .notes = {WORDS(TEXT("no psql"))},
    .environment = {.env = {WORDS(TEXT("A=b=c"), TEXT("REDIS_URL=redis://:hidden1@h"), TEXT("ESC=\x1b[0m"))},
                    .generated = {WORDS(TEXT("hidden1"))},
                    .unset = {WORDS(TEXT("TOKEN"))},
                    .replaced = {WORDS(TEXT("CI"))}},
    .steps = {{.name = "test-setup",
               .argv = {WORDS(TEXT("bash"), TEXT("-c"), TEXT("echo hidden1"))},
               .must_succeed = true},
              {.name = "command", .argv = {WORDS(TEXT("pytest"))}, .inherit_stdin = true}},
    .step_count = 2,
    .mounts = {.items = mounts, .count = sizeof mounts / sizeof *mounts},
    .size = "standard-1x",
    .limits = {.memory_bytes = 1024, .cpus = "0-3", .kill_after_ms = 5000, .optional = true},
    .ids = SANDBOX_IDS_SINGLE,
    .weaker = SANDBOX_WEAKER_IDS | SANDBOX_WEAKER_LIMITS,
    .output = TEXT("/home/u/indyno-out"),
    .artifacts = artifacts,
    .artifact_count = 2,
    .not_provisioned = {WORDS(TEXT("papertrail"), TEXT("scheduler"))},
    .buildpacks = {WORDS(TEXT("heroku/ruby"))},
    .formation = {WORDS(TEXT("web: quantity 1"))},
    .unknown = {WORDS(TEXT("pipeline"))},
    .missing = {WORDS(TEXT("pasta"))},
};

static char *print_plan(const struct plan *it, void (*printer)(const struct plan *, bool, FILE *),
                        bool with_secrets)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    printer(it, with_secrets, to);
    fclose(to);
    return text;
}

static char *print(void (*printer)(const struct plan *, bool, FILE *), bool with_secrets)
{
    return print_plan(&plan, printer, with_secrets);
}

static void test_text(void **state)
{
    (void)state;
    cleanup_free char *text = print(plan_print, false);
    assert_text("plan", text,
                "app                 /home/u/app\n"
                "redis               7.0.15, from /store/images/redis/7.0.15/tree (deb:redis7)\n"
                "                    REDIS_URL\n"
                "                    CACHE_URL\n"
                "test-setup          bash -c 'echo (generated)'\n"
                "command             pytest\n"
                "environment         A=b=c\n"
                "                    REDIS_URL=redis://:(generated)@h\n"
                "                    ESC=?[0m\n"
                "mounts              bind    /usr\n"
                "                    link    /bin  from usr/bin\n"
                "                    file    /etc/redis/redis.conf\n"
                "                    cow     /app  from /home/u/app\n"
                "                    bind    /app/c  from /c  (writable)\n"
                "name                dyno\n"
                "ids                 single\n"
                "network             none\n"
                "size                standard-1x: what is not asked for is left out where it cannot be had\n"
                "memory              1024 bytes\n"
                "cpuset              0-3\n"
                "kill after          5000 ms\n"
                "artifacts           coverage to /home/u/indyno-out/cov\n"
                "                    a to /home/u/indyno-out/a\n"
                "may go without      ids\n"
                "                    limits\n"
                "not provisioned     papertrail\n"
                "                    scheduler\n"
                "without a value     TOKEN\n"
                "replaced            CI\n"
                "buildpacks not run  heroku/ruby\n"
                "formation not run   web: quantity 1\n"
                "unknown keys        pipeline\n"
                "note                no psql\n"
                "missing here        pasta\n");
}

static void test_json(void **state)
{
    (void)state;
    static const struct member members[] = {
        {"dir", "\"/home/u/app\""},
        {"rootfs", "null"},
        {"name", "\"dyno\""},
        {"ids", "\"single\""},
        {"id_range", "null"},
        {"network", "\"none\""},
        {"weaker", "[\"ids\",\"limits\"]"},
        {"size", "\"standard-1x\""},
        {"limits/MemoryMax", "1024"},
        {"limits/AllowedCPUs", "\"0-3\""},
        {"limits/TasksMax", "null"},
        {"services", "[{\"name\":\"redis\",\"version\":\"7.0.15\",\"source\":\"deb:redis7\",\"tree\":"
                     "\"/store/images/redis/7.0.15\",\"variables\":[\"REDIS_URL\",\"CACHE_URL\"],\"argv\":"
                     "[\"redis-server\",\"--x=(generated)\"],\"environment\":{\"LANG\":\"C\"},\"log\":"
                     "\"/var/log/redis.log\"}]"},
        {"steps/0",
         "{\"name\":\"test-setup\",\"argv\":[\"bash\",\"-c\",\"echo (generated)\"],\"must_succeed\":"
         "true,\"network\":\"none\",\"stdin\":\"/dev/null\"}"},
        {"steps/1",
         "{\"name\":\"command\",\"argv\":[\"pytest\"],\"must_succeed\":false,\"network\":\"none\",\"stdin\":\"inherited\"}"},
        {"environment", "{\"A\":\"b=c\",\"REDIS_URL\":\"redis://:(generated)@h\",\"ESC\":\"\\u001b[0m\"}"},
        {"mounts/0/content", "null"},
        {"mounts/2", "{\"kind\":\"file\",\"source\":null,\"target\":\"/etc/redis/redis.conf\",\"content\":"
                     "\"requirepass (generated)\\n\",\"owner\":0,\"mode\":292,\"writable\":false}"},
        {"mounts/4/writable", "true"},
        {"artifacts", "[{\"source\":\"coverage\",\"target\":\"/home/u/indyno-out/cov\"},{\"source\":\"a\","
                      "\"target\":\"/home/u/indyno-out/a\"}]"},
        {"not_provisioned", "[\"papertrail\",\"scheduler\"]"},
        {"unset", "[\"TOKEN\"]"},
        {"replaced", "[\"CI\"]"},
        {"unknown", "[\"pipeline\"]"},
        {"buildpacks", "[\"heroku/ruby\"]"},
        {"formation", "[\"web: quantity 1\"]"},
        {"notes", "[\"no psql\"]"},
        {"missing", "[\"pasta\"]"},
    };
    cleanup_free char *text = print(plan_print_json, false);
    cleanup_json cJSON *json = members_parse(text);
    assert_keys(json, "dir rootfs name ids id_range network weaker size scratch scope limits services steps "
                      "environment mounts artifacts "
                      "not_provisioned unset replaced unknown buildpacks formation notes missing");
    ASSERT_MEMBERS(json, members);
}

/* As root, the plan tells which host ids there are for it. */
static void test_id_range(void **state)
{
    (void)state;
    static const struct {
        struct sandbox_id_range range;
        const char *line, *json;
    } rows[] = {
        {{0x70000000, 4096, NULL},
         "\nids                 block: 256 host ids of 1879048192 to 1880096767\n",
         "{\"first\":1879048192,\"blocks\":4096,\"block_size\":256,\"source\":null}"},
        {{4294900000u, 1, "/etc/subuid"},
         "\nids                 block: 256 host ids of 4294900000 to 4294900255, from /etc/subuid\n",
         "{\"first\":4294900000,\"blocks\":1,\"block_size\":256,\"source\":\"/etc/subuid\"}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct plan as_root = plan;
        as_root.ids = SANDBOX_IDS_BLOCK;
        as_root.id_range = rows[i].range;
        cleanup_free char *text = print_plan(&as_root, plan_print, false);
        cleanup_free char *json_text = print_plan(&as_root, plan_print_json, false);
        cleanup_json cJSON *json = members_parse(json_text);
        const struct member members[] = {{"id_range", rows[i].json}};
        assert_non_null(strstr(text, rows[i].line));
        ASSERT_MEMBERS(json, members);
    }
}

static void test_secrets(void **state)
{
    (void)state;
    void (*const printers[])(const struct plan *, bool, FILE *) = {plan_print, plan_print_json};
    for (size_t i = 0; i < sizeof printers / sizeof *printers; i++) {
        cleanup_free char *without = print(printers[i], false), *with = print(printers[i], true);
        assert_null(strstr(without, "hidden1"));
        assert_non_null(strstr(with, "redis://:hidden1@h"));
        assert_null(strstr(with, "(generated)"));
    }
}

static void test_hiding(void **state)
{
    (void)state;
    const struct strings hidden = {WORDS(TEXT("secret"), TEXT("other"), TEXT(""))};
    static const char *const rows[][2] = {
        {NULL, NULL},
        {"", ""},
        {"plain", "plain"},
        {"secret", "(generated)"},
        {"a secret, a secret", "a (generated), a (generated)"},
        {"secretsecret", "(generated)(generated)"},
        {"secretother", "(generated)(generated)"},
        {"secre", "secre"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_free char *shown = plan_hide(rows[i][0], &hidden);
        assert_text("shown", shown, rows[i][1]);
    }
}

static void test_mount_kinds(void **state)
{
    (void)state;
    static const char *const names[] = {"bind", "cow", "scratch", "file", "link", "folder", "proc", "dev"};
    for (size_t i = 0; i <= SANDBOX_DEV; i++)
        assert_text("kind", plan_mount_kind((enum sandbox_mount_kind)i), names[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),    cmocka_unit_test(test_json),   cmocka_unit_test(test_id_range),
        cmocka_unit_test(test_secrets), cmocka_unit_test(test_hiding), cmocka_unit_test(test_mount_kinds),
    };
    return cmocka_run_group_tests_name("plan-print", tests, NULL, NULL);
}
