/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TEST_DISTILL_FAILING_CALLOC_H
#define QW_TEST_DISTILL_FAILING_CALLOC_H

#include <stdlib.h>

/* Included once per test program that qwave_wrap()s calloc: the fail_at-th call from now on
 * returns NULL; 0: none does. */
static int fail_at;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return fail_at > 0 && --fail_at == 0 ? NULL : __real_calloc(count, size);
}

#endif
