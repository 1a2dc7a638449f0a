/* The host's policy: mistakes with a remedy each, or values that are sound. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "runtime/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void clear(struct policy *policy)
{
    struct policy_list *const lists[] = {&policy->networks, &policy->read_only, &policy->writable,
                                         &policy->images, &policy->weaker};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        strings_clear(&lists[i]->items);
    free(policy->store);
    free(policy->scratch);
    free(policy->cgroup_parent);
}

static void check_path(const char *path)
{
    if (path && (path[0] != '/' || strstr(path, "/../") || strstr(path, "//")))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = allocate(size + 1, 1);
    cleanup_mistakes struct policy_mistakes mistakes;
    struct policy policy = {0};
    if (size > 0)
        memcpy(text, data, size);
    policy_parse("indyno.conf", text, &policy, &mistakes);
    if (mistakes.messages.count != mistakes.remedies.count)
        abort();
    for (size_t i = 0; i < POLICY_KEYS; i++)
        cJSON_Delete(policy_rows[i].type->json((const char *)&policy + policy_rows[i].offset));
    if (!mistakes.messages.count && (!policy.ids_first != !policy.ids_count || policy.ids_first > UINT32_MAX))
        abort();
    check_path(policy.store);
    check_path(policy.cgroup_parent);
    clear(&policy);
    return 0;
}
