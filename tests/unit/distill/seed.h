/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TEST_DISTILL_SEED_H
#define QW_TEST_DISTILL_SEED_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Of every random test: printed, and taken back from QW_TEST_SEED. */
static inline uint64_t test_seed(void)
{
    const char *text = getenv("QW_TEST_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : 20221122;

    printf("QW_TEST_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

#endif
