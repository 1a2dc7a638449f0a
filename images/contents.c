#include "contents.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "importer.h"
#include "store.h"
#include "tool.h"

enum { DIGEST_SIZE = 64, CONTENTS_MAX = 256 << 20 };

static int measure(const char *folder, const struct image *image, int output, struct error *err)
{
    cleanup_free char *script = importer_path("measure");
    cleanup_strings struct strings argv = {0};
    strings_add(&argv, script);
    strings_add(&argv, folder);
    if (image->tree[0] == '/')
        strings_add(&argv, image->tree);
    return tool_run((const char *const *)argv.items, -1, output, err) < 0
               ? error_context(err, "measure %s:%s", image->name, image->version)
               : 0;
}

/* "sha256:..." of all of an open file, or NULL. */
static char *digest_of(int fd, struct error *err)
{
    static const char *const argv[] = {"sha256sum", NULL};
    char digest[DIGEST_SIZE];
    cleanup_fd int output = memfd_create("digest", MFD_CLOEXEC);
    if (output < 0 || lseek(fd, 0, SEEK_SET) < 0) {
        fail_errno(err, "run %s", argv[0]);
        return NULL;
    }
    if (tool_run(argv, fd, output, err) < 0)
        return NULL;
    if (pread(output, digest, DIGEST_SIZE, 0) == DIGEST_SIZE)
        return text_format("sha256:%.*s", DIGEST_SIZE, digest);
    fail(err, STATUS_ERRORED, "%s does not say a digest", argv[0]);
    return NULL;
}

/* ---- Writing ---- */

static void measure_sizes(const char *folder, struct image *image)
{
    cleanup_free char *tree = image_tree_at(image, folder), *template = text_format("%s/template", folder);
    image->size = store_tree_size(tree);
    image->template_size = store_tree_size(template);
}

int contents_write(const char *folder, struct image *image, struct error *err)
{
    cleanup_free char *path = text_format("%s/" CONTENTS_FILE, folder);
    cleanup_fd int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 || fchmod(fd, 0644) < 0)
        return fail_errno(err, "write %s", path);
    if (measure(folder, image, fd, err) < 0)
        return -1;
    free(image->contents);
    image->contents = digest_of(fd, err);
    if (!image->contents)
        return -1;
    if (fsync(fd) < 0)
        return fail_errno(err, "write %s", path);
    measure_sizes(folder, image);
    return 0;
}

/* ---- Comparing ---- */

struct entry {
    const char *type, *mode, *digest, *path;
};

static const char *cut(char **rest, const char *at)
{
    const char *word = strsep(rest, at);
    return word ? word : "";
}

/* A line that is none, in a file that was damaged, is a path that nothing else has. */
static bool next_entry(char **text, struct entry *entry)
{
    char *line = strsep(text, "\n");
    if (!line || !*line)
        return false;
    char *path = strchr(line, '\t');
    if (!path) {
        *entry = (struct entry){"", "", "", line};
        return true;
    }
    *path++ = '\0';
    *entry = (struct entry){.path = path};
    entry->type = cut(&line, " ");
    entry->mode = cut(&line, " ");
    entry->digest = line ? line : "";
    return true;
}

/* NULL: nothing. */
static const char *difference(const struct entry *then, const struct entry *now)
{
    if (strcmp(then->type, now->type) != 0 || strcmp(then->digest, now->digest) != 0)
        return "changed";
    return strcmp(then->mode, now->mode) != 0 ? "mode changed" : NULL;
}

int contents_compare(char *then, char *now, contents_report *report, void *context)
{
    struct entry old, new;
    int count = 0;
    bool has_old = next_entry(&then, &old), has_new = next_entry(&now, &new);
    while (has_old || has_new) {
        int order = !has_new ? -1 : !has_old ? 1 : strcmp(old.path, new.path);
        const char *what = order < 0 ? "missing" : order > 0 ? "added" : difference(&old, &new);
        if (what) {
            report(context, what, order > 0 ? new.path : old.path);
            count++;
        }
        if (order <= 0)
            has_old = next_entry(&then, &old);
        if (order >= 0)
            has_new = next_entry(&now, &new);
    }
    return count;
}

char *contents_escape(const char *name)
{
    enum { ESCAPE_SIZE = 4 };
    static const char digits[] = "0123456789abcdef";
    char *text = allocate(strlen(name) + 1, ESCAPE_SIZE), *end = text;
    for (const unsigned char *c = (const unsigned char *)name; *c; c++) {
        if (*c >= ' ' && *c <= '~' && *c != '\\') {
            *end++ = (char)*c;
            continue;
        }
        const char escape[ESCAPE_SIZE] = {'\\', 'x', digits[*c >> 4], digits[*c & 15]};
        memcpy(end, escape, sizeof escape);
        end += sizeof escape;
    }
    return text;
}

/* ---- Verifying ---- */

static char *read_open(int fd, struct error *err)
{
    cleanup_free char *path = text_format("/proc/self/fd/%d", fd);
    return text_read_file(AT_FDCWD, path, CONTENTS_MAX, NULL, err);
}

static int compare(const struct image *image, int then, int now, contents_report *report, void *context,
                   struct error *err)
{
    cleanup_free char *digest = digest_of(then, err);
    cleanup_free char *old = digest ? read_open(then, err) : NULL, *new = old ? read_open(now, err) : NULL;
    if (!new)
        return -1;
    int count = 0;
    if (!text_equal(digest, image->contents)) {
        report(context, "changed", CONTENTS_FILE);
        count++;
    }
    return count + contents_compare(old, new, report, context);
}

int contents_verify(const struct image *image, contents_report *report, void *context, struct error *err)
{
    cleanup_free char *path = text_format("%s/" CONTENTS_FILE, image->path);
    cleanup_fd int then = open(path, O_RDONLY | O_CLOEXEC);
    if (then < 0 && errno == ENOENT) {
        report(context, "missing", CONTENTS_FILE);
        return 1;
    }
    if (then < 0)
        return fail_errno(err, "open %s", path);
    cleanup_fd int now = memfd_create("contents", MFD_CLOEXEC);
    if (now < 0)
        return fail_errno(err, "measure %s", image->path);
    return measure(image->path, image, now, err) < 0 ? -1 : compare(image, then, now, report, context, err);
}
