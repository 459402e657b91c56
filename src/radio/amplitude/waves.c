/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/amplitude/waves.h"

#include "radio/feature.h"
#include "radio/model.h"
#include "radio/symmetric_eigen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIRECTIONS_MIN = 16, ROWS_PER_DIRECTION = 6 };

static const double SEEN = 10.0;            /* power of a direction over the noise in it: 10 dB, */
static const double WEAKEST = 1.0 / 2000.0; /* and over the strongest: what like cards bend alike */
static const double ROUNDING = 1e-10; /* of the mean square power: keeps the noise invertible */

struct work {
    const struct qw_disclosed *disclosed;
    size_t first;      /* of a probe's numbers that is a power's */
    size_t directions; /* numbers of a row of powers */
    size_t rows;       /* in blocks that are long enough */
    size_t blocks;
    size_t *block_rows;     /* [blocks] */
    double *power[2];       /* of either end, block means removed  [rows * directions] */
    double square_sum;      /* of all powers, means included */
    double *noise, *shared; /* [directions^2] */
};

static void work_free(struct work *work)
{
    free(work->block_rows);
    free(work->power[0]);
    free(work->power[1]);
    free(work->noise);
    free(work->shared);
}

static qw_err work_init(struct work *work, const struct qw_disclosed *disclosed)
{
    size_t wanted = disclosed->count / ROWS_PER_DIRECTION;
    size_t most;

    memset(work, 0, sizeof *work);
    work->disclosed = disclosed;
    work->first = qw_feature_numbers(disclosed->stride, disclosed->group);
    most = disclosed->stride - work->first;
    most = most < QW_WAVES_DIRECTIONS_MAX ? most : QW_WAVES_DIRECTIONS_MAX;
    wanted = wanted > DIRECTIONS_MIN ? wanted : DIRECTIONS_MIN;
    work->directions = wanted < most ? wanted : most;
    work->block_rows = calloc(disclosed->count + 1, sizeof *work->block_rows);
    work->power[0] = calloc(disclosed->count * work->directions + 1, sizeof(double));
    work->power[1] = calloc(disclosed->count * work->directions + 1, sizeof(double));
    work->noise = calloc(work->directions * work->directions, sizeof(double));
    work->shared = calloc(work->directions * work->directions, sizeof(double));
    if (work->block_rows == NULL || work->power[0] == NULL || work->power[1] == NULL ||
        work->noise == NULL || work->shared == NULL) {
        work_free(work);
        return QW_ERR_NOMEM;
    }
    return QW_OK;
}

/* One end may have scaled its numbers otherwise. */
static double gain_of(const struct work *work)
{
    const struct qw_disclosed *disclosed = work->disclosed;
    double square[2] = { 0.0, 0.0 };

    for (size_t i = 0; i < disclosed->count; i++) {
        for (size_t d = work->first; d < disclosed->stride; d++) {
            double x = disclosed->x[i * disclosed->stride + d];
            double y = disclosed->y[i * disclosed->stride + d];

            square[0] += x * x;
            square[1] += y * y;
        }
    }
    return square[1] > 0.0 ? sqrt(square[0] / square[1]) : 1.0;
}

static void remove_mean(const struct work *work, double *power, size_t rows)
{
    for (size_t d = 0; d < work->directions; d++) {
        double mean = 0.0;

        for (size_t i = 0; i < rows; i++) {
            mean += power[i * work->directions + d] / (double)rows;
        }
        for (size_t i = 0; i < rows; i++) {
            power[i * work->directions + d] -= mean;
        }
    }
}

static void take_block(struct work *work, size_t first, size_t rows, double gain)
{
    const struct qw_disclosed *disclosed = work->disclosed;

    if (rows < QW_WAVES_BLOCK_ROWS_MIN) {
        return;
    }
    for (size_t end = 0; end < 2; end++) {
        const int32_t *number = end == 0 ? disclosed->x : disclosed->y;
        double *power = &work->power[end][work->rows * work->directions];

        number += first * disclosed->stride + work->first;
        for (size_t i = 0; i < rows; i++) {
            for (size_t d = 0; d < work->directions; d++) {
                double value = number[i * disclosed->stride + d] * (end == 0 ? 1.0 : gain);

                power[i * work->directions + d] = value;
                work->square_sum += value * value;
            }
        }
        remove_mean(work, power, rows);
    }
    work->block_rows[work->blocks++] = rows;
    work->rows += rows;
}

static void take_blocks(struct work *work)
{
    const struct qw_disclosed *disclosed = work->disclosed;
    double gain = gain_of(work);
    size_t first = 0;

    for (size_t i = 1; i <= disclosed->count; i++) {
        if (i == disclosed->count || disclosed->index[i] / QW_WAVES_BLOCK_PROBES !=
                                         disclosed->index[first] / QW_WAVES_BLOCK_PROBES) {
            take_block(work, first, i - first, gain);
            first = i;
        }
    }
}

/* Half the covariance of what differs between the ends; lower factor, in place. */
static void factor_noise(struct work *work)
{
    size_t n = work->directions;
    double freedom = 2.0 * (double)(work->rows - work->blocks);
    double floor_power = ROUNDING * work->square_sum / (double)(2 * n * work->rows);

    for (size_t i = 0; i < work->rows; i++) {
        const double *x = &work->power[0][i * n];
        const double *y = &work->power[1][i * n];

        for (size_t a = 0; a < n; a++) {
            for (size_t b = 0; b <= a; b++) {
                work->noise[a * n + b] += (x[a] - y[a]) * (x[b] - y[b]) / freedom;
            }
        }
    }
    for (size_t a = 0; a < n; a++) {
        for (size_t b = 0; b <= a; b++) {
            double sum = work->noise[a * n + b] + (a == b ? floor_power : 0.0);

            for (size_t m = 0; m < b; m++) {
                sum -= work->noise[a * n + m] * work->noise[b * n + m];
            }
            work->noise[a * n + b] =
                a == b ? sqrt(fmax(sum, floor_power + 1e-300)) : sum / work->noise[b * n + b];
        }
    }
}

/* L^-1 of every row: from here on the noise is white and of power 1. */
static void whiten(struct work *work)
{
    size_t n = work->directions;

    for (size_t row = 0; row < 2 * work->rows; row++) {
        double *power = &work->power[row % 2][row / 2 * n];

        for (size_t a = 0; a < n; a++) {
            for (size_t m = 0; m < a; m++) {
                power[a] -= work->noise[a * n + m] * power[m];
            }
            power[a] /= work->noise[a * n + a];
        }
    }
}

/* Directions in which both ends see the same movement: receivers' noise, of whatever colour, is in
 * the product of the two ends by chance only. */
static qw_err count_directions(struct work *work, size_t first, size_t rows, size_t *directions)
{
    size_t n = work->directions;
    double value[QW_WAVES_DIRECTIONS_MAX];
    size_t count = 0;
    qw_err err;

    memset(work->shared, 0, n * n * sizeof *work->shared);
    for (size_t i = first; i < first + rows; i++) {
        const double *x = &work->power[0][i * n];
        const double *y = &work->power[1][i * n];

        for (size_t a = 0; a < n; a++) {
            for (size_t b = 0; b <= a; b++) {
                work->shared[a * n + b] += 0.5 * (x[a] * y[b] + y[a] * x[b]) / (double)(rows - 1);
            }
        }
    }
    err = qw_symmetric_eigenvalues(work->shared, n, value);
    while (err == QW_OK && count < n && value[count] >= fmax(SEEN, WEAKEST * value[0])) {
        count++;
    }
    *directions = count;
    return err == QW_ERR_ARG ? QW_OK : err; /* not finite: nothing that can be counted */
}

size_t qw_waves_of_directions(size_t directions)
{
    size_t waves = 0;

    while (waves * waves + waves < directions) {
        waves++;
    }
    return waves;
}

qw_err qw_waves_count(const struct qw_disclosed *disclosed, size_t *waves)
{
    struct work work;
    size_t least = 0;
    size_t first = 0;
    qw_err err = work_init(&work, disclosed);

    if (err != QW_OK) {
        return err;
    }
    take_blocks(&work);
    if (work.blocks > 0) {
        factor_noise(&work);
        whiten(&work);
    }
    for (size_t b = 0; err == QW_OK && b < work.blocks; b++) {
        size_t directions = 0;

        err = count_directions(&work, first, work.block_rows[b], &directions);
        least = b == 0 || directions < least ? directions : least;
        first += work.block_rows[b];
    }
    work_free(&work);
    if (err == QW_OK) {
        *waves = qw_waves_of_directions(least);
    }
    return err;
}
