/*
 * Theory of operation: rows have dotted names, so a section of the file is whatever some row's name starts with. All
 * mistakes are gathered: `indyno config check` shows each, a run the first.
 */
#include "policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "images/json-object.h"
#include "quantity.h"

struct reader {
    const char *path;
    struct policy *policy;
    struct policy_mistakes *mistakes;
};

static void add_mistake(const struct reader *reader, const char *key, const char *why, const char *remedy)
{
    strings_addf(&reader->mistakes->messages, "%s: %s: %s", reader->path, key, why);
    strings_add(&reader->mistakes->remedies, remedy);
}

/* ---- Values ---- */

static const char not_accepted[] = "not a value that it can have";

/* What a double holds exactly. */
#define COUNT_MAX 9007199254740992.0

static const char *take_whole(const cJSON *item, double least, double most, uint64_t *field)
{
    double number = cJSON_IsNumber(item) ? item->valuedouble : 0;
    if (!(number >= least && number <= most))
        return not_accepted;
    *field = (uint64_t)number;
    return (double)*field == number ? NULL : not_accepted;
}

static const char *take_count(const cJSON *item, void *field)
{
    return take_whole(item, 1, COUNT_MAX, field);
}

/* As /etc/subuid's (id-range.h). */
static const char *take_first_id(const cJSON *item, void *field)
{
    return take_whole(item, 65536, UINT32_MAX - SANDBOX_ID_BLOCK, field);
}

static const char *take_id_count(const cJSON *item, void *field)
{
    return take_whole(item, SANDBOX_ID_BLOCK, UINT32_MAX, field);
}

static const char *take_cpus(const cJSON *item, void *field)
{
    enum { CPUS_MAX = 1 << 20 };
    double millis = cJSON_IsNumber(item) ? item->valuedouble * 1000 : 0;
    if (!(millis >= 1 && millis <= CPUS_MAX * 1000.0))
        return not_accepted;
    *(uint64_t *)field = (uint64_t)(millis + 0.5);
    return NULL;
}

static const char *take_bytes(const cJSON *item, void *field)
{
    uint64_t *bytes = field;
    if (cJSON_IsNumber(item))
        return take_count(item, field);
    return cJSON_IsString(item) && parse_size(item->valuestring, bytes) && *bytes ? NULL : not_accepted;
}

static const char *take_size(const cJSON *item, void *field)
{
    const struct size *size = cJSON_IsString(item) ? size_find(item->valuestring) : NULL;
    *(const struct size **)field = size;
    return size ? NULL : "no such size";
}

/* A path that is the one name of what it leads to, as far as its text tells: links are resolved by nobody. */
static const char *check_path(const char *text)
{
    if (text[0] != '/')
        return "not an absolute path";
    for (const char *at = text; text[1] && *at;) {
        size_t length = strcspn(++at, "/");
        bool is_dots = (length == 1 && at[0] == '.') || (length == 2 && at[0] == '.' && at[1] == '.');
        if (length == 0 || is_dots)
            return "a path with an empty part, '.' or '..'";
        at += length;
    }
    return NULL;
}

static const char *take_path(const cJSON *item, void *field)
{
    const char *wrong = cJSON_IsString(item) ? check_path(item->valuestring) : not_accepted;
    if (!wrong)
        *(char **)field = copy_string(item->valuestring);
    return wrong;
}

/* The root of a hierarchy is nobody's parent in particular: what is there has no limits. */
static const char *take_group(const cJSON *item, void *field)
{
    return cJSON_IsString(item) && text_equal(item->valuestring, "/") ? not_accepted : take_path(item, field);
}

/* ---- Items of lists ---- */

static const char *check_network(const char *text)
{
    return networks_is_name(text) ? NULL : not_accepted;
}

static const char *check_weaker(const char *text)
{
    for (size_t i = 0; sandbox_weaker_names[i]; i++)
        if (text_equal(text, sandbox_weaker_names[i]))
            return NULL;
    return not_accepted;
}

static const char *check_image(const char *text)
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789-.*";
    size_t name = strcspn(text, ":");
    const char *version = text[name] ? text + name + 1 : "*";
    bool is_name = name > 0 && strspn(text, characters) == name;
    return is_name && *version && strspn(version, characters) == strlen(version) ? NULL : not_accepted;
}

/* ---- As JSON, for who asks what there is ---- */

static cJSON *number_json(const void *field)
{
    uint64_t number = *(const uint64_t *)field;
    return number ? cJSON_CreateNumber((double)number) : NULL;
}

static cJSON *cpus_json(const void *field)
{
    uint64_t millis = *(const uint64_t *)field;
    return millis ? cJSON_CreateNumber((double)millis / 1000) : NULL;
}

static cJSON *size_json(const void *field)
{
    const struct size *size = *(const struct size *const *)field;
    return size ? cJSON_CreateString(size->name) : NULL;
}

static cJSON *text_json(const void *field)
{
    const char *text = *(const char *const *)field;
    return text ? cJSON_CreateString(text) : NULL;
}

static cJSON *list_json(const void *field)
{
    const struct policy_list *list = field;
    cJSON *array = list->is_set ? cJSON_CreateArray() : NULL;
    for (size_t i = 0; i < list->items.count; i++)
        cJSON_AddItemToArray(array, cJSON_CreateString(list->items.items[i]));
    return array;
}

/* ---- The table ---- */

static const struct policy_type first_id = {take_first_id, NULL, "write a number from 65536 on", number_json};
static const struct policy_type id_count = {take_id_count, NULL, "write a number from 256 on", number_json};
static const struct policy_type count = {take_count, NULL, "write a whole number above 0", number_json};
static const struct policy_type cpus = {take_cpus, NULL, "write a number of cpus such as 2 or 0.5",
                                        cpus_json};
static const struct policy_type bytes = {take_bytes, NULL,
                                         "write a size: bytes, or with a unit as in \"64G\"", number_json};
static const struct policy_type size = {take_size, NULL, "write one of: " SIZE_NAMES, size_json};
static const struct policy_type path = {take_path, NULL, "write an absolute path, such as \"/srv/indyno\"",
                                        text_json};
static const struct policy_type group = {
    take_group, NULL, "write a group's path below /sys/fs/cgroup, such as \"/indyno.slice\"", text_json};
static const struct policy_type networks = {
    NULL, check_network, "write a list of: \"none\", \"outbound\", \"private\"", list_json};
static const struct policy_type weaker = {NULL, check_weaker,
                                          "write a list of: \"ids\", \"limits\", \"userns\"", list_json};
static const struct policy_type paths = {NULL, check_path,
                                         "write a list of absolute paths, such as [\"/opt\"]", list_json};
static const struct policy_type images = {
    NULL, check_image, "write a list of NAME or NAME:VERSION, such as [\"postgresql:16\", \"redis\"]",
    list_json};

#define FIELD(field) offsetof(struct policy, field)
#define TOTAL(which) (FIELD(totals) + (which) * sizeof(uint64_t))

const struct policy_row policy_rows[POLICY_KEYS] = {
    [POLICY_IDS_FIRST] = {"ids.first", &first_id, FIELD(ids_first), false},
    [POLICY_IDS_COUNT] = {"ids.count", &id_count, FIELD(ids_count), false},
    [POLICY_SIZE_DEFAULT] = {"size.default", &size, FIELD(default_size), true},
    [POLICY_SIZE_LARGEST] = {"size.largest", &size, FIELD(largest_size), false},
    [POLICY_SIZE_CPUS] = {"size.cpus", &cpus, FIELD(cpu_millis), false},
    [POLICY_TOTALS_RUNS] = {"totals.runs", &count, TOTAL(SANDBOX_TOTAL_RUNS), false},
    [POLICY_TOTALS_RUNS_PER_CALLER] = {"totals.runs_per_caller", &count, TOTAL(SANDBOX_TOTAL_RUNS_PER_CALLER),
                                       false},
    [POLICY_TOTALS_MEMORY] = {"totals.memory", &bytes, TOTAL(SANDBOX_TOTAL_MEMORY), false},
    [POLICY_TOTALS_CPUS] = {"totals.cpus", &cpus, TOTAL(SANDBOX_TOTAL_CPUS), false},
    [POLICY_TOTALS_PROCESSES] = {"totals.processes", &count, TOTAL(SANDBOX_TOTAL_PROCESSES), false},
    [POLICY_NETWORKS] = {"networks", &networks, FIELD(networks), false},
    [POLICY_BINDS_READ_ONLY] = {"binds.read_only", &paths, FIELD(read_only), false},
    [POLICY_BINDS_WRITABLE] = {"binds.writable", &paths, FIELD(writable), false},
    [POLICY_IMAGES] = {"images", &images, FIELD(images), false},
    [POLICY_WEAKER] = {"weaker", &weaker, FIELD(weaker), false},
    [POLICY_STORE] = {"store", &path, FIELD(store), true},
    [POLICY_SCRATCH] = {"scratch", &path, FIELD(scratch), false},
    [POLICY_CGROUP_PARENT] = {"cgroup_parent", &group, FIELD(cgroup_parent), false},
};

/* ---- Along it ---- */

static void take_list(const struct reader *reader, const struct policy_row *row, const cJSON *list,
                      struct policy_list *field)
{
    const cJSON *item;
    size_t index = 0;
    if (!cJSON_IsArray(list)) {
        add_mistake(reader, row->name, "not a list", row->type->accepts);
        return;
    }
    field->is_set = true;
    cJSON_ArrayForEach (item, list) {
        const char *text = cJSON_GetStringValue(item);
        const char *wrong = text ? row->type->check_item(text) : "not a string";
        cleanup_free char *key = text_format("%s[%zu]", row->name, index++);
        if (wrong)
            add_mistake(reader, key, wrong, row->type->accepts);
        else
            strings_add(&field->items, text);
    }
}

static void take_value(const struct reader *reader, const struct policy_row *row, const cJSON *item)
{
    void *field = (char *)reader->policy + row->offset;
    const char *wrong = NULL;
    if (row->type->take)
        wrong = row->type->take(item, field);
    else
        take_list(reader, row, item, field);
    if (wrong)
        add_mistake(reader, row->name, wrong, row->type->accepts);
}

static const struct policy_row *find_row(const char *name)
{
    for (size_t i = 0; i < POLICY_KEYS; i++)
        if (text_equal(policy_rows[i].name, name))
            return &policy_rows[i];
    return NULL;
}

/* Whether name is a section that has this row, and not all of its name. */
static bool is_in(const struct policy_row *row, const char *name)
{
    size_t length = strlen(name);
    return strncmp(row->name, name, length) == 0 && row->name[length] == '.';
}

static bool is_section(const char *name)
{
    for (size_t i = 0; i < POLICY_KEYS; i++)
        if (is_in(&policy_rows[i], name))
            return true;
    return false;
}

/* "size.largest" of the section "size", or all, of which a section stands for its rows, where that is NULL. */
static char *known_keys(const char *section)
{
    cleanup_strings struct strings names = {0};
    for (size_t i = 0; i < POLICY_KEYS; i++) {
        cleanup_free char *top =
            text_format("%.*s", (int)strcspn(policy_rows[i].name, "."), policy_rows[i].name);
        const char *name = section ? policy_rows[i].name : top;
        bool is_new = !names.count || !text_equal(names.items[names.count - 1], name);
        if (is_new && (!section || is_in(&policy_rows[i], section)))
            strings_add(&names, name);
    }
    cleanup_free char *list = strings_join(&names, ", ");
    return text_format("known are: %s", list);
}

static void refuse_unknown(const struct reader *reader, const char *key, const char *section)
{
    cleanup_free char *known = known_keys(section);
    add_mistake(reader, key, "no such key", known);
}

/* cJSON takes the first of two with one name, others the last. */
static bool is_again(const struct reader *reader, const char *key, const cJSON *item)
{
    for (const cJSON *later = item->next; later; later = later->next)
        if (text_equal(later->string, item->string)) {
            add_mistake(reader, key, "given twice", "remove one of the two");
            return true;
        }
    return false;
}

static void take_section(const struct reader *reader, const cJSON *section)
{
    const cJSON *item;
    if (!cJSON_IsObject(section)) {
        cleanup_free char *known = known_keys(section->string);
        add_mistake(reader, section->string, "not an object", known);
        return;
    }
    cJSON_ArrayForEach (item, section) {
        cleanup_free char *key = text_format("%s.%s", section->string, item->string);
        const struct policy_row *row = strchr(item->string, '.') ? NULL : find_row(key);
        if (!row)
            refuse_unknown(reader, key, section->string);
        else if (!is_again(reader, key, item))
            take_value(reader, row, item);
    }
}

static void take_all(const struct reader *reader, const cJSON *object)
{
    const cJSON *item;
    cJSON_ArrayForEach (item, object) {
        const struct policy_row *row = strchr(item->string, '.') ? NULL : find_row(item->string);
        if (!row && !is_section(item->string))
            refuse_unknown(reader, item->string, NULL);
        else if (is_again(reader, item->string, item))
            continue;
        else if (row)
            take_value(reader, row, item);
        else
            take_section(reader, item);
    }
}

/* ---- What goes together ---- */

static void check_together(const struct reader *reader)
{
    const struct policy *policy = reader->policy;
    const struct size *given = policy->default_size, *largest = policy->largest_size;
    if (!policy->ids_first != !policy->ids_count)
        add_mistake(reader, policy->ids_first ? "ids.first" : "ids.count", "one without the other",
                    "write ids.first and ids.count, or none of them");
    if (policy->ids_first && policy->ids_count > UINT32_MAX - policy->ids_first)
        add_mistake(reader, "ids.count", "there are no ids above 4294967294", "write less");
    if (given && largest && (given->memory_mib > largest->memory_mib || given->pids > largest->pids))
        add_mistake(reader, "size.default", "larger than size.largest", "write one that is not");
}

/* ---- The whole ---- */

void policy_parse(const char *file, const char *text, struct policy *policy, struct policy_mistakes *mistakes)
{
    const struct reader reader = {file, policy, mistakes};
    cleanup_error struct error wrong = {0};
    *mistakes = (struct policy_mistakes){0};
    cJSON *json = json_object_parse(file, text, "a policy", &wrong);
    if (!json) {
        strings_add(&mistakes->messages, wrong.message);
        strings_add(&mistakes->remedies, wrong.remedy);
        return;
    }
    take_all(&reader, json);
    if (!mistakes->messages.count)
        check_together(&reader);
    cJSON_Delete(json);
}

void policy_mistakes_clear(struct policy_mistakes *mistakes)
{
    strings_clear(&mistakes->messages);
    strings_clear(&mistakes->remedies);
}
