/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/symmetric_eigen.h"

#include <math.h>
#include <stdlib.h>

enum { STEPS_MAX = 60 }; /* per eigenvalue; three are usual */

static int larger_first(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x < *y) - (*x > *y);
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* A' = A - u p^T - p u^T on the leading m x m block, p = A u / h - (u^T A u / 2 h^2) u. */
static void reflect(double *matrix, size_t n, size_t m, const double *u, double h, double *p)
{
    double share;

    for (size_t i = 0; i < m; i++) {
        double sum = dot(&matrix[i * n], u, i + 1);

        for (size_t k = i + 1; k < m; k++) {
            sum += matrix[k * n + i] * u[k];
        }
        p[i] = sum / h;
    }
    share = dot(u, p, m) / (2.0 * h);
    for (size_t i = 0; i < m; i++) {
        p[i] -= share * u[i];
    }
    for (size_t i = 0; i < m; i++) {
        for (size_t k = 0; k <= i; k++) {
            matrix[i * n + k] -= u[i] * p[k] + p[i] * u[k];
        }
    }
}

/* Row by row from the last: the row becomes zero left of the band. p [n] is scratch; off[i] is the
 * entry between i and i + 1. */
static void reduce(double *matrix, size_t n, double *p, double *off)
{
    for (size_t row = n - 1; row > 0; row--) {
        double *u = &matrix[row * n];
        double norm = sqrt(dot(u, u, row));

        if (row == 1 || norm == 0.0) {
            off[row - 1] = u[row - 1];
            continue;
        }
        off[row - 1] = u[row - 1] > 0.0 ? -norm : norm;
        u[row - 1] -= off[row - 1];
        reflect(matrix, n, row, u, 0.5 * dot(u, u, row), p);
    }
}

/* One QL step with an implicit shift on the block first..last. */
static void step(double *d, double *off, size_t first, size_t last)
{
    double g = (d[first + 1] - d[first]) / (2.0 * off[first]);
    double r = hypot(g, 1.0);
    double sine = 1.0;
    double cosine = 1.0;
    double moved = 0.0;

    g = d[last] - d[first] + off[first] / (g + copysign(r, g));
    for (size_t i = last; i-- > first;) {
        double f = sine * off[i];
        double b = cosine * off[i];

        r = hypot(f, g);
        off[i + 1] = r;
        if (r == 0.0) { /* splits here */
            d[i + 1] -= moved;
            off[last] = 0.0;
            return;
        }
        sine = f / r;
        cosine = g / r;
        g = d[i + 1] - moved;
        r = (d[i] - g) * sine + 2.0 * cosine * b;
        moved = sine * r;
        d[i + 1] = g + moved;
        g = cosine * r - b;
    }
    d[first] -= moved;
    off[first] = g;
    off[last] = 0.0;
}

/* off has n entries; the last one is 0 and stays free. */
static qw_err diagonalise(double *d, double *off, size_t n)
{
    double negligible = 0.0; /* against the largest: rounding has touched everything by that much */

    for (size_t i = 0; i < n; i++) {
        negligible = fmax(negligible, 1e-16 * (fabs(d[i]) + fabs(off[i])));
    }
    for (size_t first = 0; first < n; first++) {
        for (size_t steps = 0;; steps++) {
            size_t last = first;

            while (last + 1 < n && fabs(off[last]) > negligible) {
                last++;
            }
            if (last == first) {
                break;
            }
            if (steps == STEPS_MAX) {
                return QW_ERR_ARG;
            }
            step(d, off, first, last);
        }
    }
    return QW_OK;
}

qw_err qw_symmetric_eigenvalues(double *matrix, size_t n, double *value)
{
    double *scratch;
    double *off;
    qw_err err;

    if (n == 0) {
        return QW_ERR_ARG;
    }
    scratch = calloc(3 * n, sizeof *scratch);
    if (scratch == NULL) {
        return QW_ERR_NOMEM;
    }
    off = &scratch[n];
    for (size_t i = 0; i < n * n; i++) {
        if (i / n >= i % n && !isfinite(matrix[i])) {
            free(scratch);
            return QW_ERR_ARG;
        }
    }
    reduce(matrix, n, scratch, off);
    for (size_t i = 0; i < n; i++) {
        scratch[2 * n + i] = matrix[i * n + i];
    }
    err = diagonalise(&scratch[2 * n], off, n);
    if (err == QW_OK) {
        qsort(&scratch[2 * n], n, sizeof *scratch, larger_first);
        for (size_t i = 0; i < n; i++) {
            value[i] = scratch[2 * n + i];
        }
    }
    free(scratch);
    return err;
}

/* A + jB is Hermitian: [[A, -B], [B, A]] is symmetric and has every eigenvalue twice. */
qw_err qw_hermitian_eigenvalues(const double complex *matrix, size_t n, double *value)
{
    size_t wide = 2 * n;
    double *real;
    double *twice;
    qw_err err = QW_ERR_NOMEM;

    if (n == 0) {
        return QW_ERR_ARG;
    }
    real = calloc(wide * wide, sizeof *real);
    twice = calloc(wide, sizeof *twice);
    if (real != NULL && twice != NULL) {
        for (size_t i = 0; i < n; i++) {
            for (size_t k = 0; k < n; k++) {
                double complex entry = k <= i ? matrix[i * n + k] : conj(matrix[k * n + i]);

                real[i * wide + k] = creal(entry);
                real[(n + i) * wide + n + k] = creal(entry);
                real[(n + i) * wide + k] = i == k ? 0.0 : cimag(entry);
            }
        }
        err = qw_symmetric_eigenvalues(real, wide, twice);
    }
    for (size_t i = 0; err == QW_OK && i < n; i++) {
        value[i] = twice[2 * i];
    }
    free(real);
    free(twice);
    return err;
}
