#include "networks.h"

#include <string.h>

#include "base/own.h"
#include "base/text.h"
#include "sandbox/sandbox.h"

static const char *const phases[] = {[PHASE_SETUP] = "setup", [PHASE_TEST] = "test"};

static const struct {
    const char *name;
    unsigned bit, needs;
} names[] = {
    {"none", SANDBOX_NETWORK_NONE, SANDBOX_NETWORK_NONE},
    {"outbound", SANDBOX_NETWORK_OUTBOUND, SANDBOX_NETWORK_NONE},
    {"private", SANDBOX_NETWORK_PRIVATE, SANDBOX_NETWORK_OUTBOUND},
};

enum { NAMES = sizeof names / sizeof *names };

const char *networks_phase_name(enum phase phase)
{
    return phases[phase];
}

bool networks_is_name(const char *text)
{
    for (size_t i = 0; i < NAMES; i++)
        if (text_equal(text, names[i].name))
            return true;
    return false;
}

const char *networks_take(unsigned *set)
{
    for (size_t i = 0; i < NAMES; i++)
        if (*set & names[i].bit) {
            *set &= ~names[i].bit;
            return names[i].name;
        }
    return NULL;
}

/* Moves *text behind the phase that it begins with; PHASE_COUNT where it names none. */
static enum phase take_phase(const char **text)
{
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        size_t length = strlen(phases[phase]);
        if (strncmp(*text, phases[phase], length) != 0 || (*text)[length] != ':')
            continue;
        *text += length + 1;
        return (enum phase)phase;
    }
    return PHASE_COUNT;
}

/* Each name once, after those that it needs, and "none" alone. */
static bool add_name(const char *text, size_t length, bool first, unsigned *set)
{
    for (size_t i = 0; i < NAMES; i++) {
        if (strlen(names[i].name) != length || memcmp(names[i].name, text, length) != 0)
            continue;
        bool added = first || (*set && names[i].bit && !(*set & names[i].bit));
        bool met = (*set & names[i].needs) == names[i].needs;
        *set |= names[i].bit;
        return added && met;
    }
    return false;
}

/* A list of names, with a phase before each that begins another phase's. */
static bool parse_list(const char *text, struct networks *networks)
{
    bool seen[PHASE_COUNT] = {false};
    enum phase now = PHASE_COUNT;
    for (bool last = false; !last; text++) {
        enum phase named = take_phase(&text);
        bool first = named < PHASE_COUNT;
        if (first && seen[named])
            return false;
        if (first)
            seen[now = named] = true;
        size_t length = strcspn(text, ",");
        if (now == PHASE_COUNT || !add_name(text, length, first, &networks->of[now]))
            return false;
        text += length;
        last = !*text;
    }
    return true;
}

/* Connections that were made to a private network could go on hearing from it: only all of them can be ended. */
static bool can_be_left(const struct networks *networks)
{
    unsigned setup = networks->of[PHASE_SETUP], test = networks->of[PHASE_TEST];
    return !test || !(setup & ~test);
}

bool networks_parse(const char *text, struct networks *networks)
{
    *networks = (struct networks){0};
    const char *rest = text;
    if (take_phase(&rest) < PHASE_COUNT)
        return parse_list(text, networks) && can_be_left(networks);
    cleanup_free char *both = text_format("%s:%s", phases[PHASE_TEST], text);
    if (strchr(text, ':') || !parse_list(both, networks))
        return false;
    networks->of[PHASE_SETUP] = networks->of[PHASE_TEST];
    return true;
}

char *networks_text(unsigned set)
{
    cleanup_strings struct strings words = {0};
    for (size_t i = 0; i < NAMES; i++)
        if (set & names[i].bit)
            strings_add(&words, names[i].name);
    if (!set)
        strings_add(&words, names->name);
    return strings_join(&words, ",");
}

char *networks_option(const struct networks *networks)
{
    cleanup_free char *setup = networks_text(networks->of[PHASE_SETUP]);
    if (networks->of[PHASE_SETUP] == networks->of[PHASE_TEST])
        return steal_pointer(setup);
    cleanup_free char *test = networks_text(networks->of[PHASE_TEST]);
    return text_format("%s:%s,%s:%s", phases[PHASE_SETUP], setup, phases[PHASE_TEST], test);
}
