/*
 * Theory of operation: the layout of a message is written once, as functions that visit each field of an
 * application in order; a visitor either writes the field to the message or reads it from there. So the two
 * directions cannot come to differ. The first thing that goes wrong makes the visitor broken, and a broken
 * one does nothing more.
 */
#include "app-wire.h"

#include <stdlib.h>
#include <string.h>

#include "app-name.h"
#include "base/own.h"

enum { FIRST_ROOM = 4096 };

struct visitor {
    bool reading, broken;
    struct app_wire *to;         /* writing */
    const struct app_wire *from; /* reading, and how far it came */
    size_t at;
};

void app_wire_clear(struct app_wire *wire)
{
    free(wire->data);
    *wire = (struct app_wire){0};
}

bool app_wire_append(struct app_wire *wire, const void *data, size_t size)
{
    if (size > APP_WIRE_SIZE_MAX - wire->size)
        return false;
    while (wire->room < wire->size + size) {
        wire->room = wire->room ? wire->room * 2 : FIRST_ROOM;
        wire->data = reallocate(wire->data, wire->room, 1);
    }
    if (size > 0)
        memcpy(wire->data + wire->size, data, size);
    wire->size += size;
    return true;
}

static size_t left(const struct visitor *visitor)
{
    return visitor->from->size - visitor->at;
}

static void visit_bytes(struct visitor *visitor, void *data, size_t size)
{
    if (visitor->broken)
        return;
    if (!visitor->reading) {
        visitor->broken = !app_wire_append(visitor->to, data, size);
    } else if (size > left(visitor)) {
        visitor->broken = true;
    } else {
        memcpy(data, visitor->from->data + visitor->at, size);
        visitor->at += size;
    }
}

/* Reads 0 once the visitor is broken. */
static void visit_number(struct visitor *visitor, uint32_t *number)
{
    if (visitor->reading)
        *number = 0;
    visit_bytes(visitor, number, sizeof *number);
}

static void visit_flag(struct visitor *visitor, bool *flag)
{
    uint32_t number = *flag;
    visit_number(visitor, &number);
    visitor->broken = visitor->broken || number > 1;
    *flag = number == 1;
}

static void read_text(struct visitor *visitor, char **text, uint32_t length)
{
    *text = NULL;
    if (visitor->broken || length == APP_WIRE_NULL)
        return;
    if (length > left(visitor) || memchr(visitor->from->data + visitor->at, '\0', length)) {
        visitor->broken = true;
        return;
    }
    *text = allocate((size_t)length + 1, 1);
    visit_bytes(visitor, *text, length);
}

static void visit_text(struct visitor *visitor, char **text)
{
    uint32_t length = !visitor->reading && *text ? (uint32_t)strlen(*text) : APP_WIRE_NULL;
    visit_number(visitor, &length);
    if (visitor->reading)
        read_text(visitor, text, length);
    else if (*text)
        visit_bytes(visitor, *text, length);
}

/* A list's count. Returns its elements: when reading, new and zeroed ones, with room for a NULL behind
 * them. */
static void *visit_list(struct visitor *visitor, void *elements, size_t *count, size_t size)
{
    uint32_t number = *count > APP_WIRE_LIST_MAX ? APP_WIRE_LIST_MAX + 1 : (uint32_t)*count;
    visit_number(visitor, &number);
    visitor->broken = visitor->broken || number > APP_WIRE_LIST_MAX;
    if (!visitor->reading)
        return elements;
    *count = visitor->broken ? 0 : number;
    return *count ? allocate(*count + 1, size) : NULL;
}

static void visit_strings(struct visitor *visitor, struct strings *list)
{
    list->items = visit_list(visitor, list->items, &list->count, sizeof *list->items);
    for (size_t i = 0; i < list->count; i++)
        visit_text(visitor, &list->items[i]);
}

static void visit_env(struct visitor *visitor, struct app *app)
{
    app->env = visit_list(visitor, app->env, &app->env_count, sizeof *app->env);
    for (size_t i = 0; i < app->env_count; i++) {
        visit_text(visitor, &app->env[i].name);
        visit_text(visitor, &app->env[i].value);
        visit_flag(visitor, &app->env[i].required);
        visit_flag(visitor, &app->env[i].generated);
    }
}

static void visit_addons(struct visitor *visitor, struct app_addon **addons, size_t *count)
{
    *addons = visit_list(visitor, *addons, count, sizeof **addons);
    for (size_t i = 0; i < *count; i++) {
        visit_text(visitor, &(*addons)[i].plan);
        visit_text(visitor, &(*addons)[i].as);
        visit_text(visitor, &(*addons)[i].key);
        visit_strings(visitor, &(*addons)[i].options);
        visit_flag(visitor, &(*addons)[i].in_dyno);
    }
}

static void visit_app(struct visitor *visitor, struct app *app)
{
    visit_flag(visitor, &app->present);
    visit_text(visitor, &app->path);
    visit_text(visitor, &app->name);
    visit_text(visitor, &app->stack);
    visit_env(visitor, app);
    visit_addons(visitor, &app->addons, &app->addon_count);
    visit_addons(visitor, &app->skipped_addons, &app->skipped_count);
    visit_text(visitor, &app->test_setup);
    visit_text(visitor, &app->test);
    visit_text(visitor, &app->size);
    visit_strings(visitor, &app->buildpacks);
    visit_strings(visitor, &app->formation);
    visit_strings(visitor, &app->unknown);
    visit_strings(visitor, &app->env_file);
    visit_text(visitor, &app->git_branch);
    visit_text(visitor, &app->git_commit);
}

static void visit_message(struct visitor *visitor, struct app *app, struct error *err)
{
    uint32_t status = (uint32_t)err->status;
    visit_number(visitor, &status);
    err->status = (int)status;
    if (status == 0) {
        visit_app(visitor, app);
        return;
    }
    uint32_t errnum = (uint32_t)err->errnum;
    visit_text(visitor, &err->message);
    visit_text(visitor, &err->remedy);
    visit_number(visitor, &errnum);
    err->errnum = (int)errnum;
}

bool app_wire_encode(struct app *app, struct error *err, struct app_wire *wire)
{
    struct visitor visitor = {.to = wire};
    visit_message(&visitor, app, err);
    return !visitor.broken;
}

static bool options_sound(const struct strings *options)
{
    for (size_t i = 0; i < options->count; i++)
        if (!options->items[i] || !strchr(options->items[i], '='))
            return false;
    return true;
}

static bool addons_sound(const struct app_addon *addons, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!addons[i].plan || !addons[i].key || !options_sound(&addons[i].options))
            return false;
    return true;
}

static bool strings_sound(const struct strings *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (!list->items[i])
            return false;
    return true;
}

/* A name, or NAME=VALUE. */
static bool entry_sound(const char *entry, bool with_value)
{
    return entry && (!with_value || strchr(entry, '=')) &&
           variable_name_valid(entry, with_value ? strcspn(entry, "=") : strlen(entry));
}

/* What those who use an application take for granted. */
static bool app_sound(const struct app *app)
{
    for (size_t i = 0; i < app->env_count; i++)
        if (!entry_sound(app->env[i].name, false))
            return false;
    for (size_t i = 0; i < app->env_file.count; i++)
        if (!entry_sound(app->env_file.items[i], true))
            return false;
    return addons_sound(app->addons, app->addon_count) &&
           addons_sound(app->skipped_addons, app->skipped_count) && strings_sound(&app->buildpacks) &&
           strings_sound(&app->formation) && strings_sound(&app->unknown);
}

/* The statuses that a reader of files fails with. */
static bool error_sound(const struct error *err)
{
    return (err->status == STATUS_DATA || err->status == STATUS_ERRORED) && err->message && err->errnum >= 0;
}

bool app_wire_decode(const struct app_wire *wire, struct app *app, struct error *err)
{
    struct visitor visitor = {.reading = true, .from = wire};
    visit_message(&visitor, app, err);
    bool sound = err->status == 0 ? app_sound(app) : error_sound(err);
    if (!visitor.broken && visitor.at == wire->size && sound)
        return true;
    app_clear(app);
    error_clear(err);
    return false;
}
