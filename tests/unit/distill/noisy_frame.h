/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TEST_DISTILL_NOISY_FRAME_H
#define QW_TEST_DISTILL_NOISY_FRAME_H

#include "base/bits.h"
#include "base/prng.h"

#include <math.h>
#include <string.h>

/* Two strings of bits for tests of reconciliation. */
struct noisy_frame {
    size_t bits;
    uint8_t *key;
    uint8_t *noisy;
    size_t errors; /* positions in which they differ */
};

static inline void noisy_frame_flip(struct noisy_frame *f, size_t index)
{
    qw_bit_set(f->noisy, index, !qw_bit_get(f->noisy, index));
    f->errors += qw_bit_get(f->noisy, index) != qw_bit_get(f->key, index);
}

/* A random key and independent errors at a rate. */
static inline void noisy_frame_draw(struct noisy_frame *f, struct qw_prng *prng, double rate)
{
    size_t len = QW_BITS_TO_BYTES(f->bits);
    double at = -1;

    qw_prng_bytes(prng, f->key, len);
    if (f->bits % 8 != 0) {
        f->key[len - 1] &= (uint8_t)(0xff00 >> (f->bits % 8));
    }
    memcpy(f->noisy, f->key, len);
    f->errors = 0;
    while (rate > 0) {
        at += 1 + (rate < 1 ? floor(log(1 - qw_prng_uniform(prng)) / log1p(-rate)) : 0);
        if (at >= (double)f->bits) {
            break;
        }
        noisy_frame_flip(f, (size_t)at);
    }
}

#endif
