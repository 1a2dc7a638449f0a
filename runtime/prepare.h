/*
 * From options to a plan: reads what a plan is made of (the app, the store, the catalog, the host's files)
 * and keeps it as long as the plan needs it. Makes and changes nothing.
 */
#ifndef INDYNO_PREPARE_H
#define INDYNO_PREPARE_H

#include "app.h"
#include "images/image.h"
#include "mounts.h"
#include "options.h"
#include "plan.h"

enum { PREPARED_HOLDS_MAX = 2 * ENGINE_COUNT }; /* a server and its clients */

struct prepared {
    struct policy policy;
    struct policy_paths paths;
    struct app app;
    struct image *images;
    size_t image_count;
    struct catalog *catalog;
    struct mounts root, host; /* as struct plan_input has them */
    struct rootfs rootfs;
    struct sandbox_capabilities capabilities;
    bool probed;
    int dir_fd, scratch_fd, *bind_fds; /* O_PATH */
    size_t bind_count;
    char *dir, *cwd, *state_dir;
    struct sandbox_id_range id_range; /* as root */
    const char *lang;
    struct plan plan;
    int holds[PREPARED_HOLDS_MAX]; /* image_hold's, of the plan's images */
    size_t hold_count;
};

/* With probe, what the host can do is tried (sandbox_probe), for a plan that is printed; a run only tries
 * where it has to choose, and installs what --pull=missing asks for. STATUS_USAGE and STATUS_DATA as plan_make;
 * STATUS_POLICY where sudo's caller does not own DIR, or the host's policy forbids something; STATUS_NO_ROOM where an image was removed meanwhile. The
 * plan's images stay in the store until it is cleared. */
int prepare(const struct options *options, bool probe, struct prepared *prepared, struct error *err);
void prepared_clear(struct prepared *prepared);
#define cleanup_prepared __attribute__((cleanup(prepared_clear)))

#endif
