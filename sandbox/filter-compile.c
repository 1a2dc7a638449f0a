/*
 * filter-compile: turns filter-table.c into BPF, once, when indyno is built.
 *
 * Theory of operation. A program first refuses other ABIs (argument filters cannot see through i386's socketcall).
 * Then neighbouring numbers with one answer are a range, and the ranges are a binary tree, so that no call waits for
 * the rules of others; a rule compares low 32 bits, as the kernel does with an int. libseccomp knows the numbers. Its own
 * compiler is not used, for it makes a comparison of each call: some 460 instructions, which cost five times as much to
 * load into the kernel (0.5 ms a process) and cannot compare 32 bits with an else.
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
#include "filter.h"

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
    return equals ? (int)strtol(equals + 1, NULL, 10) : -1;
}

static unsigned action_of(int error)
{
    return error == FILTER_IGNORED ? ERRNO(0) : error ? ERRNO(error) : SECCOMP_RET_ALLOW;
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

static unsigned word_of(unsigned argument)
{
    bool second = argument >= FILTER_HIGH;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    second = !second;
#endif
    return (unsigned)(offsetof(struct seccomp_data, args) + argument % FILTER_HIGH * sizeof(uint64_t) +
                      (second ? sizeof(uint32_t) : 0));
}

enum { CONDITION_SIZE = 3 };

/* Jumps over the next beyond instructions where the condition does not hold. */
static void emit_condition(struct program *program, const struct filter_condition *condition, size_t beyond)
{
    emit(program, (struct sock_filter)LOAD(word_of(condition->argument)));
    emit(program, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, condition->mask));
    emit(program,
         (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, condition->value, 0, (unsigned char)beyond));
}

static size_t match_size(const struct filter_match *match)
{
    return CONDITION_SIZE + (match->second.mask ? CONDITION_SIZE : 0) + 1;
}

static void emit_match(struct program *program, const struct filter_match *match)
{
    emit_condition(program, &match->first, match_size(match) - CONDITION_SIZE);
    if (match->second.mask)
        emit_condition(program, &match->second, 1);
    emit(program, (struct sock_filter)RETURN(action_of(match->error)));
}

static void emit_rule(struct program *program, const struct filter_argument *row)
{
    for (unsigned i = 0; i < row->match_count; i++)
        emit_match(program, &row->matches[i]);
    emit(program, (struct sock_filter)RETURN(action_of(row->otherwise)));
}

/* A call of this machine's, and what the table says of it. */
struct call {
    const char *entry; /* of the table; NULL: there is none of this number */
    const struct filter_group *group;
    const struct filter_argument *row;
};

static struct call *take_call(struct call calls[NUMBERS_MAX], const char *entry)
{
    char name[NAME_MAX_LENGTH];
    int number = call_number(entry, name);
    if (number >= NUMBERS_MAX)
        die("its number is beyond the table", name);
    if (number < 0)
        return NULL;
    if (calls[number].entry)
        die("named twice", name);
    calls[number].entry = entry;
    return &calls[number];
}

static void read_groups(struct call calls[NUMBERS_MAX])
{
    for (const struct filter_group *group = filter_groups; group->names; group++)
        for (const char *const *entry = group->names; *entry; entry++) {
            struct call *call = take_call(calls, *entry);
            if (call)
                call->group = group;
        }
}

static void read_rules(struct call calls[NUMBERS_MAX], const struct filter_argument *rows)
{
    for (const struct filter_argument *row = rows; row->name; row++) {
        struct call *call = take_call(calls, row->name);
        if (call)
            call->row = row;
    }
}

/* ---- Programs ---- */

/* What a program answers to a call: as a rule says, or an errno. */
struct answer {
    const struct filter_argument *rule; /* or NULL */
    int error;                          /* 0: allowed */
};

static struct answer answer_of(const struct call *call, unsigned role, bool nested)
{
    if (call->row && call->row->nests && nested)
        return (struct answer){0};
    if (call->row)
        return (struct answer){.rule = call->row};
    bool may = call->group && (call->group->roles & (1U << role));
    return (struct answer){.error = !call->entry ? ENOSYS : may ? 0 : EPERM};
}

struct range {
    unsigned first;
    struct answer answer;
};

static bool is_same(const struct answer *a, const struct answer *b)
{
    return a->rule == b->rule && a->error == b->error;
}

/* Neighbours with one answer, up to the numbers beyond the table. */
static size_t find_ranges(const struct answer answers[NUMBERS_MAX + 1], struct range ranges[NUMBERS_MAX + 1])
{
    size_t count = 0;
    for (unsigned number = 0; number <= NUMBERS_MAX; number++)
        if (number == 0 || !is_same(&answers[number], &answers[number - 1]))
            ranges[count++] = (struct range){number, answers[number]};
    return count;
}

/* A tree of comparisons over ranges[0..count), the lower half before the upper. */
static void emit_tree(struct program *program, const struct range *ranges, size_t count)
{
    if (count == 1 && ranges->answer.rule) {
        emit_rule(program, ranges->answer.rule);
        return;
    }
    if (count == 1) {
        emit(program, (struct sock_filter)RETURN(action_of(ranges->answer.error)));
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

static void emit_answers(struct program *program, const struct answer answers[NUMBERS_MAX + 1])
{
    static struct range ranges[NUMBERS_MAX + 1];
    emit_tree(program, ranges, find_ranges(answers, ranges));
}

static void compile(const struct call calls[NUMBERS_MAX], unsigned role, bool nested, struct program *program)
{
    static struct answer answers[NUMBERS_MAX + 1];
    for (unsigned number = 0; number < NUMBERS_MAX; number++)
        answers[number] = answer_of(&calls[number], role, nested);
    answers[NUMBERS_MAX] = (struct answer){.error = ENOSYS};
    program->length = 0;
    emit_abi_check(program);
    emit_answers(program, answers);
}

/* The filter that lies on top of another: other ABIs, and all that it has no rule for, are that one's to decide. */
static void compile_outside(struct program *program)
{
    static struct call calls[NUMBERS_MAX];
    static struct answer answers[NUMBERS_MAX + 1];
    read_rules(calls, filter_outside);
    for (unsigned number = 0; number < NUMBERS_MAX; number++)
        answers[number].rule = calls[number].row;
    program->length = 0;
    emit(program, (struct sock_filter)LOAD(offsetof(struct seccomp_data, nr)));
    emit_answers(program, answers);
}

/* ---- Printing ---- */

static void print_program(const struct program *program, const char *name)
{
    printf("static const struct sock_filter code_%s[] = {\n", name);
    for (size_t i = 0; i < program->length; i++)
        printf("    {0x%02x, %u, %u, 0x%08x},\n", program->code[i].code, program->code[i].jt,
               program->code[i].jf, program->code[i].k);
    printf("};\n");
}

static void print_programs(const struct call calls[NUMBERS_MAX])
{
    static struct program program;
    for (unsigned role = 0; role < SANDBOX_ROLE_COUNT; role++) {
        compile(calls, role, false, &program);
        print_program(&program, filter_role_names[role]);
    }
    compile(calls, SANDBOX_ROLE_STEP, true, &program);
    print_program(&program, "nested");
    compile_outside(&program);
    print_program(&program, "outside");
    printf(
        "static const struct {\n    const struct sock_filter *code;\n    size_t count;\n} programs[] = {\n");
    for (unsigned role = 0; role < SANDBOX_ROLE_COUNT; role++)
        printf("    {code_%s, sizeof code_%s / sizeof *code_%s},\n", filter_role_names[role],
               filter_role_names[role], filter_role_names[role]);
    printf("};\n");
}

static void print_condition(const struct filter_condition *condition)
{
    printf("argument %u%s ", condition->argument % FILTER_HIGH,
           condition->argument >= FILTER_HIGH ? "'s high half" : "");
    if (condition->mask != UINT32_MAX)
        printf("& 0x%x ", condition->mask);
    printf("= 0x%x", condition->value);
}

/* "argument 1 = 0x5412: EPERM, argument 1 = 0x541c: EPERM, else allowed" */
static void print_rule(const struct filter_argument *row)
{
    printf("\"");
    for (unsigned i = 0; i < row->match_count; i++) {
        print_condition(&row->matches[i].first);
        if (row->matches[i].second.mask) {
            printf(" and ");
            print_condition(&row->matches[i].second);
        }
        printf(": %s, ", filter_answer_name(row->matches[i].error));
    }
    printf("else %s\"", filter_answer_name(row->otherwise));
}

/* As the table in filter.h has it: a rule without matches is none. */
static int listed_answer(const struct answer *answer)
{
    return !answer->rule               ? answer->error
           : answer->rule->match_count ? FILTER_BY_ARGUMENT
                                       : answer->rule->otherwise;
}

static void print_call(const struct call *call, unsigned number)
{
    char name[NAME_MAX_LENGTH];
    call_number(call->entry, name);
    printf("    {\"%s\", %u, {", name, number);
    for (unsigned role = 0; role < SANDBOX_ROLE_COUNT; role++) {
        const struct answer answer = answer_of(call, role, false);
        printf("%s%d", role ? ", " : "", listed_answer(&answer));
    }
    printf("}, ");
    if (call->row && call->row->match_count)
        print_rule(call->row);
    else
        printf("NULL");
    printf(", \"%s\"},\n", call->row ? call->row->why : call->group->what);
}

int main(void)
{
    static struct call calls[NUMBERS_MAX];
    read_groups(calls);
    read_rules(calls, filter_arguments);
    printf("/* Made by filter-compile from filter-table.c. */\n");
    print_programs(calls);
    printf("static const struct filter_call calls[] = {\n");
    for (unsigned number = 0; number < NUMBERS_MAX; number++)
        if (calls[number].entry)
            print_call(&calls[number], number);
    printf("};\n");
    return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
