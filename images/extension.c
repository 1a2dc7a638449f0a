#include "extension.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"

enum { EXTENSIONS_MAX = 1 << 20 };

struct line {
    long major;
    const char *extension, *package;
};

/* "17 vector postgresql-17-pgvector"; changes text. */
static bool parse_line(char *text, struct line *line)
{
    const char *major = strsep(&text, " ");
    line->extension = strsep(&text, " ");
    line->package = text;
    line->major = strtol(major, NULL, 10);
    return line->package && line->major > 0;
}

/* That of the server's own major is the best, then the nearest newer one, then the nearest older one. */
static long badness(long major, long server)
{
    enum { OLDER = 1000 };
    return major >= server ? major - server : OLDER + server - major;
}

int extension_find_package(const char *path, const char *server_version, const char *extension,
                           struct extension_package *found, struct error *err)
{
    cleanup_free char *text = text_read_file(AT_FDCWD, path, EXTENSIONS_MAX, NULL, err);
    const long server = strtol(server_version, NULL, 10);
    long best = -1;
    *found = (struct extension_package){0};
    if (!text)
        return -1;
    char *rest = text;
    for (char *word; (word = strsep(&rest, "\n"));) {
        struct line line;
        if (!parse_line(word, &line) || !text_equal(line.extension, extension) ||
            (best >= 0 && badness(line.major, server) >= best))
            continue;
        best = badness(line.major, server);
        free(found->package);
        *found = (struct extension_package){line.major, copy_string(line.package)};
    }
    return 0;
}

char *image_extension_hint(const struct image *image, const char *extension)
{
    const char *path = text_from_env("INDYNO_EXTENSIONS", PKGDATADIR "/extensions");
    struct extension_package found;
    if (extension_find_package(path, image->version, extension, &found, NULL) < 0 || !found.package)
        return NULL;
    char *hint = text_format("indyno image install %s:%ld --from deb --with %s", image->name, found.major,
                             found.package);
    free(found.package);
    return hint;
}
