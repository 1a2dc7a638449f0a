/*
 * Subcommands: what the table in indyno.c holds.
 *
 * A command's run gets the words after "indyno", argv[0] being its own name. It returns the exit status, or
 * -1 with err, which main prints and whose status main exits with. It prints results on stdout and progress
 * on stderr, and no errors.
 */
#ifndef INDYNO_COMMAND_H
#define INDYNO_COMMAND_H

#include <stdio.h>

#include "base/error.h"

struct command {
    const char *name;
    const char *summary; /* one line for "indyno help" */
    int (*run)(int argc, char **argv, struct error *err);
    void (*help)(FILE *to); /* the whole text of "indyno help NAME" and "indyno NAME --help" */
};

/* The table, ended by an entry without a name, and its entry of that name or NULL. */
extern const struct command commands[];
const struct command *command_find(const char *name);

/* Fails with STATUS_USAGE: there is no such command; the remedy names those there are. Always returns -1. */
int command_unknown(const char *name, struct error *err);

int cmd_run(int argc, char **argv, struct error *err);
int cmd_plan(int argc, char **argv, struct error *err);
int cmd_doctor(int argc, char **argv, struct error *err);
int cmd_image(int argc, char **argv, struct error *err);
int cmd_sandbox(int argc, char **argv, struct error *err);
int cmd_config(int argc, char **argv, struct error *err);
int cmd_help(int argc, char **argv, struct error *err);

void cmd_run_help(FILE *to);
void cmd_plan_help(FILE *to);
void cmd_doctor_help(FILE *to);
void cmd_image_help(FILE *to);
void cmd_sandbox_help(FILE *to);
void cmd_config_help(FILE *to);
void cmd_help_help(FILE *to);

#endif
