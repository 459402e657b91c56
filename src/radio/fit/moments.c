/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/fit/moments.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct qw_fit_powers {
    bool has_level;
    size_t count, cells;
    float *power;     /* [frame * cells + cell] */
    float *deviation; /* from the cell's mean over the frames in use, the same shape */
    double *mean;     /* [cells] */
};

static const double LEVEL_SPAN_DB = 3.0;
static const double LEVEL_STEP = 0.25; /* of two neighbours, squared, over the variance */

static double frame_power(const struct qw_fit_series *series, size_t frame)
{
    size_t len = series->chain_count * series->tone_count;
    double power = 0.0;

    for (size_t i = 0; i < len; i++) {
        double re = (double)crealf(series->value[frame * len + i]);
        double im = (double)cimagf(series->value[frame * len + i]);

        power += re * re + im * im;
    }
    return power / (double)len;
}

static int compare_levels(const void *left, const void *right)
{
    float a = *(const float *)left;
    float b = *(const float *)right;

    return (a > b) - (a < b);
}

/* Every frame has a level, they span more than their rounding, and a level tells that of the next
 * frame: else it is more the gain control's than the channel's. scratch [series->count]. */
static bool level_is_told(const struct qw_fit_series *series, float *scratch)
{
    size_t count = series->count;
    double step = 0.0;
    double mean = 0.0;
    double square = 0.0;

    for (size_t i = 0; i < count; i++) {
        double level_dbm = (double)series->level_dbm[i];

        if (!isfinite(level_dbm)) {
            return false;
        }
        scratch[i] = series->level_dbm[i];
        mean += level_dbm / (double)count;
        square += level_dbm * level_dbm / (double)count;
        step +=
            i > 0 ? pow(level_dbm - (double)series->level_dbm[i - 1], 2.0) / (double)count : 0.0;
    }
    qsort(scratch, count, sizeof *scratch, compare_levels);
    return (double)(scratch[count - 1 - count / 20] - scratch[count / 20]) >= LEVEL_SPAN_DB &&
           step < LEVEL_STEP * (square - mean * mean);
}

static void fill(struct qw_fit_powers *powers, const struct qw_fit_series *series)
{
    float first_dbm = series->level_dbm[0];

    for (size_t i = 0; i < series->count; i++) {
        double scale = 1.0 / fmax(frame_power(series, i), 1e-30);

        if (powers->has_level) {
            scale *= pow(10.0, (double)(series->level_dbm[i] - first_dbm) / 10.0);
        }
        for (size_t c = 0; c < powers->cells; c++) {
            float complex value = series->value[i * powers->cells + c];
            double re = (double)crealf(value);
            double im = (double)cimagf(value);

            powers->power[i * powers->cells + c] = (float)(scale * (re * re + im * im));
        }
    }
}

/* Every antenna has its own gain: mean power 1 each. */
static void level_chains(struct qw_fit_powers *powers, const struct qw_fit_series *series)
{
    for (size_t chain = 0; chain < series->chain_count; chain++) {
        size_t first = chain * series->tone_count;
        double sum = 0.0;
        float scale;

        for (size_t i = 0; i < series->count; i++) {
            for (size_t k = first; k < first + series->tone_count; k++) {
                sum += (double)powers->power[i * powers->cells + k];
            }
        }
        scale = (float)((double)(series->count * series->tone_count) / fmax(sum, 1e-30));
        for (size_t i = 0; i < series->count; i++) {
            for (size_t k = first; k < first + series->tone_count; k++) {
                powers->power[i * powers->cells + k] *= scale;
            }
        }
    }
}

qw_err qw_fit_powers_new(const struct qw_fit_series *series, struct qw_fit_powers **powers)
{
    size_t cells = series->chain_count * series->tone_count;
    struct qw_fit_powers *made = calloc(1, sizeof *made);

    if (made == NULL) {
        return QW_ERR_NOMEM;
    }
    made->count = series->count;
    made->cells = cells;
    made->power = calloc(series->count * cells, sizeof *made->power);
    made->deviation = calloc(series->count * cells, sizeof *made->deviation);
    made->mean = calloc(cells, sizeof *made->mean);
    if (made->power == NULL || made->deviation == NULL || made->mean == NULL) {
        qw_fit_powers_free(made);
        return QW_ERR_NOMEM;
    }
    made->has_level = level_is_told(series, made->deviation);
    fill(made, series);
    level_chains(made, series);
    *powers = made;
    return QW_OK;
}

void qw_fit_powers_free(struct qw_fit_powers *powers)
{
    if (powers != NULL) {
        free(powers->power);
        free(powers->deviation);
        free(powers->mean);
        free(powers);
    }
}

bool qw_fit_powers_has_level(const struct qw_fit_powers *powers)
{
    return powers->has_level;
}

struct range { /* frames that are left out */
    size_t from, to;
};

static bool is_out(const struct range *out, size_t frame)
{
    return frame >= out->from && frame < out->to;
}

static void take_means(struct qw_fit_powers *powers, const struct range *out,
                       struct qw_fit_moments *moments)
{
    double sum = 0.0;

    memset(powers->mean, 0, powers->cells * sizeof *powers->mean);
    for (size_t i = 0; i < powers->count; i++) {
        if (!is_out(out, i)) {
            moments->frames += 1.0;
            for (size_t c = 0; c < powers->cells; c++) {
                powers->mean[c] += (double)powers->power[i * powers->cells + c];
            }
        }
    }
    for (size_t c = 0; c < powers->cells; c++) {
        powers->mean[c] /= moments->frames;
        moments->mean_square += powers->mean[c] * powers->mean[c] / moments->cells;
        sum += powers->mean[c] / moments->cells;
    }
    moments->mean_square /= sum * sum;
    for (size_t i = 0; i < powers->count; i++) {
        for (size_t c = 0; c < powers->cells; c++) {
            size_t at = i * powers->cells + c;

            powers->deviation[at] = (float)(((double)powers->power[at] - powers->mean[c]) / sum);
        }
    }
}

static double product(const float *a, const float *b, size_t len)
{
    float sum = 0.0f; /* at most 256 terms */

    for (size_t i = 0; i < len; i++) {
        sum += a[i] * b[i];
    }
    return (double)sum;
}

static void take_variance(const struct qw_fit_powers *powers, const struct qw_fit_series *series,
                          const struct range *out, struct qw_fit_moments *moments)
{
    double cross = 0.0;

    for (size_t i = 0; i < powers->count; i++) {
        const float *row = &powers->deviation[i * powers->cells];

        if (is_out(out, i)) {
            continue;
        }
        moments->variance += product(row, row, powers->cells);
        if (series->chain_count > 1) {
            cross += product(row, row + series->tone_count, series->tone_count);
        }
    }
    moments->variance /= moments->frames * moments->cells;
    moments->cross = series->chain_count > 1
                         ? cross / (moments->frames * (double)series->tone_count)
                         : (double)NAN;
}

/* One interval, two, three, and then ever wider, to a third of the series. Their count. */
static size_t list_lags(size_t frames, size_t *lag)
{
    size_t count = 0;
    size_t next = 1;

    while (count < QW_FIT_LAGS_MAX && (next <= frames / 3 || count < 3)) {
        lag[count++] = next;
        next += 1 + next / 5;
    }
    return count;
}

/* A covariance is the correlation of just these pairs times the variance of all: right for the
 * pairs that there are, even where the channel was not the same all the time. For each frame the
 * one nearest to a distance after it, if it is near enough. */
static void take_time_lag(const struct qw_fit_powers *powers, const struct qw_fit_series *series,
                          const struct range *out, double distance_ns, double variance,
                          struct qw_fit_lag *lag)
{
    double reach_ns = fmax(0.5 * (double)series->interval_ns, 0.05 * distance_ns);
    double energy = 0.0;
    size_t j = 0;

    for (size_t i = 0; i < powers->count; i++) {
        double wanted_ns = (double)series->time_ns[i] + distance_ns;
        const float *a = &powers->deviation[i * powers->cells];
        const float *b;
        double off_ns;

        while (j + 1 < powers->count && fabs((double)series->time_ns[j + 1] - wanted_ns) <=
                                            fabs((double)series->time_ns[j] - wanted_ns)) {
            j++;
        }
        b = &powers->deviation[j * powers->cells];
        off_ns = fabs((double)series->time_ns[j] - wanted_ns);
        if (j <= i || off_ns > reach_ns || is_out(out, i) || is_out(out, j)) {
            continue;
        }
        lag->covariance += product(a, b, powers->cells);
        energy += 0.5 * (product(a, a, powers->cells) + product(b, b, powers->cells));
        lag->pairs += 1.0;
    }
    lag->distance = 1e-9 * distance_ns;
    if (energy > 0.0) {
        lag->covariance *= variance / energy;
    }
}

static void take_time_lags(const struct qw_fit_powers *powers, const struct qw_fit_series *series,
                           const struct range *out, struct qw_fit_moments *moments)
{
    size_t lag[QW_FIT_LAGS_MAX];

    moments->time_lags = list_lags(powers->count, lag);
    for (size_t i = 0; i < moments->time_lags; i++) {
        take_time_lag(powers, series, out, (double)lag[i] * (double)series->interval_ns,
                      moments->variance, &moments->time[i]);
    }
}

/* The commonest distance of neighbouring tones. */
static int tone_step(const struct qw_fit_series *series)
{
    int best = 1;
    size_t best_count = 0;

    for (size_t k = 0; k + 1 < series->tone_count; k++) {
        int step = series->tone[k + 1] - series->tone[k];
        size_t count = 0;

        for (size_t j = 0; j + 1 < series->tone_count; j++) {
            count += series->tone[j + 1] - series->tone[j] == step ? 1 : 0;
        }
        if (count > best_count) {
            best = step;
            best_count = count;
        }
    }
    return best;
}

/* Pairs of tones at a distance: sum of the products of their powers' deviations, and the sum of
 * h h* whose length says how the standing pattern varies. energy: of the pairs. */
static void take_frame_tones(const struct qw_fit_powers *powers, const struct qw_fit_series *series,
                             size_t frame, int step, struct qw_fit_moments *moments, double *energy)
{
    size_t tones = series->tone_count;

    for (size_t chain = 0; chain < series->chain_count; chain++) {
        const float *row = &powers->deviation[frame * powers->cells + chain * tones];
        const float complex *h = &series->value[frame * powers->cells + chain * tones];
        double complex sum[QW_FIT_TONES_MAX] = { 0 };
        double weight[QW_FIT_TONES_MAX] = { 0 };

        for (size_t a = 0; a < tones; a++) {
            for (size_t b = a + 1; b < tones; b++) {
                int distance = series->tone[b] - series->tone[a];
                size_t bin = (size_t)(distance / step) - 1;

                if (distance % step != 0 || bin >= QW_FIT_TONES_MAX) {
                    continue;
                }
                moments->tone[bin].covariance += (double)(row[a] * row[b]);
                energy[bin] += 0.5 * (double)(row[a] * row[a] + row[b] * row[b]);
                moments->tone[bin].pairs += 1.0;
                sum[bin] += (double complex)(h[b] * conjf(h[a]));
                weight[bin] +=
                    0.5 * (double)(crealf(h[a] * conjf(h[a])) + crealf(h[b] * conjf(h[b])));
            }
        }
        for (size_t bin = 0; bin < QW_FIT_TONES_MAX; bin++) {
            moments->standing[bin] += weight[bin] > 0.0 ? cabs(sum[bin]) / weight[bin] : 0.0;
        }
    }
}

static void take_tone_lags(const struct qw_fit_powers *powers, const struct qw_fit_series *series,
                           const struct range *out, struct qw_fit_moments *moments)
{
    double energy[QW_FIT_TONES_MAX] = { 0 };
    int step = tone_step(series);

    for (size_t i = 0; i < powers->count; i++) {
        if (!is_out(out, i)) {
            take_frame_tones(powers, series, i, step, moments, energy);
        }
    }
    for (size_t bin = 0; bin < QW_FIT_TONES_MAX; bin++) {
        struct qw_fit_lag *lag = &moments->tone[bin];

        lag->distance = (double)(bin + 1) * step * series->spacing_hz;
        if (lag->pairs > 0.0) {
            lag->covariance *= moments->variance / fmax(energy[bin], 1e-30);
            moments->standing[bin] /= moments->frames * (double)series->chain_count;
            moments->tone_lags = bin + 1;
        }
    }
}

qw_err qw_fit_moments_of(struct qw_fit_powers *powers, const struct qw_fit_series *series,
                         size_t from, size_t to, struct qw_fit_moments *moments)
{
    struct range out = { from, to };
    struct qw_fit_moments made = { .cells = (double)powers->cells };

    if (powers->count - (to - from) < QW_FIT_FRAMES_MIN / 2) {
        return QW_ERR_ARG;
    }
    take_means(powers, &out, &made);
    take_variance(powers, series, &out, &made);
    take_time_lags(powers, series, &out, &made);
    take_tone_lags(powers, series, &out, &made);
    made.duration_s = series->duration_s * made.frames / (double)powers->count;
    *moments = made;
    return QW_OK;
}
