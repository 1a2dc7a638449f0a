/*
 * The branch and the commit of a checkout, read from .git's files: no git program is run, as it would run
 * what the tenant's configuration tells it to.
 */
#ifndef INDYNO_GIT_REF_H
#define INDYNO_GIT_REF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct git_ref {
    char *branch; /* "main"; NULL: detached, or not known */
    char *commit; /* 40 or 64 hex digits; NULL: not known */
};

/* Reads the checkout in the folder, which messages name as path. .git may be a file that names its folder, as long as
 * that lies beneath folder_fd. What is missing, broken or elsewhere is NULL. -1, STATUS_DATA, where HEAD is there and is
 * no regular file, or larger than any HEAD. */
int git_ref_read(int folder_fd, const char *path, struct git_ref *ref, struct error *err);
void git_ref_clear(struct git_ref *ref);

/* ---- The pure parts
 * ------------------------------------------------------------------------------------- */

/* Whether name is one that git-check-ref-format(1) lets pass and that is UTF-8. */
bool git_ref_name_valid(const char *name);

/* The commit that text (of a ref's file, or of a detached HEAD) is, up to a line break; NULL where it is
 * none. */
char *git_parse_commit(const char *text);

/* "refs/heads/main" of HEAD's text "ref: refs/heads/main"; NULL where it names no valid ref. */
char *git_parse_head(const char *text);

/* The commit of a ref in packed-refs' text; NULL where it does not stand there. */
char *git_find_packed(const char *text, const char *name);

#endif
