/* What the tests of planning are given: a store, a catalog, chance that counts, and short ways to write
 * structs whose texts are not const. Nothing of it is freed. */
#ifndef INDYNO_TEST_GIVEN_H
#define INDYNO_TEST_GIVEN_H

#include <stddef.h>

#include "base/text.h"
#include "images/image.h"

#define TEXT(text) ((char[]){text})

/* The members of struct strings: {WORDS(TEXT("a"), TEXT("b"))}. */
#define WORDS(...)                                                                                           \
    .items = (char *[]){__VA_ARGS__, NULL}, .count = sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)

enum {
    GIVEN_POSTGRES_18, /* no client is new enough for it */
    GIVEN_POSTGRES_17, /* the catalog's default */
    GIVEN_POSTGRES_16, /* sorts by another locale, and brings it */
    GIVEN_CLIENT_17,
    GIVEN_REDIS_7, /* the catalog's default; brings its own loader */
    GIVEN_REDIS_6,
    GIVEN_REDIS_5,
    GIVEN_VALKEY_8,
    GIVEN_IMAGES,
};

extern const struct image given_images[GIVEN_IMAGES];
extern const struct catalog given_catalog;

/* As text_random_hex, but each call gives one digit only, and the next call the next digit. */
void given_hex(char *out, size_t size);

/* The whole list, in order; what names the case in the message. */
void assert_list(const char *what, const struct strings *list, const char *const *expected);
#define ASSERT_LIST(list, ...) assert_list(#list, list, (const char *const[]){__VA_ARGS__, NULL})

/* NULL equals only NULL. */
void assert_text(const char *what, const char *text, const char *expected);

#endif
