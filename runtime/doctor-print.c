#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "doctor.h"
#include "json.h"

static const char *const state_names[] = {[SANDBOX_FINDING_WORKS] = "ok",
                                          [SANDBOX_FINDING_MISSING] = "missing",
                                          [SANDBOX_FINDING_UNTRIED] = "skipped"};

/* ---- Text ---- */

/* Names of folders and other programs' words must not write to the terminal. */
static void print_plain(const char *text, FILE *to)
{
    for (; *text; text++)
        putc(iscntrl((unsigned char)*text) ? '?' : *text, to);
}

static void print_line(const char *label, const char *text, FILE *to)
{
    if (!text)
        return;
    fprintf(to, "         %s", label);
    print_plain(text, to);
    putc('\n', to);
}

static void print_finding(const struct sandbox_finding *finding, FILE *to)
{
    bool missing = finding->state == SANDBOX_FINDING_MISSING;
    fprintf(to, "%-8s %-18s %s", state_names[finding->state], finding->name, finding->what);
    if (!missing && finding->failure) {
        fputs(" (", to);
        print_plain(finding->failure, to);
        putc(')', to);
    }
    putc('\n', to);
    if (!missing)
        return;
    print_line("tried:  ", finding->failure, to);
    print_line("why:    ", finding->reason, to);
    print_line("remedy: ", finding->remedy, to);
    print_line("cost:   ", finding->cost, to);
}

static void print_images(const struct doctor *doctor, FILE *to)
{
    cleanup_free char *stores = strings_join(&doctor->stores, ":");
    fputs("\nimages in ", to);
    print_plain(stores, to);
    fputs(":", to);
    for (size_t i = 0; i < doctor->image_count; i++)
        fprintf(to, " %s:%s", doctor->images[i].name, doctor->images[i].version);
    if (doctor->store_failure) {
        fputs(" cannot be read: ", to);
        print_plain(doctor->store_failure, to);
    } else if (!doctor->image_count) {
        fputs(" none (install some: indyno image install)", to);
    }
    putc('\n', to);
}

void doctor_print(const struct doctor *doctor, FILE *to)
{
    cleanup_free char *with = strings_join(&doctor->with, ",");
    for (size_t i = 0; i < doctor->findings.count; i++)
        print_finding(&doctor->findings.items[i], to);
    print_images(doctor, to);
    if (!doctor->runs)
        fputs("no run works here\n", to);
    else if (doctor->with.count)
        fprintf(to, "runs work with --allow-weaker=%s only\n", with);
    else
        fputs("runs work\n", to);
}

/* ---- JSON ---- */

static cJSON *finding_json(const struct sandbox_finding *finding)
{
    bool missing = finding->state == SANDBOX_FINDING_MISSING;
    cJSON *object = cJSON_CreateObject();
    json_add_text(object, "name", finding->name);
    json_add_text(object, "what", finding->what);
    json_add_text(object, "state", state_names[finding->state]);
    cJSON_AddBoolToObject(object, "vital", finding->vital);
    json_add_text(object, "note", missing ? NULL : finding->failure);
    json_add_text(object, "cause", finding->cause);
    json_add_text(object, "tried", missing ? finding->failure : NULL);
    json_add_text(object, "reason", finding->reason);
    json_add_text(object, "remedy", finding->remedy);
    json_add_text(object, "cost", missing ? finding->cost : NULL);
    return object;
}

static cJSON *images_json(const struct doctor *doctor)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < doctor->image_count; i++) {
        cleanup_free char *name = text_format("%s:%s", doctor->images[i].name, doctor->images[i].version);
        cJSON_AddItemToArray(array, json_text(name));
    }
    return array;
}

void doctor_print_json(const struct doctor *doctor, FILE *to)
{
    cJSON *object = cJSON_CreateObject();
    json_add_text(object, "indyno", PACKAGE_VERSION);
    cJSON_AddBoolToObject(object, "root", geteuid() == 0);
    cJSON_AddBoolToObject(object, "runs", doctor->runs);
    json_add_list(object, "needs_weaker", &doctor->with);
    cJSON *findings = cJSON_AddArrayToObject(object, "probes");
    for (size_t i = 0; i < doctor->findings.count; i++)
        cJSON_AddItemToArray(findings, finding_json(&doctor->findings.items[i]));
    json_add_list(object, "stores", &doctor->stores);
    json_add_text(object, "stores_failure", doctor->store_failure);
    cJSON_AddItemToObject(object, "images", images_json(doctor));
    cleanup_free char *text = cJSON_Print(object);
    cJSON_Delete(object);
    fprintf(to, "%s\n", text ? text : "null");
}
