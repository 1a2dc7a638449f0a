/* The store's inside, for images/ only. */
#ifndef INDYNO_STORE_H
#define INDYNO_STORE_H

#include "image.h"

/* Makes the store's folders (0755) where they are missing. */
int store_make(const char *store, struct error *err);

/* Locks a folder, LOCK_SH or LOCK_EX of flock(2), without waiting: the descriptor, or -1 with errno: EWOULDBLOCK
 * where somebody else has it, ENOENT where it is not there, ESTALE where another has taken its place meanwhile. */
int store_lock_folder(const char *path, int operation);

/* Locks the image in folder for who uses it, or exclusively for who removes it, as store_lock_folder does; by
 * fcntl(2), F_OFD_SETLK. */
int store_lock_image(const char *folder, bool exclusive);

/* Takes the lock under which what is wanted (may be NULL) of name is installed: one process at a time; the others
 * wait, and then find it installed. The descriptor is the lock; the kernel drops it with its holder. */
int store_lock_install(const char *store, const char *name, const char *wanted, struct error *err);

/* Visits what installs and removals that were killed left behind; nobody else does meanwhile. */
typedef void store_visit(const char *folder, void *context);
void store_each_dead(const char *store, store_visit *visit, void *context);

/* Removes all that. */
void store_sweep(const char *store);

/* An empty folder in the store to build an image in. The caller's to free; while *lock, the caller's to close, is
 * open no sweep removes it. */
char *store_staging(const char *store, int *lock, struct error *err);

/* Moves a finished staging folder to its place. Of an image that is there already and this one, which replace tells
 * stays, and the other goes; one that cannot be read never stays. STATUS_NO_ROOM where a run uses the one that
 * would have to go; the staging folder is its maker's to remove where this fails. */
int store_publish(const char *store, const char *staging, const struct image *image, bool replace,
                  struct error *err);

/* Removes an image. STATUS_DATA where it is not installed, STATUS_NO_ROOM where a run uses it. */
int store_remove(const char *store, const char *name, const char *version, struct error *err);

/* Whether it could not be removed now for that. */
bool store_in_use(const char *store, const char *name, const char *version);

/* Whether less than 1 MiB is free where path is. */
bool store_no_room(const char *path);

/* Where an operation on a store failed because its disk is full, says that instead, in one line. Before the
 * error's context is put in front. */
void store_explain_room(const char *store, struct error *err);

/* Bytes for people: "12 MB". The caller's to free. */
char *store_size_text(uint64_t bytes);

/* The bytes of the files beneath folder, each counted once. */
uint64_t store_tree_size(const char *folder);

/* Removes a folder with all that is in it; what is not there is no error. */
void store_delete_tree(const char *folder);

#endif
