/* What root may do whatever the modes say has to be tried as somebody else: these change the effective user
 * of a test that root runs, and do nothing in anybody else's. */
#ifndef INDYNO_TEST_AS_USER_H
#define INDYNO_TEST_AS_USER_H

#include <unistd.h>

#include "scratch.h"
#include "unit.h"

enum { SOME_USER = 54321 };

/* The scratch folder becomes that user's. */
static inline void become_user(const struct scratch *scratch)
{
    if (geteuid() != 0)
        return;
    scratch_give(scratch, SOME_USER);
    assert_int_equal(seteuid(SOME_USER), 0);
}

static inline void become_self(void)
{
    assert_int_equal(seteuid(getuid()), 0);
}

/* A teardown, for a test that failed while it was the user. */
static inline int teardown_become_self(void **state)
{
    (void)state;
    return seteuid(getuid());
}

#endif
