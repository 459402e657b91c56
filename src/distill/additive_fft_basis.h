/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_ADDITIVE_FFT_BASIS_H
#define QW_DISTILL_ADDITIVE_FFT_BASIS_H

#include <stddef.h>
#include <stdint.h>

/* From powers of y to the basis of the additive transform and back: X_i = product of s_j(y) over
 * the bits j of i, where s_j vanishes on the span of the first j points of the Cantor basis. With l
 * the greatest power of two below log, s_l = y^(2^l) + y, so the change is an expansion in powers
 * of s_l, then the same on each digit (rows) and on the sequence of digits (columns).
 *
 * Additions only, so that the shape of an element does not matter; it is given in bytes. The caller
 * supplies the addition and the change of few elements that lie side by side, where what is read is
 * not what was just written as a whole. */
struct qw_additive_fft_basis {
    void (*add)(uint8_t *to, const uint8_t *from, size_t len);
    /* To the new basis, or from it: 16, and 256 (may be NULL). */
    void (*sixteen)(uint8_t *elements);
    void (*row)(uint8_t *elements);
};

static inline unsigned qw_basis_digit_log(unsigned log)
{
    unsigned digit = 1;

    while (2 * digit < log) {
        digit *= 2;
    }
    return digit;
}

/* One step of the expansion on a block of 2 x half elements: the upper half is the quotient by
 * (y^(2^l) + y)^shift = y^half + y^shift, and comes back shift places up. */
static inline void qw_basis_divide(const struct qw_additive_fft_basis *basis, uint8_t *low,
                                   size_t half, size_t shift)
{
    uint8_t *high = low + half;

    basis->add(high, high + half - shift, shift);
    basis->add(low + shift, high, half - shift);
}

static inline void qw_basis_multiply(const struct qw_additive_fft_basis *basis, uint8_t *low,
                                     size_t half, size_t shift)
{
    uint8_t *high = low + half;

    basis->add(low + shift, high, half - shift);
    basis->add(high, high + half - shift, shift);
}

/* width: bytes of an element; leaf: the width at which `sixteen` and `row` apply. */
static inline void qw_basis_change(const struct qw_additive_fft_basis *basis, uint8_t *elements,
                                   unsigned log, size_t width, size_t leaf)
{
    unsigned digit = qw_basis_digit_log(log);
    size_t len = width << log;

    if (log <= 1) {
        return;
    }
    if (log == 4 && width == leaf) {
        basis->sixteen(elements);
        return;
    }
    if (log == 8 && width == leaf && basis->row != NULL) {
        basis->row(elements);
        return;
    }
    for (size_t block = len; block >= 2 * (width << digit); block /= 2) {
        for (size_t at = 0; at < len; at += block) {
            qw_basis_divide(basis, elements + at, block / 2, block / 2 >> digit);
        }
    }
    for (size_t at = 0; at < len; at += width << digit) {
        qw_basis_change(basis, elements + at, digit, width, leaf);
    }
    qw_basis_change(basis, elements, log - digit, width << digit, leaf);
}

static inline void qw_basis_restore(const struct qw_additive_fft_basis *basis, uint8_t *elements,
                                    unsigned log, size_t width, size_t leaf)
{
    unsigned digit = qw_basis_digit_log(log);
    size_t len = width << log;

    if (log <= 1) {
        return;
    }
    if (log == 4 && width == leaf) {
        basis->sixteen(elements);
        return;
    }
    qw_basis_restore(basis, elements, log - digit, width << digit, leaf);
    for (size_t at = 0; at < len; at += width << digit) {
        qw_basis_restore(basis, elements + at, digit, width, leaf);
    }
    for (size_t block = 2 * (width << digit); block <= len; block *= 2) {
        for (size_t at = 0; at < len; at += block) {
            qw_basis_multiply(basis, elements + at, block / 2, block / 2 >> digit);
        }
    }
}

#endif
