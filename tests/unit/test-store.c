/* The store: staging, publishing, listing, removing, and what a killed install leaves. */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
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
    cleanup_fd int lock = -1;
    char *staging = store_staging(store, &lock, &err);
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

static char *searched(const char *hosts)
{
    cleanup_strings struct strings search = store_search(hosts);
    char *text = copy_string(search.items[0]);
    for (size_t i = 1; i < search.count; i++) {
        char *longer = text_format("%s:%s", text, search.items[i]);
        free(text);
        text = longer;
    }
    return text;
}

static void test_path(void **state)
{
    (void)state;
    static const struct {
        const char *store, *data, *home, *of_user, *of_root;
    } rows[] = {
        {"/s", "/d", "/h", "/s", "/s"},
        {"/s:/t", "/d", "/h", "/s:/t", "/s:/t"},
        {":/s::/t:/u:", "/d", "/h", "/s:/t:/u", "/s:/t:/u"},
        {NULL, "/d", "/h", "/d/indyno:/var/lib/indyno", "/var/lib/indyno"},
        {"", "/d", "/h", "/d/indyno:/var/lib/indyno", "/var/lib/indyno"},
        {"::", "/d", "/h", "/d/indyno:/var/lib/indyno", "/var/lib/indyno"},
        {NULL, NULL, "/h", "/h/.local/share/indyno:/var/lib/indyno", "/var/lib/indyno"},
        {NULL, "", "/h", "/h/.local/share/indyno:/var/lib/indyno", "/var/lib/indyno"},
        {NULL, "relative", "/h", "/h/.local/share/indyno:/var/lib/indyno", "/var/lib/indyno"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        set_or_unset("INDYNO_STORE", rows[i].store);
        set_or_unset("XDG_DATA_HOME", rows[i].data);
        set_or_unset("HOME", rows[i].home);
        cleanup_free char *search = searched(NULL);
        assert_string_equal(search, geteuid() == 0 ? rows[i].of_root : rows[i].of_user);
    }
    unsetenv("INDYNO_STORE");
}

/* What the host is configured for stands in the system store's place. */
static void test_path_of_host(void **state)
{
    (void)state;
    setenv("XDG_DATA_HOME", "/d", 1);
    cleanup_free char *search = searched("/srv/images");
    assert_string_equal(search, geteuid() == 0 ? "/srv/images" : "/d/indyno:/srv/images");
    setenv("INDYNO_STORE", "/s", 1);
    cleanup_free char *given = searched("/srv/images");
    assert_string_equal(given, "/s");
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
    int lock = -1;
    assert_null(store_staging(store, &lock, &err));
    assert_true(text_starts(err.message, "make a folder in "));
    assert_int_equal(store_lock_install(store, "redis", "7.0", &err), -1);
    assert_true(text_starts(err.message, "open "));
}

static void test_staging(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    cleanup_fd int lock_one = -1, lock_two = -1;
    cleanup_free char *one = store_staging(scratch.path, &lock_one, NULL);
    cleanup_free char *two = store_staging(scratch.path, &lock_two, NULL);
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

/* ---- Several stores ---- */

/* "redis:7.0.15=one ": each with the last part of its store's path. */
static char *listed_all(const struct strings *search)
{
    struct image *images;
    size_t count;
    cleanup_error struct error err = {0};
    if (stores_list(search, &images, &count, &err) < 0)
        return copy_string(err.message);
    char *text = copy_string("");
    for (size_t i = 0; i < count; i++) {
        assert_true(text_starts(images[i].path, images[i].store));
        char *longer = text_format("%s%s:%s=%s ", text, images[i].name, images[i].version,
                                   strrchr(images[i].store, '/') + 1);
        free(text);
        text = longer;
    }
    images_free(images, count);
    return text;
}

static void search_in(const struct scratch *scratch, struct strings *search, size_t count,
                      const char *const *names)
{
    strings_clear(search);
    for (size_t i = 0; i < count; i++)
        strings_addf(search, "%s/%s", scratch->path, names[i]);
}

static void install_in(const struct strings *search, size_t store, const char *name, const char *version)
{
    make_store(search->items[store]);
    install(search->items[store], name, version);
}

/* One store's image hides a later one's of the same version; the order is that of one list. */
static void test_stores_are_merged(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    cleanup_strings struct strings search = {0};
    scratch_make(&scratch);
    search_in(&scratch, &search, 3, (const char *const[]){"one", "two", "absent"});
    install_in(&search, 0, "redis", "7.0.15");
    install_in(&search, 0, "postgresql", "16.9");
    install_in(&search, 1, "redis", "7.0.15");
    install_in(&search, 1, "postgresql", "16.14");
    install_in(&search, 1, "valkey", "8.1.1");
    cleanup_free char *text = listed_all(&search);
    assert_string_equal(text, "postgresql:16.14=two postgresql:16.9=one redis:7.0.15=one valkey:8.1.1=two ");
    search_in(&scratch, &search, 2, (const char *const[]){"two", "one"});
    cleanup_free char *turned = listed_all(&search);
    assert_string_equal(turned,
                        "postgresql:16.14=two postgresql:16.9=one redis:7.0.15=two valkey:8.1.1=two ");
}

/* Somebody else's store that may not be read is none; one's own that cannot be read is an error. */
static void test_stores_that_cannot_be_read(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    cleanup_strings struct strings search = {0};
    scratch_make(&scratch);
    search_in(&scratch, &search, 2, (const char *const[]){"one", "closed"});
    install_in(&search, 0, "redis", "7.0.15");
    install_in(&search, 1, "redis", "6.2.10");
    assert_int_equal(fchmodat(scratch.fd, "closed", 0700, 0), 0);
    assert_int_equal(fchownat(scratch.fd, "closed", geteuid() == 0 ? 0 : geteuid(), (gid_t)-1, 0), 0);
    if (geteuid() != 0)
        assert_int_equal(fchmodat(scratch.fd, "closed", 0, 0), 0);
    else
        assert_int_equal(seteuid(SOME_USER), 0);
    cleanup_free char *text = listed_all(&search);
    search_in(&scratch, &search, 2, (const char *const[]){"closed", "one"});
    cleanup_free char *refused = listed_all(&search);
    become_self();
    assert_int_equal(fchmodat(scratch.fd, "closed", 0700, 0), 0);
    assert_string_equal(text, "redis:7.0.15=one ");
    assert_true(text_starts(refused, "read the store "));
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

static int publish_anew(const char *store, const char *version, bool replace, struct error *err)
{
    cleanup_image struct image image = {.name = copy_string("redis"),
                                        .version = copy_string(version),
                                        .source = copy_string("test"),
                                        .tree = copy_string("tree")};
    cleanup_fd int lock = -1;
    cleanup_free char *staging = store_staging(store, &lock, err);
    write_text(staging, MARK, "second");
    assert_int_equal(manifest_write(&image, staging, NULL), 0);
    int status = store_publish(store, staging, &image, replace, err);
    if (status < 0)
        store_delete_tree(staging);
    return status;
}

static void test_publish_replaces(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    make_store(scratch.path);
    assert_int_equal(publish_anew(scratch.path, "6.2.10", true, NULL), 0); /* nothing there to replace */
    install(scratch.path, "redis", "7.0.15");
    assert_int_equal(publish_anew(scratch.path, "7.0.15", true, NULL), 0);
    assert_mark(scratch.path, "redis/7.0.15", "second");
    assert_int_equal(count_entries(scratch.path, ".new-"), 0);
}

static void test_publish_replaces_what_cannot_be_read(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    make_store(scratch.path);
    scratch_write(&scratch, "images/redis/7.0.15/" MANIFEST_FILE, "{}");
    assert_int_equal(publish_anew(scratch.path, "7.0.15", false, NULL), 0);
    assert_mark(scratch.path, "redis/7.0.15", "second");
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
    cleanup_fd int lock = -1;
    cleanup_free char *staging = store_staging(scratch.path, &lock, NULL);
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
    int lock; /* held for as long as the process lives */
    cleanup_free char *staging = store_staging(store, &lock, NULL);
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
        fill_staging(store, outside);
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
    store_sweep(store);
    assert_int_equal(count_entries(store, ".new-"), 0);
    assert_int_equal(count_entries(store, ""), 1); /* images */
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

/* ---- In use ---- */

static void list_one(const char *store, struct image **images)
{
    size_t count;
    assert_int_equal(store_list(store, images, &count, NULL), 0);
    assert_int_equal(count, 1);
}

/* Another process that holds the store's only image: it says so by a byte, and ends by a signal. */
static pid_t start_holder(const char *store)
{
    int ends[2];
    char byte = 0;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct image *images;
        list_one(store, &images);
        if (image_hold(&images[0], NULL) >= 0 && write(ends[1], "", 1) == 1)
            pause();
        _exit(EXIT_FAILURE);
    }
    close(ends[1]);
    ssize_t size = read(ends[0], &byte, 1);
    close(ends[0]);
    assert_int_equal(size, 1);
    return pid;
}

static void kill_holder(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void assert_in_use(int status, const struct error *err)
{
    assert_int_equal(status, -1);
    assert_int_equal(err->status, STATUS_NO_ROOM);
    assert_string_equal(err->message, "redis:7.0.15 is in use by a run");
    assert_non_null(err->remedy);
}

/* Two runs of it at once; neither a removal nor a replacement comes between; a killed run holds nothing. */
static void test_in_use(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    cleanup_error struct error err = {0};
    scratch_make(&scratch);
    make_store(scratch.path);
    install(scratch.path, "redis", "7.0.15");
    pid_t one = start_holder(scratch.path), two = start_holder(scratch.path);
    assert_true(store_in_use(scratch.path, "redis", "7.0.15"));
    assert_in_use(store_remove(scratch.path, "redis", "7.0.15", &err), &err);
    kill_holder(one);
    error_clear(&err);
    assert_in_use(publish_anew(scratch.path, "7.0.15", true, &err), &err);
    assert_int_equal(publish_anew(scratch.path, "7.0.15", false, NULL), 0); /* that one goes */
    assert_mark(scratch.path, "redis/7.0.15", "first");
    kill_holder(two);
    assert_false(store_in_use(scratch.path, "redis", "7.0.15"));
    assert_int_equal(publish_anew(scratch.path, "7.0.15", true, NULL), 0);
    assert_int_equal(store_remove(scratch.path, "redis", "7.0.15", NULL), 0);
    assert_int_equal(count_entries(scratch.path, ".new-"), 0);
}

static void assert_not_held(const struct image *image)
{
    cleanup_error struct error err = {0};
    assert_int_equal(image_hold(image, &err), -1);
    assert_int_equal(err.status, STATUS_NO_ROOM);
    assert_string_equal(err.message, "redis:7.0.15 was removed while this run was starting");
    assert_string_equal(err.remedy, "try again");
}

/* What was read of an image is not true of the one that took its place. */
static void test_hold_of_what_is_gone(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    struct image *images;
    scratch_make(&scratch);
    make_store(scratch.path);
    install(scratch.path, "redis", "7.0.15");
    list_one(scratch.path, &images);
    cleanup_fd int held = image_hold(&images[0], NULL);
    assert_true(held >= 0);
    assert_true(fcntl(held, F_GETFD) & FD_CLOEXEC);
    close_fd(&held);
    assert_int_equal(publish_anew(scratch.path, "7.0.15", true, NULL), 0);
    assert_not_held(&images[0]);
    images_free(images, 1);
    list_one(scratch.path, &images);
    assert_int_equal(store_remove(scratch.path, "redis", "7.0.15", NULL), 0);
    assert_not_held(&images[0]);
    images_free(images, 1);
}

static void test_hold_while_it_is_removed(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    struct image *images;
    scratch_make(&scratch);
    make_store(scratch.path);
    install(scratch.path, "redis", "7.0.15");
    list_one(scratch.path, &images);
    cleanup_fd int remover = store_lock_image(images[0].path, true);
    assert_true(remover >= 0);
    assert_not_held(&images[0]);
    images_free(images, 1);
}

/* Root's store is a user's to read, not to write. */
static void test_hold_of_foreign_image(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    struct image *images;
    if (geteuid() != 0)
        skip();
    scratch_make(&scratch);
    make_store(scratch.path);
    install(scratch.path, "redis", "7.0.15");
    assert_int_equal(seteuid(SOME_USER), 0);
    list_one(scratch.path, &images);
    cleanup_fd int held = image_hold(&images[0], NULL);
    become_self();
    assert_true(held >= 0);
    assert_true(store_in_use(scratch.path, "redis", "7.0.15"));
    images_free(images, 1);
}

/* Nor does such a user keep others from it. */
static void test_foreign_image_is_not_kept(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    struct image *images;
    if (geteuid() != 0)
        skip();
    scratch_make(&scratch);
    make_store(scratch.path);
    install(scratch.path, "redis", "7.0.15");
    list_one(scratch.path, &images);
    assert_int_equal(seteuid(SOME_USER), 0);
    cleanup_fd int theirs = store_lock_image(images[0].path, true);
    cleanup_fd int folder = store_lock_folder(images[0].path, LOCK_EX);
    become_self();
    cleanup_fd int held = image_hold(&images[0], NULL);
    assert_int_equal(theirs, -1);
    assert_true(folder >= 0); /* anybody's to lock, and of no meaning to a run */
    assert_true(held >= 0);
    images_free(images, 1);
}

/* ---- Installs at once ---- */

/* Whether another process could take the lock now. */
static bool lock_is_free(const char *path)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        int fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd < 0)
            _exit(2);
        _exit(flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno == EWOULDBLOCK ? 1 : 2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 0;
}

static void test_lock_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *name, *wanted, *file;
    } rows[] = {
        {"redis", "7.0", ".lock-redis-7.0"},
        {"redis", NULL, ".lock-redis-"},
        {"redis", "", ".lock-redis-"},
        {"a/../b", "~ \n", ".lock-a_.._b-___"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_scratch struct scratch scratch;
        scratch_make(&scratch);
        cleanup_free char *path = text_format("%s/%s", scratch.path, rows[i].file);
        cleanup_fd int lock = store_lock_install(scratch.path, rows[i].name, rows[i].wanted, NULL);
        assert_true(lock >= 0);
        assert_int_equal(count_entries(scratch.path, ""), 1);
        assert_false(lock_is_free(path));
        cleanup_fd int other = store_lock_install(scratch.path, "valkey", "8.1", NULL); /* at once */
        assert_true(other >= 0);
        close_fd(&lock);
        assert_true(lock_is_free(path));
    }
}

static void test_lock_of_long_word(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    char word[1000];
    memset(word, '1', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    cleanup_fd int lock = store_lock_install(scratch.path, "redis", word, NULL);
    assert_true(lock >= 0);
}

/* A link in its place would have root open, or make, what it names. */
static void test_lock_follows_no_link(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    cleanup_error struct error err = {0};
    scratch_make(&scratch);
    assert_int_equal(symlinkat("elsewhere", scratch.fd, ".lock-redis-7"), 0);
    assert_int_equal(store_lock_install(scratch.path, "redis", "7", &err), -1);
    assert_int_equal(err.errnum, ELOOP);
    assert_int_equal(count_entries(scratch.path, ""), 1);
}

/* Installs the image unless it is there; the work takes a moment. Exits with 0 where it did the work, 1 where it
 * was done. */
static pid_t start_install(const char *store)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    enum { MOMENT_US = 50 * 1000 };
    struct image *images;
    size_t count;
    int lock = store_lock_install(store, "redis", "7.0", NULL);
    if (lock < 0 || store_list(store, &images, &count, NULL) < 0)
        _exit(2);
    store_sweep(store);
    if (count)
        _exit(1);
    usleep(MOMENT_US);
    install(store, "redis", "7.0.15");
    _exit(0);
}

static void test_two_installs_at_once(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    make_store(scratch.path);
    pid_t pids[] = {start_install(scratch.path), start_install(scratch.path)};
    int statuses[2], worked = 0;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(waitpid(pids[i], &statuses[i], 0), pids[i]);
        assert_true(WIFEXITED(statuses[i]) && WEXITSTATUS(statuses[i]) < 2);
        worked += WEXITSTATUS(statuses[i]) == 0;
    }
    assert_int_equal(worked, 1);
    assert_listed(scratch.path, "redis:7.0.15 ");
}

/* A sweep leaves alone what somebody is making. */
static void test_sweep_beside_an_install(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    make_store(scratch.path);
    cleanup_fd int lock = -1;
    cleanup_free char *staging = store_staging(scratch.path, &lock, NULL);
    write_text(staging, MARK, "half");
    store_sweep(scratch.path);
    assert_int_equal(access(staging, F_OK), 0);
    close_fd(&lock);
    store_sweep(scratch.path);
    assert_int_not_equal(access(staging, F_OK), 0);
}

/* Makers of staging folders and sweepers, as fast as they can: no maker may lose its folder. */
static void test_sweeps_against_makers(void **state)
{
    (void)state;
    enum { ROUNDS = 300, SWEEPERS = 2 };
    cleanup_scratch struct scratch scratch;
    pid_t sweepers[SWEEPERS];
    scratch_make(&scratch);
    for (size_t i = 0; i < SWEEPERS; i++)
        if ((sweepers[i] = fork()) == 0)
            for (;;)
                store_sweep(scratch.path);
    size_t lost = 0;
    for (size_t i = 0; i < ROUNDS; i++) {
        cleanup_fd int lock = -1;
        cleanup_free char *staging = store_staging(scratch.path, &lock, NULL);
        lost += !staging || access(staging, F_OK) < 0;
    }
    for (size_t i = 0; i < SWEEPERS; i++)
        kill_holder(sweepers[i]);
    assert_int_equal(lost, 0);
}

/* ---- Room ---- */

static void test_size_text(void **state)
{
    (void)state;
    static const struct {
        uint64_t bytes;
        const char *text;
    } rows[] = {
        {0, "0 B"},
        {999, "999 B"},
        {1000, "1.0 kB"},
        {1949, "1.9 kB"},
        {9949, "9.9 kB"},
        {9950, "10 kB"},
        {999499, "999 kB"},
        {999500, "1.0 MB"},
        {12345678, "12 MB"},
        {4200000000, "4.2 GB"},
        {UINT64_MAX, "18446744 TB"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cleanup_free char *text = store_size_text(rows[i].bytes);
        assert_string_equal(text, rows[i].text);
    }
}

/* Each file counts once, however many names it has. */
static void test_tree_size(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    scratch_make(&scratch);
    assert_int_equal(store_tree_size(scratch.path), 0);
    scratch_write(&scratch, "a/one", "1234567890");
    scratch_write(&scratch, "two", "12345");
    assert_int_equal(linkat(scratch.fd, "a/one", scratch.fd, "again", 0), 0);
    assert_int_equal(symlinkat("two", scratch.fd, "link"), 0);
    assert_int_equal(store_tree_size(scratch.path), 15);
    cleanup_free char *absent = text_format("%s/absent", scratch.path);
    assert_int_equal(store_tree_size(absent), 0);
}

static void test_explain_room(void **state)
{
    (void)state;
    cleanup_scratch struct scratch scratch;
    cleanup_error struct error err = {0};
    scratch_make(&scratch);
    store_explain_room(scratch.path, &err); /* no error: nothing to explain */
    assert_null(err.message);
    errno = EACCES;
    fail_errno(&err, "write x");
    store_explain_room(scratch.path, &err);
    assert_true(text_starts(err.message, "write x: "));
    errno = ENOSPC;
    fail_errno(&err, "write x");
    store_explain_room(scratch.path, &err);
    assert_true(text_starts(err.message, "no space left in /"));
    assert_true(text_ends(err.message, " free)"));
    assert_int_equal(err.status, STATUS_ERRORED);
    assert_null(strchr(err.message, '\n'));
}

/* What an importer says of a full disk is its own; that the disk is full is seen. */
static void test_explain_full_disk(void **state)
{
    (void)state;
    int status;
    cleanup_scratch struct scratch scratch;
    if (geteuid() != 0)
        skip();
    scratch_make(&scratch);
    pid_t pid = fork();
    if (pid == 0) {
        struct error err = {0};
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("none", scratch.path, "tmpfs", 0, "size=512k") < 0)
            _exit(2);
        fail(&err, STATUS_ERRORED, "from-npm could not bring it");
        store_explain_room(scratch.path, &err);
        _exit(store_no_room(scratch.path) && text_starts(err.message, "no space left in ") &&
                      text_ends(err.message, "(524 kB free)")
                  ? 0
                  : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 1);
    if (WEXITSTATUS(status) == 2)
        skip(); /* nothing may be mounted here */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_path_of_host),
        cmocka_unit_test(test_made_under_any_umask),
        cmocka_unit_test(test_no_store),
        cmocka_unit_test(test_staging),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_list_says_where),
        cmocka_unit_test(test_list_of_no_store),
        cmocka_unit_test(test_stores_are_merged),
        cmocka_unit_test_teardown(test_stores_that_cannot_be_read, teardown_become_self),
        cmocka_unit_test(test_publish_moves),
        cmocka_unit_test(test_publish_over_another),
        cmocka_unit_test(test_publish_replaces),
        cmocka_unit_test(test_publish_replaces_what_cannot_be_read),
        cmocka_unit_test(test_publish_cannot),
        cmocka_unit_test(test_remove),
        cmocka_unit_test(test_remove_what_is_not_there),
        cmocka_unit_test(test_sweep),
        cmocka_unit_test_teardown(test_sweep_of_read_only_folders, teardown_become_self),
        cmocka_unit_test(test_delete_nothing),
        cmocka_unit_test(test_in_use),
        cmocka_unit_test(test_hold_of_what_is_gone),
        cmocka_unit_test(test_hold_while_it_is_removed),
        cmocka_unit_test_teardown(test_hold_of_foreign_image, teardown_become_self),
        cmocka_unit_test_teardown(test_foreign_image_is_not_kept, teardown_become_self),
        cmocka_unit_test(test_lock_by_name),
        cmocka_unit_test(test_lock_of_long_word),
        cmocka_unit_test(test_lock_follows_no_link),
        cmocka_unit_test(test_two_installs_at_once),
        cmocka_unit_test(test_sweep_beside_an_install),
        cmocka_unit_test(test_sweeps_against_makers),
        cmocka_unit_test(test_size_text),
        cmocka_unit_test(test_tree_size),
        cmocka_unit_test(test_explain_room),
        cmocka_unit_test(test_explain_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
