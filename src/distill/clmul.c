/* SPDX-License-Identifier: Apache-2.0 */
/* Karatsuba over the kernels of clmul_*.c, and their portable form: for short polynomials, and what
 * the additive FFT is compared with. */
#include "distill/clmul.h"

#include <string.h>

/* 64 x 64 bits without tables or branches: the operands are spread into four combs of every fourth
 * bit, so that carries of the integer product (at most 16 per column) stay inside the holes. */
static uint64_t low_product(uint64_t x, uint64_t y)
{
    const uint64_t comb = 0x1111111111111111u;
    uint64_t z = 0;

    for (unsigned shift = 0; shift < 4; shift++) {
        uint64_t column = 0;

        for (unsigned i = 0; i < 4; i++) {
            unsigned j = (shift + 4 - i) & 3;

            column ^= (x & (comb << i)) * (y & (comb << j));
        }
        z |= column & (comb << shift);
    }
    return z;
}

static uint64_t reverse(uint64_t x)
{
    x = (x >> 1 & 0x5555555555555555u) | (x & 0x5555555555555555u) << 1;
    x = (x >> 2 & 0x3333333333333333u) | (x & 0x3333333333333333u) << 2;
    x = (x >> 4 & 0x0f0f0f0f0f0f0f0fu) | (x & 0x0f0f0f0f0f0f0f0fu) << 4;
    return __builtin_bswap64(x);
}

static void multiply_base(uint64_t *product, const uint64_t *a, const uint64_t *b, size_t words)
{
    memset(product, 0, 2 * words * sizeof *product);
    for (size_t i = 0; i < words; i++) {
        for (size_t j = 0; j < words; j++) {
            product[i + j] ^= low_product(a[i], b[j]);
            product[i + j + 1] ^= reverse(low_product(reverse(a[i]), reverse(b[j]))) >> 1;
        }
    }
}

const struct qw_clmul qw_clmul_portable = { "portable", multiply_base };

size_t qw_clmul_scratch_words(size_t words)
{
    size_t total = 0;

    while (words > QW_CLMUL_BASE_WORDS) {
        size_t high = words - words / 2;

        total += 4 * high;
        words = high;
    }
    return total;
}

/* With h = ceil(words / 2), a = a0 + a1 z^(64 h): the middle term is (a0 + a1)(b0 + b1) less the
 * two outer products. */
void qw_clmul_multiply(const struct qw_clmul *kernel, uint64_t *product, const uint64_t *a,
                       const uint64_t *b, size_t words, uint64_t *scratch)
{
    size_t low = words - words / 2;
    size_t high = words / 2;
    uint64_t *sum_a = scratch;
    uint64_t *sum_b = scratch + low;
    uint64_t *middle = scratch + 2 * low;

    if (words <= QW_CLMUL_BASE_WORDS) {
        kernel->multiply_base(product, a, b, words);
        return;
    }
    for (size_t i = 0; i < low; i++) {
        sum_a[i] = a[i] ^ (i < high ? a[low + i] : 0);
        sum_b[i] = b[i] ^ (i < high ? b[low + i] : 0);
    }
    qw_clmul_multiply(kernel, middle, sum_a, sum_b, low, scratch + 4 * low);
    qw_clmul_multiply(kernel, product, a, b, low, scratch + 4 * low);
    qw_clmul_multiply(kernel, product + 2 * low, a + low, b + low, high, scratch + 4 * low);
    for (size_t i = 0; i < 2 * low; i++) {
        middle[i] ^= product[i] ^ (i < 2 * high ? product[2 * low + i] : 0);
    }
    for (size_t i = 0; i < 2 * low && low + i < 2 * words; i++) {
        product[low + i] ^= middle[i]; /* what would lie above 2 x words is zero */
    }
}
