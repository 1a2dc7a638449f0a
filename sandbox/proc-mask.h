/*
 * What of /proc no permission alone should hold: /proc/sys becomes read-only, and what tells of the machine's devices
 * (acpi, asound, scsi) empty. What else is the host's there is root's alone, whom no dyno maps.
 */
#ifndef INDYNO_PROC_MASK_H
#define INDYNO_PROC_MASK_H

#include "base/error.h"

/* In init, in its root, after the last write to /proc/sys. Returns 0, or -1 with err. */
int proc_mask(struct error *err);

#endif
