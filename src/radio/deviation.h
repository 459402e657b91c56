/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_DEVIATION_H
#define QW_RADIO_DEVIATION_H

#include <stddef.h>

/* What one end cannot tell of the other's numbers is mostly the noise of two receivers, which is
 * the same in every number; a few disclosed probes say it far better of all numbers together than
 * of each. What each has of its own, as a radio with poor hardware, is kept as far as the estimates
 * differ by more than chance (empirical Bayes).
 *   variance   of each number at the end whose numbers are foretold  [dims]
 *   deviation  of each given the other end's measurement, estimated with so many degrees of
 *              freedom; replaced  [dims]
 * Numbers that the other end explains less than half of are left alone. */
void qw_deviation_pool(const double *variance, size_t dims, double freedom, double *deviation);

#endif
