/* The host ids of root's dynos, as /etc/subuid and /etc/subgid give them. */
#include "unit.h"

#include <string.h>
#include <sys/stat.h>

#include "base/own.h"
#include "sandbox/id-range.h"
#include "scratch.h"

/* NULL: there is no such file. */
static int find(const char *uids, const char *gids, struct sandbox_id_range *range, struct error *err)
{
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    if (uids)
        scratch_write(&scratch, "subuid", uids);
    if (gids)
        scratch_write(&scratch, "subgid", gids);
    cleanup_free char *subuid = text_format("%s/subuid", scratch.path),
                      *subgid = text_format("%s/subgid", scratch.path);
    int status = id_range_find(subuid, subgid, range, err);
    if (status == 0)
        assert_true(!range->source || range->source == subuid);
    range->source = status == 0 && range->source ? "subuid" : NULL; /* the path ends with this scope */
    if (status < 0 && text_starts(err->message, scratch.path)) {
        char *message = copy_string(err->message + strlen(scratch.path) + 1);
        free(err->message);
        err->message = message;
    }
    return status;
}

static void test_found(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uid_t first;
        unsigned blocks;
    } rows[] = {
        {"indyno:100000:65536\n", 100000, 256},
        {"indyno:100000:65536", 100000, 256},
        {"indyno:65536:256\n", 65536, 1},
        {"indyno:65536:511\n", 65536, 1},
        {"indyno:65536:512\n", 65536, 2},
        {"# indyno's own\n\nalice:100000:65536\nindyno:165536:1024\nbob:200000:65536\n", 165536, 4},
        {"#indyno:100000:65536\nindyno:200000:256\n", 200000, 1},
        {"indynot:100000:65536\nindyno:200000:256\n", 200000, 1},
        {"indyno:4294967039:256\n", 4294967039u, 1}, /* to 4294967294, the last id */
        {"indyno:65536:4294901759\n", 65536, 16776959},
        {"alice:99744:256\nindyno:100000:256\nbob:100256:256\n", 100000, 1}, /* beside each other */
        {"root:0:4294967295\n0:1:4294967294\nindyno:100000:256\n", 100000, 1},
        {"alice:100000:0\nindyno:99999:256\n", 99999, 1},
        {"alice\nbob:x:y\ncarol:1\nindyno:100000:256\n", 100000, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sandbox_id_range range = {0};
        cleanup_error struct error err = {0};
        if (find(rows[i].text, rows[i].text, &range, &err) < 0)
            fail_msg("row %zu: %s", i, err.message);
        assert_int_equal(range.first, rows[i].first);
        assert_int_equal(range.blocks, rows[i].blocks);
        assert_string_equal(range.source, "subuid");
    }
}

static void test_default(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {NULL, NULL},
        {"", ""},
        {NULL, ""},
        {"alice:100000:65536\n", "alice:100000:65536\n"},
        {"#indyno:100000:256\n", NULL},
        {"alice:1879047936:256\nbob:1880096768:256\n", ""}, /* on both sides of it */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sandbox_id_range range = {0};
        cleanup_error struct error err = {0};
        if (find(rows[i][0], rows[i][1], &range, &err) < 0)
            fail_msg("row %zu: %s", i, err.message);
        assert_int_equal(range.first, SANDBOX_BLOCK_FIRST);
        assert_int_equal(range.blocks, SANDBOX_BLOCK_COUNT);
        assert_null(range.source);
    }
}

#define GOOD "indyno:100000:65536\n"

static void test_refused(void **state)
{
    (void)state;
    static const char low[] = "ids below 65536 are the system's, people's and nobody's",
                      high[] = "there are no ids above 4294967294", form[] = "not NAME:FIRST:COUNT",
                      overlap[] = "somebody else's ids, and they overlap those of indyno's dynos";
    static const struct {
        const char *uids, *gids, *place, *why;
    } rows[] = {
        {"indyno:100000:255\n", GOOD, "subuid:1: indyno:100000:255", "a run takes a block of 256 ids"},
        {"indyno:100000:0\n", GOOD, "subuid:1: indyno:100000:0", "a run takes a block of 256 ids"},
        {GOOD, "#\nindyno:100000:1\n", "subgid:2: indyno:100000:1", "a run takes a block of 256 ids"},
        {"indyno:0:65536\n", GOOD, "subuid:1: indyno:0:65536", low},
        {"indyno:1:4294967294\n", GOOD, "subuid:1: indyno:1:4294967294", low},
        {"indyno:65300:65536\n", GOOD, "subuid:1: indyno:65300:65536", low},
        {"indyno:65535:256\n", GOOD, "subuid:1: indyno:65535:256", low},
        {"indyno:4294967040:256\n", GOOD, "subuid:1: indyno:4294967040:256", high},
        {"indyno:4294967295:256\n", GOOD, "subuid:1: indyno:4294967295:256", high},
        {"indyno:4294967296:256\n", GOOD, "subuid:1: indyno:4294967296:256", high},
        {"indyno:100000:4294967296\n", GOOD, "subuid:1: indyno:100000:4294967296", high},
        {"indyno:100000:999999999999999999\n", GOOD, "subuid:1: indyno:100000:999999999999999999", high},
        {"indyno:100000:18446744073709551615\n", GOOD, "subuid:1: indyno:100000:18446744073709551615", form},
        {"indyno:18446744073709651616:256\n", GOOD, "subuid:1: indyno:18446744073709651616:256", form},
        {"indyno:-1:256\n", GOOD, "subuid:1: indyno:-1:256", form},
        {"indyno:100000:+256\n", GOOD, "subuid:1: indyno:100000:+256", form},
        {"indyno: 100000:256\n", GOOD, "subuid:1: indyno: 100000:256", form},
        {"indyno:100000:256 \n", GOOD, "subuid:1: indyno:100000:256 ", form},
        {"indyno:0x10000:256\n", GOOD, "subuid:1: indyno:0x10000:256", form},
        {"indyno:100000\n", GOOD, "subuid:1: indyno:100000", form},
        {"indyno:\n", GOOD, "subuid:1: indyno:", form},
        {"indyno::\n", GOOD, "subuid:1: indyno::", form},
        {"indyno:100000:256:1\n", GOOD, "subuid:1: indyno:100000:256:1", form},
        {GOOD "indyno:200000:256\n", GOOD, "subuid:2: indyno:200000:256",
         "a second range of indyno's, and it has one"},
        {GOOD GOOD, GOOD, "subuid:2: indyno:100000:65536", "a second range of indyno's, and it has one"},
        {"alice:165535:1\n" GOOD, GOOD, "subuid:1: alice:165535:1", overlap},
        {GOOD "alice:99999:2\n", GOOD, "subuid:2: alice:99999:2", overlap},
        {GOOD, GOOD "1000:1:4294967294\n", "subgid:2: 1000:1:4294967294", overlap},
        {GOOD "bob:110000:256\n", GOOD, "subuid:2: bob:110000:256", overlap},
        {"alice:1879048192:1\n", NULL, "subuid:1: alice:1879048192:1", overlap},
        {NULL, "alice:1880096767:1\n", "subgid:1: alice:1880096767:1", overlap},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sandbox_id_range range = {0};
        cleanup_error struct error err = {0};
        assert_int_equal(find(rows[i].uids, rows[i].gids, &range, &err), -1);
        cleanup_free char *message = text_format("%s: %s", rows[i].place, rows[i].why);
        assert_string_equal(err.message, message);
        assert_int_equal(err.status, STATUS_DATA);
        assert_string_equal(err.remedy,
                            "give indyno ids of its own, the same in /etc/subuid and /etc/subgid, such as "
                            "indyno:1879048192:1048576");
    }
}

static void test_not_the_same(void **state)
{
    (void)state;
    static const struct {
        const char *uids, *gids, *message;
    } rows[] = {
        {GOOD, NULL, "subuid:1: "},
        {"#\n" GOOD, "indyno:100000:65535\n", "subuid:2: "},
        {GOOD, "indyno:100001:65536\n", "subuid:1: "},
        {NULL, GOOD, "subgid:1: "},
        {"", "#\n\n" GOOD, "subgid:3: "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sandbox_id_range range = {0};
        cleanup_error struct error err = {0};
        assert_int_equal(find(rows[i].uids, rows[i].gids, &range, &err), -1);
        assert_int_equal(err.status, STATUS_DATA);
        assert_true(text_starts(err.message, rows[i].message));
        assert_non_null(strstr(err.message, "indyno's range is not the same as in "));
        assert_string_equal(err.remedy, "write the same line into both, such as indyno:100000:65536");
    }
}

static void test_cannot_be_read(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    assert_int_equal(mkdirat(scratch.fd, "subuid", 0755), 0);
    cleanup_free char *subuid = text_format("%s/subuid", scratch.path),
                      *subgid = text_format("%s/subgid", scratch.path);
    struct sandbox_id_range range;
    cleanup_error struct error err = {0};
    assert_int_equal(id_range_find(subuid, subgid, &range, NULL), -1);
    assert_int_equal(id_range_find(subuid, subgid, &range, &err), -1);
    assert_non_null(strstr(err.message, subuid));
}

/* A range from elsewhere: of these files only others' lines count. */
static void test_given(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    scratch_write(&scratch, "subuid", "alice:200000:65536\nindyno:1000000:256\n");
    cleanup_free char *subuid = text_format("%s/subuid", scratch.path),
                      *subgid = text_format("%s/subgid", scratch.path);
    const struct sandbox_id_range free_range = {.first = 1000100, .blocks = 4},
                                  taken = {.first = 199999, .blocks = 1};
    cleanup_error struct error err = {0};
    assert_int_equal(id_range_check(subuid, subgid, &free_range, NULL), 0);
    assert_int_equal(id_range_check(subuid, subgid, &taken, &err), -1);
    assert_int_equal(err.status, STATUS_DATA);
    assert_non_null(strstr(err.message, "subuid:1: alice:200000:65536: somebody else's ids"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_given),        cmocka_unit_test(test_found),
        cmocka_unit_test(test_default),      cmocka_unit_test(test_refused),
        cmocka_unit_test(test_not_the_same), cmocka_unit_test(test_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
