#include "proc-mask.h"

#include <errno.h>
#include <fcntl.h>

#include "base/own.h"
#include "base/sys.h"
#include "base/teeth.h"
#include "mount.h"

#define ATTRIBUTES (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static const struct part {
    const char *path;
    bool is_hidden;
} parts[] = {
    {"/proc/sys", false},
    {"/proc/acpi", true},
    {"/proc/asound", true},
    {"/proc/scsi", true},
};

/* A small filesystem, for there is no empty folder in every root. */
static int make_cover(const struct part *part, int folder, struct error *err)
{
    static const char *const options[] = {"mode", "0555", "size", "4k", NULL};
    if (part->is_hidden)
        return mount_new("tmpfs", options, ATTRIBUTES, err);
    cleanup_fd int cover = mount_clone(folder, "", false, err);
    if (cover < 0 || mount_attributes(cover, ATTRIBUTES, false, part->path, err) < 0)
        return -1;
    return steal_fd(&cover);
}

static int mask(const struct part *part, struct error *err)
{
    cleanup_fd int folder = open(part->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return errno == ENOENT ? 0 : fail_errno(err, "open %s in the dyno", part->path);
    cleanup_fd int cover = make_cover(part, folder, err);
    return cover < 0 ? -1 : mount_attach(cover, folder, NULL, part->path, err);
}

int proc_mask(struct error *err)
{
    for (size_t i = 0; i < sizeof parts / sizeof *parts && !teeth_out("proc-mask"); i++)
        if (mask(&parts[i], err) < 0)
            return -1;
    return 0;
}
