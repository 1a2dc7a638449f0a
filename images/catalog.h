/*
 * The catalog's content, for images/ only: image.h has what others need.
 *
 * A catalog is a JSON object of entries by an image's name:
 *
 *     "redis": {
 *       "default": "7.0",
 *       "aliases": {"7": "7.0"},
 *       "upstream": "https://download.redis.io/releases/redis-{version}.tar.gz",
 *       "releases": [
 *         {"version": "7.0", "from": "deb", "source": "bookworm/redis-server,redis-tools"},
 *         {"version": "7.2.15", "from": "source", "digest": "sha256:..."}
 *       ]
 *     }
 *
 * Releases stand in order of preference: the first that is what is wanted is the one that is installed, not the
 * highest. A version may be a line ("7.0"), where the source serves the newest of it. Source and digest are the
 * importer's, one string or an object by machine; a release from "source" without a source has the entry's
 * upstream, with its version. Updating a minor release is one line.
 *
 * The operator's catalog, where there is one, lies on top: its releases come first, its default and upstream
 * replace, its aliases replace key by key, its further names are added.
 *
 * It is read strictly: a misspelt key must not quietly install something else.
 */
#ifndef INDYNO_CATALOG_H
#define INDYNO_CATALOG_H

#include "image.h"

struct release {
    char *version; /* "16.14", or a line, "7.0", where the source serves the newest of it */
    char *from;    /* the importer, without its "from-": "npm" */
    char *source;  /* the importer's, for this machine; NULL where it has none */
    char *
        digest; /* of what is fetched, for this machine, as the importer writes it; NULL where none is pinned */
    char *client; /* "postgresql-client:17", or NULL */
    struct strings with;
    bool is_upstream; /* source was made of the entry's upstream */
};

struct catalog_alias {
    char *word, *version; /* "7" means "7.0" */
};

struct catalog_entry {
    char *name;
    char *default_version;
    char *upstream; /* "https://.../redis-{version}.tar.gz", or NULL */
    struct catalog_alias *aliases;
    size_t alias_count;
    struct release *releases; /* in order of preference */
    size_t release_count;
};

struct catalog {
    struct catalog_entry *entries;
    size_t entry_count;
};

void catalog_entry_clear(struct catalog_entry *entry);

const struct catalog_entry *catalog_entry(const struct catalog *catalog, const char *name);

/* What wanted is an alias of, or wanted itself. */
const char *catalog_alias(const struct catalog_entry *entry, const char *wanted);

/* The first release that wanted, or what it is an alias of, means; of that importer, unless from is NULL. NULL
 * where there is none for this machine. */
const struct release *catalog_release(const struct catalog_entry *entry, const char *wanted,
                                      const char *from);

/* Parses a catalog's text; path is for messages. STATUS_DATA with the file, the path of the key and a remedy. */
int catalog_parse(const char *path, const char *text, struct catalog **catalog, struct error *err);

/* Parses text and puts it on top of catalog, which is of no use where that fails. */
int catalog_add(struct catalog *catalog, const char *path, const char *text, struct error *err);

#endif
