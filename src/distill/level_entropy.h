/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_DISTILL_LEVEL_ENTROPY_H
#define QW_DISTILL_LEVEL_ENTROPY_H

/* H(bit level of q | Y, lower bits) in bits, for q = floor(x), x Gaussian around a mean that lies
 * anywhere, with deviation sigma_cells: no outer cells. Numeric integration, error below 1e-6. */
double qw_level_entropy(double sigma_cells, unsigned level);

#endif
