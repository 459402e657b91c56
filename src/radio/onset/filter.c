/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/onset/filter.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { NARROW_SAMPLES = 64 /* of a symbol of 20 MHz, at 50 ns */ };

static bool is_among(enum qw_onset_tones from, int tone)
{
    switch (tone & 7) {
    case 0:
    case 4:
        return from == QW_ONSET_ALL;
    case 1:
    case 2:
    case 5:
        return from != QW_ONSET_PART_2;
    default:
        return from != QW_ONSET_PART_1;
    }
}

struct fit {
    const int16_t *tones;
    size_t count;
    const bool *is_used; /* [count] */
    double complex *vector;
};

static double complex inner(const struct fit *fit, const double complex *a, const double complex *b)
{
    double complex sum = 0.0;

    for (size_t k = 0; k < fit->count; k++) {
        sum += fit->is_used[k] ? conj(a[k]) * b[k] : 0.0;
    }
    return sum;
}

/* Paths at every sample from first on, orthonormal over the used tones; twice for what rounding
 * leaves. */
static void make_delays(const struct fit *fit, int first, size_t delays, double samples)
{
    for (size_t m = 0; m < delays; m++) {
        double complex *v = &fit->vector[m * fit->count];
        double length;

        for (size_t k = 0; k < fit->count; k++) {
            v[k] = cexp(-2.0 * M_PI * I * fit->tones[k] * ((double)m + first) / samples);
        }
        for (size_t i = 0; i < 2 * m; i++) {
            const double complex *u = &fit->vector[i % m * fit->count];
            double complex share = inner(fit, u, v);

            for (size_t k = 0; k < fit->count; k++) {
                v[k] -= share * u[k];
            }
        }
        length = sqrt(creal(inner(fit, v, v)));
        for (size_t k = 0; k < fit->count; k++) {
            v[k] /= length;
        }
    }
}

static void fill_row(const struct fit *fit, size_t delays, size_t at, double complex *row)
{
    for (size_t k = 0; k < fit->count; k++) {
        double complex sum = 0.0;

        for (size_t m = 0; fit->is_used[k] && m < delays; m++) {
            const double complex *v = &fit->vector[m * fit->count];

            sum += v[at] * conj(v[k]);
        }
        row[k] = sum;
    }
}

/* Of each row, what white noise of power 1 becomes. */
static double noise_of(const struct qw_onset_filter *filter)
{
    double sum = 0.0;

    for (size_t i = 0; i < filter->rows * filter->tones; i++) {
        sum += creal(filter->weight[i] * conj(filter->weight[i]));
    }
    return sum / (double)filter->rows;
}

qw_err qw_onset_filter_init(struct qw_onset_filter *filter, enum qw_csi_format format,
                            enum qw_onset_tones from, int first, int last)
{
    size_t place[QW_CSI_EARLY_CHAIN_MAX];
    struct qw_onset_filter made = { .rows = qw_csi_format_early(format, place) };
    struct fit fit = { 0 };
    bool is_used[QW_CSI_TONES_MAX];
    int width = (int)(made.rows / QW_CSI_EARLY_TONES);
    size_t delays = (size_t)((last - first) * width + 1);
    size_t used = 0;

    made.tones = qw_csi_format_tones(format, &fit.tones);
    for (size_t k = 0; k < made.tones; k++) {
        is_used[k] = is_among(from, fit.tones[k]);
        used += is_used[k] ? 1 : 0;
    }
    if (made.rows == 0 || first > last || delays > used) {
        return QW_ERR_ARG;
    }
    fit.count = made.tones;
    fit.is_used = is_used;
    fit.vector = calloc(delays * made.tones, sizeof *fit.vector);
    made.weight = calloc(made.rows * made.tones, sizeof *made.weight);
    if (fit.vector == NULL || made.weight == NULL) {
        free(fit.vector);
        qw_onset_filter_clear(&made);
        return QW_ERR_NOMEM;
    }
    make_delays(&fit, first * width, delays, (double)(NARROW_SAMPLES * width));
    for (size_t e = 0; e < made.rows; e++) {
        fill_row(&fit, delays, place[e], &made.weight[e * made.tones]);
    }
    free(fit.vector);
    made.noise = noise_of(&made);
    *filter = made;
    return QW_OK;
}

void qw_onset_filter_clear(struct qw_onset_filter *filter)
{
    free(filter->weight);
    memset(filter, 0, sizeof *filter);
}

void qw_onset_filter_apply(const struct qw_onset_filter *filter, const double complex *tone,
                           double complex *out)
{
    for (size_t e = 0; e < filter->rows; e++) {
        const double complex *weight = &filter->weight[e * filter->tones];
        double complex sum = 0.0;

        for (size_t k = 0; k < filter->tones; k++) {
            sum += weight[k] * tone[k];
        }
        out[e] = sum;
    }
}
