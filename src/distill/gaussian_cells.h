/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_GAUSSIAN_CELLS_H
#define QW_DISTILL_GAUSSIAN_CELLS_H

/* Probability that a Gaussian with mean 0 lies in low..high, with full relative precision in both
 * tails. */
double qw_gaussian_mass(double low, double high, double sigma);

/* What the belief (mean, sigma, in cells) says about bit level of a symbol of depth bits whose
 * lower bits are known: ln(P(0) / P(1)), finite, for any mean. depth > level. */
float qw_gaussian_cells_llr(double mean, double sigma, unsigned depth, unsigned level,
                            unsigned lower_bits);

/* The symbol of depth bits nearest to the mean among those with these lower bits (levels of them).
 */
unsigned qw_gaussian_cells_nearest(double mean, unsigned depth, unsigned levels,
                                   unsigned lower_bits);

#endif
