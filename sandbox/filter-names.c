#include "filter.h"

#include <errno.h>

const char *const filter_role_names[SANDBOX_ROLE_COUNT] = {"step", "postgres", "redis"};

const char *filter_answer_name(int answer)
{
    static const struct {
        int answer;
        const char *name;
    } names[] = {{0, "allowed"},
                 {EPERM, "EPERM"},
                 {ENOSYS, "ENOSYS"},
                 {EAFNOSUPPORT, "EAFNOSUPPORT"},
                 {EPROTONOSUPPORT, "EPROTONOSUPPORT"},
                 {ENOPROTOOPT, "ENOPROTOOPT"},
                 {FILTER_BY_ARGUMENT, "argument"},
                 {FILTER_IGNORED, "ignored"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].answer == answer)
            return names[i].name;
    return "?";
}
