#include "given.h"

#include <string.h>

#include "images/catalog.h"
#include "unit.h"

#define STORE "/store/images/"

const struct image given_images[GIVEN_IMAGES] = {
    [GIVEN_POSTGRES_18] = {.name = TEXT("postgresql"),
                           .version = TEXT("18.1"),
                           .source = TEXT("dir:/pg18"),
                           .path = TEXT(STORE "postgresql/18.1"),
                           .tree = TEXT("tree"),
                           .server = TEXT("bin/postgres"),
                           .bins = {WORDS(TEXT("bin"))},
                           .template = TEXT("template"),
                           .locale = TEXT("en_US.UTF-8"),
                           .user = TEXT("postgres"),
                           .password = TEXT("pg-secret"),
                           .database = TEXT("postgres_buildpack_db")},
    [GIVEN_POSTGRES_17] = {.name = TEXT("postgresql"),
                           .version = TEXT("17.10"),
                           .source = TEXT("npm:pg17"),
                           .path = TEXT(STORE "postgresql/17.10"),
                           .tree = TEXT("tree"),
                           .server = TEXT("bin/postgres"),
                           .bins = {WORDS(TEXT("bin"))},
                           .template = TEXT("template"),
                           .locale = TEXT("en_US.UTF-8"),
                           .user = TEXT("postgres"),
                           .password = TEXT("pg-secret"),
                           .database = TEXT("postgres_buildpack_db")},
    [GIVEN_POSTGRES_16] = {.name = TEXT("postgresql"),
                           .version = TEXT("16.14"),
                           .source = TEXT("npm:pg16"),
                           .path = TEXT(STORE "postgresql/16.14"),
                           .tree = TEXT("tree"),
                           .server = TEXT("bin/postgres"),
                           .bins = {WORDS(TEXT("bin"))},
                           .template = TEXT("template"),
                           .locale = TEXT("C.UTF-8"),
                           .locpath = TEXT("locale"),
                           .user = TEXT("postgres"),
                           .password = TEXT("pg-secret"),
                           .database = TEXT("postgres_buildpack_db")},
    [GIVEN_CLIENT_17] = {.name = TEXT("postgresql-client"),
                         .version = TEXT("17.6"),
                         .source = TEXT("deb:client"),
                         .path = TEXT(STORE "postgresql-client/17.6"),
                         .tree = TEXT("tree"),
                         .bins = {WORDS(TEXT("usr/lib/17/bin"), TEXT("usr/bin"))}},
    [GIVEN_REDIS_7] = {.name = TEXT("redis"),
                       .version = TEXT("7.0.15"),
                       .source = TEXT("deb:redis7"),
                       .path = TEXT(STORE "redis/7.0.15"),
                       .tree = TEXT("tree"),
                       .server = TEXT("usr/bin/redis-server"),
                       .root = TEXT("root"),
                       .bins = {WORDS(TEXT("usr/bin"))}},
    [GIVEN_REDIS_6] = {.name = TEXT("redis"),
                       .version = TEXT("6.0.20"),
                       .source = TEXT("dir:/redis6"),
                       .path = TEXT(STORE "redis/6.0.20"),
                       .tree = TEXT("tree"),
                       .server = TEXT("redis-server"),
                       .bins = {WORDS(TEXT("."))}},
    [GIVEN_REDIS_5] = {.name = TEXT("redis"),
                       .version = TEXT("5.0.14"),
                       .source = TEXT("dir:/redis5"),
                       .path = TEXT(STORE "redis/5.0.14"),
                       .tree = TEXT("tree"),
                       .server = TEXT("redis-server"),
                       .bins = {WORDS(TEXT("."))}},
    [GIVEN_VALKEY_8] = {.name = TEXT("valkey"),
                        .version = TEXT("8.1.1"),
                        .source = TEXT("deb:valkey"),
                        .path = TEXT(STORE "valkey/8.1.1"),
                        .tree = TEXT("tree"),
                        .server = TEXT("bin/valkey-server"),
                        .bins = {WORDS(TEXT("bin"))}},
};

static struct catalog_entry entries[] = {
    {.name = TEXT("postgresql"), .default_version = TEXT("17")},
    {.name = TEXT("redis"), .default_version = TEXT("7.0")},
    {.name = TEXT("valkey"), .default_version = TEXT("8.1")},
};

const struct catalog given_catalog = {entries, sizeof entries / sizeof *entries};

void given_hex(char *out, size_t size)
{
    static unsigned calls;
    memset(out, "0123456789abcdef"[calls++ % 16], 2 * size);
    out[2 * size] = '\0';
}

void assert_list(const char *what, const struct strings *list, const char *const *expected)
{
    size_t i = 0;
    for (; i < list->count && expected[i]; i++)
        assert_text(what, list->items[i], expected[i]);
    if (i < list->count || expected[i])
        fail_msg("%s: %s \"%s\"", what, expected[i] ? "lacks" : "has",
                 expected[i] ? expected[i] : list->items[i]);
}

void assert_text(const char *what, const char *text, const char *expected)
{
    if (!text_equal(text, expected))
        fail_msg("%s: \"%s\" instead of \"%s\"", what, text ? text : "(none)",
                 expected ? expected : "(none)");
}
