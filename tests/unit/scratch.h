/* A temporary folder for one test, and short ways to fill it. Each fails the test where it cannot do what it
 * says. */
#ifndef INDYNO_TEST_SCRATCH_H
#define INDYNO_TEST_SCRATCH_H

#include <stddef.h>
#include <sys/types.h>

struct scratch {
    char *path; /* absolute */
    int fd;     /* of the folder, O_PATH */
};

void scratch_make(struct scratch *scratch);
void scratch_remove(struct scratch *scratch); /* with all that is in it */
#define cleanup_scratch __attribute__((cleanup(scratch_remove)))

/* Writes a file, whose folders are made as needed. */
void scratch_write(const struct scratch *scratch, const char *name, const char *text);
void scratch_write_bytes(const struct scratch *scratch, const char *name, const void *data, size_t size);

/* Gives the scratch folder and all that is in it to this user and group. */
void scratch_give(const struct scratch *scratch, uid_t owner);

#endif
