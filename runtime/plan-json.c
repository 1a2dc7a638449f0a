#include "plan-print.h"

#include <cJSON.h>
#include <string.h>

#include "base/own.h"
#include "json.h"
#include "limits-json.h"
#include "plan-words.h"

static void add_shown(cJSON *object, const char *name, const char *text, const struct strings *hidden)
{
    cleanup_free char *shown = plan_hide(text, hidden);
    json_add_text(object, name, shown);
}

static cJSON *words_json(const struct strings *words, const struct strings *hidden)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < words->count; i++) {
        cleanup_free char *shown = plan_hide(words->items[i], hidden);
        cJSON_AddItemToArray(array, json_text(shown));
    }
    return array;
}

static cJSON *environment_json(const struct strings *env, const struct strings *hidden)
{
    cJSON *object = cJSON_CreateObject();
    for (size_t i = 0; i < env->count; i++) {
        int length = (int)strcspn(env->items[i], "=");
        cleanup_free char *name = text_format("%.*s", length, env->items[i]);
        add_shown(object, name, env->items[i] + length + 1, hidden);
    }
    return object;
}

static cJSON *service_json(const struct service *service, const struct strings *hidden)
{
    cJSON *object = cJSON_CreateObject();
    json_add_text(object, "name", service->engine->name);
    json_add_text(object, "version", service->image->version);
    json_add_text(object, "source", service->image->source);
    json_add_text(object, "tree", service->image->path);
    json_add_list(object, "variables", &service->variables);
    cJSON_AddItemToObject(object, "argv", words_json(&service->argv, hidden));
    cJSON_AddItemToObject(object, "environment", environment_json(&service->env, hidden));
    json_add_text(object, "log", service->log);
    return object;
}

static cJSON *step_json(const struct plan_step *step, const struct strings *hidden)
{
    cJSON *object = cJSON_CreateObject();
    json_add_text(object, "name", step->name);
    cJSON_AddItemToObject(object, "argv", words_json(&step->argv, hidden));
    cJSON_AddBoolToObject(object, "must_succeed", step->must_succeed);
    cleanup_free char *network = networks_text(step->networks);
    json_add_text(object, "network", network);
    json_add_text(object, "stdin", step->inherit_stdin ? "inherited" : "/dev/null");
    return object;
}

static cJSON *mount_json(const struct sandbox_mount *mount, const struct strings *hidden)
{
    cJSON *object = cJSON_CreateObject();
    json_add_text(object, "kind", plan_mount_kind(mount->kind));
    json_add_text(object, "source", mount->source);
    json_add_text(object, "target", mount->target);
    add_shown(object, "content", mount->content, hidden);
    cJSON_AddNumberToObject(object, "owner", mount->owner);
    cJSON_AddNumberToObject(object, "mode", mount->mode);
    cJSON_AddBoolToObject(object, "writable", mount->writable);
    return object;
}

/* null where the ids are no block */
static cJSON *id_range_json(const struct sandbox_id_range *range)
{
    if (!range->blocks)
        return cJSON_CreateNull();
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "first", range->first);
    cJSON_AddNumberToObject(object, "blocks", range->blocks);
    cJSON_AddNumberToObject(object, "block_size", SANDBOX_ID_BLOCK);
    json_add_text(object, "source", range->source);
    return object;
}

static cJSON *artifacts_json(const struct plan *plan)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < plan->artifact_count; i++) {
        cJSON *object = cJSON_CreateObject();
        cleanup_free char *target = text_format("%s/%s", plan->output, plan->artifacts[i].target);
        json_add_text(object, "source", plan->artifacts[i].source);
        json_add_text(object, "target", target);
        cJSON_AddItemToArray(array, object);
    }
    return array;
}

static void add_remarks(cJSON *object, const struct plan *plan)
{
    json_add_list(object, "not_provisioned", &plan->not_provisioned);
    json_add_list(object, "unset", &plan->environment.unset);
    json_add_list(object, "replaced", &plan->environment.replaced);
    json_add_list(object, "unknown", &plan->unknown);
    json_add_list(object, "buildpacks", &plan->buildpacks);
    json_add_list(object, "formation", &plan->formation);
    json_add_list(object, "notes", &plan->notes);
    json_add_list(object, "missing", &plan->missing);
}

static cJSON *plan_json(const struct plan *plan, const struct strings *hidden)
{
    cJSON *object = cJSON_CreateObject();
    json_add_text(object, "dir", plan->dir);
    json_add_text(object, "rootfs", plan->rootfs);
    json_add_text(object, "name", plan->name);
    json_add_text(object, "ids", plan_ids_name(plan->ids));
    cJSON_AddItemToObject(object, "id_range", id_range_json(&plan->id_range));
    cleanup_free char *network = networks_option(&plan->networks);
    json_add_text(object, "network", network);
    cleanup_strings struct strings weaker = plan_weaker(plan);
    json_add_list(object, "weaker", &weaker);
    json_add_text(object, "size", plan->size);
    json_add_text(object, "scratch", plan->scratch);
    cJSON_AddBoolToObject(object, "scope", plan->has_scope);
    cJSON_AddItemToObject(object, "limits", limits_json(&plan->limits));
    cJSON *services = cJSON_AddArrayToObject(object, "services");
    for (size_t i = 0; i < plan->services.count; i++)
        cJSON_AddItemToArray(services, service_json(&plan->services.items[i], hidden));
    cJSON *steps = cJSON_AddArrayToObject(object, "steps");
    for (size_t i = 0; i < plan->step_count; i++)
        cJSON_AddItemToArray(steps, step_json(&plan->steps[i], hidden));
    cJSON_AddItemToObject(object, "environment", environment_json(&plan->environment.env, hidden));
    cJSON *mounts = cJSON_AddArrayToObject(object, "mounts");
    for (size_t i = 0; i < plan->mounts.count; i++)
        cJSON_AddItemToArray(mounts, mount_json(&plan->mounts.items[i], hidden));
    cJSON_AddItemToObject(object, "artifacts", artifacts_json(plan));
    add_remarks(object, plan);
    return object;
}

void plan_print_json(const struct plan *plan, bool with_secrets, FILE *to)
{
    static const struct strings nothing = {0};
    cJSON *object = plan_json(plan, with_secrets ? &nothing : &plan->environment.generated);
    cleanup_free char *text = cJSON_Print(object);
    cJSON_Delete(object);
    fprintf(to, "%s\n", text ? text : "null");
}
