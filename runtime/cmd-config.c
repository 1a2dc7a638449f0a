/* indyno config: the host's policy, each value with where it comes from, and all that is wrong with one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "caller.h"
#include "command.h"
#include "images/image.h"
#include "json.h"
#include "policy.h"

static const char built_in[] = "built in";

static int usage(const char *what, struct error *err)
{
    fail(err, STATUS_USAGE, "config: %s", what);
    error_remedy(err, "see: indyno help config");
    return -1;
}

/* ---- show ---- */

/* What there is, policy or none. */
struct situation {
    const struct policy *policy;
    struct sandbox_id_range ids; /* as root */
    struct strings stores;
};

struct shown {
    cJSON *value; /* NULL: not set */
    const char *origin;
};

static struct shown show_field(const struct situation *situation, const struct policy_row *row)
{
    cJSON *value = row->type->json((const char *)situation->policy + row->offset);
    return (struct shown){value, value ? situation->policy->path : built_in};
}

static struct shown show_id(const struct situation *situation, uint64_t value)
{
    const struct sandbox_id_range *ids = &situation->ids;
    if (!ids->blocks)
        return (struct shown){NULL, "/etc/subuid, the caller's own"};
    return (struct shown){cJSON_CreateNumber((double)value), ids->source ? ids->source : built_in};
}

static struct shown show_default_size(const struct situation *situation)
{
    const struct policy *policy = situation->policy;
    const struct size *size = policy_default_size(policy);
    bool is_usual = text_equal(size->name, SIZE_DEFAULT);
    const char *otherwise = is_usual ? built_in : policy_rows[POLICY_SIZE_LARGEST].name;
    return (struct shown){cJSON_CreateString(size->name), policy->default_size ? policy->path : otherwise};
}

static struct shown show_store(const struct situation *situation)
{
    static const char variable[] = "INDYNO_STORE";
    const struct policy *policy = situation->policy;
    cleanup_free char *all = strings_join(&situation->stores, ":");
    bool is_given = strspn(text_from_env(variable, ""), ":") != strlen(text_from_env(variable, ""));
    return (struct shown){json_text(all), is_given ? variable : policy->store ? policy->path : built_in};
}

static struct shown show(const struct situation *situation, enum policy_key key)
{
    const struct sandbox_id_range *ids = &situation->ids;
    switch (key) {
    case POLICY_IDS_FIRST:
        return show_id(situation, ids->first);
    case POLICY_IDS_COUNT:
        return show_id(situation, (uint64_t)ids->blocks * SANDBOX_ID_BLOCK);
    case POLICY_SIZE_DEFAULT:
        return show_default_size(situation);
    case POLICY_STORE:
        return show_store(situation);
    default:
        return show_field(situation, &policy_rows[key]);
    }
}

/* Whether the caller's runs go by it. */
static bool counts(const struct situation *situation, enum policy_key key)
{
    return situation->policy->binds || policy_rows[key].is_a_default;
}

static char *value_text(const cJSON *value)
{
    cleanup_strings struct strings words = {0};
    const cJSON *item;
    if (!value)
        return copy_string("-");
    if (cJSON_IsString(value))
        return copy_string(value->valuestring);
    if (cJSON_IsNumber(value))
        return text_format("%.15g", value->valuedouble);
    cJSON_ArrayForEach (item, value) {
        strings_add(&words, item->valuestring);
    }
    return words.count ? strings_join(&words, ", ") : copy_string("none");
}

static void print_heading(const struct policy *policy)
{
    const char *what = policy->is_unreadable ? "not readable by this user: it counts for nothing here"
                       : !policy->is_there   ? "not there: nothing is forbidden"
                       : policy->binds       ? "binds this caller's runs"
                                             : "a default for this user, whom the host's cgroups hold";
    printf("%s: %s\n", policy->path, what);
}

static void print_table(const struct situation *situation)
{
    print_heading(situation->policy);
    printf("%-24s %-32s %s\n", "KEY", "VALUE", "ORIGIN");
    for (enum policy_key key = 0; key < POLICY_KEYS; key++) {
        struct shown shown = show(situation, key);
        cleanup_free char *value = value_text(shown.value);
        bool is_idle = shown.value && !counts(situation, key);
        printf("%-24s %-32s %s%s\n", policy_rows[key].name, value, shown.origin,
               is_idle ? ", for root's runs only" : "");
        cJSON_Delete(shown.value);
    }
}

static void print_json(const struct situation *situation)
{
    cJSON *object = cJSON_CreateObject(), *values;
    json_add_text(object, "file", situation->policy->path);
    cJSON_AddBoolToObject(object, "is_there", situation->policy->is_there);
    cJSON_AddBoolToObject(object, "binds", situation->policy->binds);
    values = cJSON_AddArrayToObject(object, "values");
    for (enum policy_key key = 0; key < POLICY_KEYS; key++) {
        struct shown shown = show(situation, key);
        cJSON *item = cJSON_CreateObject();
        json_add_text(item, "key", policy_rows[key].name);
        cJSON_AddItemToObject(item, "value", shown.value ? shown.value : cJSON_CreateNull());
        json_add_text(item, "origin", shown.origin);
        cJSON_AddBoolToObject(item, "counts", counts(situation, key));
        cJSON_AddItemToArray(values, item);
    }
    cleanup_free char *text = cJSON_Print(object);
    puts(text);
    cJSON_Delete(object);
}

static int config_show(int argc, char **argv, struct error *err)
{
    bool json = argc == 2 && text_equal(argv[1], "--json");
    cleanup_policy struct policy policy = {0};
    if (argc > 1 && !json)
        return usage("show: it takes --json only", err);
    if (policy_load(&policy, err) < 0)
        return -1;
    struct situation situation = {.policy = &policy};
    if (geteuid() == 0 && policy_find_ids(&policy, &situation.ids, err) < 0)
        return -1;
    situation.stores = store_search(policy.store);
    (json ? print_json : print_table)(&situation);
    strings_clear(&situation.stores);
    return 0;
}

/* ---- check ---- */

static int print_mistakes(const struct policy_mistakes *mistakes)
{
    for (size_t i = 0; i < mistakes->messages.count; i++)
        printf("%s: %s\n", mistakes->messages.items[i], mistakes->remedies.items[i]);
    return mistakes->messages.count ? STATUS_DATA : 0;
}

/* What runs go by is read as they read it: whose it is counts, too. */
static int check_hosts(struct error *err)
{
    cleanup_policy struct policy policy = {0};
    cleanup_mistakes struct policy_mistakes mistakes = {0};
    struct sandbox_id_range ids;
    int status = policy_read(&policy, &mistakes, err);
    if (status == 0 && print_mistakes(&mistakes))
        return STATUS_DATA;
    if (status < 0 || (geteuid() == 0 && policy_find_ids(&policy, &ids, err) < 0))
        return -1;
    printf("%s: %s\n", policy.path, policy.is_there ? "ok" : "not there: there is no policy");
    return 0;
}

/* With the rights of sudo's caller, who may have named it. */
static int check_file(const char *path, struct error *err)
{
    cleanup_policy struct policy policy = {0};
    cleanup_mistakes struct policy_mistakes mistakes = {0};
    cleanup_fd int place = caller_open(path, 0, err);
    if (place < 0)
        return error_context(err, "%s", path);
    if (caller_check_readable(place) < 0)
        return fail(err, STATUS_DATA, "%s: %s", path, strerror(errno));
    cleanup_free char *link = text_format("/proc/self/fd/%d", place);
    cleanup_fd int fd = open(link, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return fail(err, STATUS_DATA, "%s: %s", path, strerror(errno));
    if (policy_read_fd(fd, path, &policy, &mistakes, err) < 0)
        return -1;
    if (print_mistakes(&mistakes))
        return STATUS_DATA;
    printf("%s: ok\n", path);
    return 0;
}

static int config_check(int argc, char **argv, struct error *err)
{
    if (argc > 2 || (argc == 2 && argv[1][0] == '-'))
        return usage("check: it takes one FILE only", err);
    return argc == 2 ? check_file(argv[1], err) : check_hosts(err);
}

/* ---- The command ---- */

void cmd_config_help(FILE *to)
{
    fputs("usage: indyno config show [--json]\n"
          "       indyno config check [FILE]\n"
          "\n"
          "The host's policy, /etc/indyno/indyno.conf, says what runs may have. It binds\n"
          "root's runs and those by sudo; a user's have its defaults. See indyno.conf(5).\n"
          "\n"
          "  show   print each value that counts here, and where it comes from\n"
          "  check  print every mistake in the policy, or in FILE, by its key; the exit\n"
          "         status is 65 where there is one\n",
          to);
}

int cmd_config(int argc, char **argv, struct error *err)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv, struct error *err);
    } actions[] = {{"show", config_show}, {"check", config_check}};
    if (argc > 1 && (text_equal(argv[1], "-h") || text_equal(argv[1], "--help"))) {
        cmd_config_help(stdout);
        return 0;
    }
    for (size_t i = 0; argc > 1 && i < sizeof actions / sizeof actions[0]; i++)
        if (text_equal(argv[1], actions[i].name))
            return actions[i].run(argc - 1, argv + 1, err);
    return usage(argc > 1 ? "has no such action" : "needs an action", err);
}
