/*
 * The one error contract of the whole program.
 *
 * A function that can fail returns 0 (or a value >= 0) on success and -1 on failure, and on failure fills the
 * struct error that its caller lent it: what was tried, on what, and why. Nothing below main prints; the
 * error travels up to the one place that does (error_print). The caller of the outermost function owns the
 * error and frees it with cleanup_error or error_clear.
 */
#ifndef INDYNO_ERROR_H
#define INDYNO_ERROR_H

#include <stdarg.h>
#include <stdio.h>

/* Exit statuses that are indyno's own; sysexits.h has the names that 64, 65, 75 and 77 come from. */
enum status {
    STATUS_USAGE = 64,   /* wrong usage of the command line */
    STATUS_DATA = 65,    /* what was asked for (app.json, option, file) cannot be met */
    STATUS_NO_ROOM = 75, /* no room now: try again */
    STATUS_POLICY = 77,  /* the host's policy forbids it */
    STATUS_TIMEOUT = 124,
    STATUS_ERRORED = 125, /* indyno itself, a service, or taking a result out failed */
};

struct error {
    int status;    /* the exit status that this failure means; 0 while there is none */
    int errnum;    /* errno of the call that failed, 0 where there was none */
    char *message; /* "what: why", one line, without the program's name */
    char *remedy;  /* what the user can do, one line; NULL where nothing is known */
};

/* Fills err (may be NULL) with a formatted message; an error already there is replaced. Always returns -1. */
int fail(struct error *err, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As fail with STATUS_ERRORED, and appends ": " and errno's text. errno is read on entry. Always returns -1.
 */
int fail_errno(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sets the remedy line of an error. */
void error_remedy(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "context: " in front of the message. Always returns -1, so that `return error_context(...)` reads
 * well. */
int error_context(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints "indyno: message" and, where there is one, the remedy on a second line. Control characters in either
 * are shown as '?', so that a hostile name cannot write to the terminal. */
void error_print(const struct error *err, FILE *to);

/* Frees what the error owns and makes it empty. */
void error_clear(struct error *err);

#define cleanup_error __attribute__((cleanup(error_clear)))

#endif
