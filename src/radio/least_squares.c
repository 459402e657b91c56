/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/least_squares.h"

#include "base/secret.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The Gram matrix of regressors and target, lower triangle, replaced by its Cholesky factor. */
struct qw_least_squares {
    size_t regressors; /* <= capacity */
    size_t capacity;
    size_t rows;
    double *gram; /* row r, column c <= r at r (r + 1) / 2 + c; the last row is the target's */
};

static const double DEPENDENT = 1e-12;

static double *at(const struct qw_least_squares *squares, size_t row, size_t column)
{
    return &squares->gram[row * (row + 1) / 2 + column];
}

static size_t triangle(size_t regressors)
{
    return (regressors + 1) * (regressors + 2) / 2;
}

qw_err qw_least_squares_new(size_t regressors, struct qw_least_squares **squares)
{
    struct qw_least_squares *made;

    if (regressors > QW_LEAST_SQUARES_MAX) {
        return QW_ERR_ARG;
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    made->gram = calloc(triangle(regressors), sizeof *made->gram);
    if (made->gram == NULL) {
        free(made);
        return QW_ERR_NOMEM;
    }
    made->regressors = regressors;
    made->capacity = regressors;
    *squares = made;
    return QW_OK;
}

void qw_least_squares_free(struct qw_least_squares *squares)
{
    if (squares == NULL) {
        return;
    }
    qw_wipe_free(squares->gram, triangle(squares->capacity) * sizeof *squares->gram);
    free(squares);
}

void qw_least_squares_reset(struct qw_least_squares *squares, size_t regressors)
{
    qw_assert(regressors <= squares->capacity);
    squares->regressors = regressors;
    squares->rows = 0;
    memset(squares->gram, 0, triangle(regressors) * sizeof *squares->gram);
}

void qw_least_squares_add(struct qw_least_squares *squares, const double *row)
{
    double *sum = squares->gram;

    for (size_t r = 0; r <= squares->regressors; r++) {
        for (size_t c = 0; c <= r; c++) {
            *sum++ += row[r] * row[c];
        }
    }
    squares->rows++;
}

size_t qw_least_squares_rows(const struct qw_least_squares *squares)
{
    return squares->rows;
}

void qw_least_squares_solve(struct qw_least_squares *squares)
{
    size_t n = squares->regressors;

    for (size_t c = 0; c < n; c++) {
        double square = *at(squares, c, c);
        double left = square;

        for (size_t i = 0; i < c; i++) {
            left -= *at(squares, c, i) * *at(squares, c, i);
        }
        if (left <= DEPENDENT * square || square <= 0.0) {
            for (size_t r = c; r <= n; r++) { /* a zero column leaves the regressor out */
                *at(squares, r, c) = 0.0;
            }
            continue;
        }
        left = sqrt(left);
        *at(squares, c, c) = left;
        for (size_t r = c + 1; r <= n; r++) {
            double value = *at(squares, r, c);

            for (size_t i = 0; i < c; i++) {
                value -= *at(squares, r, i) * *at(squares, c, i);
            }
            *at(squares, r, c) = value / left;
        }
    }
}

double qw_least_squares_residual(const struct qw_least_squares *squares, size_t count)
{
    size_t n = squares->regressors;
    double residual = *at(squares, n, n);

    qw_assert(count <= n);
    for (size_t i = 0; i < count; i++) {
        residual -= *at(squares, n, i) * *at(squares, n, i);
    }
    return residual > 0.0 ? residual : 0.0;
}

void qw_least_squares_weights(const struct qw_least_squares *squares, double *weight)
{
    size_t n = squares->regressors;

    for (size_t c = n; c-- > 0;) {
        double value = *at(squares, n, c);
        double pivot = *at(squares, c, c);

        for (size_t r = c + 1; r < n; r++) {
            value -= weight[r] * *at(squares, r, c);
        }
        weight[c] = pivot > 0.0 ? value / pivot : 0.0;
    }
}
