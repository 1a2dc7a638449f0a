#include "git-ref.h"

#include <string.h>

#include "app-file.h"
#include "app-utf8.h"
#include "base/own.h"
#include "base/text.h"

enum {
    REF_FILE_MAX = 4096,        /* HEAD, a loose ref, gitdir and commondir */
    PACKED_REFS_MAX = 16 << 20, /* some 200 000 refs */
};

static const char heads[] = "refs/heads/";

static char *first_line(const char *text)
{
    return text_format("%.*s", (int)strcspn(text, "\r\n"), text);
}

/* One part between slashes. */
static bool component_valid(const char *part, size_t length)
{
    static const char lock[] = ".lock";
    size_t tail = sizeof lock - 1;
    bool locked = length >= tail && memcmp(part + length - tail, lock, tail) == 0;
    return length > 0 && part[0] != '.' && !locked;
}

static bool characters_valid(const char *name)
{
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("~^:?*[\\", *c))
            return false;
    return utf8_valid(name, strlen(name));
}

bool git_ref_name_valid(const char *name)
{
    size_t size = strlen(name);
    if (size == 0 || name[size - 1] == '.' || strstr(name, "..") || strstr(name, "@{") ||
        !characters_valid(name))
        return false;
    for (const char *part = name;; part++) {
        size_t length = strcspn(part, "/");
        if (!component_valid(part, length))
            return false;
        part += length;
        if (!*part)
            return true;
    }
}

/* SHA-1 or SHA-256, as git writes them: in small letters. */
static bool is_commit(const char *text, size_t length)
{
    enum { SHA1_DIGITS = 40, SHA256_DIGITS = 64 };
    return (length == SHA1_DIGITS || length == SHA256_DIGITS) && strspn(text, "0123456789abcdef") == length;
}

char *git_parse_commit(const char *text)
{
    cleanup_free char *line = first_line(text);
    return is_commit(line, strlen(line)) ? steal_pointer(line) : NULL;
}

char *git_parse_head(const char *text)
{
    static const char symbolic[] = "ref:";
    if (!text_starts(text, symbolic))
        return NULL;
    const char *name = text + sizeof symbolic - 1;
    name += strspn(name, " \t");
    cleanup_free char *line = first_line(name);
    return text_starts(line, "refs/") && git_ref_name_valid(line) ? steal_pointer(line) : NULL;
}

/* Lines are "COMMIT NAME"; comments start with '#' and the commit a tag points to with '^'. */
char *git_find_packed(const char *text, const char *name)
{
    size_t name_length = strlen(name);
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n"), commit = strcspn(line, " \n");
        if (length == commit + 1 + name_length && memcmp(line + commit + 1, name, name_length) == 0) {
            cleanup_free char *digits = text_format("%.*s", (int)commit, line);
            return is_commit(digits, commit) ? steal_pointer(digits) : NULL;
        }
        line += length + (line[length] == '\n');
    }
    return NULL;
}

/* The text of a file, NULL where it cannot be had or has a NUL inside. */
static char *read_text(int folder_fd, const char *folder, const char *name, size_t limit)
{
    cleanup_free char *path = *folder ? text_format("%s/%s", folder, name) : copy_string(name);
    size_t size;
    cleanup_free char *text = file_read_beneath(folder_fd, path, path, limit, &size, NULL);
    return text && strlen(text) == size ? steal_pointer(text) : NULL;
}

/* *head is NULL where there is none that can be read. */
static int read_head(int folder_fd, const char *path, const char *git, char **head, struct error *err)
{
    cleanup_free char *name = text_format("%s/HEAD", git), *label = text_format("%s/%s", path, name);
    struct error why = {0};
    size_t size;
    cleanup_free char *text = file_read_beneath(folder_fd, name, label, REF_FILE_MAX, &size, &why);
    *head = text && strlen(text) == size ? steal_pointer(text) : NULL;
    if (why.status != STATUS_DATA || why.errnum || !err) {
        error_clear(&why);
        return 0;
    }
    *err = why;
    return -1;
}

/* .git itself, or where a .git file ("gitdir: PATH") points to. A path that leads outside fails when it is
 * opened. */
static char *find_git_folder(int folder_fd)
{
    static const char prefix[] = "gitdir: ";
    cleanup_free char *text = read_text(folder_fd, "", ".git", REF_FILE_MAX);
    return text && text_starts(text, prefix) ? first_line(text + sizeof prefix - 1) : copy_string(".git");
}

/* A worktree's own folder has its HEAD; its refs are in the common one. */
static char *find_common_folder(int folder_fd, const char *git)
{
    cleanup_free char *text = read_text(folder_fd, git, "commondir", REF_FILE_MAX);
    cleanup_free char *line = text ? first_line(text) : NULL;
    return line ? text_format("%s/%s", git, line) : copy_string(git);
}

static char *resolve(int folder_fd, const char *common, const char *name)
{
    cleanup_free char *loose = read_text(folder_fd, common, name, REF_FILE_MAX);
    if (loose)
        return git_parse_commit(loose);
    cleanup_free char *packed = read_text(folder_fd, common, "packed-refs", PACKED_REFS_MAX);
    return packed ? git_find_packed(packed, name) : NULL;
}

int git_ref_read(int folder_fd, const char *path, struct git_ref *ref, struct error *err)
{
    *ref = (struct git_ref){0};
    cleanup_free char *git = find_git_folder(folder_fd);
    cleanup_free char *head = NULL;
    if (read_head(folder_fd, path, git, &head, err) < 0)
        return -1;
    if (!head)
        return 0;
    cleanup_free char *name = git_parse_head(head);
    if (!name) {
        ref->commit = git_parse_commit(head);
        return 0;
    }
    cleanup_free char *common = find_common_folder(folder_fd, git);
    ref->commit = resolve(folder_fd, common, name);
    if (text_starts(name, heads))
        ref->branch = copy_string(name + sizeof heads - 1);
    return 0;
}

void git_ref_clear(struct git_ref *ref)
{
    free(ref->branch);
    free(ref->commit);
    *ref = (struct git_ref){0};
}
