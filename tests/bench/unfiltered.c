/* For the bench alone: stands in filter_load's place (ld's --wrap), so that a run has no filter to compare with. */
#include "sandbox/filter.h"

int __wrap_filter_load(enum sandbox_role role, bool outside);

int __wrap_filter_load(enum sandbox_role role, bool outside)
{
    (void)role;
    (void)outside;
    return 0;
}
