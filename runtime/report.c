#include "report.h"

#include <cJSON.h>
#include <string.h>

#include "base/own.h"
#include "json.h"
#include "limits-json.h"

enum { NS_PER_US = 1000 };

/* -1 is what did not happen, or is not known. */
static void add_figure(cJSON *object, const char *name, int64_t figure)
{
    if (figure < 0)
        cJSON_AddNullToObject(object, name);
    else
        cJSON_AddNumberToObject(object, name, (double)figure);
}

static void add_number_if(cJSON *object, const char *name, bool present, int number)
{
    if (present)
        cJSON_AddNumberToObject(object, name, number);
    else
        cJSON_AddNullToObject(object, name);
}

static const char *state_name(enum sandbox_process_state state)
{
    static const char *const names[] = {
        [SANDBOX_NOT_STARTED] = "not-started", [SANDBOX_NOT_EXECUTED] = "not-executed",
        [SANDBOX_RUNNING] = "running",         [SANDBOX_EXITED] = "exited",
        [SANDBOX_SIGNALED] = "signaled",
    };
    return names[state];
}

static cJSON *process_json(const char *name, const struct sandbox_process_result *process)
{
    cJSON *object = cJSON_CreateObject();
    json_add_text(object, "name", name);
    json_add_text(object, "state", state_name(process->state));
    add_number_if(object, "exit_status", process->state == SANDBOX_EXITED, process->exit_status);
    add_number_if(object, "signal", process->state == SANDBOX_SIGNALED, process->term_signal);
    add_figure(object, "started_us", process->started_us);
    add_figure(object, "ended_us", process->ended_us);
    cJSON_AddNumberToObject(object, "cpu_us", (double)process->cpu_us);
    return object;
}

static cJSON *services_json(const struct report *report)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < report->result->service_count; i++) {
        const struct service *service = &report->plan->services.items[i];
        const struct sandbox_process_result *process = &report->result->services[i];
        cJSON *object = process_json(service->engine->name, process);
        json_add_text(object, "version", service->image->version);
        add_figure(object, "ready_us", process->ready_us);
        json_add_text(object, "log_tail", process->log_tail);
        cJSON_AddItemToArray(array, object);
    }
    return array;
}

static cJSON *steps_json(const struct report *report)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < report->result->step_count; i++) {
        const struct sandbox_process_result *process = &report->result->steps[i];
        cJSON *object = process_json(report->plan->steps[i].name, process);
        cleanup_free char *network = networks_text(report->plan->steps[i].networks);
        json_add_text(object, "network", network);
        json_add_text(object, "errno",
                      process->state == SANDBOX_NOT_EXECUTED ? strerrorname_np(process->exec_errno) : NULL);
        cJSON_AddItemToArray(array, object);
    }
    return array;
}

static cJSON *usage_json(const struct sandbox_result *result)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < result->leaf_count; i++) {
        const struct sandbox_leaf_result *leaf = &result->leaves[i];
        cJSON *object = cJSON_CreateObject();
        json_add_text(object, "leaf", leaf->name);
        cJSON_AddNumberToObject(object, "MemoryPeak", (double)leaf->memory_peak_bytes);
        add_figure(object, "CPUUsageNSec", leaf->cpu_us < 0 ? -1 : leaf->cpu_us * NS_PER_US);
        add_figure(object, "TasksPeak", leaf->pids_peak);
        add_figure(object, "IOReadBytes", leaf->read_bytes);
        add_figure(object, "IOWriteBytes", leaf->write_bytes);
        cJSON_AddNumberToObject(object, "OOMKills", (double)leaf->oom_kills);
        cJSON_AddNumberToObject(object, "TasksDenied", (double)leaf->pids_denied);
        cJSON_AddItemToArray(array, object);
    }
    return array;
}

static cJSON *timings_json(const struct sandbox_result *result)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < result->timing_count; i++) {
        cJSON *object = cJSON_CreateObject();
        json_add_text(object, "step", result->timings[i].name);
        cJSON_AddNumberToObject(object, "at_us", (double)result->timings[i].at_us);
        cJSON_AddItemToArray(array, object);
    }
    return array;
}

static cJSON *artifacts_json(const struct artifact_totals *totals)
{
    if (!totals)
        return cJSON_CreateNull();
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "files", (double)totals->files);
    cJSON_AddNumberToObject(object, "bytes", (double)totals->bytes);
    cJSON_AddNumberToObject(object, "left_out", (double)totals->left_out);
    return object;
}

static void add_verdict(cJSON *object, const struct report *report, const struct strings *notes)
{
    const struct verdict *verdict = report->verdict;
    json_add_text(object, "indyno", PACKAGE_VERSION);
    json_add_text(object, "verdict", verdict_kind_name(verdict->kind));
    json_add_text(object, "cause", verdict_cause_name(verdict->cause));
    json_add_text(object, "message", verdict->message);
    json_add_text(object, "remedy", verdict->remedy);
    cJSON_AddNumberToObject(object, "exit_status", verdict->exit_status);
    json_add_text(object, "service",
                  report->plan && verdict->service >= 0
                      ? report->plan->services.items[verdict->service].engine->name
                      : NULL);
    json_add_list(object, "notes", notes);
}

/* "overlay" or "copy" of a view, "rw" of the folder itself; NULL where the run did not come so far. */
static const char *app_view(const struct plan *plan, const struct sandbox_result *result)
{
    if (plan->app_mount < plan->mounts.count && plan->mounts.items[plan->app_mount].kind == SANDBOX_BIND)
        return "rw";
    return plan->app_mount < result->mount_count ? result->mount_ways[plan->app_mount] : NULL;
}

static void add_run(cJSON *object, const struct report *report)
{
    const struct plan *plan = report->plan;
    const struct sandbox_result *result = report->result;
    json_add_text(object, "name", plan->name);
    json_add_text(object, "dir", plan->dir);
    json_add_text(object, "rootfs", plan->rootfs);
    json_add_text(object, "run_id", strings_env_get(&plan->environment.env, "HEROKU_TEST_RUN_ID"));
    json_add_text(object, "ids", plan_ids_name(plan->ids));
    cleanup_free char *network = networks_option(&plan->networks);
    json_add_text(object, "network", network);
    json_add_list(object, "weaker", &result->weaker);
    cJSON_AddBoolToObject(object, "cgroups", result->cgroups);
    json_add_text(object, "size", plan->size);
    json_add_text(object, "scratch", plan->scratch);
    cJSON_AddItemToObject(object, "limits", limits_json(&plan->limits));
    cJSON_AddItemToObject(object, "services", services_json(report));
    cJSON_AddItemToObject(object, "steps", steps_json(report));
    cJSON_AddNumberToObject(object, "cpu_us", (double)result->cpu_us);
    cJSON_AddItemToObject(object, "usage", usage_json(result));
    add_figure(object, "DiskUsed", result->disk.used_bytes);
    json_add_text(object, "app_view", app_view(plan, result));
    cJSON_AddItemToObject(object, "artifacts", artifacts_json(report->artifacts));
    json_add_list(object, "buildpacks_not_run", &plan->buildpacks);
    json_add_list(object, "not_provisioned", &plan->not_provisioned);
    cJSON_AddItemToObject(object, "timings", timings_json(result));
}

char *report_text(const struct report *report, bool one_line)
{
    cleanup_strings struct strings notes = {0};
    strings_copy(&notes, &report->verdict->notes);
    if (report->result)
        strings_copy(&notes, &report->result->notes);
    if (report->plan)
        strings_copy(&notes, &report->plan->notes);
    cJSON *object = cJSON_CreateObject();
    add_verdict(object, report, &notes);
    if (report->plan && report->result)
        add_run(object, report);
    char *text = one_line ? cJSON_PrintUnformatted(object) : cJSON_Print(object);
    cJSON_Delete(object);
    return text ? text : copy_string("null");
}
