/* Reading somebody's files with no more rights than theirs. */
#ifndef INDYNO_APP_RIGHTS_H
#define INDYNO_APP_RIGHTS_H

#include "app.h"

/* Reads files beneath folder_fd into app, which is zeroed. path names what is read, for messages. Returns 0,
 * or -1 with err. */
typedef int reader(int folder_fd, const char *path, struct app *app, struct error *err);

/* Calls read. As root, in a child process that has the rights of the folder's owner and no others, no other
 * descriptor than the folder's, and bounded memory and time; a child that dies, hangs or sends what it should
 * not is STATUS_ERRORED. As a user, in this process. meanwhile (or NULL) is done in this process once the
 * child has started. */
int read_as_owner(int folder_fd, const char *path, reader *read, const struct app_meanwhile *meanwhile,
                  struct app *app, struct error *err);

#endif
