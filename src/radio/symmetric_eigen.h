/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_SYMMETRIC_EIGEN_H
#define QW_RADIO_SYMMETRIC_EIGEN_H

#include "base/error.h"

#include <complex.h>
#include <stddef.h>

/* Eigenvalues of small symmetric matrices: Householder reduction to a band of three, then QL with
 * implicit shifts. Relative to the largest one they are exact to about 1e-13. */

/* matrix [n * n], destroyed; only its lower half is read. value [n], largest first.
 * QW_ERR_ARG: n is 0, or it does not converge (an entry that is not finite). QW_ERR_NOMEM. */
qw_err qw_symmetric_eigenvalues(double *matrix, size_t n, double *value) QW_MUST_USE;

/* matrix [n * n] Hermitian, untouched; only its lower half is read. value [n], largest first.
 * Errors as above. */
qw_err qw_hermitian_eigenvalues(const double complex *matrix, size_t n, double *value) QW_MUST_USE;

#endif
