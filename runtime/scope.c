/*
 * Theory of operation. A user's limits take a cgroup that is delegated to that user, and the one that a login or a cron job
 * puts processes into is not. The user's systemd has such groups to give (user@.service is delegated to it): what
 * `systemd-run --user --scope -p Delegate=yes indyno run ...` would ask of it, indyno asks itself, of the same socket as
 * systemctl and systemd-run do: to make a scope, and to move this process there. That is before anything else is made, so
 * that all of the run is born there; sandbox/cgroup.c then finds this process alone in a delegated group, and cares for no
 * more than that.
 *
 * It is not systemd-run that is executed, which would then execute indyno anew: if that one fails it exits with 1, which
 * would be taken for the test's verdict, and without a report; and it may take a "$" in the test's command for its own.
 */
#include "scope.h"

#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "base/text.h"
#include "plan.h"
#include "sandbox/sandbox.h"
#include "systemd.h"

/* ---- Whether ---- */

bool scope_is_wanted(const struct options *options)
{
    return plan_asks_for_limits(options) && !(options->weaker & SANDBOX_WEAKER_LIMITS);
}

/* Why it takes a scope; NULL where it takes none. */
static char *find_need(void)
{
    bool is_due = geteuid() != 0 && access("/run/systemd/system", F_OK) == 0; /* sd_booted(3) */
    return is_due ? sandbox_lacks_delegation() : NULL;
}

static char *find_manager(struct error *err)
{
    const char *folder = text_from_env("XDG_RUNTIME_DIR", NULL);
    if (folder)
        return text_format("%s/systemd/private", folder);
    fail(err, STATUS_DATA, "XDG_RUNTIME_DIR is not set");
    return NULL;
}

bool scope_is_due(void)
{
    cleanup_free char *need = find_need(), *manager = find_manager(NULL);
    return need && manager && access(manager, W_OK) == 0;
}

/* ---- Asking ---- */

static int make_scope(struct error *err)
{
    char random[2 * 8 + 1];
    text_random_hex(random, 8);
    cleanup_free char *unit = text_format("indyno-%s.scope", random), *path = find_manager(err);
    return path ? systemd_start_scope(path, unit, err) : -1;
}

int scope_enter(struct error *err)
{
    cleanup_error struct error why = {0};
    cleanup_free char *need = find_need();
    if (!need || make_scope(&why) == 0)
        return 0;
    fail(err, STATUS_DATA,
         "limits cannot be enforced here: %s, and no scope was to be had of the user's systemd: %s", need,
         why.message);
    error_remedy(err, "%s",
                 why.remedy ? why.remedy
                            : "log in, so that the user's systemd runs (or have it run always: loginctl "
                              "enable-linger), or run without limits with --allow-weaker=limits");
    return -1;
}
