/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_SUPPORT_TEST_SEED_H
#define QW_TESTS_SUPPORT_TEST_SEED_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The seed of a random test: printed, so that a failure can be run again with QW_TEST_SEED. */
static inline uint64_t test_seed(void)
{
    const char *text = getenv("QW_TEST_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : 20260613;

    printf("QW_TEST_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

#endif
