/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_BIT_POLYNOMIAL_H
#define QW_DISTILL_BIT_POLYNOMIAL_H

#include <stddef.h>
#include <stdint.h>

/* A bit string (base/bits.h) read as a polynomial, its last bit the coefficient of z^0: bytes and
 * words then need no reversal. */
struct qw_bit_polynomial {
    const uint8_t *bytes; /* borrowed */
    size_t bits;
    size_t limit; /* degrees from here up count as zero; <= bits */
};

/* words [size: count]: word i has the coefficients of z^(at + 64 i) .. z^(at + 64 i + 63). at may
 * be negative, and the range longer than the string. */
void qw_bit_polynomial_load(const struct qw_bit_polynomial *polynomial, ptrdiff_t at,
                            uint64_t *words, size_t count);

/* The coefficients of z^0 .. z^(bits - 1) of words as a bit string; unused bits are zero. */
void qw_bit_polynomial_store(const uint64_t *words, uint8_t *bytes, size_t bits);

#endif
