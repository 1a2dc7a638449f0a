/* Applications and errors as bytes: what is sent arrives, and no damaged message is taken or does harm. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "app-dump.h"
#include "base/own.h"
#include "runtime/app-wire.h"

static const char everything[] = "{\"name\":\"n\",\"stack\":\"s\",\"env\":{\"A\":\"1\",\"B\":{\"required\":"
                                 "true},\"C\":{\"generator\":\"secret\"},"
                                 "\"D\":\"\"},\"addons\":[\"a:in-dyno\"],\"buildpacks\":[{\"url\":\"u\"}],"
                                 "\"formation\":{\"web\":{}},\"x\":1,"
                                 "\"environments\":{\"test\":{\"addons\":[{\"plan\":\"b:in-dyno\","
                                 "\"options\":{\"o\":1,\"p\":\"q\"}},{\"plan\":\"c\","
                                 "\"as\":\"D\"}],\"scripts\":{\"test\":\"t\","
                                 "\"test-setup\":\"ts\"}}}}";

static void make_app(struct app *app)
{
    struct error err = {0};
    *app = (struct app){0};
    assert_int_equal(app_parse("d/app.json", everything, sizeof everything - 1, app, &err), 0);
    strings_add(&app->env_file, "E=f=g");
    app->git_branch = copy_string("main");
    app->git_commit = copy_string("0123");
}

static void make_message(struct app_wire *wire)
{
    cleanup_app struct app app;
    struct error none = {0};
    make_app(&app);
    *wire = (struct app_wire){0};
    assert_true(app_wire_encode(&app, &none, wire));
}

static void test_app_arrives(void **state)
{
    (void)state;
    cleanup_app struct app sent, got = {0};
    cleanup_error struct error err = {0};
    cleanup_app_wire struct app_wire wire;
    make_app(&sent);
    make_message(&wire);
    assert_true(app_wire_decode(&wire, &got, &err));
    assert_int_equal(err.status, 0);
    assert_true(got.present);
    assert_string_equal(got.path, "d/app.json");
    assert_null(got.env_file.items[got.env_file.count]);
    cleanup_free char *sent_text = app_dump(&sent), *got_text = app_dump(&got);
    assert_string_equal(got_text, sent_text);
}

static void test_empty_app_arrives(void **state)
{
    (void)state;
    struct app empty = {0};
    cleanup_app struct app got = {0};
    cleanup_error struct error err = {0};
    cleanup_app_wire struct app_wire wire = {0};
    assert_true(app_wire_encode(&empty, &err, &wire));
    assert_true(app_wire_decode(&wire, &got, &err));
    assert_false(got.present);
    assert_int_equal(got.env_count, 0);
    assert_null(got.env);
}

static void test_error_arrives(void **state)
{
    (void)state;
    static const char *const remedies[] = {NULL, "do this"};
    for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++) {
        struct app app = {0};
        cleanup_error struct error sent = {0}, got = {0};
        cleanup_app_wire struct app_wire wire = {0};
        fail(&sent, STATUS_DATA, "app.json: wrong");
        sent.errnum = EPERM;
        if (remedies[i])
            error_remedy(&sent, "%s", remedies[i]);
        assert_true(app_wire_encode(&app, &sent, &wire));
        assert_true(app_wire_decode(&wire, &app, &got));
        assert_int_equal(got.status, STATUS_DATA);
        assert_string_equal(got.message, "app.json: wrong");
        assert_true(text_equal(got.remedy, remedies[i]));
        assert_int_equal(got.errnum, EPERM);
    }
}

static void expect_broken(const struct app_wire *wire)
{
    struct app app = {0};
    struct error err = {0};
    assert_false(app_wire_decode(wire, &app, &err));
    assert_null(app.path);
    assert_null(app.env);
    assert_int_equal(err.status, 0);
    assert_null(err.message);
}

static void test_cut_and_longer(void **state)
{
    (void)state;
    cleanup_app_wire struct app_wire wire;
    make_message(&wire);
    for (size_t size = 0; size < wire.size; size++) {
        cleanup_free unsigned char *exact = allocate(size, 1);
        memcpy(exact, wire.data, size);
        expect_broken(&(struct app_wire){.data = exact, .size = size});
    }
    assert_true(app_wire_append(&wire, "", 1));
    expect_broken(&wire);
}

/* Whatever a changed byte makes of a message, it is sound or refused. */
static void test_changed_bytes(void **state)
{
    (void)state;
    static const unsigned char changes[] = {0, 1, 2, 65, 125, 0x7f, 0x80, 0xff};
    cleanup_app_wire struct app_wire wire;
    make_message(&wire);
    for (size_t i = 0; i < wire.size * sizeof changes; i++) {
        unsigned char *byte = &wire.data[i / sizeof changes], kept = *byte;
        cleanup_app struct app app = {0};
        cleanup_error struct error err = {0};
        *byte = changes[i % sizeof changes];
        if (app_wire_decode(&wire, &app, &err) && err.status == 0)
            free(app_dump(&app));
        *byte = kept;
    }
}

/* Messages word by word: numbers and, behind their lengths, four bytes of text. */
static void test_hostile_messages(void **state)
{
    (void)state;
    const uint32_t null = APP_WIRE_NULL, text = 0x61616161;
    const struct {
        const char *what;
        uint32_t words[8];
        size_t count;
    } rows[] = {
        {"nothing", {0}, 0},
        {"error without a message", {STATUS_DATA, null, null, 0}, 4},
        {"status that is none of ours", {1, 4, text, null, 0}, 5},
        {"usage status", {STATUS_USAGE, 4, text, null, 0}, 5},
        {"negative status", {UINT32_MAX, 4, text, null, 0}, 5},
        {"negative errno", {STATUS_DATA, 4, text, null, UINT32_MAX}, 5},
        {"text longer than the message", {STATUS_DATA, 5, text, null}, 3},
        {"text of four gigabytes", {STATUS_DATA, null - 1, text, null, 0}, 5},
        {"text with a NUL", {STATUS_DATA, 4, 0x00616161, null, 0}, 5},
        {"flag that is no flag", {0, 2}, 2},
        {"endless env", {0, 0, null, null, null, APP_WIRE_LIST_MAX, null, null}, 8},
        {"env too long to hold", {0, 0, null, null, null, UINT32_MAX}, 6},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_app_wire struct app_wire wire = {0};
        assert_true(app_wire_append(&wire, rows[i].words, rows[i].count * sizeof *rows[i].words));
        expect_broken(&wire);
    }
}

/* What a planner would stumble over does not come through, though its encoding is right. */
static void test_unsound_apps(void **state)
{
    (void)state;
    struct app_env bad_name = {.name = (char *)"A=B"}, no_name = {0};
    struct app_addon no_plan = {.key = (char *)"k"}, no_key = {.plan = (char *)"p"};
    char *no_equals[] = {(char *)"A", NULL}, *no_variable[] = {(char *)"9=1", NULL},
         *null_item[] = {NULL, NULL};
    struct app apps[] = {
        {.env = &bad_name, .env_count = 1},
        {.env = &no_name, .env_count = 1},
        {.addons = &no_plan, .addon_count = 1},
        {.skipped_addons = &no_key, .skipped_count = 1},
        {.env_file = {.items = no_equals, .count = 1}},
        {.env_file = {.items = no_variable, .count = 1}},
        {.unknown = {.items = null_item, .count = 1}},
        {.buildpacks = {.items = null_item, .count = 1}},
        {.formation = {.items = null_item, .count = 1}},
    };
    for (size_t i = 0; i < sizeof apps / sizeof *apps; i++) {
        cleanup_app_wire struct app_wire wire = {0};
        struct error none = {0};
        assert_true(app_wire_encode(&apps[i], &none, &wire));
        expect_broken(&wire);
    }
}

static void test_too_large(void **state)
{
    (void)state;
    enum { TEXT = APP_WIRE_SIZE_MAX / 2 };
    cleanup_app struct app app = {0};
    struct error none = {0};
    cleanup_app_wire struct app_wire wire = {0};
    app.name = allocate(TEXT + 1, 1);
    app.stack = allocate(TEXT + 1, 1);
    memset(app.name, 'a', TEXT);
    memset(app.stack, 'a', TEXT);
    assert_false(app_wire_encode(&app, &none, &wire));
    assert_true(wire.size <= APP_WIRE_SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_app_arrives),   cmocka_unit_test(test_empty_app_arrives),
        cmocka_unit_test(test_error_arrives), cmocka_unit_test(test_cut_and_longer),
        cmocka_unit_test(test_changed_bytes), cmocka_unit_test(test_hostile_messages),
        cmocka_unit_test(test_unsound_apps),  cmocka_unit_test(test_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
