/* Text of any bytes as JSON: what is UTF-8 is kept, what is not becomes U+FFFD, byte by byte. */
#include "unit.h"

#include "base/own.h"
#include "given.h"
#include "members.h"
#include "runtime/json.h"

#define BAD "\xEF\xBF\xBD"

static void test_text(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", ""},
        {"plain\n\x01\x7f", "plain\n\x01\x7f"},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"\xff", BAD},
        {"a\xffz", "a" BAD "z"},
        {"\xc3", BAD},
        {"\xc3(", BAD "("},
        {"\xe2\x82", BAD BAD},
        {"\xc0\xaf", BAD BAD},         /* overlong */
        {"\xed\xa0\x80", BAD BAD BAD}, /* half of a surrogate pair */
        {"\xff\xc3\xa9\xff", BAD "\xc3\xa9" BAD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_json cJSON *json = json_text(rows[i][0]);
        assert_text("text", cJSON_GetStringValue(json), rows[i][1]);
    }
}

static void test_members(void **state)
{
    (void)state;
    const struct strings none = {0}, two = {WORDS(TEXT("a"), TEXT("\xff"))};
    static const struct member members[] = {
        {"null", "null"},
        {"text", "\"t\""},
        {"none", "[]"},
        {"two", "[\"a\",\"" BAD "\"]"},
    };
    cleanup_json cJSON *json = cJSON_CreateObject();
    json_add_text(json, "null", NULL);
    json_add_text(json, "text", "t");
    json_add_list(json, "none", &none);
    json_add_list(json, "two", &two);
    ASSERT_MEMBERS(json, members);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_members),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
