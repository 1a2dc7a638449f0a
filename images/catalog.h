/* The catalog's content, for images/ only: image.h has what others need. */
#ifndef INDYNO_CATALOG_H
#define INDYNO_CATALOG_H

#include "image.h"

struct release {
    char *version;  /* "16.14", or a line, "7.0", where the source serves the newest of it */
    char *importer; /* "from-npm" */
    char *source;   /* the importer's, for this machine's architecture; NULL where it has none */
    char *client;   /* "postgresql-client:17", or NULL */
};

struct catalog_entry {
    char *name;
    char *default_version;
    struct release *releases; /* newest first */
    size_t release_count;
};

struct catalog {
    struct catalog_entry *entries;
    size_t entry_count;
};

const struct catalog_entry *catalog_entry(const struct catalog *catalog, const char *name);

/* The newest release that wanted means, or NULL. */
const struct release *catalog_release(const struct catalog_entry *entry, const char *wanted);

/* Parses a catalog's text; path is for messages. */
int catalog_parse(const char *path, const char *text, struct catalog **catalog, struct error *err);

/* Whether version is of the line wanted: "16.14" and "16" of "16", "7.0.15" of "7.0". */
bool version_matches(const char *version, const char *wanted);

#endif
