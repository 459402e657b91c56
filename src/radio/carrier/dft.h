/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CARRIER_DFT_H
#define QW_RADIO_CARRIER_DFT_H

#include "base/error.h"

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>

/* Discrete Fourier transform of a power of two, for the OFDM symbols of the carriers. Why not a
 * library's: docs/adr/0026-probing-at-sample-level.md. */
enum { QW_DFT_SIZE_MIN = 2, QW_DFT_SIZE_MAX = 4096 };

struct qw_dft;

/* size a power of two, QW_DFT_SIZE_MIN..QW_DFT_SIZE_MAX. QW_ERR_ARG, QW_ERR_NOMEM. */
qw_err qw_dft_new(size_t size, struct qw_dft **dft) QW_MUST_USE;
void qw_dft_free(struct qw_dft *dft); /* NULL is fine */

/* In place  [size values]:  X[k] = sum of x[n] exp(-j 2 pi k n / size). */
void qw_dft_forward(const struct qw_dft *dft, double complex *value);
/* The other way, without the factor 1 / size:  x[n] = sum of X[k] exp(+j 2 pi k n / size). */
void qw_dft_backward(const struct qw_dft *dft, double complex *value);

#endif
