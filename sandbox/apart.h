/* Trying something in a process of its own, so that nothing of the try outlives it. */
#ifndef INDYNO_APART_H
#define INDYNO_APART_H

#include <stdint.h>

#include "base/error.h"
#include "idmap.h"

/* Runs act in a child that is cloned with the CLONE_NEW* flags (0: a fork). Where map is given and a user namespace is
 * among them, its ids are mapped first. Returns 0, or -1 with the error (not NULL) of cloning, mapping or act; a child that a
 * signal ended, as some filters do, is one with errnum 0. */
int apart(uint64_t flags, const struct idmap *map, int (*act)(const void *argument, struct error *err),
          const void *argument, struct error *err);

#endif
