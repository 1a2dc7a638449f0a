/*
 * Progress of installs, on stderr: on a terminal one line that is redrawn, elsewhere a line where an image is begun; lines
 * that stay tell what came of each, and a total ends it.
 */
#ifndef INDYNO_PROGRESS_H
#define INDYNO_PROGRESS_H

#include "images/install.h"

struct progress_total {
    size_t installed, found; /* images that were made, and that were there */
    uint64_t bytes;          /* of those that were made */
    double seconds;
};

struct progress {
    struct install_progress calls; /* for install_image; they point back, so this stays where it was begun */
    bool is_live;                  /* drawn on a terminal */
    bool is_begun;                 /* an image */
    int terminal, words; /* while something is drawn, the real stderr and what stands in for it; else -1 */
    char *drawn;         /* what is on the terminal, or NULL */
    struct progress_total total;
    int64_t start_ms;
};

void progress_begin(struct progress *progress);

/* Says what all came to, unless that is nothing. */
void progress_end(struct progress *progress);

/* Leaves a clean line and stderr as it was, wherever it was left. */
void progress_clear(struct progress *progress);
#define cleanup_progress __attribute__((cleanup(progress_clear)))

/* The line for a terminal of so many columns (0: not known), narrower than that. Where it is too narrow the bar goes
 * first, the percentage last. The caller's to free. Pure. */
char *progress_text(const struct install_state *state, size_t columns);

/* "2 images installed, 1 there already: 182 MB in 14.2 s"; NULL where there were none. The caller's to free. Pure. */
char *progress_total_text(const struct progress_total *total);

#endif
