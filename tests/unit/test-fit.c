/* An image is used only with what it was made from. */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "images/fit.h"
#include "scratch.h"

static void fill(struct image *image, const char *tree, const char *template, const char *locale)
{
    *image = (struct image){.name = copy_string("postgresql"),
                            .version = copy_string("17.10"),
                            .tree = copy_string(tree),
                            .server = copy_string("postgres"),
                            .template = copy_string(template),
                            .locale = copy_string(locale)};
}

static char *key_of(const struct image *image)
{
    char *key;
    assert_int_equal(image_key_make(image, &key, NULL), 0);
    return key;
}

static void assert_fits(const struct image *image, bool fits)
{
    cleanup_error struct error err = {0};
    int status = image_check_fit(image, &err);
    assert_int_equal(status, fits ? 0 : -1);
    if (!fits)
        assert_int_equal(err.status, STATUS_DATA);
}

static void test_a_copy_without_template_has_no_key(void **state)
{
    (void)state;
    cleanup_image struct image image;
    fill(&image, "tree", NULL, NULL);
    assert_null(key_of(&image));
    assert_fits(&image, true);
}

/* Each thing that goes into it makes it another. */
static void test_template(void **state)
{
    (void)state;
    cleanup_image struct image image;
    fill(&image, "tree", "template", "en_US.UTF-8");
    assert_fits(&image, false); /* of an indyno without keys */
    image.key = key_of(&image);
    assert_non_null(image.key);
    assert_fits(&image, true);
    free(image.version);
    image.version = copy_string("17.11");
    assert_fits(&image, false);
    free(image.version);
    image.version = copy_string("17.10");
    assert_fits(&image, true);
    free(image.locale);
    image.locale = copy_string("C.UTF-8");
    assert_fits(&image, false);
}

static void test_in_place(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    cleanup_image struct image image;
    scratch_make(&scratch);
    scratch_write(&scratch, "postgres", "one");
    fill(&image, scratch.path, "template", "C.UTF-8");
    image.key = key_of(&image);
    assert_fits(&image, true);

    /* Replaced by a rename, as packages are, with the same size and time. */
    struct stat st;
    assert_int_equal(fstatat(scratch.fd, "postgres", &st, 0), 0);
    const struct timespec times[] = {st.st_atim, st.st_mtim};
    scratch_write(&scratch, "new", "two");
    assert_int_equal(utimensat(scratch.fd, "new", times, 0), 0);
    assert_int_equal(renameat(scratch.fd, "new", scratch.fd, "postgres"), 0);
    assert_fits(&image, false);

    free(image.key);
    image.key = key_of(&image);
    assert_fits(&image, true);
    const struct timespec later[] = {st.st_atim, {st.st_mtim.tv_sec, (st.st_mtim.tv_nsec + 1) % 1000000000}};
    assert_int_equal(utimensat(scratch.fd, "postgres", later, 0), 0);
    assert_fits(&image, false);

    assert_int_equal(unlinkat(scratch.fd, "postgres", 0), 0);
    assert_fits(&image, false);
}

/* A Redis in place has no template, but a server that may be replaced. */
static void test_in_place_without_template(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    cleanup_image struct image image;
    scratch_make(&scratch);
    scratch_write(&scratch, "postgres", "one");
    fill(&image, scratch.path, NULL, NULL);
    assert_fits(&image, false);
    image.key = key_of(&image);
    assert_fits(&image, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_copy_without_template_has_no_key),
        cmocka_unit_test(test_template),
        cmocka_unit_test(test_in_place),
        cmocka_unit_test(test_in_place_without_template),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
