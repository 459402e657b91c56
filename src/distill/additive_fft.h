/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_ADDITIVE_FFT_H
#define QW_DISTILL_ADDITIVE_FFT_H

#include <stddef.h>
#include <stdint.h>

/* Products of binary polynomials through their values at 2^log points of GF(2^64) = GF(2)[z] /
 * (z^64 + z^4 + z^3 + z + 1) (docs/design/distill.md). A polynomial is cut into limbs of 32 bits,
 * limb i is the coefficient of y^i; a product of two limbs, and any sum of such products, fits the
 * field. The points are the span of the first log elements of a Cantor basis, and the transform is
 * the additive one of Lin, Chung and Han.
 *
 * A product in values is the product modulo the polynomial that vanishes on the points: y^(2^log)
 * comes back at y^(2^i), i < log, the highest of them being qw_additive_fft_wrap(log).
 *
 * All kernels give identical bits after `inverse` (the order of the values between is their own
 * matter) and take no time that depends on contents. Arrays of values are aligned to 64 bytes. */
enum { QW_ADDITIVE_FFT_LOG_MIN = 8, QW_ADDITIVE_FFT_LOG_MAX = 20, QW_ADDITIVE_FFT_GROUP = 64 };

struct qw_additive_fft {
    const char *name;
    /* words [size: 2^log / 2, two limbs each, the lower one first; overwritten] to values [size:
     * 2^log]. half: the upper half of words is zero. */
    void (*forward)(const uint64_t *twiddle, unsigned log, int half, uint64_t *words,
                    uint64_t *values);
    /* values to coefficients of up to 63 bits, in place. */
    void (*inverse)(const uint64_t *twiddle, unsigned log, uint64_t *values);
    /* QW_ADDITIVE_FFT_GROUP values each of the arrays sum, sum + stride, ... (rows of them): row k
     * is a[k] b[0] + a[k - 1] b[1] + ... (terms products), a[i] being the array at a + i stride and
     * b[i] likewise. */
    void (*sums_of_products)(uint64_t *sum, const uint64_t *a, const uint64_t *b, size_t rows,
                             size_t terms, size_t stride);
};

extern const struct qw_additive_fft qw_additive_fft_portable;

/* NULL where the instructions are absent. */
const struct qw_additive_fft *qw_additive_fft_pclmul(void);
const struct qw_additive_fft *qw_additive_fft_vpclmul(void);

/* The factors of all transforms up to 2^log points. twiddle [size: 2^(log - 1), aligned like
 * values] */
void qw_additive_fft_twiddle(uint64_t *twiddle, unsigned log);

size_t qw_additive_fft_wrap(unsigned log);

#endif
