/*
 * filter-compile: turns filter-table.c into BPF, once, when indyno is built.
 *
 * Theory of operation. The program that comes out has two parts. The first is written here: it refuses other
 * ABIs (argument filters cannot see through i386's socketcall) and decides the calls whose arguments matter,
 * comparing low 32 bits. What it does not decide falls into the second: neighbouring numbers with one answer
 * become a range, and the ranges a binary tree. libseccomp knows the numbers. Its own compiler is not used,
 * for it makes a comparison of each call: some 460 instructions, which cost five times as much to load into
 * the kernel (0.5 ms a process) and cannot compare 32 bits with an else.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter-table.h"

enum { PROGRAM_MAX = 4096, NAME_MAX_LENGTH = 64, NUMBERS_MAX = 512, X32_BIT = 0x40000000 };

#define LOAD(field)  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (field))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, (what))
#define ERRNO(error) (SECCOMP_RET_ERRNO | ((error)&SECCOMP_RET_DATA))

struct program {
    struct sock_filter code[PROGRAM_MAX];
    size_t length;
};

static void die(const char *what, const char *name)
{
    fprintf(stderr, "filter-compile: %s: %s\n", what, name);
    exit(1);
}

static void emit(struct program *program, struct sock_filter instruction)
{
    if (program->length == PROGRAM_MAX)
        die("program too long", "filter");
    program->code[program->length++] = instruction;
}

/* "name" or "name=NUMBER"; negative where this architecture does not have the call. */
static int call_number(const char *entry, char *name)
{
    const char *equals = strchr(entry, '=');
    snprintf(name, NAME_MAX_LENGTH, "%.*s", equals ? (int)(equals - entry) : NAME_MAX_LENGTH - 1, entry);
    int number = seccomp_syscall_resolve_name(name);
    if (number >= 0)
        return number;
    if (number == __NR_SCMP_ERROR && !equals)
        die("no system call of this name, and no number", name);
    return equals ? atoi(equals + 1) : -1;
}

static unsigned action_of(int error)
{
    return error ? ERRNO(error) : SECCOMP_RET_ALLOW;
}

static void emit_abi_check(struct program *program)
{
    emit(program, (struct sock_filter)LOAD(offsetof(struct seccomp_data, arch)));
    emit(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, seccomp_arch_native(), 1, 0));
    emit(program, (struct sock_filter)RETURN(ERRNO(ENOSYS)));
    emit(program, (struct sock_filter)LOAD(offsetof(struct seccomp_data, nr)));
    emit(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1));
    emit(program, (struct sock_filter)RETURN(ERRNO(ENOSYS)));
}

/* Expects the call's number in the accumulator; the block of a row always returns, so it stays there for the
 * next. */
static void emit_argument(struct program *program, const struct filter_argument *row)
{
    char name[NAME_MAX_LENGTH];
    int number = call_number(row->name, name);
    if (number < 0)
        return;
    size_t size = 4 * row->match_count + 1;
    emit(program,
         (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, (unsigned char)size));
    size_t low = offsetof(struct seccomp_data, args) + row->argument * sizeof(uint64_t);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    low += sizeof(uint32_t);
#endif
    for (unsigned i = 0; i < row->match_count; i++) {
        const struct filter_match *match = &row->matches[i];
        emit(program, (struct sock_filter)LOAD((unsigned)low));
        emit(program, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, match->mask));
        emit(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, match->value, 0, 1));
        emit(program, (struct sock_filter)RETURN(action_of(match->error)));
    }
    emit(program, (struct sock_filter)RETURN(action_of(row->otherwise)));
}

/* What the lists of names say of each number. */
static void read_names(const struct filter_group *groups, unsigned action, unsigned actions[NUMBERS_MAX])
{
    for (; groups->names; groups++) {
        for (const char *const *entry = groups->names; *entry; entry++) {
            char name[NAME_MAX_LENGTH];
            int number = call_number(*entry, name);
            if (number >= NUMBERS_MAX)
                die("its number is beyond the table", name);
            if (number >= 0 && actions[number] != ERRNO(ENOSYS))
                die("named twice", name);
            if (number >= 0)
                actions[number] = action;
        }
    }
}

struct range {
    unsigned first, action;
};

static size_t find_ranges(const unsigned actions[NUMBERS_MAX], struct range ranges[NUMBERS_MAX + 1])
{
    size_t count = 0;
    for (unsigned number = 0; number < NUMBERS_MAX; number++)
        if (number == 0 || actions[number] != actions[number - 1])
            ranges[count++] = (struct range){number, actions[number]};
    ranges[count++] = (struct range){NUMBERS_MAX, ERRNO(ENOSYS)};
    return count;
}

/* A tree of comparisons over ranges[0..count), the lower half before the upper. */
static void emit_tree(struct program *program, const struct range *ranges, size_t count)
{
    if (count == 1) {
        emit(program, (struct sock_filter)RETURN(ranges->action));
        return;
    }
    size_t half = count / 2, at = program->length;
    emit(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, ranges[half].first, 0, 0));
    emit_tree(program, ranges, half);
    size_t distance = program->length - at - 1;
    if (distance > UCHAR_MAX)
        die("a jump is too far", "filter");
    program->code[at].jt = (unsigned char)distance;
    emit_tree(program, ranges + half, count - half);
}

static void append_names(struct program *program)
{
    static unsigned actions[NUMBERS_MAX];
    static struct range ranges[NUMBERS_MAX + 1];
    for (size_t i = 0; i < NUMBERS_MAX; i++)
        actions[i] = ERRNO(ENOSYS);
    read_names(filter_allowed, SECCOMP_RET_ALLOW, actions);
    read_names(filter_denied, ERRNO(EPERM), actions);
    emit_tree(program, ranges, find_ranges(actions, ranges));
}

static void print_program(const struct program *program)
{
    printf("/* Made by filter-compile from filter-table.c. */\n");
    printf("static const struct sock_filter filter_code[] = {\n");
    for (size_t i = 0; i < program->length; i++)
        printf("    {0x%02x, %u, %u, 0x%08x},\n", program->code[i].code, program->code[i].jt,
               program->code[i].jf, program->code[i].k);
    printf("};\n");
}

int main(void)
{
    static struct program program;
    emit_abi_check(&program);
    for (const struct filter_argument *row = filter_arguments; row->name; row++)
        emit_argument(&program, row);
    append_names(&program);
    print_program(&program);
    return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
