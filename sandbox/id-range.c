#include "id-range.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"

static const char owner[] = "indyno";

/* (uid_t)-1 is no id, and those of 16 bits are not for containers. */
#define ID_MIN UINT64_C(65536)
#define ID_END UINT64_C(4294967295)

enum { FILE_MAX = 1 << 20, LINE_SHOWN = 80 };

struct subids {
    uint64_t first, count;
    size_t line; /* from 1; 0: there is none */
};

struct subid_file {
    const char *path;
    char *text; /* NULL: there is no such file */
};

static void clear_file(struct subid_file *file)
{
    free_pointer(&file->text);
}
#define cleanup_subid_file __attribute__((cleanup(clear_file)))

/* ---- Lines ---- */

static int refuse(const char *path, size_t number, const char *line, const char *why, struct error *err)
{
    fail(err, STATUS_DATA, "%s:%zu: %.*s: %s", path, number, LINE_SHOWN, line, why);
    error_remedy(err, "give indyno ids of its own, the same in /etc/subuid and /etc/subgid, such as %s:%u:%u",
                 owner, SANDBOX_BLOCK_FIRST, SANDBOX_BLOCK_COUNT * SANDBOX_ID_BLOCK);
    return -1;
}

/* Digits only, and no more than fit: what strtoull(3) would take a sign or a blank for is wrong here. */
static bool parse_number(const char *text, size_t length, uint64_t *number)
{
    enum { DIGITS_MAX = 18 };
    *number = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || i >= DIGITS_MAX)
            return false;
        *number = *number * 10 + (uint64_t)(text[i] - '0');
    }
    return length > 0;
}

/* "FIRST:COUNT" */
static bool parse_range(const char *text, struct subids *range)
{
    size_t length = strcspn(text, ":");
    return text[length] == ':' && parse_number(text, length, &range->first) &&
           parse_number(text + length + 1, strlen(text + length + 1), &range->count);
}

static bool belongs_to(const char *line, const char *name)
{
    size_t length = strlen(name);
    return strncmp(line, name, length) == 0 && line[length] == ':';
}

static const char *what_is_wrong(const struct subids *range)
{
    if (range->first < ID_MIN)
        return "ids below 65536 are the system's, people's and nobody's";
    if (range->count < SANDBOX_ID_BLOCK)
        return "a run takes a block of 256 ids";
    return range->first >= ID_END || range->count > ID_END - range->first
               ? "there are no ids above 4294967294"
               : NULL;
}

static int take_line(const char *path, size_t number, const char *line, struct subids *own, struct error *err)
{
    if (own->line)
        return refuse(path, number, line, "a second range of indyno's, and it has one", err);
    if (!parse_range(line + sizeof owner, own))
        return refuse(path, number, line, "not NAME:FIRST:COUNT", err);
    own->line = number;
    const char *wrong = what_is_wrong(own);
    return wrong ? refuse(path, number, line, wrong, err) : 0;
}

/* ---- Files ---- */

typedef int visit_line(const char *path, size_t number, const char *line, struct subids *own,
                       struct error *err);

static int each_line(const struct subid_file *file, visit_line *visit, struct subids *own, struct error *err)
{
    cleanup_free char *copy = copy_string(file->text);
    char *rest = copy;
    size_t number = 0;
    for (char *line; rest && (line = strsep(&rest, "\n"));)
        if (visit(file->path, ++number, line, own, err) < 0)
            return -1;
    return 0;
}

static int find_own(const char *path, size_t number, const char *line, struct subids *own, struct error *err)
{
    return belongs_to(line, owner) ? take_line(path, number, line, own, err) : 0;
}

static int check_other(const char *path, size_t number, const char *line, struct subids *own,
                       struct error *err)
{
    struct subids other;
    const char *colon = strchr(line, ':');
    if (!colon || line[0] == '#' || belongs_to(line, owner) || belongs_to(line, "root") ||
        belongs_to(line, "0") || !parse_range(colon + 1, &other) || !other.count)
        return 0;
    if (other.first >= own->first + own->count || own->first >= other.first + other.count)
        return 0;
    return refuse(path, number, line, "somebody else's ids, and they overlap those of indyno's dynos", err);
}

/* A file that is not there has no lines. */
static int read_file(const char *path, struct subid_file *file, struct error *err)
{
    struct error why = {0};
    *file = (struct subid_file){.path = path, .text = text_read_file(AT_FDCWD, path, FILE_MAX, NULL, &why)};
    if (!file->text && why.errnum != ENOENT && err) {
        *err = why;
        return -1;
    }
    bool is_known = file->text || why.errnum == ENOENT;
    error_clear(&why);
    return is_known ? 0 : -1;
}

static int check_same(const struct subid_file *uids, const struct subids *uid, const struct subid_file *gids,
                      const struct subids *gid, struct error *err)
{
    if (!uid->line == !gid->line && uid->first == gid->first && uid->count == gid->count)
        return 0;
    const struct subid_file *has = uid->line ? uids : gids, *other = uid->line ? gids : uids;
    const struct subids *range = uid->line ? uid : gid;
    fail(err, STATUS_DATA, "%s:%zu: indyno's range is not the same as in %s", has->path, range->line,
         other->path);
    error_remedy(err, "write the same line into both, such as %s:%llu:%llu", owner,
                 (unsigned long long)range->first, (unsigned long long)range->count);
    return -1;
}

static int check_others(const struct subid_file *uids, const struct subid_file *gids, struct subids *own,
                        struct error *err)
{
    return each_line(uids, check_other, own, err) < 0 ? -1 : each_line(gids, check_other, own, err);
}

static int find_in(const struct subid_file *uids, const struct subid_file *gids, struct subids *own,
                   struct error *err)
{
    struct subids gid = {0};
    if (each_line(uids, find_own, own, err) < 0 || each_line(gids, find_own, &gid, err) < 0 ||
        check_same(uids, own, gids, &gid, err) < 0)
        return -1;
    if (!own->line)
        *own = (struct subids){.first = SANDBOX_BLOCK_FIRST,
                               .count = (uint64_t)SANDBOX_BLOCK_COUNT * SANDBOX_ID_BLOCK};
    return check_others(uids, gids, own, err);
}

int id_range_check(const char *subuid, const char *subgid, const struct sandbox_id_range *range,
                   struct error *err)
{
    cleanup_subid_file struct subid_file uids = {0}, gids = {0};
    struct subids own = {.first = range->first, .count = (uint64_t)range->blocks * SANDBOX_ID_BLOCK};
    return read_file(subuid, &uids, err) < 0 || read_file(subgid, &gids, err) < 0 ||
                   check_others(&uids, &gids, &own, err) < 0
               ? -1
               : 0;
}

int id_range_find(const char *subuid, const char *subgid, struct sandbox_id_range *range, struct error *err)
{
    cleanup_subid_file struct subid_file uids = {0}, gids = {0};
    struct subids own = {0};
    if (read_file(subuid, &uids, err) < 0 || read_file(subgid, &gids, err) < 0 ||
        find_in(&uids, &gids, &own, err) < 0)
        return -1;
    *range = (struct sandbox_id_range){.first = (uid_t)own.first,
                                       .blocks = (unsigned)(own.count / SANDBOX_ID_BLOCK),
                                       .source = own.line ? subuid : NULL};
    return 0;
}
