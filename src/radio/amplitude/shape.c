/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/amplitude/shape.h"

#include "radio/feature.h"

#include <math.h>

enum { NEIGHBOURS = 4 };

static const double DIGAMMA_NEIGHBOURS = 1.2561176684318005; /* 1 + 1/2 + 1/3 - Euler's constant */
static const double DISTANCE_MIN = 1e-9;                     /* of a deviation */
static const double DEVIATIONS = 9.4;                        /* 2^-66 of a Gaussian */

/* 1 / deviation^2 of each number over the rows that are looked at. */
static void find_scales(const double *residual, size_t count, size_t step, size_t dims,
                        double *scale)
{
    for (size_t d = 0; d < dims; d++) {
        double mean = 0.0;
        double square = 0.0;

        for (size_t i = 0; i < count; i++) {
            mean += residual[i * step * dims + d] / (double)count;
        }
        for (size_t i = 0; i < count; i++) {
            double rest = residual[i * step * dims + d] - mean;

            square += rest * rest / (double)count;
        }
        scale[d] = square > 0.0 ? 1.0 / square : 0.0;
    }
}

/* Squared distance to the NEIGHBOURS-th nearest other row. */
static double neighbour(const double *residual, size_t count, size_t step, size_t dims,
                        const double *scale, size_t at)
{
    const double *own = &residual[at * step * dims];
    double nearest[NEIGHBOURS];

    for (size_t k = 0; k < NEIGHBOURS; k++) {
        nearest[k] = INFINITY;
    }
    for (size_t i = 0; i < count; i++) {
        const double *other = &residual[i * step * dims];
        double distance = 0.0;

        for (size_t d = 0; d < dims; d++) {
            distance += (own[d] - other[d]) * (own[d] - other[d]) * scale[d];
        }
        if (i == at || distance >= nearest[NEIGHBOURS - 1]) {
            continue;
        }
        for (size_t k = 0; k < NEIGHBOURS; k++) { /* insert, the last falls out */
            if (distance < nearest[k]) {
                double pushed = nearest[k];

                nearest[k] = distance;
                distance = pushed;
            }
        }
    }
    return nearest[NEIGHBOURS - 1];
}

/* ln of the volume of a ball of radius 1. */
static double ball_ln(size_t dims)
{
    int sign;

    return 0.5 * (double)dims * log(M_PI) - lgamma_r(0.5 * (double)dims + 1.0, &sign);
}

double qw_shape_bits(const double *residual, size_t rows, size_t dims)
{
    size_t step = (rows + QW_SHAPE_ROWS_MAX - 1) / QW_SHAPE_ROWS_MAX;
    size_t count = rows / step;
    double scale[QW_FEATURE_MAX];
    double sum = 0.0;
    double entropy;
    double missing;
    double spread;

    find_scales(residual, count, step, dims, scale);
    for (size_t i = 0; i < count; i++) {
        double square = neighbour(residual, count, step, dims, scale, i);

        sum += 0.5 * log(fmax(square, DISTANCE_MIN * DISTANCE_MIN));
    }
    entropy = log((double)count) - DIGAMMA_NEIGHBOURS + ball_ln(dims) +
              (double)dims * sum / (double)count;
    missing = 0.5 * (double)dims * log(2.0 * M_PI * M_E) - entropy;
    spread = sqrt((0.5 * (double)dims + 0.5) / (double)count);
    return M_LOG2E * fmax(missing + DEVIATIONS * spread, 0.0);
}
