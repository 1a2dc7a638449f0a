/* The catalog's content, for images/ only: image.h has what others need. */
#ifndef INDYNO_CATALOG_H
#define INDYNO_CATALOG_H

#include "image.h"

struct release {
    char *version; /* "16.14", or a line, "7.0", where the source serves the newest of it */
    char *from;    /* its importer's name: "npm" */
    char *source;  /* the importer's words, for this machine's architecture; NULL where it has none */
    char *digest;  /* of what is fetched, for this architecture; NULL where the source signs */
    char *client;  /* "postgresql-client:17", or NULL */
};

struct catalog_alias {
    char *word, *version; /* "7" means "7.0" */
};

struct catalog_entry {
    char *name;
    char *default_version;
    struct catalog_alias *aliases;
    size_t alias_count;
    struct release *releases; /* the preferred first */
    size_t release_count;
};

struct catalog {
    struct catalog_entry *entries;
    size_t entry_count;
};

const struct catalog_entry *catalog_entry(const struct catalog *catalog, const char *name);

/* The first release that wanted means, of an importer's where from is not NULL; or NULL. */
const struct release *catalog_release(const struct catalog_entry *entry, const char *wanted,
                                      const char *from);

/* The version that wanted is an alias for, or wanted itself. */
const char *catalog_alias(const struct catalog_entry *entry, const char *wanted);

/* "7.0, 6.0, 8.0": what there is for this architecture, of an importer's where from is not NULL. The caller's to free. */
char *catalog_offers(const struct catalog_entry *entry, const char *from);

/* Parses a catalog's text; path is for messages. */
int catalog_parse(const char *path, const char *text, struct catalog **catalog, struct error *err);

/* Puts an operator's catalog on top: its releases and aliases come first, its defaults count, its further names are added.
 * over is used up. */
void catalog_merge(struct catalog *catalog, struct catalog *over);

/* Whether version is of the line wanted: "16.14" and "16" of "16", "7.0.15" of "7.0". */
bool version_matches(const char *version, const char *wanted);

#endif
