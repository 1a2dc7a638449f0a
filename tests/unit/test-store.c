/* The store: staging, publishing, listing, removing, and what a killed install leaves. */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "as-user.h"
#include "base/own.h"
#include "images/manifest.h"
#include "images/store.h"

#define MARK "mark"

/* ---- What the tests share ---- */

static void make_store(const char *store)
{
    cleanup_error struct error err = {0};
    if (store_make(store, &err) < 0)
        fail_msg("%s", err.message);
}

static void write_text(const char *folder, const char *name, const char *text)
{
    cleanup_free char *path = text_format("%s/%s", folder, name);
    cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(text_write_all(fd, text, strlen(text)), 0);
}

/* Publishes an image that has a file with the text mark; returns where it was staged. */
static char *publish(const char *store, const char *name, const char *version, const char *mark)
{
    cleanup_error struct error err = {0};
    cleanup_image struct image image = {.name = copy_string(name),
                                        .version = copy_string(version),
                                        .source = copy_string("test"),
                                        .tree = copy_string("tree")};
    char *staging = store_staging(store, &err);
    assert_non_null(staging);
    write_text(staging, MARK, mark);
    if (manifest_write(&image, staging, &err) < 0 || store_publish(store, staging, &image, false, &err) < 0)
        fail_msg("%s", err.message);
    return staging;
}

static void install(const char *store, const char *name, const char *version)
{
    free(publish(store, name, version, "first"));
}

/* "NAME:VERSION NAME:VERSION ", as store_list has them. */
static char *listed(const char *store)
{
    struct image *images;
    size_t count;
    cleanup_error struct error err = {0};
    if (store_list(store, &images, &count, &err) < 0)
        fail_msg("%s", err.message);
    char *text = copy_string("");
    for (size_t i = 0; i < count; i++) {
        char *longer = text_format("%s%s:%s ", text, images[i].name, images[i].version);
        free(text);
        text = longer;
    }
    images_free(images, count);
    return text;
}

static void assert_listed(const char *store, const char *expected)
{
    cleanup_free char *text = listed(store);
    assert_string_equal(text, expected);
}

/* How many entries of the store's folder start with prefix. */
static size_t count_entries(const char *store, const char *prefix)
{
    cleanup_dir DIR *dir = opendir(store);
    size_t count = 0;
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (!text_equal(entry->d_name, ".") && !text_equal(entry->d_name, ".."))
            count += text_starts(entry->d_name, prefix);
    return count;
}

/* ---- The path ---- */

static void set_or_unset(const char *name, const char *value)
{
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

static void test_path(void **state)
{
    (void)state;
    static const struct {
        const char *store, *data, *home, *of_user, *of_root;
    } rows[] = {
        {"/s", "/d", "/h", "/s", "/s"},
        {NULL, "/d", "/h", "/d/indyno", "/var/lib/indyno"},
        {"", "/d", "/h", "/d/indyno", "/var/lib/indyno"},
        {NULL, NULL, "/h", "/h/.local/share/indyno", "/var/lib/indyno"},
        {NULL, "", "/h", "/h/.local/share/indyno", "/var/lib/indyno"},
        {NULL, "relative", "/h", "/h/.local/share/indyno", "/var/lib/indyno"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        set_or_unset("INDYNO_STORE", rows[i].store);
        set_or_unset("XDG_DATA_HOME", rows[i].data);
        set_or_unset("HOME", rows[i].home);
        cleanup_free char *path = store_path();
        assert_string_equal(path, geteuid() == 0 ? rows[i].of_root : rows[i].of_user);
    }
    unsetenv("INDYNO_STORE");
}

/* ---- Making ---- */

static void assert_mode(const char *folder, const char *name, mode_t mode)
{
    struct stat st;
    cleanup_free char *path = text_format("%s/%s", folder, name);
    assert_int_equal(stat(path, &st), 0);
    if ((st.st_mode & 07777) != mode)
        fail_msg("%s has mode %o", path, st.st_mode & 07777);
}

/* Every run reads the store, whatever its maker's umask was. */
static void test_made_under_any_umask(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    cleanup_free char *store = text_format("%s/deep/store", scratch.path);
    mode_t mask = umask(077);
    make_store(store);
    make_store(store); /* what is there is no error */
    install(store, "redis", "7.0.15");
    mode_t kept = umask(mask);
    assert_int_equal(kept, 077);
    static const char *const folders[] = {"", "/..", "/images", "/images/redis", "/images/redis/7.0.15"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        assert_mode(store, folders[i], 0755);
}

static void test_no_store(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    cleanup_error struct error err = {0};
    scratch_make(&scratch);
    scratch_write(&scratch, "file", "");
    cleanup_free char *store = text_format("%s/file/store", scratch.path);
    assert_int_equal(store_make(store, &err), -1);
    assert_int_equal(err.errnum, ENOTDIR);
    assert_true(text_starts(err.message, "make the folder "));
    assert_null(store_staging(store, &err));
    assert_true(text_starts(err.message, "make a folder in "));
    assert_int_equal(store_lock(store, &err), -1);
    assert_true(text_starts(err.message, "open "));
}

static void test_staging(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    cleanup_free char *one = store_staging(scratch.path, NULL), *two = store_staging(scratch.path, NULL);
    assert_string_not_equal(one, two);
    assert_mode(one, ".", 0755);
    assert_int_equal(count_entries(one, ""), 0);
    assert_true(text_starts(one, scratch.path)); /* a rename stays within a file system */
}

/* ---- Listing ---- */

static void test_list(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    assert_listed(scratch.path, "");
    make_store(scratch.path);
    assert_listed(scratch.path, "");
    install(scratch.path, "redis", "7.0.9");
    install(scratch.path, "postgresql", "9.6");
    install(scratch.path, "postgresql", "16.14");
    install(scratch.path, "postgresql-client", "17");
    install(scratch.path, "redis", "7.0.15");
    install(scratch.path, "postgresql", "16.9");
    static const char sorted[] =
        "postgresql:16.14 postgresql:16.9 postgresql:9.6 postgresql-client:17 redis:7.0.15 redis:7.0.9 ";
    assert_listed(scratch.path, sorted);
    /* what is no image is passed over */
    scratch_write(&scratch, "images/redis/8.0/tree/bin/redis-server", "");
    scratch_write(&scratch, "images/redis/8.1/" MANIFEST_FILE, "{}");
    scratch_write(&scratch, "images/redis/README", "");
    scratch_write(&scratch, "images/README", "");
    scratch_write(&scratch, "images/mysql/.hidden/" MANIFEST_FILE, "{}");
    assert_listed(scratch.path, sorted);
}

static void test_list_says_where(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    struct image *images;
    size_t count;
    scratch_make(&scratch);
    make_store(scratch.path);
    install(scratch.path, "redis", "7.0.15");
    cleanup_free char *place = text_format("%s/images/redis/7.0.15", scratch.path);
    assert_int_equal(store_list(scratch.path, &images, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_string_equal(images[0].path, place);
    images_free(images, count);
}

static void test_list_of_no_store(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    cleanup_error struct error err = {0};
    struct image *images;
    size_t count;
    scratch_make(&scratch);
    scratch_write(&scratch, "images", "a file");
    assert_int_equal(store_list(scratch.path, &images, &count, &err), -1);
    assert_int_equal(err.errnum, ENOTDIR);
    assert_null(images);
    assert_int_equal(count, 0);
}

/* ---- Publishing ---- */

static void assert_mark(const char *store, const char *image, const char *expected)
{
    cleanup_free char *path = text_format("%s/images/%s/" MARK, store, image);
    cleanup_free char *text = text_read_file(AT_FDCWD, path, 64, NULL, NULL);
    assert_true(text_equal(text, expected));
}

static void test_publish_moves(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    make_store(scratch.path);
    cleanup_free char *staging = publish(scratch.path, "redis", "7.0.15", "first");
    assert_int_not_equal(access(staging, F_OK), 0);
    assert_mark(scratch.path, "redis/7.0.15", "first");
}

/* Runs may be using the one that is there: it stays. */
static void test_publish_over_another(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    make_store(scratch.path);
    install(scratch.path, "redis", "7.0.15");
    cleanup_free char *staging = publish(scratch.path, "redis", "7.0.15", "second");
    assert_int_not_equal(access(staging, F_OK), 0);
    assert_mark(scratch.path, "redis/7.0.15", "first");
    assert_listed(scratch.path, "redis:7.0.15 ");
    assert_int_equal(count_entries(scratch.path, ".new-"), 0);
}

static void test_publish_cannot(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    cleanup_error struct error err = {0};
    cleanup_image struct image image = {.name = copy_string("redis"), .version = copy_string("7")};
    scratch_make(&scratch);
    make_store(scratch.path);
    cleanup_free char *staging = store_staging(scratch.path, NULL);
    scratch_write(&scratch, "images/redis/7", "a file");
    assert_int_equal(store_publish(scratch.path, staging, &image, false, &err), -1);
    assert_int_equal(err.errnum, ENOTDIR);
    assert_int_equal(access(staging, F_OK), 0); /* its maker's to remove */
}

/* ---- Removing ---- */

static void test_remove(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    cleanup_error struct error err = {0};
    scratch_make(&scratch);
    make_store(scratch.path);
    install(scratch.path, "redis", "7.0.15");
    install(scratch.path, "redis", "6.2.10");
    assert_int_equal(store_remove(scratch.path, "redis", "7.0.15", &err), 0);
    assert_listed(scratch.path, "redis:6.2.10 ");
    assert_int_equal(count_entries(scratch.path, ".new-"), 0);
    install(scratch.path, "redis", "7.0.15");
    assert_listed(scratch.path, "redis:7.0.15 redis:6.2.10 ");
}

static void test_remove_what_is_not_there(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"redis", "7"}, {"redis", "7.0.1"}, {"mysql", "8"}};
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    make_store(scratch.path);
    install(scratch.path, "redis", "7.0.15");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_error struct error err = {0};
        assert_int_equal(store_remove(scratch.path, rows[i][0], rows[i][1], &err), -1);
        assert_int_equal(err.status, STATUS_DATA);
        assert_non_null(strstr(err.message, rows[i][0]));
    }
    assert_listed(scratch.path, "redis:7.0.15 ");
    assert_int_equal(count_entries(scratch.path, ".new-"), 0);
}

/* ---- What a killed install leaves ---- */

static void fill_staging(const char *store, const char *outside)
{
    cleanup_free char *staging = store_staging(store, NULL);
    cleanup_free char *tree = text_format("%s/tree", staging);
    cleanup_free char *link = text_format("%s/link", tree);
    if (!staging || mkdir(tree, 0755) < 0 || symlink(outside, link) < 0)
        _exit(EXIT_FAILURE);
    write_text(tree, "postgres", "half");
}

static void kill_an_install(const char *store, const char *outside)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        int lock = store_lock(store, NULL);
        fill_staging(store, outside);
        if (lock >= 0)
            raise(SIGKILL);
        _exit(EXIT_FAILURE);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

static void test_sweep(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    scratch_write(&scratch, "outside/file", "");
    cleanup_free char *store = text_format("%s/store", scratch.path);
    cleanup_free char *outside = text_format("%s/outside", scratch.path);
    make_store(store);
    install(store, "redis", "7.0.15");
    kill_an_install(store, outside);
    kill_an_install(store, outside);
    assert_int_equal(count_entries(store, ".new-"), 2);
    assert_listed(store, "redis:7.0.15 "); /* half an image is none */
    cleanup_fd int lock = store_lock(store, NULL);
    assert_true(lock >= 0);
    store_sweep(store);
    assert_int_equal(count_entries(store, ".new-"), 0);
    assert_int_equal(count_entries(store, ""), 2); /* images and the lock */
    assert_mark(store, "redis/7.0.15", "first");
    assert_int_equal(faccessat(scratch.fd, "outside/file", F_OK, 0), 0);
}

/* A tree may come from where nothing can be written: a copy that was killed has such folders. */
static void test_sweep_of_read_only_folders(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    become_user(&scratch);
    scratch_write(&scratch, ".new-1/tree/bin/deep/postgres", "");
    scratch_write(&scratch, ".new-2/file", "");
    assert_int_equal(fchmodat(scratch.fd, ".new-1/tree/bin/deep", 0555, 0), 0);
    assert_int_equal(fchmodat(scratch.fd, ".new-1/tree/bin", 0555, 0), 0);
    store_sweep(scratch.path);
    become_self();
    assert_int_equal(count_entries(scratch.path, ""), 0);
}

static void test_delete_nothing(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    scratch_write(&scratch, "beside", "");
    cleanup_free char *absent = text_format("%s/absent", scratch.path);
    store_delete_tree(absent);
    assert_int_equal(count_entries(scratch.path, ""), 1);
}

/* ---- The lock ---- */

/* Whether another process could take the lock now, if only to share it. */
static bool lock_is_free(const char *store)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        cleanup_free char *path = text_format("%s/.lock", store);
        int fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd < 0)
            _exit(2);
        _exit(flock(fd, LOCK_SH | LOCK_NB) == 0 ? 0 : errno == EWOULDBLOCK ? 1 : 2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 0;
}

static void test_lock(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    cleanup_fd int lock = store_lock(scratch.path, NULL);
    assert_true(lock >= 0);
    assert_false(lock_is_free(scratch.path));
    close_fd(&lock);
    assert_true(lock_is_free(scratch.path));
}

/* A link in its place would have root open, or make, what it names. */
static void test_lock_follows_no_link(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    cleanup_error struct error err = {0};
    scratch_make(&scratch);
    assert_int_equal(symlinkat("elsewhere", scratch.fd, ".lock"), 0);
    assert_int_equal(store_lock(scratch.path, &err), -1);
    assert_int_equal(err.errnum, ELOOP);
    assert_int_equal(count_entries(scratch.path, ""), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_made_under_any_umask),
        cmocka_unit_test(test_no_store),
        cmocka_unit_test(test_staging),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_list_says_where),
        cmocka_unit_test(test_list_of_no_store),
        cmocka_unit_test(test_publish_moves),
        cmocka_unit_test(test_publish_over_another),
        cmocka_unit_test(test_publish_cannot),
        cmocka_unit_test(test_remove),
        cmocka_unit_test(test_remove_what_is_not_there),
        cmocka_unit_test(test_sweep),
        cmocka_unit_test_teardown(test_sweep_of_read_only_folders, teardown_become_self),
        cmocka_unit_test(test_delete_nothing),
        cmocka_unit_test(test_lock),
        cmocka_unit_test(test_lock_follows_no_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
