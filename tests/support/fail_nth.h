/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_SUPPORT_FAIL_NTH_H
#define QW_TESTS_SUPPORT_FAIL_NTH_H

#include <stdatomic.h>
#include <stdbool.h>

/* The n-th call of the functions that a test wraps fails, n = 1, 2, 3 … until a whole operation
 * goes through without reaching it. Include in the one file of a test program; name the same
 * functions in qwave_wrap(). */
static atomic_int fail_nth; /* 0: none; whoever calls may be a thread of what is tested */

static inline bool must_fail(void)
{
    return fail_nth > 0 && --fail_nth == 0;
}

/* Defines __wrap_name: the failure value when its turn has come, else the real function. */
#define FAIL_NTH(type, name, failure, parameters, arguments) \
    type __real_##name parameters; \
    type __wrap_##name parameters; \
    type __wrap_##name parameters \
    { \
        return must_fail() ? failure : __real_##name arguments; \
    } \
    _Static_assert(sizeof(type) > 0, "takes the semicolon")

#endif
