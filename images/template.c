/*
 * Theory of operation. The cluster is made by the image's own programs in a dyno. It leaves that as a tar archive on the
 * maker's output, behind one line with the name of its locale, and is unpacked to the side: what a server that nobody
 * trusts yet has written names no place of ours.
 */
#include "template.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "maker.h"
#include "root-tree.h"
#include "store.h"
#include "tool.h"

enum {
    FIRST_LINE_MAX = 64,
    USER_BYTES = 7,
    PASSWORD_BYTES = 32,
    READY_TIMEOUT_MS = 60 * 1000
};

/* A checkpoint leaves segments for reuse, named as ones to come. They hold nothing, and each copy would carry them.
 * Readable: another user than the store's owner copies the cluster. The server looks at the mode of its data folder only,
 * which each run sets. */
static const char pack_script[] =
    "set -eu\n"
    "find template/pg_wal -maxdepth 1 -type f | sort | sed 1,2d | xargs rm -f\n"
    "head -n 1 locale.name\n"
    "exec tar --mode=u+rwX,go=rX -c -f - template $([ ! -d locale/en_US.utf8 ] || echo locale/en_US.utf8)\n";

/* ---- Making ---- */

static void choose_names(struct image *image)
{
    char user[2 * USER_BYTES + 1], password[2 * PASSWORD_BYTES + 1];
    text_random_hex(user, USER_BYTES);
    text_random_hex(password, PASSWORD_BYTES);
    user[2 * USER_BYTES - 1] = '\0'; /* Heroku's have 14 letters */
    image->user = text_format("u%s", user);
    image->password = text_format("p%s", password);
    image->database = copy_string("postgres_buildpack_db");
}

/* ---- Taking ---- */

/* A byte at a time: the rest is tar's. */
static int read_first_line(int output, struct image *image, struct error *err)
{
    char line[FIRST_LINE_MAX];
    size_t size = 0;
    while (size < sizeof line - 1 && read(output, line + size, 1) == 1 && line[size] != '\n')
        size++;
    line[size] = '\0';
    if (!text_equal(line, "en_US.UTF-8") && !text_equal(line, "C.UTF-8"))
        return fail(err, STATUS_ERRORED, "the template cluster of %s %s was not made", image->name,
                    image->version);
    image->locale = copy_string(line);
    return 0;
}

static int unpack(int output, const char *made, struct error *err)
{
    const char *const argv[] = {"tar", "-x", "-f", "-", "-C", made, "--no-same-owner", "--same-permissions",
                                NULL};
    return mkdir(made, 0755) < 0 ? fail_errno(err, "make %s", made) : tool_run(argv, output, -1, err);
}

/* Moves a folder that the archive had to where it belongs. A link in its place would have a later run, which is root's as
 * often as not, show what it leads to. */
static int place(const char *from, const char *to, struct error *err)
{
    struct stat st;
    if (lstat(from, &st) < 0 || !S_ISDIR(st.st_mode))
        return fail(err, STATUS_ERRORED, "the template cluster has no folder %s", strrchr(from, '/') + 1);
    return rename(from, to) < 0 ? fail_errno(err, "make %s", to) : 0;
}

/* A locale that was compiled: for the host's libc beside the tree, for a root's where that libc looks. */
static int place_locale(const char *folder, const char *made, struct image *image, struct error *err)
{
    cleanup_free char *from = text_format("%s/locale", made), *to = text_format("%s/locale", folder);
    if (faccessat(AT_FDCWD, from, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    if (place(from, to, err) < 0)
        return -1;
    if (!image->root) {
        image->locpath = copy_string("locale");
        return 0;
    }
    int status = root_tree_take(folder, to, "/usr/lib/locale", "en_US.utf8", err);
    store_delete_tree(to);
    return status;
}

static int place_all(const char *folder, const char *made, struct image *image, struct error *err)
{
    cleanup_free char *from = text_format("%s/template", made), *to = text_format("%s/template", folder);
    if (place(from, to, err) < 0)
        return -1;
    image->template = copy_string("template");
    return place_locale(folder, made, image, err);
}

static int make(const char *folder, struct image *image, struct error *err)
{
    cleanup_strings struct strings cluster = {0}, pack = {0};
    cleanup_free char *made = text_format("%s/tmp/made", folder);
    struct maker maker;
    choose_names(image);
    if (maker_add_script(&cluster, image, "template-postgresql", err) < 0)
        return -1;
    strings_add(&cluster, image->user);
    strings_add(&cluster, image->password);
    strings_add(&pack, "/bin/sh");
    strings_add(&pack, "-c");
    strings_add(&pack, pack_script);
    const struct maker_job job = {
        .folder = folder, .image = image, .steps = {{&cluster, false}, {&pack, true}}, .step_count = 2};
    if (maker_start(&maker, &job, err) < 0)
        return -1;
    int status = read_first_line(maker.output, image, err);
    if (status == 0)
        status = unpack(maker.output, made, err);
    if (maker_finish(&maker, "the template cluster", status < 0 ? NULL : err) < 0 || status < 0)
        return -1;
    return place_all(folder, made, image, err);
}

/* ---- Trying ---- */

static int start_once(const char *folder, const struct image *image, struct error *err)
{
    static const char *const options[] = {"-D", MAKER_WORK "/data", NULL};
    cleanup_free char *data = text_format("%s/template", folder);
    const struct maker_trial trial = {.folder = folder,
                                      .image = image,
                                      .options = options,
                                      .ready = {.kind = SANDBOX_READY_FILE,
                                                .path = MAKER_WORK "/data/postmaster.pid",
                                                .text = "ready",
                                                .timeout_ms = READY_TIMEOUT_MS},
                                      .data = data};
    return maker_try(&trial, err);
}

int template_make(const char *folder, struct image *image, struct error *err)
{
    return make(folder, image, err) < 0 ? -1 : start_once(folder, image, err);
}
