/*
 * Who asked. Where root acts for somebody else, by sudo(8), what that somebody names on the command line
 * counts as far as his own rights go: it is opened with them, and a folder that is read from or written to on
 * his word must be his. Else a rule that lets a CI user run indyno would let him read and write what is
 * root's.
 */
#ifndef INDYNO_CALLER_H
#define INDYNO_CALLER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "borrow.h"

/* Opens path with O_PATH and flags, which may be O_DIRECTORY: with the rights of sudo's caller where there is one, else,
 * as root, by links of somebody's only to what is theirs (links.h). Returns a descriptor, or -1 with err, STATUS_DATA,
 * whose message is only the reason, and errnum. */
int caller_open(const char *path, int flags, struct error *err);

/* 0 where sudo's caller, if there is one, may read what fd leads to; -1 with errno. (Opening with O_PATH asks for nothing
 * but the way there.) */
int caller_check_readable(int fd);

/* Takes the rights of sudo's caller where there is one, else, as root, those of the owner of what fd leads to, until
 * borrow_return: for going on in somebody's folder. */
int caller_borrow(int fd, struct borrowed *rights, struct error *err);

/* 0, or STATUS_POLICY where sudo's caller does not own what fd leads to. what is its name in the message. */
int caller_check_owner(int fd, const char *what, struct error *err);

/* Who may do what the owner of what fd leads to may: sudo's caller with the caller's group, where that is the owner. */
void caller_ids(int fd, uid_t *uid, gid_t *gid);

/* Whether root acts for somebody else. */
bool caller_is_other(void);

/* Whose word it is: sudo's caller, else the effective uid. */
uid_t caller_uid(void);

/* 0, or STATUS_POLICY where sudo's caller has brought a variable of the environment that indyno would trust. */
int caller_check_environment(struct error *err);

#endif
