#include "summary.h"

#include <string.h>

#include "base/own.h"

enum { LOG_LINES_MAX = 20 };

/* ---- Text of the dyno ---- */

static void print_safely(const char *text, size_t size, FILE *to)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        fputc((c < ' ' && c != '\t') || c == 0x7f ? '?' : c, to);
    }
}

static void print_note(const char *label, const char *text, FILE *to)
{
    fprintf(to, "indyno: %s", label);
    print_safely(text, strlen(text), to);
    fputc('\n', to);
}

static void print_notes(const char *label, const struct strings *list, FILE *to)
{
    for (size_t i = 0; i < list->count; i++)
        print_note(label, list->items[i], to);
}

/* Where the last lines of text begin. */
static const char *last_lines(const char *text, int lines)
{
    const char *at = text + strlen(text);
    if (at > text && at[-1] == '\n')
        at--;
    for (; at > text; at--)
        if (at[-1] == '\n' && --lines == 0)
            break;
    return at;
}

static void print_log(const char *name, const char *text, FILE *to)
{
    fprintf(to, "indyno: the end of %s's log:\n", name);
    for (const char *at = last_lines(text, LOG_LINES_MAX); *at;) {
        size_t length = strcspn(at, "\n");
        fputs("    ", to);
        print_safely(at, length, to);
        fputc('\n', to);
        at += length + (at[length] == '\n');
    }
}

/* ---- Before ---- */

static void print_joined(const char *label, const struct strings *list, FILE *to)
{
    cleanup_free char *line = strings_join(list, ", ");
    if (list->count)
        print_note(label, line, to);
}

void summary_before(const struct plan *plan, FILE *to)
{
    print_joined("buildpacks not run: ", &plan->buildpacks, to);
    print_joined("not provisioned: ", &plan->not_provisioned, to);
    print_joined("the databases' or Heroku's value replaces app.json's: ", &plan->environment.replaced, to);
    print_notes("note: ", &plan->notes, to);
}

/* ---- After ---- */

static double milliseconds(int64_t us)
{
    return (double)us / 1000;
}

static void print_services(const struct plan *plan, const struct sandbox_result *result, FILE *to)
{
    for (size_t i = 0; i < result->service_count; i++)
        if (result->services[i].ready_us >= 0)
            fprintf(to, "indyno: %s %s: ready after %.1f ms\n", plan->services.items[i].engine->name,
                    plan->services.items[i].image->version, milliseconds(result->services[i].ready_us));
}

static void print_steps(const struct plan *plan, const struct sandbox_result *result, FILE *to)
{
    for (size_t i = 0; i < result->step_count; i++) {
        const struct sandbox_process_result *step = &result->steps[i];
        if (step->started_us >= 0 && step->ended_us >= 0)
            fprintf(to, "indyno: %s: %.1f ms, %.1f ms of cpu\n", plan->steps[i].name,
                    milliseconds(step->ended_us - step->started_us), milliseconds((int64_t)step->cpu_us));
    }
}

static void print_usage(const struct sandbox_result *result, FILE *to)
{
    fprintf(to, "indyno: the dyno: %.1f ms of cpu", milliseconds((int64_t)result->cpu_us));
    for (size_t i = 0; i < result->leaf_count; i++)
        if (text_equal(result->leaves[i].name, "dyno"))
            fprintf(to, ", at most %.1f MiB of memory",
                    (double)result->leaves[i].memory_peak_bytes / (1 << 20));
    fputc('\n', to);
}

static void print_figures(const struct plan *plan, const struct run_outcome *outcome, FILE *to)
{
    print_services(plan, &outcome->result, to);
    print_steps(plan, &outcome->result, to);
    print_usage(&outcome->result, to);
    print_notes("note: ", &outcome->result.notes, to);
    fprintf(to, "indyno: %s (%s)\n", verdict_kind_name(outcome->verdict.kind),
            verdict_cause_name(outcome->verdict.cause));
}

void summary_after(const struct plan *plan, const struct run_outcome *outcome, bool verbose, FILE *to)
{
    int service = outcome->verdict.service;
    print_joined("weaker than by default: ", &outcome->result.weaker, to);
    print_notes("note: ", &outcome->verdict.notes, to);
    if (verbose)
        print_figures(plan, outcome, to);
    if (service >= 0 && outcome->result.services[service].log_tail)
        print_log(plan->services.items[service].engine->name, outcome->result.services[service].log_tail, to);
}
