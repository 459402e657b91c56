/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/carrier/dft.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

struct qw_dft {
    size_t size;
    double complex turn[]; /* exp(-j 2 pi k / size)  [size / 2] */
};

qw_err qw_dft_new(size_t size, struct qw_dft **dft)
{
    struct qw_dft *made;

    if (size < QW_DFT_SIZE_MIN || size > QW_DFT_SIZE_MAX || (size & (size - 1)) != 0) {
        return QW_ERR_ARG;
    }
    made = calloc(1, sizeof *made + size / 2 * sizeof made->turn[0]);
    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    made->size = size;
    for (size_t k = 0; k < size / 2; k++) {
        made->turn[k] = cexp(-2.0 * M_PI * I * (double)k / (double)size);
    }
    *dft = made;
    return QW_OK;
}

void qw_dft_free(struct qw_dft *dft)
{
    free(dft);
}

/* Bit-reversed order, by counting with the carry going down. */
static void reorder(double complex *value, size_t size)
{
    size_t mirrored = 0;

    for (size_t i = 0; i + 1 < size; i++) {
        size_t bit = size >> 1;

        if (i < mirrored) {
            double complex other = value[i];

            value[i] = value[mirrored];
            value[mirrored] = other;
        }
        while (mirrored & bit) {
            mirrored ^= bit;
            bit >>= 1;
        }
        mirrored |= bit;
    }
}

/* The product of two finite numbers, without the library's care for infinities. */
static double complex times(double complex a, double complex b)
{
    return creal(a) * creal(b) - cimag(a) * cimag(b) +
           I * (creal(a) * cimag(b) + cimag(a) * creal(b));
}

static void transform(const struct qw_dft *dft, double complex *value, bool is_backward)
{
    reorder(value, dft->size);
    for (size_t half = 1; half < dft->size; half *= 2) {
        size_t stride = dft->size / 2 / half;

        for (size_t first = 0; first < dft->size; first += 2 * half) {
            for (size_t k = 0; k < half; k++) {
                double complex turn = dft->turn[k * stride];
                double complex even = value[first + k];
                double complex odd =
                    times(value[first + k + half], is_backward ? conj(turn) : turn);

                value[first + k] = even + odd;
                value[first + k + half] = even - odd;
            }
        }
    }
}

void qw_dft_forward(const struct qw_dft *dft, double complex *value)
{
    transform(dft, value, false);
}

void qw_dft_backward(const struct qw_dft *dft, double complex *value)
{
    transform(dft, value, true);
}
