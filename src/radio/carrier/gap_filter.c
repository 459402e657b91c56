/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/carrier/gap_filter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TAPS = QW_GAP_FILTER_TAPS, REACH = QW_GAP_FILTER_REACH };

static const double NOISE = 0.01;

/* Correlation of a channel with an even Doppler spectrum, over a distance in periods. */
static double correlation(double periods)
{
    double x = 2.0 * M_PI * QW_GAP_FILTER_DOPPLER * periods;

    return fabs(x) < 1e-9 ? 1.0 : sin(x) / x;
}

/* Gauss without pivoting: the matrix is positive definite. */
static void solve(double matrix[TAPS][TAPS + 1], double *solution)
{
    for (size_t c = 0; c < TAPS; c++) {
        for (size_t r = c + 1; r < TAPS; r++) {
            double share = matrix[r][c] / matrix[c][c];

            for (size_t k = c; k <= TAPS; k++) {
                matrix[r][k] -= share * matrix[c][k];
            }
        }
    }
    for (size_t c = TAPS; c-- > 0;) {
        double value = matrix[c][TAPS];

        for (size_t k = c + 1; k < TAPS; k++) {
            value -= matrix[c][k] * solution[k];
        }
        solution[c] = value / matrix[c][c];
    }
}

static void make_weights(struct qw_gap_filter *filter, double ahead)
{
    double matrix[TAPS][TAPS + 1];

    for (size_t r = 0; r < TAPS; r++) {
        for (size_t c = 0; c < TAPS; c++) {
            matrix[r][c] = correlation((double)r - (double)c) + (r == c ? NOISE : 0.0);
        }
        matrix[r][TAPS] = correlation((double)r - (double)REACH - ahead);
    }
    solve(matrix, filter->weight);
}

qw_err qw_gap_filter_init(struct qw_gap_filter *filter, enum qw_csi_format format, double ahead)
{
    const int16_t *tones;
    struct qw_gap_filter made = { .format = format,
                                  .tones = qw_csi_format_tones(format, &tones),
                                  .next = INT64_MIN };

    if (made.tones == 0 || !(ahead >= -1.0 && ahead <= 1.0)) {
        return QW_ERR_ARG;
    }
    make_weights(&made, ahead);
    made.value = calloc(TAPS * made.tones, sizeof *made.value);
    made.raw = calloc(1, sizeof *made.raw);
    if (made.value == NULL || made.raw == NULL) {
        qw_gap_filter_clear(&made);
        return QW_ERR_NOMEM;
    }
    *filter = made;
    return QW_OK;
}

void qw_gap_filter_clear(struct qw_gap_filter *filter)
{
    free(filter->value);
    free(filter->raw);
    memset(filter, 0, sizeof *filter);
}

static size_t place(int64_t number)
{
    return (size_t)((number % TAPS + TAPS) % TAPS);
}

static void keep(struct qw_gap_filter *filter, int64_t number, bool is_heard)
{
    float gain = (float)pow(10.0, -(double)filter->raw->agc_db / 20.0);
    float complex *value = &filter->value[place(number) * filter->tones];

    filter->is_heard[place(number)] = is_heard;
    for (size_t k = 0; is_heard && k < filter->tones; k++) {
        value[k] = filter->raw->value[k] * gain;
    }
}

static void combine(const struct qw_gap_filter *filter, int64_t index, struct qw_csi_frame *frame)
{
    for (size_t k = 0; k < filter->tones; k++) {
        frame->value[k] = 0.0f;
    }
    for (int64_t i = 0; i < TAPS; i++) {
        const float complex *value = &filter->value[place(index - REACH + i) * filter->tones];
        float weight = (float)filter->weight[i];

        for (size_t k = 0; k < filter->tones; k++) {
            frame->value[k] += weight * value[k];
        }
    }
}

bool qw_gap_filter_at(struct qw_gap_filter *filter, int64_t index,
                      bool (*measure)(void *self, int64_t number, struct qw_csi_frame *frame),
                      void *self, struct qw_csi_frame *frame)
{
    int64_t first = index - REACH;

    for (int64_t number = filter->next > first ? filter->next : first; number <= index + REACH;
         number++) {
        qw_csi_frame_set_tones(filter->raw, filter->format);
        keep(filter, number, measure(self, number, filter->raw));
    }
    filter->next = index + REACH + 1;
    for (int64_t i = 0; i < TAPS; i++) {
        if (!filter->is_heard[place(first + i)]) {
            return false;
        }
    }
    qw_csi_frame_set_tones(frame, filter->format);
    frame->rx_count = 1;
    frame->tx_count = 1;
    frame->rssi_dbm = filter->raw->rssi_dbm;
    frame->noise_dbm = filter->raw->noise_dbm;
    frame->agc_db = 0.0f;
    combine(filter, index, frame);
    return true;
}
