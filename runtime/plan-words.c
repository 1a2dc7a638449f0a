#include "plan-words.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"

const char *plan_mount_kind(enum sandbox_mount_kind kind)
{
    static const char *const names[] = {
        [SANDBOX_BIND] = "bind", [SANDBOX_COW] = "cow",   [SANDBOX_SCRATCH] = "scratch",
        [SANDBOX_FILE] = "file", [SANDBOX_LINK] = "link", [SANDBOX_FOLDER] = "folder",
        [SANDBOX_PROC] = "proc", [SANDBOX_DEV] = "dev",
    };
    return names[kind];
}

struct strings plan_weaker(const struct plan *plan)
{
    struct strings names = {0};
    for (size_t i = 0; sandbox_weaker_names[i]; i++)
        if (plan->weaker & (1U << i))
            strings_add(&names, sandbox_weaker_names[i]);
    return names;
}

/* Frees text. */
static char *replace_all(char *text, const char *secret)
{
    static const char shown[] = "(generated)";
    size_t from = 0;
    for (char *found; *secret && (found = strstr(text + from, secret));) {
        size_t at = (size_t)(found - text);
        char *replaced = text_format("%.*s%s%s", (int)at, text, shown, found + strlen(secret));
        free(text);
        text = replaced;
        from = at + strlen(shown);
    }
    return text;
}

char *plan_hide(const char *text, const struct strings *hidden)
{
    char *shown = copy_string(text);
    for (size_t i = 0; shown && i < hidden->count; i++)
        shown = replace_all(shown, hidden->items[i]);
    return shown;
}
