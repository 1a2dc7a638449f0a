/* What `indyno doctor` finds: the sandbox's probes, and then whole dynos, tried by running `true` in them. */
#ifndef INDYNO_DOCTOR_H
#define INDYNO_DOCTOR_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "images/image.h"
#include "sandbox/sandbox.h"

struct doctor {
    struct sandbox_findings findings;
    bool runs;           /* a dyno could be made, and ended as it should */
    struct strings with; /* the words of --allow-weaker that every run needs here */
    struct strings stores;
    struct image *images; /* what is installed in them */
    size_t image_count;
    char *store_failure; /* why they cannot be read, or NULL */
};

/* Examines the host for runs of the folder dir, an absolute path, of which dir_fd is an open descriptor; NULL: of no
 * folder. Never fails: what cannot be tried is missing. */
void doctor_examine(const char *dir, int dir_fd, struct doctor *doctor);
void doctor_clear(struct doctor *doctor);
#define cleanup_doctor __attribute__((cleanup(doctor_clear)))

void doctor_print(const struct doctor *doctor, FILE *to);
void doctor_print_json(const struct doctor *doctor, FILE *to);

#endif
