/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_AMPLITUDE_SHAPE_H
#define QW_RADIO_AMPLITUDE_SHAPE_H

#include <stddef.h>

/* What a few numbers hold together less than Gaussian ones of the same variances would: bits per
 * row, an upper limit within 9.4 deviations of the estimate. Amplitudes of one wave lie on a curve,
 * bent ones are told by squares of others; distances to nearest neighbours see any of that as long
 * as the numbers are few (Kozachenko and Leonenko), where a regression sees what it was built for.
 *   residual  innovations, uncorrelated  [rows * dims]
 *   dims      1..QW_FEATURE_MAX; beyond 8 the estimate sees little
 *   rows      at least 64; of more than QW_SHAPE_ROWS_MAX an even selection is looked at
 * docs/adr/0046-amplitudes-of-few-waves.md. */
enum { QW_SHAPE_ROWS_MAX = 2048 };
double qw_shape_bits(const double *residual, size_t rows, size_t dims);

#endif
