/*
 * --network: what each phase of a run can connect to.
 *
 *     outbound,private              both phases
 *     setup:outbound,test:none      each its own; a phase that is not named has none
 *
 * A name stands for a bit of enum sandbox_network, in one table, and stands after those that it needs.
 */
#ifndef INDYNO_NETWORKS_H
#define INDYNO_NETWORKS_H

#include <stdbool.h>

/* app.json's script test-setup; and its script test, or a command. */
enum phase { PHASE_SETUP, PHASE_TEST, PHASE_COUNT };

struct networks {
    unsigned of[PHASE_COUNT]; /* sets of enum sandbox_network */
};

/* "setup", "test" */
const char *networks_phase_name(enum phase phase);

/* "none", "outbound", "private". */
bool networks_is_name(const char *text);

/* Takes one out of the set and returns its name; NULL where it is empty. */
const char *networks_take(unsigned *set);

bool networks_parse(const char *text, struct networks *networks);

/* "none", "outbound", "outbound,private": as it is parsed. The caller's to free. */
char *networks_text(unsigned set);

/* The shortest text that is parsed to the same. The caller's to free. */
char *networks_option(const struct networks *networks);

#endif
