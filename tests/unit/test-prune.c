/* Pruning: what no run would choose any more. */
#include "unit.h"

#include <string.h>

#include "base/own.h"
#include "images/prune.h"

enum { ROWS_MAX = 8 };

struct row {
    const char *image; /* "redis:7.0.9"; one of the store "other" begins with '@' */
    const char *why;   /* "": stays; "x": clients that nobody needs; else the newer version */
};

static struct image make_image(const char *word)
{
    bool other = *word == '@';
    const char *name = word + other, *colon = strchr(name, ':');
    return (struct image){.name = text_format("%.*s", (int)(colon - name), name),
                          .version = copy_string(colon + 1),
                          .store = copy_string(other ? "other" : "own")};
}

static const char *why_of(const struct prune *prune)
{
    return prune->why == PRUNE_NOT ? "" : prune->why == PRUNE_OLDER ? prune->newer : "x";
}

static void check(const struct row *rows)
{
    struct image images[ROWS_MAX];
    struct prune prunes[ROWS_MAX];
    size_t count = 0;
    for (; count < ROWS_MAX && rows[count].image; count++)
        images[count] = make_image(rows[count].image);
    prune_choose(images, count, "own", prunes);
    for (size_t i = 0; i < count; i++)
        if (strcmp(why_of(&prunes[i]), rows[i].why) != 0)
            fail_msg("%s: '%s', expected '%s'", rows[i].image, why_of(&prunes[i]), rows[i].why);
    for (size_t i = 0; i < count; i++)
        image_clear(&images[i]);
}

static void test_choices(void **state)
{
    (void)state;
    static const struct row cases[][ROWS_MAX] = {
        {{NULL, NULL}},
        /* Postgres' lines are majors, others' major.minor */
        {{"postgresql:16.14", ""},
         {"postgresql:16.9", "16.14"},
         {"postgresql:16.10", "16.14"},
         {"postgresql:17.1", ""}},
        {{"redis:7.0.9", "7.0.15"},
         {"redis:7.0.15", ""},
         {"redis:7.2.1", ""},
         {"redis:7.0.10", "7.0.15"},
         {"valkey:7.0.99", ""},
         {"redis:70.0.1", ""}},
        {{"redis:7", "7.0.1"}, {"redis:7.0.1", ""}},
        {{"redis:7.0.1.1", ""}, {"redis:7.0.1", "7.0.1.1"}},
        /* another store's is neither removed nor reason enough */
        {{"@redis:7.0.15", ""}, {"redis:7.0.9", ""}},
        {{"redis:7.0.15", ""}, {"@redis:7.0.9", ""}},
        /* clients: of the nearest major that is not older */
        {{"postgresql:16.14", ""},
         {"postgresql-client:17.12", ""},
         {"postgresql-client:18.6", "x"},
         {"postgresql-client:15.1", "x"}},
        {{"postgresql:16.14", ""},
         {"postgresql:18.1", ""},
         {"postgresql-client:17.12", ""},
         {"postgresql-client:17.9", "17.12"},
         {"postgresql-client:18.6", ""}},
        {{"postgresql-client:17.12", "x"}, {"redis:7.0.15", ""}},
        {{"postgresql:18.1", ""}, {"postgresql-client:17.12", "x"}},
        /* a server that is only read gets them, too; one that goes does not */
        {{"@postgresql:16.14", ""}, {"postgresql-client:17.12", ""}, {"@postgresql-client:18.6", ""}},
        {{"postgresql:17.1", "17.2"}, {"postgresql:17.2", ""}, {"postgresql-client:17.12", ""}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_choices)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
