#include "cgroup-view.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"

#define PLACE "/sys/fs/cgroup"

static const char *keep(struct cgroup_view *view, char *text)
{
    strings_take(&view->texts, text);
    return text;
}

static void add(struct cgroup_view *view, char *source, const char *controller)
{
    char *target = controller ? text_format(PLACE "/%s", controller) : copy_string(PLACE);
    view->mounts[view->spec.mount_count++] = (struct sandbox_mount){
        .kind = SANDBOX_BIND, .source = keep(view, source), .target = keep(view, target), .optional = true};
}

static void add_v1(const struct cgroups *groups, const char *leaf, struct cgroup_view *view)
{
    static const enum cgroup_controller looked_at[] = {CGROUP_MEMORY, CGROUP_CPU};
    for (size_t i = 0; i < sizeof looked_at / sizeof *looked_at; i++)
        add(view, text_format("%s/%s", groups->runs[looked_at[i]], leaf),
            cgroup_controller_names[looked_at[i]]);
    for (int c = 0; c < CGROUP_SHOWN; c++)
        if (groups->shown[c])
            add(view, copy_string(groups->shown[c]), cgroup_controller_names[CGROUP_CONTROLLERS + c]);
}

void cgroup_view_plan(const struct sandbox_spec *spec, const struct cgroups *groups, struct cgroup_view *view)
{
    *view = (struct cgroup_view){.spec = *spec};
    if (!groups->version || !spec->step_count)
        return;
    view->mounts = allocate(spec->mount_count + CGROUP_CONTROLLERS + CGROUP_SHOWN, sizeof *view->mounts);
    if (spec->mount_count)
        memcpy(view->mounts, spec->mounts, spec->mount_count * sizeof *view->mounts);
    view->spec.mounts = view->mounts;
    if (groups->version == 1)
        add_v1(groups, spec->steps[0].leaf, view);
    else
        add(view, text_format("%s/%s", groups->runs[0], spec->steps[0].leaf), NULL);
}

void cgroup_view_clear(struct cgroup_view *view)
{
    free(view->mounts);
    strings_clear(&view->texts);
    *view = (struct cgroup_view){0};
}
