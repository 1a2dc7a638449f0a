#include "plan-print.h"

#include <inttypes.h>
#include <string.h>

#include "base/own.h"
#include "plan-words.h"
#include "quote.h"

enum { LABEL = 20 };

/* Values may hold anything: control characters are shown as '?', so that none writes to the terminal. */
static void print_text(FILE *to, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        fputc(*c < ' ' || *c == 0x7f ? '?' : *c, to);
}

static void print_line(FILE *to, const char *label, const char *text)
{
    fprintf(to, "%-*s", LABEL, label);
    print_text(to, text);
    fputc('\n', to);
}

/* One line for each, the first with the label; none for none. */
static void print_list(FILE *to, const char *label, const struct strings *list, const struct strings *hidden)
{
    for (size_t i = 0; i < list->count; i++) {
        cleanup_free char *shown = plan_hide(list->items[i], hidden);
        print_line(to, i ? "" : label, shown);
    }
}

static void print_service(const struct service *service, FILE *to)
{
    cleanup_free char *tree = image_tree_at(service->image, service->image->path);
    cleanup_free char *text =
        text_format("%s, from %s (%s)", service->image->version, tree, service->image->source);
    print_line(to, service->engine->name, text);
    for (size_t i = 0; i < service->variables.count; i++)
        print_line(to, "", service->variables.items[i]);
}

static void print_step(const struct plan_step *step, const struct strings *hidden, FILE *to)
{
    cleanup_free char *line = quote_words(&step->argv);
    cleanup_free char *shown = plan_hide(line, hidden);
    print_line(to, step->name, shown);
}

static void print_mount(const struct sandbox_mount *mount, const char *label, FILE *to)
{
    const char *from = mount->source ? mount->source : mount->kind == SANDBOX_LINK ? mount->content : NULL;
    bool elsewhere = from && strcmp(from, mount->target) != 0;
    cleanup_free char *text =
        text_format("%-8s%s%s%s%s", plan_mount_kind(mount->kind), mount->target, elsewhere ? "  from " : "",
                    elsewhere ? from : "", mount->writable ? "  (writable)" : "");
    print_line(to, label, text);
}

static void print_ids(const struct plan *plan, FILE *to)
{
    const struct sandbox_id_range *range = &plan->id_range;
    if (!range->blocks) {
        print_line(to, "ids", plan_ids_name(plan->ids));
        return;
    }
    cleanup_free char *text =
        text_format("%s: %u host ids of %u to %u%s%s", plan_ids_name(plan->ids), SANDBOX_ID_BLOCK,
                    range->first, range->first + range->blocks * SANDBOX_ID_BLOCK - 1,
                    range->source ? ", from " : "", range->source ? range->source : "");
    print_line(to, "ids", text);
}

static void print_limit(const char *label, uint64_t value, const char *unit, FILE *to)
{
    if (value)
        fprintf(to, "%-*s%" PRIu64 " %s\n", LABEL, label, value, unit);
}

static void print_limits(const struct plan *plan, FILE *to)
{
    const struct sandbox_limits *limits = &plan->limits;
    cleanup_free char *size =
        text_format("%s%s", plan->size,
                    limits->optional ? ": what is not asked for is left out where it cannot be had" : "");
    print_line(to, "size", size);
    if (plan->has_scope)
        print_line(to, "scope", "one of the user's systemd is made for the run, for its limits");
    print_limit("memory", limits->memory_bytes, "bytes", to);
    print_limit("cpus", limits->cpu_millis, "thousandths", to);
    print_limit("cpu weight", limits->cpu_weight, "beside 100 of others", to);
    if (limits->cpus[0])
        print_line(to, "cpuset", limits->cpus);
    print_limit("cpu time", limits->cpu_ms, "ms", to);
    print_limit("processes", limits->pids, "at most", to);
    print_limit("disk", limits->disk_bytes, "bytes", to);
    if (plan->scratch)
        print_line(to, "scratch", plan->scratch);
    print_limit("inodes", limits->inodes, "at most", to);
    print_limit("open files", limits->open_files, "a process", to);
    print_limit("file size", limits->file_bytes, "bytes", to);
    print_limit("output", limits->output_bytes, "bytes", to);
    print_limit("time limit", limits->wall_ms, "ms", to);
    print_limit("kill after", limits->kill_after_ms, "ms", to);
}

static void print_artifacts(const struct plan *plan, FILE *to)
{
    for (size_t i = 0; i < plan->artifact_count; i++) {
        cleanup_free char *text =
            text_format("%s to %s/%s", plan->artifacts[i].source, plan->output, plan->artifacts[i].target);
        print_line(to, i ? "" : "artifacts", text);
    }
}

static void print_remarks(const struct plan *plan, FILE *to)
{
    static const struct strings nothing = {0};
    cleanup_strings struct strings weaker = plan_weaker(plan);
    const struct {
        const char *label;
        const struct strings *list;
    } remarks[] = {
        {"may go without", &weaker},
        {"not provisioned", &plan->not_provisioned},
        {"without a value", &plan->environment.unset},
        {"replaced", &plan->environment.replaced},
        {"buildpacks not run", &plan->buildpacks},
        {"formation not run", &plan->formation},
        {"unknown keys", &plan->unknown},
        {"note", &plan->notes},
        {"missing here", &plan->missing},
    };
    for (size_t i = 0; i < sizeof remarks / sizeof *remarks; i++)
        print_list(to, remarks[i].label, remarks[i].list, &nothing);
}

void plan_print(const struct plan *plan, bool with_secrets, FILE *to)
{
    static const struct strings nothing = {0};
    const struct strings *hidden = with_secrets ? &nothing : &plan->environment.generated;
    print_line(to, "app", plan->dir);
    if (plan->rootfs)
        print_line(to, "root", plan->rootfs);
    for (size_t i = 0; i < plan->services.count; i++)
        print_service(&plan->services.items[i], to);
    for (size_t i = 0; i < plan->step_count; i++)
        print_step(&plan->steps[i], hidden, to);
    print_list(to, "environment", &plan->environment.env, hidden);
    for (size_t i = 0; i < plan->mounts.count; i++)
        print_mount(&plan->mounts.items[i], i ? "" : "mounts", to);
    print_line(to, "name", plan->name);
    print_ids(plan, to);
    cleanup_free char *network = networks_option(&plan->networks);
    print_line(to, "network", network);
    print_limits(plan, to);
    print_artifacts(plan, to);
    print_remarks(plan, to);
}
