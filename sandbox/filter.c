#include "filter.h"

#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/teeth.h"
#include "filter-data.h"

const struct sock_filter *filter_program(enum sandbox_role role, size_t *count)
{
    *count = programs[role].count;
    return programs[role].code;
}

static int load(const struct sock_filter *code, size_t count)
{
    const struct sock_fprog program = {
        .len = (unsigned short)count,
        .filter = (struct sock_filter *)(uintptr_t)code,
    };
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

/* The role's comes last: it may deny seccomp(2) itself. */
int filter_load(enum sandbox_role role, unsigned variants)
{
    if (teeth_out("filter"))
        return 0;
    if ((variants & FILTER_OUTSIDE) && !teeth_out("filter-outside") &&
        load(code_outside, sizeof code_outside / sizeof *code_outside) < 0)
        return -1;
    if (role == SANDBOX_ROLE_STEP && (variants & FILTER_NESTED))
        return load(code_nested, sizeof code_nested / sizeof *code_nested);
    return load(programs[role].code, programs[role].count);
}

const struct filter_call *filter_calls(size_t *count)
{
    *count = sizeof calls / sizeof *calls;
    return calls;
}
