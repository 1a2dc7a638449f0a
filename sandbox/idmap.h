/*
 * Id maps: which host ids stand behind the dyno's ids (user_namespaces(7)), and the maps that present a
 * folder's files with the dyno's ids (mount_setattr(2)).
 */
#ifndef INDYNO_IDMAP_H
#define INDYNO_IDMAP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "sandbox.h"

/* The host ids behind a dyno, for uids and gids alike where they are a block. */
struct idmap {
    enum sandbox_ids mode;
    uid_t caller_uid; /* SUBORDINATE, SINGLE: behind SANDBOX_ID_FIRST */
    gid_t caller_gid;
    uid_t uid_base; /* BLOCK, SUBORDINATE: behind 0; the users and nobody follow */
    gid_t gid_base;
};

/* Chooses the ids of a run: the block that its slot is (claim.h), or the caller's ranges of /etc/subuid and /etc/subgid
 * (STATUS_DATA with a remedy where there is none). */
int idmap_choose(const struct sandbox_spec *spec, uint32_t slot, struct idmap *map, struct error *err);

/* Writes the maps of the user namespace that process pid was born into; for SUBORDINATE through newuidmap(1)
 * and newgidmap(1). */
int idmap_write(const struct idmap *map, pid_t pid, struct error *err);

/* The host uid (gid) behind an inner id. */
uid_t idmap_host_uid(const struct idmap *map, uid_t inner);
gid_t idmap_host_gid(const struct idmap *map, gid_t inner);

/* A user namespace for mount_idmap (BLOCK mode only), by which files that uid and gid own on disk are
 * presented as inner owner's. For a read-only layer all other ids are mapped too, for an overlay cannot
 * replace a file whose id is not: root's to nobody, others to themselves, which inside is nobody as well.
 * Where the mount will be writable, nothing but uid and gid is mapped, so that nothing can be made there in
 * anybody else's name, root's above all. Host root is never what anything is mapped to. Returns its
 * descriptor. */
int idmap_userns_for_folder(const struct idmap *map, uid_t uid, gid_t gid, uid_t owner, bool writable,
                            struct error *err);

#endif
