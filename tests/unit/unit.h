/* cmocka with what it needs in front. Its macro fail() gives way to base/error.h's function of that name, and
 * fail_msg(), which is made of it, is made without it. */
#ifndef INDYNO_TEST_UNIT_H
#define INDYNO_TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#undef fail
#undef fail_msg
#define fail_msg(...)                                                                                        \
    do {                                                                                                     \
        print_error(__VA_ARGS__);                                                                            \
        print_error("\n");                                                                                   \
        _fail(__FILE__, __LINE__);                                                                           \
    } while (0)

#endif
