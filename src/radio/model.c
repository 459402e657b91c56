/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/model.h"

#include "base/bytes.h"
#include "radio/amplitude/waves.h"
#include "radio/deviation.h"
#include "radio/least_squares.h"

#include <math.h>
#include <string.h>

enum {
    SHORT_LAGS = 4,
    JUDGED_MODES = 4,     /* where a channel shows first whether it moves */
    WIDTH_MAX = 1 << 24,  /* fixed-point units */
    CENTRE_MAX = 1 << 23, /* the largest number there is */
    DEPTH_MAX = 14
};

static const double RANGE_DEVIATIONS = 24.0; /* cells reach 12 deviations to either side */
static const double WIDTH_MIN = 4.0;         /* so that rounding to the grid stays small */
static const double MARGIN_DEVIATIONS = 1.7; /* of an estimate's relative error */
static const double TAIL_SLACK = 2.0;        /* of a tail's estimate, likewise */
static const double TAIL_MARGIN = 1.5;       /* for each unit above that */
static const double MARGIN_MAX = 0.95 * QW_MODEL_WIDTH_RATIO_MAX;
static const double AMPLITUDE_MARGIN = 1.1;
static const double CORRELATED = 0.2;          /* share of variance that the other end explains */
static const double STILL = 0.1;               /* fluctuation over steady power */
static const double EXPECTED_LEAK_BITS = 3.95; /* entropy of the noise in cells, and the code */
static const double EXPECTED_LOSS_BITS = 0.1;  /* confidence, unseen lags, finite size */

struct statistics { /* of one number over the disclosed probes */
    double mean;
    double variance;
    double innovation; /* variance given the numbers before it and SHORT_LAGS of its past */
    double spatial;    /* variance given the numbers before it only */
};

static void take_moments(const struct qw_disclosed *disclosed, size_t dim,
                         struct statistics *statistics)
{
    double sum = 0.0;
    double square_sum = 0.0;
    double n = (double)disclosed->count;

    for (size_t i = 0; i < disclosed->count; i++) {
        sum += disclosed->x[i * disclosed->stride + dim];
    }
    statistics->mean = sum / n;
    for (size_t i = 0; i < disclosed->count; i++) {
        double value = disclosed->x[i * disclosed->stride + dim] - statistics->mean;

        square_sum += value * value;
    }
    statistics->variance = fmax(square_sum / (n - 1.0), 1.0);
}

/* The last SHORT_LAGS disclosed probes are the ones just before this one. */
static bool has_lags(const struct qw_disclosed *disclosed, size_t i)
{
    return i >= SHORT_LAGS && disclosed->index[i] - disclosed->index[i - SHORT_LAGS] == SHORT_LAGS;
}

static void fill_row(const struct qw_disclosed *disclosed, size_t i, size_t dim, double *out)
{
    size_t first = dim - dim % disclosed->group;
    const int32_t *now = &disclosed->x[i * disclosed->stride];

    *out++ = 1.0;
    for (size_t d = 0; d < dim; d++) {
        *out++ = now[d];
    }
    for (size_t lag = 1; lag <= SHORT_LAGS; lag++) {
        for (size_t g = 0; g < disclosed->group; g++) {
            *out++ = now[-(ptrdiff_t)(lag * disclosed->stride) + (ptrdiff_t)(first + g)];
        }
    }
    *out = now[dim];
}

/* For choosing only: the account makes its own, stricter estimate from all probes. */
static void take_innovation(const struct qw_disclosed *disclosed, size_t dim,
                            struct qw_least_squares *squares, struct statistics *statistics)
{
    double row[QW_LEAST_SQUARES_MAX + 1];
    size_t regressors = 1 + dim + SHORT_LAGS * disclosed->group;
    double rows;

    qw_least_squares_reset(squares, regressors);
    for (size_t i = 0; i < disclosed->count; i++) {
        if (has_lags(disclosed, i)) {
            fill_row(disclosed, i, dim, row);
            qw_least_squares_add(squares, row);
        }
    }
    qw_least_squares_solve(squares);
    rows = (double)qw_least_squares_rows(squares);
    statistics->spatial =
        qw_least_squares_residual(squares, 1 + dim) / fmax(rows - 1.0 - (double)dim, 1.0);
    statistics->innovation =
        qw_least_squares_residual(squares, regressors) / fmax(rows - (double)regressors, 1.0);
    statistics->spatial = fmax(statistics->spatial, 1.0);
    statistics->innovation = fmax(statistics->innovation, 1.0);
}

static size_t weights_of(const struct qw_belief *belief)
{
    return 1 + belief->sources * belief->group;
}

static void fill_observation(const struct qw_belief *belief, size_t dim,
                             const int32_t *const *observation, size_t row_at, double *out)
{
    size_t first = dim - dim % belief->group;

    *out++ = 1.0;
    for (size_t s = 0; s < belief->sources; s++) {
        for (size_t g = 0; g < belief->group; g++) {
            *out++ = observation[s][row_at + first + g];
        }
    }
}

static double expected_of(const struct qw_belief *belief, size_t dim,
                          const int32_t *const *observation, size_t row_at)
{
    double row[QW_BELIEF_WEIGHTS];
    double expected = 0.0;

    fill_observation(belief, dim, observation, row_at, row);
    for (size_t i = 0; i < weights_of(belief); i++) {
        expected += belief->weight[dim][i] * row[i];
    }
    return expected;
}

/* Fourth moment of what the other end cannot tell, over a Gaussian's with that variance. */
static double tail_of(const struct qw_disclosed *disclosed, const struct qw_belief *belief,
                      size_t dim)
{
    double square_sum = 0.0;
    double fourth_sum = 0.0;
    double n = (double)disclosed->count;

    for (size_t i = 0; i < disclosed->count; i++) {
        size_t at = i * disclosed->stride;
        double square = disclosed->x[at + dim] - expected_of(belief, dim, &disclosed->y, at);

        square *= square;
        square_sum += square;
        fourth_sum += square * square;
    }
    return fourth_sum * n / fmax(3.0 * square_sum * square_sum, 1.0);
}

/* Deviations are estimated, and so are the weights of the belief that will be used: cells a little
 * wider than they say cost less than a MORE, and the less the more probes were disclosed. The noise
 * of an amplitude grows in a fade, and that of a receiver whose clock runs free with the channel:
 * what has tails wider than a Gaussian's is believed to be wider as a whole. They show where the
 * channel is strong. */
static double margin_of(const struct qw_disclosed *disclosed, const struct qw_belief *belief)
{
    double judged = (double)(JUDGED_MODES * disclosed->group);
    double count = (double)disclosed->count;
    double margin = sqrt(1.0 + (double)weights_of(belief) / count) *
                    (1.0 + MARGIN_DEVIATIONS / sqrt(2.0 * judged * count));
    double tail = 0.0;

    for (size_t d = 0; d < JUDGED_MODES * disclosed->group; d++) {
        tail += tail_of(disclosed, belief, d) / judged;
    }
    margin *= 1.0 + TAIL_MARGIN * fmax(tail - 1.0 - TAIL_SLACK / sqrt(count * judged), 0.0);
    margin *= disclosed->group == 2 ? 1.0 : AMPLITUDE_MARGIN;
    return fmin(margin, MARGIN_MAX);
}

/* Of each number given the other end's measurement, all receivers' noise taken together, and with
 * the margin: never as far from what the number itself says as the terminal would refuse. */
static void take_deviations(const struct qw_disclosed *disclosed,
                            const struct statistics *statistics, const struct qw_belief *belief,
                            double margin, double *deviation)
{
    double variance[QW_FEATURE_MAX];
    double freedom = (double)disclosed->count - (double)weights_of(belief);

    for (size_t d = 0; d < belief->dims; d++) {
        variance[d] = statistics[d].variance;
        deviation[d] = belief->deviation[d];
    }
    qw_deviation_pool(variance, belief->dims, fmax(freedom, 1.0), deviation);
    for (size_t d = 0; d < belief->dims; d++) {
        double own = belief->deviation[d];

        deviation[d] = fmin(fmax(margin * deviation[d], own / MARGIN_MAX), own * MARGIN_MAX);
    }
}

static void choose_cells(const struct statistics *statistics, double deviation, size_t dim,
                         struct qw_model *model)
{
    double wanted = round(deviation / QW_MODEL_SIGMA_CELLS);
    double range = RANGE_DEVIATIONS * sqrt(statistics->variance);
    double least = fmax(WIDTH_MIN, ceil(range / (1 << DEPTH_MAX)));
    double width = fmin(fmax(wanted, least), WIDTH_MAX);
    double cells = range / width;
    double depth = fmin(fmax(ceil(log2(cells)), 1.0), DEPTH_MAX);
    double centre = fmin(fmax(round(statistics->mean), -CENTRE_MAX), CENTRE_MAX);

    model->width[dim] = (uint32_t)width;
    model->depth[dim] = (uint8_t)depth;
    model->centre[dim] = (int32_t)centre;
}

/* Most bits that a prefix of whole modes is expected to net, and that prefix. */
static double best_prefix(const double *bits, size_t dims, size_t group, size_t *prefix)
{
    double sum = 0.0;
    double best = 0.0;

    *prefix = 0;
    for (size_t d = 0; d < dims; d++) {
        sum += bits[d];
        if ((d + 1) % group == 0 && sum > best) {
            best = sum;
            *prefix = d + 1;
        }
    }
    return best;
}

static double net_bits(double variance, double correlation, uint32_t width)
{
    double left = variance * (1.0 - correlation * correlation);

    return 0.5 * log2(2.0 * M_PI * M_E * left) - log2(width) - EXPECTED_LEAK_BITS -
           EXPECTED_LOSS_BITS;
}

/* Why nothing is left: which of the two subtractions took it. */
static enum qw_plkg_refusal diagnose(const struct statistics *statistics,
                                     const struct qw_model *model, size_t dims, size_t group,
                                     double eve_correlation)
{
    double bits[QW_FEATURE_MAX] = { 0 };
    size_t prefix;

    for (size_t d = 0; d < dims; d++) {
        bits[d] = net_bits(statistics[d].innovation, 0.0, model->width[d]);
    }
    if (best_prefix(bits, dims, group, &prefix) > 0.0) {
        return QW_PLKG_EVE_CORR;
    }
    for (size_t d = 0; d < dims; d++) {
        bits[d] = net_bits(statistics[d].spatial, eve_correlation, model->width[d]);
    }
    return best_prefix(bits, dims, group, &prefix) > 0.0 ? QW_PLKG_PREDICTABLE : QW_PLKG_NO_GAIN;
}

/* Does the channel move at all, and do both ends see the same movement? */
static enum qw_plkg_refusal judge_movement(const struct statistics *statistics,
                                           const struct qw_belief *belief, size_t group)
{
    double unexplained = 0.0;
    double fluctuation = 0.0;
    double steady = 0.0;

    for (size_t d = 0; d < JUDGED_MODES * group; d++) {
        unexplained += belief->deviation[d] * belief->deviation[d];
        fluctuation += statistics[d].variance;
        steady += statistics[d].mean * statistics[d].mean;
    }
    if (unexplained < (1.0 - CORRELATED) * fluctuation) {
        return QW_PLKG_NONE;
    }
    return fluctuation < STILL * steady ? QW_PLKG_STATIC : QW_PLKG_LOW_RHO;
}

/* Both ends equally noisy: rho = snr / (1 + snr). */
static double mean_snr_db(const struct statistics *statistics, const struct qw_belief *belief,
                          size_t dims)
{
    double sum_db = 0.0;

    for (size_t d = 0; d < dims; d++) {
        double noise = belief->deviation[d] * belief->deviation[d] / statistics[d].variance;
        double rho = sqrt(fmin(fmax(1.0 - noise, 1e-6), 1.0 - 1e-12));

        sum_db += 10.0 * log10(rho / (1.0 - rho));
    }
    return sum_db / (double)dims;
}

static qw_err take_statistics(const struct qw_disclosed *disclosed, struct statistics *statistics)
{
    struct qw_least_squares *squares;
    qw_err err = qw_least_squares_new(QW_FEATURE_MAX + SHORT_LAGS * disclosed->group, &squares);

    if (err != QW_OK) {
        return err;
    }
    for (size_t d = 0; d < qw_feature_numbers(disclosed->stride, disclosed->group); d++) {
        take_moments(disclosed, d, &statistics[d]);
        take_innovation(disclosed, d, squares, &statistics[d]);
    }
    qw_least_squares_free(squares);
    return QW_OK;
}

/* How many numbers may be used. */
static qw_err find_most(const struct qw_disclosed *disclosed, size_t *most)
{
    size_t numbers = qw_feature_numbers(disclosed->stride, disclosed->group);
    size_t waves = numbers;
    qw_err err = disclosed->group == 1 ? qw_waves_count(disclosed, &waves) : QW_OK;

    if (err == QW_OK) {
        *most = waves < numbers ? waves : numbers;
    }
    return err;
}

qw_err qw_model_estimate(const struct qw_disclosed *disclosed, double eve_correlation,
                         struct qw_model *model, struct qw_model_report *report)
{
    struct statistics statistics[QW_FEATURE_MAX];
    struct qw_belief belief;
    struct qw_model made = { 0 };
    double bits[QW_FEATURE_MAX] = { 0 };
    double deviation[QW_FEATURE_MAX];
    double margin;
    size_t dims = qw_feature_numbers(disclosed->stride, disclosed->group);
    size_t most = 0;
    size_t prefix;
    qw_err err = qw_belief_fit(disclosed, &disclosed->y, 1, dims, &belief);

    if (err == QW_OK) {
        err = take_statistics(disclosed, statistics);
    }
    if (err == QW_OK) {
        err = find_most(disclosed, &most);
    }
    if (err != QW_OK) {
        return err;
    }
    report->refusal = judge_movement(statistics, &belief, disclosed->group);
    if (report->refusal != QW_PLKG_NONE) {
        return QW_ERR_REFUSED;
    }
    margin = margin_of(disclosed, &belief);
    take_deviations(disclosed, statistics, &belief, margin, deviation);
    for (size_t d = 0; d < dims; d++) {
        choose_cells(&statistics[d], deviation[d], d, &made);
        bits[d] = net_bits(statistics[d].innovation, eve_correlation, made.width[d]);
    }
    best_prefix(bits, most, disclosed->group, &prefix);
    report->snr_db = mean_snr_db(statistics, &belief, prefix > 0 ? prefix : disclosed->group);
    if (prefix == 0) {
        report->refusal =
            most == 0 ? QW_PLKG_NO_GAIN
                      : diagnose(statistics, &made, most, disclosed->group, eve_correlation);
        return QW_ERR_REFUSED;
    }
    made.dims = (uint8_t)prefix;
    *model = made;
    return QW_OK;
}

size_t qw_model_encode(const struct qw_model *model, uint8_t out[static QW_MODEL_LEN_MAX])
{
    struct qw_writer w = qw_writer_on(out, QW_MODEL_LEN_MAX);

    qw_write_u8(&w, model->dims);
    for (size_t d = 0; d < model->dims; d++) {
        qw_write_u32be(&w, (uint32_t)model->centre[d]);
        qw_write_u32be(&w, model->width[d]);
        qw_write_u8(&w, model->depth[d]);
    }
    qw_assert(!w.failed);
    return w.len;
}

bool qw_model_read(struct qw_reader *r, struct qw_model *model)
{
    struct qw_model m = { .dims = qw_read_u8(r) };

    if (m.dims == 0 || m.dims > QW_FEATURE_MAX) {
        return false;
    }
    for (size_t d = 0; d < m.dims; d++) {
        int64_t centre = (int32_t)qw_read_u32be(r);

        m.width[d] = qw_read_u32be(r);
        m.depth[d] = qw_read_u8(r);
        if (centre < -CENTRE_MAX || centre > CENTRE_MAX || m.width[d] == 0 ||
            m.width[d] > WIDTH_MAX || m.depth[d] == 0 || m.depth[d] > DEPTH_MAX) {
            return false;
        }
        m.centre[d] = (int32_t)centre;
    }
    *model = m;
    return true;
}

static int64_t lowest_edge(const struct qw_model *model, size_t dim)
{
    return model->centre[dim] - ((int64_t)model->width[dim] << (model->depth[dim] - 1));
}

uint16_t qw_model_symbol(const struct qw_model *model, size_t dim, int32_t value, bool *is_outside)
{
    int64_t offset = value - lowest_edge(model, dim);
    int64_t cell = offset / (int64_t)model->width[dim];
    int64_t last = (INT64_C(1) << model->depth[dim]) - 1;

    *is_outside = offset < 0 || cell > last;
    if (offset < 0) {
        return 0;
    }
    return (uint16_t)(cell > last ? last : cell);
}

int32_t qw_model_value(const struct qw_model *model, size_t dim, uint16_t symbol)
{
    int64_t width = model->width[dim];
    int64_t value = lowest_edge(model, dim) + symbol * width + (width - 1) / 2;

    return (int32_t)value;
}

qw_err qw_belief_fit(const struct qw_disclosed *disclosed, const int32_t *const *observation,
                     size_t sources, size_t dims, struct qw_belief *belief)
{
    struct qw_belief made = { .sources = sources, .group = disclosed->group, .dims = dims };
    double row[QW_BELIEF_WEIGHTS + 1];
    struct qw_least_squares *squares;
    size_t weights = weights_of(&made);
    qw_err err;

    qw_assert(sources <= QW_BELIEF_SOURCES_MAX && dims <= disclosed->stride);
    err = qw_least_squares_new(weights, &squares);
    if (err != QW_OK) {
        return err;
    }
    for (size_t d = 0; d < dims; d++) {
        double freedom = fmax((double)disclosed->count - (double)weights, 1.0);
        double variance;

        qw_least_squares_reset(squares, weights);
        for (size_t i = 0; i < disclosed->count; i++) {
            fill_observation(&made, d, observation, i * disclosed->stride, row);
            row[weights] = disclosed->x[i * disclosed->stride + d];
            qw_least_squares_add(squares, row);
        }
        qw_least_squares_solve(squares);
        qw_least_squares_weights(squares, made.weight[d]);
        variance = qw_least_squares_residual(squares, weights) / freedom;
        made.deviation[d] = sqrt(fmax(variance, 1.0));
    }
    qw_least_squares_free(squares);
    *belief = made;
    return QW_OK;
}

float qw_belief_cells(const struct qw_belief *belief, const struct qw_model *model, size_t dim,
                      const int32_t *const *observation)
{
    double expected = expected_of(belief, dim, observation, 0);

    /* A rounded number stands for half a unit to either side. */
    return (float)((expected + 0.5 - (double)lowest_edge(model, dim)) / model->width[dim]);
}
