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
#include "dbus.h"
#include "plan.h"
#include "sandbox/sandbox.h"

#define SYSTEMD "org.freedesktop.systemd1"

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

static void put_text_property(struct dbus_writer *body, const char *name, const char *value)
{
    dbus_put_align(body, 8);
    dbus_put_string(body, name);
    dbus_put_signature(body, "s");
    dbus_put_string(body, value);
}

/* Pid 0 is the process at the other end of the socket: its id here may be another's where the manager is. */
static void put_properties(struct dbus_writer *body)
{
    put_text_property(body, "Description", "indyno run");
    put_text_property(body, "CollectMode", "inactive-or-failed");
    dbus_put_align(body, 8);
    dbus_put_string(body, "Delegate");
    dbus_put_signature(body, "b");
    dbus_put_u32(body, 1);
    dbus_put_align(body, 8);
    dbus_put_string(body, "PIDs");
    dbus_put_signature(body, "au");
    struct dbus_array pids = dbus_begin_array(body, 4);
    dbus_put_u32(body, 0);
    dbus_end_array(body, &pids);
}

static int ask(int manager, const char *unit, struct error *err)
{
    static const struct dbus_method method = {.path = "/org/freedesktop/systemd1",
                                              .destination = SYSTEMD,
                                              .interface = SYSTEMD ".Manager",
                                              .member = "StartTransientUnit",
                                              .signature = "ssa(sv)a(sa(sv))"};
    cleanup_dbus_writer struct dbus_writer body = {0};
    dbus_put_string(&body, unit);
    dbus_put_string(&body, "fail"); /* where it conflicts with another job */
    struct dbus_array properties = dbus_begin_array(&body, 8);
    put_properties(&body);
    dbus_end_array(&body, &properties);
    struct dbus_array others = dbus_begin_array(&body, 8);
    dbus_end_array(&body, &others);
    return dbus_call(manager, &method, &body, err);
}

static int refuse(struct dbus_message *message, struct error *err)
{
    bool has_text = text_starts(message->signature, "s");
    return fail(err, STATUS_DATA, "%s", has_text ? dbus_get_string(&message->body) : message->error);
}

/* 1: it is nothing of this unit's. JobRemoved: id, job, unit, result. */
static int judge(struct dbus_message *message, const char *unit, struct error *err)
{
    struct dbus_reader *body = &message->body;
    if (message->type == DBUS_ERROR)
        return refuse(message, err);
    if (message->type != DBUS_SIGNAL || !text_equal(message->member, "JobRemoved") ||
        !text_equal(message->signature, "uoss"))
        return 1;
    dbus_get_u32(body);
    dbus_get_string(body);
    if (!text_equal(dbus_get_string(body), unit))
        return 1;
    const char *result = dbus_get_string(body);
    return text_equal(result, "done") ? 0 : fail(err, STATUS_DATA, "its job ended with \"%s\"", result);
}

/* The call is answered before its job is done, or after that. */
static int await(int manager, const char *unit, struct error *err)
{
    int status = 1;
    while (status > 0) {
        cleanup_dbus_message struct dbus_message message = {0};
        status = dbus_receive(manager, &message, err) < 0 ? -1 : judge(&message, unit, err);
    }
    return status;
}

static int make_scope(struct error *err)
{
    char random[2 * 8 + 1];
    text_random_hex(random, 8);
    cleanup_free char *unit = text_format("indyno-%s.scope", random), *path = find_manager(err);
    if (!path)
        return -1;
    cleanup_fd int manager = dbus_connect(path, err);
    if (manager < 0)
        return -1;
    if (ask(manager, unit, err) < 0 || await(manager, unit, err) < 0)
        return error_context(err, "%s", unit);
    return 0;
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
    error_remedy(
        err,
        "log in, so that the user's systemd runs (or have it run always: loginctl enable-linger), or run "
        "without limits with --allow-weaker=limits");
    return -1;
}
