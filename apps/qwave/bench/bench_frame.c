/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench.h"

#include "base/bits.h"
#include "base/prng.h"

#include <math.h>
#include <string.h>

/* Gaps between errors are drawn, not bits. */
void bench_draw_frame(struct qw_prng *prng, size_t bits, double rate, uint8_t *key, uint8_t *noisy)
{
    size_t len = QW_BITS_TO_BYTES(bits);
    double at = 0;

    qw_prng_bytes(prng, key, len);
    if (bits % 8 != 0) {
        key[len - 1] &= (uint8_t)(0xff00 >> bits % 8);
    }
    memcpy(noisy, key, len);
    for (;;) {
        at += floor(log1p(-qw_prng_uniform(prng)) / log1p(-rate));
        if (at >= (double)bits) {
            return;
        }
        noisy[(size_t)at / 8] ^= (uint8_t)(0x80u >> (size_t)at % 8);
        at += 1;
    }
}
