#include "mounts.h"

#include "base/own.h"

static const char *keep_text(struct mounts *mounts, const char *text)
{
    if (!text)
        return NULL;
    strings_add(&mounts->texts, text);
    return mounts->texts.items[mounts->texts.count - 1];
}

size_t mounts_add(struct mounts *mounts, const struct sandbox_mount *mount)
{
    mounts->items = reallocate(mounts->items, mounts->count + 1, sizeof *mounts->items);
    struct sandbox_mount *added = &mounts->items[mounts->count];
    *added = *mount;
    added->source = keep_text(mounts, mount->source);
    added->within = keep_text(mounts, mount->within);
    added->target = keep_text(mounts, mount->target);
    added->content = keep_text(mounts, mount->content);
    return mounts->count++;
}

void mounts_append(struct mounts *mounts, const struct mounts *more)
{
    for (size_t i = 0; i < more->count; i++)
        mounts_add(mounts, &more->items[i]);
}

void mounts_clear(struct mounts *mounts)
{
    free(mounts->items);
    strings_clear(&mounts->texts);
    *mounts = (struct mounts){0};
}
