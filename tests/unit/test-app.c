/* app.json: what each form gives, the whole of it; every refusal with its message; hostile texts. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "app-dump.h"
#include "base/own.h"
#include "runtime/app-json.h"
#include "runtime/app-name.h"

/* A copy without a NUL behind it, so that a sanitizer sees a read past the end. */
static int parse(const char *text, size_t size, struct app *app, struct error *err)
{
    cleanup_free char *exact = allocate(size, 1);
    memcpy(exact, text, size);
    return app_parse("d/app.json", exact, size, app, err);
}

static void expect_dump(const char *json, const char *dump)
{
    cleanup_app struct app app = {0};
    cleanup_error struct error err = {0};
    if (parse(json, strlen(json), &app, &err) < 0)
        fail_msg("%s: refused: %s", json, err.message);
    cleanup_free char *dumped = app_dump(&app);
    if (strcmp(dumped, dump) != 0)
        fail_msg("%s:\n%s", json, dumped);
    assert_true(app.present);
    assert_string_equal(app.path, "d/app.json");
}

static void expect_refusal(const char *json, size_t size, const char *message)
{
    cleanup_app struct app app = {0};
    cleanup_error struct error err = {0};
    if (parse(json, size, &app, &err) == 0)
        fail_msg("%s: taken", json);
    cleanup_free char *expected = text_format("d/app.json%s", message);
    assert_string_equal(err.message, expected);
    assert_int_equal(err.status, STATUS_DATA);
    assert_false(app.present);
    assert_null(app.path);
}

struct row {
    const char *json, *expected;
};

static void check_taken(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect_dump(rows[i].json, rows[i].expected);
}

static void check_refused(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect_refusal(rows[i].json, strlen(rows[i].json), rows[i].expected);
}

#define CHECK(what, rows) check_##what(rows, sizeof(rows) / sizeof *(rows))

static void test_plain_members(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{}", ""},
        {" \t\r\n{ } \n", ""},
        {"\xef\xbb\xbf{}", ""},
        {"{\"name\":\"a\",\"stack\":\"heroku-24\"}", "name a\nstack heroku-24\n"},
        {"{\"name\":null,\"stack\":null,\"env\":null,\"addons\":null,\"scripts\":null,\"formation\":null,"
         "\"buildpacks\":null,\"environments\":null}",
         ""},
        {"{\"description\":1,\"keywords\":{},\"website\":[],\"repository\":true,\"logo\":null,\"success_"
         "url\":2,"
         "\"$schema\":\"s\"}",
         ""},
        {"{\"name\":\"\\u00e9\\ud83d\\ude00\"}", "name \xc3\xa9\xf0\x9f\x98\x80\n"},
        {"{\"stack\":\"heroku-22\",\"environments\":{\"test\":{\"stack\":\"heroku-24\"}}}",
         "stack heroku-24\n"},
        {"{\"environments\":{\"test\":{\"stack\":\"heroku-24\"}},\"stack\":\"heroku-22\"}",
         "stack heroku-24\n"},
        {"{\"stack\":\"heroku-22\",\"environments\":{\"test\":{\"stack\":null}}}", "stack heroku-22\n"},
    };
    CHECK(taken, rows);
}

static void test_env(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{\"env\":{\"A\":\"x\",\"B\":\"\"}}", "env A=x\nenv B=\n"},
        {"{\"env\":{\"A\":true,\"B\":false,\"C\":null}}", "env A=true\nenv B=false\nenv C\n"},
        {"{\"env\":{\"A\":3,\"B\":1.5,\"C\":-0,\"D\":0.1,\"E\":-7}}",
         "env A=3\nenv B=1.5\nenv C=0\nenv D=0.1\nenv E=-7\n"},
        {"{\"env\":{\"A\":1e20,\"B\":1e21,\"C\":12345678901,\"D\":9007199254740993,\"E\":0.30000000000000004}"
         "}",
         "env A=100000000000000000000\nenv B=1e+21\nenv C=12345678901\nenv D=9007199254740992\n"
         "env E=0.30000000000000004\n"},
        {"{\"env\":{\"A\":{},\"B\":{\"value\":\"x\"},\"C\":{\"value\":null},\"D\":{\"value\":5},"
         "\"E\":{\"value\":true},\"F\":{\"value\":\"\"}}}",
         "env A\nenv B=x\nenv C\nenv D=5\nenv E=true\nenv F=\n"},
        {"{\"env\":{\"A\":{\"required\":true},\"B\":{\"required\":false},\"C\":{\"required\":null},"
         "\"D\":{\"value\":\"x\",\"required\":true}}}",
         "env A required\nenv B\nenv C\nenv D=x required\n"},
        {"{\"env\":{\"A\":{\"generator\":\"secret\"},\"B\":{\"generator\":\"secret\",\"value\":\"x\"},"
         "\"C\":{\"generator\":\"secret\",\"required\":true},\"D\":{\"generator\":\"magic\"}}}",
         "env A generated\nenv B=x\nenv C required generated\nenv D\nunknown env.D.generator\n"},
        {"{\"env\":{\"A\":{\"description\":5,\"colour\":1}}}", "env A\nunknown env.A.colour\n"},
        {"{\"env\":{\"_a9\":\"x\",\"lower\":\"\\n\\\"\\u001b\"}}", "env _a9=x\nenv lower=\n\"\x1b\n"},
        /* by variable, and the whole of it */
        {"{\"env\":{\"A\":\"1\",\"B\":\"2\"},\"environments\":{\"test\":{\"env\":{\"B\":\"3\",\"C\":\"4\"}}}"
         "}",
         "env A=1\nenv B=3\nenv C=4\n"},
        {"{\"environments\":{\"test\":{\"env\":{\"A\":\"test\"}}},\"env\":{\"A\":\"top\"}}", "env A=test\n"},
        {"{\"env\":{\"A\":{\"required\":true}},\"environments\":{\"test\":{\"env\":{\"A\":\"x\"}}}}",
         "env A=x\n"},
        {"{\"env\":{\"A\":\"x\"},\"environments\":{\"test\":{\"env\":{\"A\":{\"required\":true}}}}}",
         "env A required\n"},
        {"{\"env\":{\"A\":\"x\"},\"environments\":{\"review\":{\"env\":{\"A\":\"y\"}}}}",
         "env A=x\nunknown environments.review\n"},
        /* as JSON.parse: the last of two with one name */
        {"{\"env\":{\"A\":\"1\",\"A\":\"2\"}}", "env A=2\n"},
        {"{\"env\":{\"A\":[],\"A\":\"2\"}}", "env A=2\n"},
        {"{\"env\":{\"A\":\"1\"},\"env\":{\"B\":\"2\"}}", "env B=2\n"},
        {"{\"env\":{\"A\":\"1\",\"a\":\"2\"}}", "env A=1\nenv a=2\n"},
    };
    CHECK(taken, rows);
}

static void test_addons(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{\"environments\":{\"test\":{\"addons\":[\"heroku-postgresql:in-dyno\",\"heroku-redis:in-dyno\"]}}"
         "}",
         "addon heroku-postgresql:in-dyno in-dyno at environments.test.addons[0]\n"
         "addon heroku-redis:in-dyno in-dyno at environments.test.addons[1]\n"},
        {"{\"environments\":{\"test\":{\"addons\":[{\"plan\":\"heroku-postgresql:in-dyno\",\"as\":\"OTHER_"
         "DB\"}]}}}",
         "addon heroku-postgresql:in-dyno as OTHER_DB in-dyno at environments.test.addons[0]\n"},
        {"{\"environments\":{\"test\":{\"addons\":[{\"plan\":\"p:q\",\"as\":null,\"options\":{\"version\":16}"
         ","
         "\"more\":1}]}}}",
         "addon p:q at environments.test.addons[0]\n"
         "unknown environments.test.addons[0].more\nunknown environments.test.addons[0].options.version\n"},
        /* an in-dyno plan's options are read, null as absent; another's may be anything */
        {"{\"environments\":{\"test\":{\"addons\":[{\"options\":{\"version\":\"7.2\",\"maxmemory\":1000000,"
         "\"a\":1.5,\"b\":true,\"c\":null,\"d=\":\"x y\"},\"plan\":\"heroku-redis:in-dyno\"}]}}}",
         "addon heroku-redis:in-dyno in-dyno at environments.test.addons[0]\n"
         "option version=7.2\noption maxmemory=1000000\noption a=1.5\noption b=true\noption d==x y\n"},
        {"{\"addons\":[{\"plan\":\"p:q\",\"options\":{\"x\":{\"y\":[]}}}]}",
         "addon p:q at addons[0]\nunknown addons[0].options.x\n"},
        {"{\"environments\":{\"test\":{\"addons\":[\"a\",\"a:in-dyno-2\",\"a:in-dyno\",\"a:b:in-dyno\",\"in-"
         "dyno\"]}}}",
         "addon a at environments.test.addons[0]\naddon a:in-dyno-2 at environments.test.addons[1]\n"
         "addon a:in-dyno in-dyno at environments.test.addons[2]\naddon a:b:in-dyno at "
         "environments.test.addons[3]\n"
         "addon in-dyno at environments.test.addons[4]\n"},
        /* in-dyno belongs to the test environment alone */
        {"{\"addons\":[\"heroku-redis:in-dyno\",\"heroku-redis:mini\"]}",
         "addon heroku-redis:mini at addons[1]\nskipped heroku-redis:in-dyno in-dyno at addons[0]\n"},
        {"{\"addons\":[\"heroku-redis:in-dyno\",\"heroku-redis:mini\"],\"environments\":{\"test\":{"
         "\"addons\":"
         "[\"heroku-postgresql:in-dyno\"]}}}",
         "addon heroku-postgresql:in-dyno in-dyno at environments.test.addons[0]\n"
         "skipped heroku-redis:in-dyno in-dyno at addons[0]\n"},
        {"{\"addons\":[\"heroku-redis:mini\"],\"environments\":{\"test\":{\"addons\":[]}}}", ""},
        {"{\"addons\":[\"heroku-redis:mini\"],\"environments\":{\"test\":{\"addons\":null}}}",
         "addon heroku-redis:mini at addons[0]\n"},
        {"{\"environments\":{\"review\":{\"addons\":[\"heroku-redis:in-dyno\",\"x:y\"]}}}",
         "skipped heroku-redis:in-dyno in-dyno at environments.review.addons[0]\nunknown "
         "environments.review\n"},
    };
    CHECK(taken, rows);
}

static void test_scripts(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{\"environments\":{\"test\":{\"scripts\":{\"test-setup\":\"make\",\"test\":\"make check\"}}}}",
         "test-setup make\ntest make check\n"},
        {"{\"scripts\":{\"test\":\"no\",\"postdeploy\":{\"command\":\"x\"}}}",
         "unknown scripts.test\nunknown scripts.postdeploy\n"},
        {"{\"scripts\":{\"test\":\"no\"},\"environments\":{\"test\":{\"scripts\":{\"test\":\"yes\",\"lint\":"
         "1}}}}",
         "test yes\nunknown scripts.test\nunknown environments.test.scripts.lint\n"},
        {"{\"environments\":{\"test\":{\"scripts\":{\"test-setup\":null,\"test\":\" \\t\\n\"}}}}", ""},
        {"{\"environments\":{\"test\":{\"scripts\":{\"test\":\"\"}}}}", ""},
        {"{\"environments\":{\"staging\":{\"scripts\":{\"test\":\"no\"}},\"test\":null}}",
         "unknown environments.staging\n"},
    };
    CHECK(taken, rows);
}

static void test_formation_and_buildpacks(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{\"formation\":{\"web\":{\"quantity\":1,\"size\":\"standard-1x\"},\"worker\":{},\"clock\":{"
         "\"size\":\"eco\"},"
         "\"off\":null}}",
         "formation web: quantity 1, size standard-1x\nformation worker:\nformation clock: size eco\n"},
        {"{\"formation\":{\"test\":{\"size\":\"eco\"}}}", "formation test: size eco\nsize eco\n"},
        {"{\"formation\":{\"test\":{\"size\":\"eco\"}},\"environments\":{\"test\":{\"formation\":{\"test\":{"
         "\"size\":"
         "\"performance-l\"}}}}}",
         "formation test: size performance-l\nsize performance-l\n"},
        {"{\"formation\":{\"test\":{\"size\":\"eco\"}},\"environments\":{\"test\":{\"formation\":{}}}}", ""},
        {"{\"formation\":{\"web\":{\"quantity\":\"2\",\"command\":\"x\"}}}",
         "formation web: quantity 2\nunknown formation.web.command\n"},
        {"{\"formation\":{\"web\":{\"quantity\":1}},\"environments\":{\"test\":{\"formation\":{\"test\":"
         "{\"quantity\":2}}}}}",
         "formation test: quantity 2\n"},
        {"{\"formation\":{\"\\u001b[2J\":{\"quantity\":1}}}", "formation ?[2J: quantity 1\n"},
        {"{\"buildpacks\":[{\"url\":\"heroku/ruby\"},\"heroku/nodejs\",{\"url\":\"x\",\"y\":1}]}",
         "buildpack heroku/ruby\nbuildpack heroku/nodejs\nbuildpack x\nunknown buildpacks[2].y\n"},
        {"{\"buildpacks\":[{\"url\":\"a\"}],\"environments\":{\"test\":{\"buildpacks\":[{\"url\":\"b\"}]}}}",
         "buildpack b\n"},
        {"{\"buildpacks\":[{\"url\":\"a\"}],\"environments\":{\"test\":{\"buildpacks\":[]}}}", ""},
    };
    CHECK(taken, rows);
}

static void test_unknown_keys(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{\"image\":\"x\",\"foo\":{\"bar\":1},\"\":0}", "unknown image\nunknown foo\nunknown [\"\"]\n"},
        {"{\"a.b\":1,\"a\\\"b\\\\\":1,\"\\u001b\\u0007\\u00e9\":1}",
         "unknown [\"a.b\"]\nunknown [\"a?b?\"]\nunknown [\"????\"]\n"},
        {"{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":1,"
         "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabc\":1}",
         "unknown aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
         "unknown [\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\"]\n"},
        {"{\"environments\":{\"test\":{\"name\":\"x\"}},\"Env\":{}}",
         "unknown environments.test.name\nunknown Env\n"},
    };
    CHECK(taken, rows);
}

static void test_wrong_types(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"[]", ": expected an object, found an array"},
        {"null", ": expected an object, found null"},
        {"\"x\"", ": expected an object, found a string"},
        {"5", ": expected an object, found a number"},
        {"{\"name\":5}", ": name: expected a string, found a number"},
        {"{\"stack\":[]}", ": stack: expected a string, found an array"},
        {"{\"env\":[]}", ": env: expected an object, found an array"},
        {"{\"env\":{\"A\":[]}}", ": env.A: expected a string, found an array"},
        {"{\"env\":{\"A\":1e999}}", ": env.A: the number is out of range"},
        {"{\"env\":{\"A\":{\"value\":{}}}}", ": env.A.value: expected a string, found an object"},
        {"{\"env\":{\"A\":{\"value\":-1e999}}}", ": env.A.value: the number is out of range"},
        {"{\"env\":{\"A\":{\"required\":\"true\"}}}",
         ": env.A.required: expected true or false, found a string"},
        {"{\"env\":{\"A\":{\"generator\":true}}}", ": env.A.generator: expected a string, found true"},
        {"{\"addons\":{}}", ": addons: expected an array, found an object"},
        {"{\"addons\":[\"a\",5]}", ": addons[1]: expected a string or an object, found a number"},
        {"{\"addons\":[null]}", ": addons[0]: expected a string or an object, found null"},
        {"{\"addons\":[{\"plan\":5}]}", ": addons[0].plan: expected a string, found a number"},
        {"{\"addons\":[{\"plan\":\"a\",\"as\":false}]}", ": addons[0].as: expected a string, found false"},
        {"{\"addons\":[{\"plan\":\"a\",\"options\":[]}]}",
         ": addons[0].options: expected an object, found an array"},
        {"{\"environments\":{\"test\":{\"addons\":[{\"plan\":\"p:in-dyno\",\"options\":{\"x\":{}}}]}}}",
         ": environments.test.addons[0].options.x: expected a string, found an object"},
        {"{\"addons\":[{\"plan\":\"p:in-dyno\",\"options\":{\"x\":[1]}}]}",
         ": addons[0].options.x: expected a string, found an array"},
        {"{\"addons\":[{\"plan\":\"p:in-dyno\",\"options\":true}]}",
         ": addons[0].options: expected an object, found true"},
        {"{\"scripts\":\"x\"}", ": scripts: expected an object, found a string"},
        {"{\"formation\":[]}", ": formation: expected an object, found an array"},
        {"{\"formation\":{\"web\":1}}", ": formation.web: expected an object, found a number"},
        {"{\"formation\":{\"web\":{\"quantity\":[]}}}",
         ": formation.web.quantity: expected a string, found an array"},
        {"{\"buildpacks\":{}}", ": buildpacks: expected an array, found an object"},
        {"{\"buildpacks\":[1]}", ": buildpacks[0]: expected an object with a url, found a number"},
        {"{\"buildpacks\":[{\"url\":1}]}", ": buildpacks[0].url: expected a string, found a number"},
        {"{\"environments\":[]}", ": environments: expected an object, found an array"},
        {"{\"environments\":{\"test\":[]}}", ": environments.test: expected an object, found an array"},
        {"{\"environments\":{\"review\":1}}", ": environments.review: expected an object, found a number"},
        {"{\"environments\":{\"review\":{\"addons\":1}}}",
         ": environments.review.addons: expected an array, found a number"},
        {"{\"environments\":{\"test\":{\"scripts\":[]}}}",
         ": environments.test.scripts: expected an object, found an array"},
        {"{\"environments\":{\"test\":{\"scripts\":{\"test\":[\"a\"]}}}}",
         ": environments.test.scripts.test: expected a string, found an array"},
        {"{\"environments\":{\"test\":{\"scripts\":{\"test-setup\":{}}}}}",
         ": environments.test.scripts.test-setup: expected a string, found an object"},
        {"{\"environments\":{\"test\":{\"env\":{\"A\":[]}}}}",
         ": environments.test.env.A: expected a string, found an array"},
        {"{\"environments\":{\"test\":{\"addons\":\"x\"}}}",
         ": environments.test.addons: expected an array, found a string"},
    };
    CHECK(refused, rows);
}

#define NO_VARIABLE ": not a name that an environment variable can have"

static void test_bad_values(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{\"env\":{\"\":\"x\"}}", ": env[\"\"]" NO_VARIABLE},
        {"{\"env\":{\"9A\":\"x\"}}", ": env.9A" NO_VARIABLE},
        {"{\"env\":{\"A-B\":\"x\"}}", ": env.A-B" NO_VARIABLE},
        {"{\"env\":{\"A=B\":\"x\"}}", ": env[\"A=B\"]" NO_VARIABLE},
        {"{\"env\":{\"A B\":null}}", ": env[\"A B\"]" NO_VARIABLE},
        {"{\"env\":{\"\\u00e9\":\"x\"}}", ": env[\"??\"]" NO_VARIABLE},
        {"{\"environments\":{\"test\":{\"env\":{\"\\u001b[31m\":\"x\"}}}}",
         ": environments.test.env[\"?[31m\"]" NO_VARIABLE},
        {"{\"addons\":[{}]}", ": addons[0]: no plan is named"},
        {"{\"addons\":[\"\"]}", ": addons[0]: no plan is named"},
        {"{\"addons\":[{\"plan\":null}]}", ": addons[0]: no plan is named"},
        {"{\"addons\":[{\"plan\":\"a\",\"as\":\"\"}]}",
         ": addons[0].as: not a name that an environment variable can start with"},
        {"{\"addons\":[{\"plan\":\"a\",\"as\":\"X=Y\"}]}",
         ": addons[0].as: not a name that an environment variable can start with"},
        {"{\"buildpacks\":[{}]}", ": buildpacks[0]: no url is given"},
    };
    CHECK(refused, rows);
}

static void test_broken_json(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", ":1:1: not valid JSON: the file is empty"},
        {" \n ", ":2:2: not valid JSON: the file is empty"},
        {"\xef\xbb\xbf", ":1:1: not valid JSON: the file is empty"},
        {"{", ":1:2: not valid JSON: expected a key in double quotes"},
        {"{\"a\": 1,\n \"b\": tru}", ":2:7: not valid JSON: expected a value"},
        {"{\n\n  \"name\" \"x\"}", ":3:10: not valid JSON: expected a colon"},
        {"{\"a\":1,}", ":1:8: not valid JSON: expected a key in double quotes"},
        {"{\"a\":1,\n}\n", ":2:1: not valid JSON: expected a key in double quotes"},
        {"{\"a\":[1,]}", ":1:9: not valid JSON: expected a value"},
        {"{\"a\":[1 2]}", ":1:9: not valid JSON: expected a comma or ']'"},
        {"{\"a\":1 \"b\":2}", ":1:8: not valid JSON: expected a comma or '}'"},
        {"{\"a\"", ":1:5: not valid JSON: expected a colon"},
        {"{\"a\":", ":1:6: not valid JSON: expected a value"},
        {"{\"a\":1", ":1:7: not valid JSON: expected a comma or '}'"},
        {"{\"a\":nul}", ":1:6: not valid JSON: expected a value"},
        {"{,}", ":1:2: not valid JSON: expected a key in double quotes"},
        {"{\"\xc3\xa9\":1,}", ":1:8: not valid JSON: expected a key in double quotes"},
        {"{'a':1}", ":1:2: not valid JSON: expected a key in double quotes"},
        {"{a:1}", ":1:2: not valid JSON: expected a key in double quotes"},
        {"{} x", ":1:4: not valid JSON: something follows the document"},
        {"{}\n{}", ":2:1: not valid JSON: something follows the document"},
        {"{}\xef\xbb\xbf", ":1:3: not valid JSON: something follows the document"},
        {"// no\n{}", ":1:1: not valid JSON: expected a value"},
        {"{\"a\":\"x", ":1:6: not valid JSON: a string that does not end"},
        {"{\"a\":\"x\\", ":1:8: not valid JSON: an escape that means nothing"},
        {"{\"a\":\"x\\\"", ":1:6: not valid JSON: a string that does not end"},
        {"{\"a\":\"x\ny\"}", ":1:8: not valid JSON: a line break or control character in a string"},
        {"{\"a\":\"\t\"}", ":1:7: not valid JSON: a line break or control character in a string"},
        {"{\"a\":\"x\\u0000y\"}", ":1:8: not valid JSON: a NUL character in a string"},
        {"{\"a\\u0000b\":1}", ":1:4: not valid JSON: a NUL character in a string"},
        {"{\"a\":\"\\ud800\"}", ":1:7: not valid JSON: half of a surrogate pair"},
        {"{\"a\":\"\\udc00\\ud800\"}", ":1:7: not valid JSON: half of a surrogate pair"},
        {"{\"a\":\"\\u12g4\"}", ":1:7: not valid JSON: an escape that means nothing"},
        {"{\"a\":\"\\x41\"}", ":1:7: not valid JSON: an escape that means nothing"},
        {"{\"a\":\"\xff\"}", ":1:7: not valid JSON: not UTF-8"},
        {"{\"a\":\"\xc0\xaf\"}", ":1:7: not valid JSON: not UTF-8"},
        {"{\"a\":\"\xed\xa0\x80\"}", ":1:7: not valid JSON: not UTF-8"},
        {"{\"a\":\"\xf4\x90\x80\x80\"}", ":1:7: not valid JSON: not UTF-8"},
        {"{\"a\":\"\xe2\x82", ":1:7: not valid JSON: not UTF-8"},
        {"{\"a\":\x01 1}", ":1:6: not valid JSON: expected a value"},
        {"{\"a\":01}", ":1:6: not valid JSON: a malformed number"},
        {"{\"a\":1.}", ":1:6: not valid JSON: a malformed number"},
        {"{\"a\":-}", ":1:6: not valid JSON: a malformed number"},
        {"{\"a\":1e}", ":1:6: not valid JSON: a malformed number"},
        {"{\"a\":1-2}", ":1:6: not valid JSON: a malformed number"},
        {"{\"a\":+1}", ":1:6: not valid JSON: expected a value"},
        {"{\"a\":.5}", ":1:6: not valid JSON: expected a value"},
        {"{\"a\":NaN}", ":1:6: not valid JSON: expected a value"},
        {"{\"a\":0x10}", ":1:7: not valid JSON: expected a comma or '}'"},
        {"{\"a\":1111111111222222222233333333334444444444555555555566666666667777}",
         ":1:6: not valid JSON: a number with too many digits"},
        {"]", ":1:1: not valid JSON: expected a value"},
        {"{\"a\":[}", ":1:7: not valid JSON: expected a value"},
    };
    CHECK(refused, rows);
}

static void test_nul_bytes(void **state)
{
    (void)state;
    static const char in_blanks[] = "{}\0", in_string[] = "{\"a\":\"b\0c\"}", in_front[] = "\0{}";
    expect_refusal(in_blanks, sizeof in_blanks - 1, ":1:3: not valid JSON: something follows the document");
    expect_refusal(in_string, sizeof in_string - 1,
                   ":1:8: not valid JSON: a line break or control character in a string");
    expect_refusal(in_front, sizeof in_front - 1, ":1:1: not valid JSON: expected a value");
}

/* front, then count times middle, then back. */
static char *repeated(const char *front, const char *middle, size_t count, const char *back)
{
    size_t step = strlen(middle);
    char *text = allocate(strlen(front) + count * step + strlen(back) + 1, 1);
    char *at = stpcpy(text, front);
    for (size_t i = 0; i < count; i++)
        at = stpcpy(at, middle);
    strcpy(at, back);
    return text;
}

static void test_depth(void **state)
{
    (void)state;
    for (size_t depth = APP_JSON_DEPTH_MAX; depth <= APP_JSON_DEPTH_MAX + 1; depth++) {
        cleanup_free char *open = repeated("{\"x\":", "[", depth - 1, "");
        cleanup_free char *text = repeated(open, "]", depth - 1, "}");
        if (depth <= APP_JSON_DEPTH_MAX)
            expect_dump(text, "unknown x\n");
        else
            expect_refusal(text, strlen(text), ":1:69: not valid JSON: nested too deeply");
    }
    cleanup_free char *deep = repeated("", "[", 500000, "");
    expect_refusal(deep, strlen(deep), ":1:65: not valid JSON: nested too deeply");
}

static void test_many_values(void **state)
{
    (void)state;
    cleanup_free char *fits = repeated("{\"x\":[0", ",0", APP_JSON_VALUES_MAX - 3, "]}");
    expect_dump(fits, "unknown x\n");
    cleanup_free char *more = repeated("{\"x\":[0\n", ",0", APP_JSON_VALUES_MAX - 2, "]}");
    expect_refusal(more, strlen(more), ":2:8188: not valid JSON: too many values");
}

static void test_size(void **state)
{
    (void)state;
    cleanup_free char *fits = repeated("{}", " ", APP_JSON_SIZE_MAX - 2, "");
    expect_dump(fits, "");
    cleanup_free char *larger = repeated("{}", " ", APP_JSON_SIZE_MAX - 1, "");
    expect_refusal(larger, strlen(larger), ": larger than 1048576 bytes");
}

#define TOO_LONG ": longer than the 131071 bytes that Linux passes to a program"

/* execve(2) refuses an argument or a NAME=VALUE of 128 kB. */
static void test_argument_length(void **state)
{
    (void)state;
    cleanup_free char *value = repeated("{\"env\":{\"A\":\"", "x", ARGUMENT_MAX - 2, "\"}}");
    cleanup_free char *value_dump = repeated("env A=", "x", ARGUMENT_MAX - 2, "\n");
    expect_dump(value, value_dump);
    cleanup_free char *long_value = repeated("{\"env\":{\"A\":\"", "x", ARGUMENT_MAX - 1, "\"}}");
    expect_refusal(long_value, strlen(long_value), ": env.A" TOO_LONG);

    static const char script[] = "{\"environments\":{\"test\":{\"scripts\":{\"test\":\"";
    cleanup_free char *test = repeated(script, "x", ARGUMENT_MAX, "\"}}}}");
    cleanup_free char *test_dump = repeated("test ", "x", ARGUMENT_MAX, "\n");
    expect_dump(test, test_dump);
    cleanup_free char *long_test = repeated(script, "x", ARGUMENT_MAX + 1, "\"}}}}");
    expect_refusal(long_test, strlen(long_test), ": environments.test.scripts.test" TOO_LONG);
}

/* Every beginning of a text that uses all there is, and every text with one byte changed, ends in one way or
 * another; this is of use under the sanitizers. */
static void test_damaged(void **state)
{
    (void)state;
    static const char whole[] =
        "\xef\xbb\xbf{\"name\":\"\\u00e9\\ud83d\\ude00\",\"env\":{\"A\":{\"value\":-1.5e+3,\"required\":true}"
        ",\"B\":null},"
        "\"addons\":[\"a:in-dyno\",{\"plan\":\"b\",\"as\":\"C\",\"options\":{}}],\"environments\":{\"test\":{"
        "\"scripts\":"
        "{\"test\":\"\\\\x\"}}},\"formation\":{\"web\":{\"quantity\":1}},\"buildpacks\":[{\"url\":\"u\"}]}";
    static const char changes[] = {'\0', '"', '\\', '{', '}', ',', '\xff', '9'};
    for (size_t size = 0; size < sizeof whole - 1; size++) {
        cleanup_app struct app app = {0};
        cleanup_error struct error err = {0};
        assert_int_equal(parse(whole, size, &app, &err), -1);
    }
    for (size_t i = 0; i < (sizeof whole - 1) * sizeof changes; i++) {
        char changed[sizeof whole];
        memcpy(changed, whole, sizeof whole);
        changed[i / sizeof changes] = changes[i % sizeof changes];
        cleanup_app struct app app = {0};
        cleanup_error struct error err = {0};
        int result = parse(changed, sizeof changed - 1, &app, &err);
        assert_int_equal(err.status, result < 0 ? STATUS_DATA : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_members),
        cmocka_unit_test(test_env),
        cmocka_unit_test(test_addons),
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_formation_and_buildpacks),
        cmocka_unit_test(test_unknown_keys),
        cmocka_unit_test(test_wrong_types),
        cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_broken_json),
        cmocka_unit_test(test_nul_bytes),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_many_values),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_argument_length),
        cmocka_unit_test(test_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
