/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_LEAST_SQUARES_H
#define QW_RADIO_LEAST_SQUARES_H

#include "base/error.h"

#include <stddef.h>

/* Linear regression of one target on up to QW_LEAST_SQUARES_MAX regressors, fed row by row. Because
 * the regressors are factored in order, one solution tells the residual of every shorter list too.
 * Holds sums over measurements that may be secret: free wipes. */
enum { QW_LEAST_SQUARES_MAX = 192 };

struct qw_least_squares;

/* regressors 0..QW_LEAST_SQUARES_MAX. QW_ERR_ARG, QW_ERR_NOMEM. */
qw_err qw_least_squares_new(size_t regressors, struct qw_least_squares **squares) QW_MUST_USE;
void qw_least_squares_free(struct qw_least_squares *squares); /* NULL is fine */

/* Forgets all rows; fewer regressors than at new are allowed. */
void qw_least_squares_reset(struct qw_least_squares *squares, size_t regressors);

/* row [regressors + 1 values]: the regressors in order, then the target. */
void qw_least_squares_add(struct qw_least_squares *squares, const double *row);
size_t qw_least_squares_rows(const struct qw_least_squares *squares);

/* Factors what was added; call it once after the last row. A regressor that the earlier ones
 * determine (to 1e-12 of its square) is left out. */
void qw_least_squares_solve(struct qw_least_squares *squares);

/* After solve: sum of squared residuals on the first count regressors (0..regressors). */
double qw_least_squares_residual(const struct qw_least_squares *squares, size_t count);

/* After solve: the weights of all regressors  [regressors values]. */
void qw_least_squares_weights(const struct qw_least_squares *squares, double *weight);

#endif
