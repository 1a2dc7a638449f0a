/*
 * Somebody else's rights for a while, taken by root to open and write files as their owner would.
 *
 * Only files are meant: effective ids and groups change and change back, so the process is still root's, and
 * a process that is not root borrows nothing.
 */
#ifndef INDYNO_BORROW_H
#define INDYNO_BORROW_H

#include <sys/types.h>

#include "base/error.h"

struct borrowed {
    uid_t uid;
    gid_t gid;
    gid_t *groups;
    int group_count;
    int active;
};

/* Takes the ids uid and gid and no supplementary groups; does nothing where the process is not root. */
int borrow_ids(uid_t uid, gid_t gid, struct borrowed *borrowed, struct error *err);

/* The same with the ids of the owner of what fd leads to. */
int borrow_owner(int fd, struct borrowed *borrowed, struct error *err);

/* Gives them back; what cannot be given back ends the process, which would otherwise go on with rights that
 * nobody counts with. Safe to call twice. */
void borrow_return(struct borrowed *borrowed);
#define cleanup_borrowed __attribute__((cleanup(borrow_return)))

#endif
