/* The options: the table itself, what each takes, and that every refusal names the option and what it takes.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "runtime/options.h"

enum { WORDS_MAX = 16 };

/* Parses "run" and the words. */
static int parse(struct options *options, struct error *err, const char *const *words)
{
    static char run[] = "run";
    char *argv[WORDS_MAX + 2] = {run};
    int argc = 1;
    for (; words[argc - 1]; argc++)
        argv[argc] = copy_string(words[argc - 1]);
    char *given[WORDS_MAX + 2];
    memcpy(given, argv, sizeof given);
    int result = options_parse(argc, argv, options, err);
    for (int i = 1; i < argc; i++)
        free(given[i]);
    return result;
}

#define PARSE(options, err, ...) parse(options, err, (const char *const[]){__VA_ARGS__, NULL})

static void assert_refused(const char *const *words, const char *message, const char *remedy)
{
    struct options options;
    cleanup_error struct error err = {0};
    assert_int_equal(parse(&options, &err, words), -1);
    assert_int_equal(err.status, STATUS_USAGE);
    assert_string_equal(err.message, message);
    if (remedy)
        assert_string_equal(err.remedy, remedy);
    else
        assert_null(err.remedy);
}

#define REFUSED(message, remedy, ...)                                                                        \
    assert_refused((const char *const[]){__VA_ARGS__, NULL}, message, remedy)

/* ---- The table ---- */

static void test_table_is_sound(void **state)
{
    (void)state;
    for (const struct option_row *row = option_rows; row->name; row++) {
        assert_non_null(row->help);
        assert_non_null(row->take);
        assert_int_equal(row->argument == OPTION_FLAG, row->metavar == NULL);
        assert_int_equal(row->argument == OPTION_FLAG, row->accepts == NULL);
        for (const struct option_row *other = option_rows; other < row; other++) {
            assert_string_not_equal(row->name, other->name);
            assert_true(!row->letter || row->letter != other->letter);
        }
    }
}

static void test_help_names_every_option(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    options_help(to);
    fclose(to);
    for (const struct option_row *row = option_rows; row->name; row++) {
        cleanup_free char *name = text_format("--%s%s%s", row->name,
                                              row->argument == OPTION_FLAG    ? ""
                                              : row->argument == OPTION_VALUE ? " "
                                                                              : "[=",
                                              row->metavar ? row->metavar : "");
        assert_non_null(strstr(text, name));
    }
    for (const char *line = text; *line; line = strchr(line, '\n') + 1)
        assert_in_range(strcspn(line, "\n"), 1, 80);
    free(text);
}

/* An empty value is none that any option takes: the message must name the option and what it takes. */
static void test_every_value_is_checked(void **state)
{
    (void)state;
    for (const struct option_row *row = option_rows; row->name; row++) {
        if (row->argument == OPTION_FLAG)
            continue;
        cleanup_free char *word = text_format("--%s=", row->name);
        cleanup_free char *message = text_format("--%s : not accepted", row->name);
        cleanup_free char *remedy = text_format("--%s takes %s", row->name, row->accepts);
        REFUSED(message, remedy, word);
    }
}

static void test_every_value_is_needed(void **state)
{
    (void)state;
    for (const struct option_row *row = option_rows; row->name; row++) {
        if (row->argument != OPTION_VALUE)
            continue;
        cleanup_free char *word = text_format("--%s", row->name);
        cleanup_free char *message = text_format("--%s: a value is missing", row->name);
        cleanup_free char *remedy = text_format("--%s takes %s", row->name, row->accepts);
        REFUSED(message, remedy, word);
    }
}

static void test_flags_take_no_value(void **state)
{
    (void)state;
    for (const struct option_row *row = option_rows; row->name; row++) {
        if (row->argument != OPTION_FLAG)
            continue;
        cleanup_free char *word = text_format("--%s=yes", row->name);
        cleanup_free char *message = text_format("--%s: takes no value", row->name);
        REFUSED(message, NULL, word);
    }
}

/* ---- Words ---- */

static void test_nothing_given(void **state)
{
    (void)state;
    cleanup_error struct error err = {0};
    cleanup_options struct options options;
    static char run[] = "run";
    assert_int_equal(options_parse(1, (char *[]){run, NULL}, &options, &err), 0);
    assert_string_equal(options.dir, ".");
    assert_int_equal(options.command.count, 0);
    assert_int_equal(options.status_fd, -1);
    assert_int_equal(options.limits.kill_after_ms, 5000);
    assert_int_equal(options.limits.memory_bytes, 0);
    assert_int_equal(options.networks.of[PHASE_TEST], SANDBOX_NETWORK_NONE);
}

static void test_command_keeps_its_options(void **state)
{
    (void)state;
    cleanup_error struct error err = {0};
    cleanup_options struct options options;
    assert_int_equal(PARSE(&options, &err, "dir", "-v", "--", "pytest", "-q", "--", "-e", "x"), 0);
    assert_string_equal(options.dir, "dir");
    assert_true(options.verbose);
    assert_false(options.quiet);
    assert_int_equal(options.command.count, 5);
    assert_string_equal(options.command.items[1], "-q");
    assert_string_equal(options.command.items[2], "--");
}

static void test_missing_dashes(void **state)
{
    (void)state;
    REFUSED("-- is missing in front of the command: pytest", "indyno run app -- pytest -k 'a b'", "app",
            "pytest", "-k", "a b");
    REFUSED("-- is missing in front of the command: it's", "indyno run -v app -- 'it'\\''s'", "-v", "app",
            "it's");
}

static void test_unknown_options(void **state)
{
    (void)state;
    const char *remedy = "see indyno help run; what belongs to the test command goes after --";
    REFUSED("--bogus: no such option, or not one alone", remedy, "--bogus=secret");
    REFUSED("-Z: no such option, or not one alone", remedy, "-Z");
    REFUSED("--e: no such option, or not one alone", remedy, "--e", "A=1");
}

static void test_json_needs_a_plan(void **state)
{
    (void)state;
    REFUSED("--json: goes with --dry-run only",
            "for the result of a run as JSON use --report FILE or --status-fd N", "--json");
    cleanup_error struct error err = {0};
    cleanup_options struct options options;
    assert_int_equal(PARSE(&options, &err, "--json", "--dry-run"), 0);
    assert_true(options.json && options.dry_run);
}

/* ---- Values ---- */

static void test_limits(void **state)
{
    (void)state;
    cleanup_error struct error err = {0};
    cleanup_options struct options options;
    assert_int_equal(PARSE(&options, &err, "-m512M", "--cpus", "1.5", "--pids-limit=64", "--disk=1G",
                           "--timeout", "90s", "-k", "250ms"),
                     0);
    assert_int_equal(options.limits.memory_bytes, 512 << 20);
    assert_int_equal(options.limits.cpu_millis, 1500);
    assert_int_equal(options.limits.pids, 64);
    assert_int_equal(options.limits.disk_bytes, 1 << 30);
    assert_int_equal(options.limits.wall_ms, 90000);
    assert_int_equal(options.limits.kill_after_ms, 250);
}

static void test_services(void **state)
{
    (void)state;
    cleanup_error struct error err = {0};
    cleanup_options struct options options;
    assert_int_equal(PARSE(&options, &err, "--postgres", "--redis=7.0"), 0);
    assert_true(options.services[OPTION_POSTGRES].wanted);
    assert_null(options.services[OPTION_POSTGRES].version);
    assert_true(options.services[OPTION_REDIS].wanted);
    assert_string_equal(options.services[OPTION_REDIS].version, "7.0");
}

static void test_env(void **state)
{
    (void)state;
    cleanup_error struct error err = {0};
    cleanup_options struct options options;
    setenv("INDYNO_TEST_HERE", "caller's", 1);
    unsetenv("INDYNO_TEST_GONE");
    assert_int_equal(PARSE(&options, &err, "-e", "A=1", "-eB=", "--env=C=x=y", "-e", "INDYNO_TEST_HERE", "-e",
                           "INDYNO_TEST_GONE", "-e", "A=2"),
                     0);
    assert_int_equal(options.env.count, 4);
    assert_string_equal(strings_env_get(&options.env, "A"), "2");
    assert_string_equal(strings_env_get(&options.env, "B"), "");
    assert_string_equal(strings_env_get(&options.env, "C"), "x=y");
    assert_string_equal(strings_env_get(&options.env, "INDYNO_TEST_HERE"), "caller's");
}

static void test_bad_values(void **state)
{
    (void)state;
    static const char *const words[] = {
        "--memory=0",        "--memory=-1",         "--disk=0",           "--cpus=0",
        "--pids-limit=1.5",  "--timeout=soon",      "--network=host",     "--name=-x",
        "--name=a/b",        "--allow-weaker=ids,", "--env=1A=x",         "--env==x",
        "--env=A B=x",       "--artifact=/etc",     "--artifact=a/../..", "--artifact=a:/",
        "--artifact=a:../b", "--artifact=.",        "--ro-bind=rel",      "--ro-bind=/a:b",
        "--bind=/a:/",       "--bind=/a:/proc/sys", "--bind=/a:/b/../c",  "--bind=/a:/app",
        "--bind=/a:/b:ro",   "--status-fd=1",       "--status-fd=1000",   "--allow-weaker=network",
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct options options;
        cleanup_error struct error err = {0};
        if (PARSE(&options, &err, words[i]) == 0)
            fail_msg("%s was accepted", words[i]);
        assert_int_equal(err.status, STATUS_USAGE);
        assert_non_null(err.remedy);
    }
}

static void test_one_env_file(void **state)
{
    (void)state;
    REFUSED("--env-file b: not accepted", "--env-file takes one file of NAME=VALUE lines", "--env-file=a",
            "--env-file=b");
}

static void test_artifacts(void **state)
{
    (void)state;
    cleanup_error struct error err = {0};
    cleanup_options struct options options;
    assert_int_equal(PARSE(&options, &err, "--artifact", "./coverage/", "--artifact=/app/a/b.xml:c/d"), 0);
    assert_int_equal(options.artifact_count, 2);
    assert_string_equal(options.artifacts[0].source, "coverage");
    assert_string_equal(options.artifacts[0].target, "coverage");
    assert_string_equal(options.artifacts[1].source, "a/b.xml");
    assert_string_equal(options.artifacts[1].target, "c/d");
}

static void test_binds(void **state)
{
    (void)state;
    cleanup_error struct error err = {0};
    cleanup_options struct options options;
    assert_int_equal(PARSE(&options, &err, "--ro-bind=/opt/x", "--bind=cache:/app/cache"), 0);
    assert_int_equal(options.bind_count, 2);
    assert_string_equal(options.binds[0].dyno, "/opt/x");
    assert_false(options.binds[0].writable);
    assert_string_equal(options.binds[1].host, "cache");
    assert_string_equal(options.binds[1].dyno, "/app/cache");
    assert_true(options.binds[1].writable);
}

static void test_weaker(void **state)
{
    (void)state;
    cleanup_error struct error err = {0};
    cleanup_options struct options options;
    assert_int_equal(PARSE(&options, &err, "--allow-weaker=limits,ids", "--network=outbound"), 0);
    assert_int_equal(options.weaker, SANDBOX_WEAKER_IDS | SANDBOX_WEAKER_LIMITS);
    assert_int_equal(options.networks.of[PHASE_SETUP], SANDBOX_NETWORK_OUTBOUND);
    assert_int_equal(options.networks.of[PHASE_TEST], SANDBOX_NETWORK_OUTBOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_sound),
        cmocka_unit_test(test_help_names_every_option),
        cmocka_unit_test(test_every_value_is_checked),
        cmocka_unit_test(test_every_value_is_needed),
        cmocka_unit_test(test_flags_take_no_value),
        cmocka_unit_test(test_nothing_given),
        cmocka_unit_test(test_command_keeps_its_options),
        cmocka_unit_test(test_missing_dashes),
        cmocka_unit_test(test_unknown_options),
        cmocka_unit_test(test_json_needs_a_plan),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_services),
        cmocka_unit_test(test_env),
        cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_one_env_file),
        cmocka_unit_test(test_artifacts),
        cmocka_unit_test(test_binds),
        cmocka_unit_test(test_weaker),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
