/*
 * Attacks on the dyno from the inside.
 *
 * Theory of operation. An attack is a row of a table: what is tried, what should happen, and a function that tries it
 * and returns in a few words what happened ("EPERM", "nothing"). The two are compared as text, so that a row says all
 * that there is to say, and an attack that is refused for another reason than it should be is red as well: so is seen
 * which of several protections has held. Each attack has a process of its own, whose parent prints a line of TAP.
 *
 * Whoever runs the attacks first prepares the host for them (outside.c): what the dyno must not see has to be there.
 * What the attacks must know of it stands in a file, which is in the app's folder. One that needs what is not prepared
 * is skipped; tests/cli/inside.bats counts those.
 *
 * Static and without libraries, so that it runs in any root.
 */
#ifndef INDYNO_INSIDE_H
#define INDYNO_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Who attacks: the step, or the server's user by COPY ... PROGRAM. Some count only where the dyno's users have ids of
 * their own. */
enum { STEP = 1, SERVER = 2, BOTH = STEP | SERVER, SEPARATE = 4 };

struct attack {
    const char *name;
    unsigned roles;
    const char *tried;
    const char *should;           /* what happens, or two such with " or " between */
    const char *(*attempt)(void); /* what happened; NULL: what it needs was not prepared */
};

/* One table per topic; each ends with an empty row. */
extern const struct attack files_attacks[], proc_attacks[], process_attacks[], identity_attacks[],
    inherit_attacks[], kernel_attacks[], network_attacks[], ipc_attacks[];

/* Formatted into a buffer that the next call overwrites. */
const char *told(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "done" of what a system call returned, or errno's name. */
const char *result_of(long returned);

/* "refused" of a system call that failed because it may not be, or because there is nothing that it could be. */
const char *refusal_of(long returned);

/* Gathers what happened to several: one word where all went the same way, else each that did not go as it should. */
struct tally {
    const char *should;
    size_t count;
    char others[600];
};
void tally_add(struct tally *tally, const char *what, const char *happened);
const char *tally_result(const struct tally *tally); /* should, or the others */

/* Opens path and closes it again. */
const char *opening(const char *path, int flags);

/* Reads a file of at most size - 1 bytes; false where that cannot be. */
bool read_text(const char *path, char *text, size_t size);

/* A line of /proc/self/status after its label, without blanks before it. */
const char *status_line(const char *label);

/* What outside.c prepared under this key, or NULL. */
const char *prepared(const char *key);
int prepared_number(const char *key); /* -1: nothing */

/* Calls each with the id of each process of the dyno that belongs to another user, and pid 1's. */
void for_each_foreign(void (*each)(pid_t pid, struct tally *tally), struct tally *tally);

/* Runs a program and returns its first line of output. */
const char *first_line_of(const char *const argv[]);

/* ---- On the host ---- */

/* outside PATH: prepares the host, writes the facts to that file and keeps it all until standard input ends. */
int outside(const char *path);

/* odd COMMAND...: executes it with everything odd that a caller can hand on. */
int odd(char **command);

#define OUTSIDE_KEY    "indyno-inside-key" /* a key's description, in the caller's keyrings */
#define OUTSIDE_SECRET "indyno-inside-secret"

#endif
