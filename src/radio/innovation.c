/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/innovation.h"

#include "base/secret.h"
#include "radio/amplitude/shape.h"
#include "radio/least_squares.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double ROUNDING_VARIANCE = 1.0 / 12.0; /* the integers know no less than this */
static const double UNIT = 1.0 / 4096.0;            /* keeps the sums of squares near 1 */
/* E[ln x^2] of a standard Gaussian is minus this (Euler's constant and ln 2). */
static const double LOG_SQUARE = 1.2703628454614782;
/* Six deviations of 1/2 log2 of the two estimates of a Gaussian's variance against each other,
 * times the root of the rows: 3 log2(e) sqrt(pi^2 / 2 - 2). */
static const double SHAPE_SLACK = 7.41;

struct work {
    const struct qw_feature_set *set;
    struct qw_least_squares *squares;
    size_t lags;
    size_t rows;
    size_t dims;
    double *residual; /* of amplitudes, wiped: [rows * dims]; NULL: not kept */
    double row[QW_LEAST_SQUARES_MAX + 1];
    double weight[QW_LEAST_SQUARES_MAX];
};

/* Number of probes heard in a row that end at each probe decides; calls visit for those with all
 * their lags. */
static size_t count_rows(const struct qw_feature_set *set, size_t lags)
{
    size_t run = 0;
    size_t rows = 0;

    for (uint32_t i = 0; i < set->probes; i++) {
        run = qw_feature_set_has(set, i) ? run + 1 : 0;
        rows += run > lags ? 1 : 0;
    }
    return rows;
}

/* Next probe after *at with all its lags; *run carries the count of probes heard in a row. */
static bool next_row(const struct work *work, uint32_t *at, size_t *run)
{
    while (*at < work->set->probes) {
        *run = qw_feature_set_has(work->set, *at) ? *run + 1 : 0;
        (*at)++;
        if (*run > work->lags) {
            return true;
        }
    }
    return false;
}

/* Numbers of one mode, in all chains together. An antenna may come where another one was before, so
 * what all of them heard is the past of each. */
static size_t block_of(const struct qw_feature_set *set)
{
    return set->plan.group * (set->plan.chains > 1 ? set->plan.chains : 1);
}

static size_t regressors_of(const struct work *work, size_t dim, size_t lags)
{
    return 1 + dim + lags * block_of(work->set);
}

/* Constant, earlier numbers of the same probe, own mode lag by lag, target. */
static void fill_row(struct work *work, uint32_t probe, size_t dim)
{
    size_t block = block_of(work->set);
    size_t first = dim - dim % block;
    const int32_t *now = qw_feature_set_row(work->set, probe);
    double *out = work->row;

    *out++ = 1.0;
    for (size_t d = 0; d < dim; d++) {
        *out++ = now[d] * UNIT;
    }
    for (size_t lag = 1; lag <= work->lags; lag++) {
        const int32_t *then = qw_feature_set_row(work->set, probe - (uint32_t)lag);

        for (size_t g = 0; g < block; g++) {
            *out++ = then[first + g] * UNIT;
        }
    }
    *out = now[dim] * UNIT;
}

static double half_log2(double square_sum, double rows)
{
    double variance = square_sum / rows / (UNIT * UNIT);

    return 0.5 * log2(fmax(variance, ROUNDING_VARIANCE));
}

static double residual_of(const struct work *work, size_t regressors)
{
    double residual = work->row[regressors];

    for (size_t i = 0; i < regressors; i++) {
        residual -= work->weight[i] * work->row[i];
    }
    return residual;
}

/* What the variance of residuals says too much when they are not Gaussian: rare jumps, or a noise
 * that comes and goes, hold less entropy than a Gaussian as wide. The mean logarithm of the squares
 * does not follow the rare ones. Where it is lower by more than chance, the difference counts, and
 * as much again: after a jump the prediction is wrong for some probes, which the logarithms follow
 * and whoever planned the jump does not (docs/adr/0158-who-jumps-pays-twice.md). */
static double shape_log2(double variance_log2, double log_square_sum, double rows)
{
    double by_logarithms = 0.5 * M_LOG2E * (log_square_sum / rows + LOG_SQUARE);
    double above = variance_log2 - by_logarithms;

    return above > SHAPE_SLACK / sqrt(rows) ? 2.0 * above : 0.0;
}

/* Mean over segments, weighted by their rows; the last one takes the remainder. */
static double segment_log2(struct work *work, size_t dim)
{
    size_t segments = work->rows / QW_INNOVATION_SEGMENT_ROWS;
    size_t regressors = regressors_of(work, dim, work->lags);
    size_t segment = 0;
    size_t in_segment = 0;
    size_t at_row = 0;
    double log_square_sum = 0.0;
    double square_sum = 0.0;
    double sum = 0.0;
    uint32_t at = 0;
    size_t run = 0;

    while (next_row(work, &at, &run)) {
        double residual;

        fill_row(work, at - 1, dim);
        residual = residual_of(work, regressors) / UNIT;
        if (work->residual != NULL) {
            work->residual[at_row++ * work->dims + dim] = residual;
        }
        square_sum += residual * residual * UNIT * UNIT;
        log_square_sum += log(fmax(residual * residual, ROUNDING_VARIANCE * 1e-3));
        in_segment++;
        if (in_segment == QW_INNOVATION_SEGMENT_ROWS && segment + 1 < segments) {
            sum += (double)in_segment * half_log2(square_sum, (double)in_segment);
            square_sum = 0.0;
            in_segment = 0;
            segment++;
        }
    }
    sum += (double)in_segment * half_log2(square_sum, (double)in_segment);
    sum /= (double)work->rows;
    return sum - shape_log2(sum, log_square_sum, (double)work->rows);
}

static void treat_dim(struct work *work, size_t dim, struct qw_innovation *made)
{
    size_t all = regressors_of(work, dim, work->lags);
    uint32_t at = 0;
    size_t run = 0;

    qw_least_squares_reset(work->squares, all);
    while (next_row(work, &at, &run)) {
        fill_row(work, at - 1, dim);
        qw_least_squares_add(work->squares, work->row);
    }
    qw_least_squares_solve(work->squares);
    for (size_t lags = 0; lags <= work->lags; lags++) {
        size_t used = regressors_of(work, dim, lags);

        made->order_log2[lags] +=
            half_log2(qw_least_squares_residual(work->squares, used), (double)(work->rows - used));
    }
    qw_least_squares_weights(work->squares, work->weight);
    made->deviation_log2 += segment_log2(work, dim);
}

/* More chains, fewer probes back: the past is as long in numbers. */
static size_t lags_of(const struct qw_feature_set *set)
{
    if (set->plan.chains <= 1) {
        return QW_INNOVATION_LAGS_MAX;
    }
    return set->plan.chains == 2 ? QW_INNOVATION_LAGS_MIN : QW_INNOVATION_LAGS_CHAINS;
}

/* Amplitudes are functions of each other: their residuals are looked at together. */
static qw_err open_residuals(struct work *work)
{
    if (work->set->plan.group != 1) {
        return QW_OK;
    }
    work->residual = calloc(work->rows * work->dims, sizeof *work->residual);
    return work->residual == NULL ? QW_ERR_NOMEM : QW_OK;
}

static void close_residuals(struct work *work)
{
    if (work->residual != NULL) {
        qw_wipe(work->residual, work->rows * work->dims * sizeof *work->residual);
    }
    free(work->residual);
}

qw_err qw_innovation_estimate(const struct qw_feature_set *set, size_t dims,
                              struct qw_innovation *innovation)
{
    struct work work = { .set = set, .lags = lags_of(set), .dims = dims };
    struct qw_innovation made;
    qw_err err;

    if (dims == 0 || dims > qw_feature_numbers(set->stride, set->plan.group)) {
        return QW_ERR_ARG;
    }
    work.rows = count_rows(set, work.lags);
    if (work.rows < QW_INNOVATION_ROWS_MANY && work.lags > QW_INNOVATION_LAGS_MIN) {
        work.lags = QW_INNOVATION_LAGS_MIN;
        work.rows = count_rows(set, work.lags);
    }
    if (work.rows < QW_INNOVATION_ROWS_MIN) {
        return QW_ERR_EXHAUSTED;
    }
    err = qw_least_squares_new(regressors_of(&work, dims - 1, work.lags), &work.squares);
    if (err != QW_OK) {
        return err;
    }
    err = open_residuals(&work);
    if (err != QW_OK) {
        qw_least_squares_free(work.squares);
        return err;
    }
    memset(&made, 0, sizeof made);
    made.dims = dims;
    made.probes = count_rows(set, 0);
    made.rows = work.rows;
    made.lags = work.lags;
    made.modes = qw_feature_numbers(set->stride, set->plan.group) / set->plan.group;
    for (size_t d = 0; d < dims; d++) {
        treat_dim(&work, d, &made);
    }
    if (work.residual != NULL) {
        made.shape_bits = qw_shape_bits(work.residual, work.rows, dims);
    }
    *innovation = made;
    close_residuals(&work);
    qw_least_squares_free(work.squares);
    qw_wipe(work.row, sizeof work.row);
    qw_wipe(work.weight, sizeof work.weight);
    return QW_OK;
}
