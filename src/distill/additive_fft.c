/* SPDX-License-Identifier: Apache-2.0 */
/* The additive transform in portable C, and the constants that all kernels share. */
#include "distill/additive_fft.h"

#include "distill/additive_fft_basis.h"
#include "distill/clmul.h"

#include <string.h>

/* Cantor basis: element 0 is 1, element i solves v^2 + v = element i - 1 (the smaller of its two
 * solutions). Checked in the tests. */
static const uint64_t cantor[QW_ADDITIVE_FFT_LOG_MAX] = {
    0x0000000000000001u, 0x19c9369f278adc02u, 0xa181e7d66f5ff794u, 0x5db84357ce785d08u,
    0xb973d466f5c9d0cau, 0x521ac889831a075eu, 0x033ce8beddc8a656u, 0xb5846c4e07b91010u,
    0x4087b8cbb37a32ecu, 0x00d0d3888c0ae17cu, 0xafd5ac70237f2222u, 0xe3f5af99cc3aaaf8u,
    0x5a1db3b16a0b58b8u, 0x09947c54fe7ee248u, 0x0e8eaf0e0068f544u, 0xa2a113500b4b4f5au,
    0xe96f9805d6ce0bb0u, 0x53496f8b5c9edd4cu, 0xad325cb6f4ac2a9eu, 0x4a8dcf8bd7ede826u,
};

/* The factor of block c is s_i of the block's first point, divided by s_i of its middle one: in a
 * Cantor basis the sum of element j + 1 over the bits j of c, whatever the layer i. */
void qw_additive_fft_twiddle(uint64_t *twiddle, unsigned log)
{
    twiddle[0] = 0;
    for (unsigned j = 0; j + 1 < log; j++) {
        for (size_t c = 0; c < (size_t)1 << j; c++) {
            twiddle[((size_t)1 << j) + c] = twiddle[c] ^ cantor[j + 1];
        }
    }
}

/* s_log(y) = sum of binomial(log, i) y^(2^i): the highest i < log with an odd binomial is log
 * without its lowest bit. */
size_t qw_additive_fft_wrap(unsigned log)
{
    return (size_t)1 << (log & (log - 1));
}

struct product {
    uint64_t low;
    uint64_t high;
};

static uint64_t reduce(struct product p)
{
    uint64_t high = p.high ^ p.high >> 60 ^ p.high >> 61; /* bit 63 is never set */

    high ^= high << 1;
    return p.low ^ high ^ high << 3;
}

static uint64_t multiply(uint64_t a, uint64_t b)
{
    uint64_t words[2];

    qw_clmul_portable.multiply_base(words, &a, &b, 1);
    return reduce((struct product){ words[0], words[1] });
}

static void add(uint8_t *to, const uint8_t *from, size_t len)
{
    uint64_t a, b;

    for (size_t i = 0; i < len; i += sizeof a) {
        memcpy(&a, to + i, sizeof a);
        memcpy(&b, from + i, sizeof b);
        a ^= b;
        memcpy(to + i, &a, sizeof a);
    }
}

static void forward_layers(const uint64_t *twiddle, unsigned log, uint64_t *values)
{
    for (size_t half = (size_t)1 << (log - 1); half >= 1; half /= 2) {
        for (size_t c = 0; c < ((size_t)1 << log) / (2 * half); c++) {
            uint64_t *u = values + 2 * half * c;
            uint64_t *v = u + half;

            for (size_t i = 0; i < half; i++) {
                u[i] ^= c > 0 ? multiply(v[i], twiddle[c]) : 0;
                v[i] ^= u[i];
            }
        }
    }
}

static void inverse_layers(const uint64_t *twiddle, unsigned log, uint64_t *values)
{
    for (size_t half = 1; half < (size_t)1 << log; half *= 2) {
        for (size_t c = 0; c < ((size_t)1 << log) / (2 * half); c++) {
            uint64_t *u = values + 2 * half * c;
            uint64_t *v = u + half;

            for (size_t i = 0; i < half; i++) {
                v[i] ^= u[i];
                u[i] ^= c > 0 ? multiply(v[i], twiddle[c]) : 0;
            }
        }
    }
}

static const struct qw_additive_fft_basis basis = { add, NULL, NULL };

/* The change of basis adds limbs to limbs: it does not mind that they are wider here. */
static void forward(const uint64_t *twiddle, unsigned log, int half, uint64_t *words,
                    uint64_t *values)
{
    for (size_t i = 0; i < (size_t)1 << log; i += 2) {
        values[i] = words[i / 2] & UINT32_MAX;
        values[i + 1] = words[i / 2] >> 32;
    }
    qw_basis_change(&basis, (uint8_t *)values, half ? log - 1 : log, sizeof *values, 0);
    forward_layers(twiddle, log, values);
}

static void inverse(const uint64_t *twiddle, unsigned log, uint64_t *values)
{
    inverse_layers(twiddle, log, values);
    qw_basis_restore(&basis, (uint8_t *)values, log, sizeof *values, 0);
}

static void sum_of_products(uint64_t *sum, const uint64_t *a, const uint64_t *b, size_t terms,
                            size_t stride)
{
    for (size_t i = 0; i < QW_ADDITIVE_FFT_GROUP; i++) {
        struct product total = { 0, 0 };

        for (size_t j = 0; j < terms; j++) {
            uint64_t words[2];

            qw_clmul_portable.multiply_base(words, a + i - j * stride, b + i + j * stride, 1);
            total.low ^= words[0];
            total.high ^= words[1];
        }
        sum[i] = reduce(total);
    }
}

static void sums_of_products(uint64_t *sum, const uint64_t *a, const uint64_t *b, size_t rows,
                             size_t terms, size_t stride)
{
    for (size_t k = 0; k < rows; k++) {
        sum_of_products(sum + k * stride, a + k * stride, b, terms, stride);
    }
}

const struct qw_additive_fft qw_additive_fft_portable = { "portable", forward, inverse,
                                                          sums_of_products };
