/* Id maps: the host ids behind the dyno's, in each of the modes. */
#include "unit.h"

#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "sandbox/idmap.h"

enum {
    INNER_COUNT = SANDBOX_ID_COUNT + 2,
    CALLER_UID = 1001,
    CALLER_GID = 1002,
    UID_BASE = 100000,
    GID_BASE = 200000
};

/* The i-th of the ids that a dyno has. */
static uid_t inner_id(size_t i)
{
    return i < SANDBOX_ID_COUNT ? SANDBOX_ID_FIRST + (uid_t)i : i == SANDBOX_ID_COUNT ? 0 : SANDBOX_ID_NOBODY;
}

static const struct idmap subordinate = {.mode = SANDBOX_IDS_SUBORDINATE,
                                         .caller_uid = CALLER_UID,
                                         .caller_gid = CALLER_GID,
                                         .uid_base = UID_BASE,
                                         .gid_base = GID_BASE};

static void choose_block(unsigned slot, struct idmap *map)
{
    const struct sandbox_spec spec = {.ids = SANDBOX_IDS_BLOCK};
    assert_int_equal(idmap_choose(&spec, SANDBOX_BLOCK_FIRST + slot * SANDBOX_ID_BLOCK, map, NULL), 0);
}

/* ---- Block ---- */

/* Every id of every slot is a host id of its own, in the range that is set aside: no two dynos share one, and
 * none is the host's root or anybody on it. */
static void test_blocks_are_disjoint(void **state)
{
    (void)state;
    enum { RANGE = SANDBOX_BLOCK_COUNT * SANDBOX_ID_BLOCK };
    cleanup_free bool *taken = allocate(RANGE, sizeof *taken);
    for (unsigned slot = 0; slot < SANDBOX_BLOCK_COUNT; slot++) {
        struct idmap map;
        choose_block(slot, &map);
        for (size_t i = 0; i < INNER_COUNT; i++) {
            uid_t host = idmap_host_uid(&map, inner_id(i)), at = host - SANDBOX_BLOCK_FIRST;
            if (at >= RANGE || taken[at])
                fail_msg("slot %u: %u is %u", slot, inner_id(i), host);
            taken[at] = true;
            assert_int_equal(idmap_host_gid(&map, inner_id(i)), host);
        }
    }
}

static void test_block(void **state)
{
    (void)state;
    static const struct {
        unsigned slot;
        uid_t inner, host;
    } rows[] = {
        {0, 0, 0x70000000},       {0, 1000, 0x70000001},     {0, 1001, 0x70000002},  {0, 1253, 0x700000fe},
        {0, 65534, 0x700000ff},   {1, 0, 0x70000100},        {1, 65534, 0x700001ff}, {4095, 0, 0x700fff00},
        {4095, 1000, 0x700fff01}, {4095, 65534, 0x700fffff},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct idmap map;
        choose_block(rows[i].slot, &map);
        assert_int_equal(map.mode, SANDBOX_IDS_BLOCK);
        assert_int_equal(idmap_host_uid(&map, rows[i].inner), rows[i].host);
        assert_int_equal(idmap_host_gid(&map, rows[i].inner), rows[i].host);
    }
}

/* ---- Subordinate ---- */

static void test_subordinate(void **state)
{
    (void)state;
    static const struct {
        uid_t inner, uid;
        gid_t gid;
    } rows[] = {
        {0, UID_BASE, GID_BASE},
        {SANDBOX_ID_FIRST, CALLER_UID, CALLER_GID},
        {SANDBOX_ID_FIRST + 1, UID_BASE + 2, GID_BASE + 2},
        {SANDBOX_ID_FIRST + 253, UID_BASE + 254, GID_BASE + 254},
        {SANDBOX_ID_NOBODY, UID_BASE + 255, GID_BASE + 255},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(idmap_host_uid(&subordinate, rows[i].inner), rows[i].uid);
        assert_int_equal(idmap_host_gid(&subordinate, rows[i].inner), rows[i].gid);
    }
}

/* All but the caller's are of the caller's range, and none stands for two. */
static void test_subordinate_in_range(void **state)
{
    (void)state;
    bool taken[SANDBOX_ID_BLOCK] = {false};
    for (size_t i = 0; i < INNER_COUNT; i++) {
        uid_t inner = inner_id(i);
        if (inner == SANDBOX_ID_FIRST)
            continue;
        uid_t at = idmap_host_uid(&subordinate, inner) - UID_BASE;
        if (at >= SANDBOX_ID_BLOCK || taken[at])
            fail_msg("%u is %u", inner, at + UID_BASE);
        taken[at] = true;
        assert_int_equal(idmap_host_gid(&subordinate, inner) - GID_BASE, at);
    }
}

/* ---- Single ---- */

static void test_single(void **state)
{
    (void)state;
    const struct sandbox_spec spec = {.ids = SANDBOX_IDS_SINGLE};
    struct idmap map;
    assert_int_equal(idmap_choose(&spec, 3, &map, NULL), 0);
    assert_int_equal(map.mode, SANDBOX_IDS_SINGLE);
    assert_int_equal(map.caller_uid, geteuid());
    assert_int_equal(map.caller_gid, getegid());
    assert_int_equal(idmap_host_uid(&map, SANDBOX_ID_FIRST), geteuid());
    assert_int_equal(idmap_host_gid(&map, SANDBOX_ID_FIRST), getegid());
}

/* Only one id is mapped; whoever asks for another must not be told the host's root. */
static void test_single_has_no_root(void **state)
{
    (void)state;
    const struct idmap map = {.mode = SANDBOX_IDS_SINGLE, .caller_uid = CALLER_UID, .caller_gid = CALLER_GID};
    for (size_t i = 0; i < INNER_COUNT; i++) {
        assert_int_equal(idmap_host_uid(&map, inner_id(i)), CALLER_UID);
        assert_int_equal(idmap_host_gid(&map, inner_id(i)), CALLER_GID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_are_disjoint),
        cmocka_unit_test(test_block),
        cmocka_unit_test(test_subordinate),
        cmocka_unit_test(test_subordinate_in_range),
        cmocka_unit_test(test_single),
        cmocka_unit_test(test_single_has_no_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
