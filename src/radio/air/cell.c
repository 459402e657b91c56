/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/air/cell.h"

#include <math.h>

enum { REACH = QW_GAP_FILTER_REACH };

static bool is_down(enum qw_air_view view)
{
    return view == QW_AIR_VIEW_TERMINAL || view == QW_AIR_VIEW_EVE_DOWN;
}

static bool is_eve(enum qw_air_view view)
{
    return view == QW_AIR_VIEW_EVE_UP || view == QW_AIR_VIEW_EVE_DOWN;
}

/* The terminal's signals come first, so its end looks ahead to the middle of the gap and the
 * other one back. */
qw_err qw_air_cell_open(const struct qw_carrier *carrier, struct qw_air_cell *cell)
{
    double half = 0.5 * carrier->gap_s / carrier->period_s;
    struct qw_air_cell made = { .carrier = carrier };
    qw_err err = QW_OK;

    for (int view = 0; err == QW_OK && view < QW_AIR_VIEWS; view++) {
        err = qw_gap_filter_init(&made.filter[view], carrier->format,
                                 is_down((enum qw_air_view)view) ? -half : half);
    }
    if (err != QW_OK) {
        qw_air_cell_close(&made);
        return err;
    }
    *cell = made;
    return QW_OK;
}

void qw_air_cell_close(struct qw_air_cell *cell)
{
    for (size_t view = 0; view < QW_AIR_VIEWS; view++) {
        qw_gap_filter_clear(&cell->filter[view]);
    }
    cell->carrier = NULL;
}

struct signals {
    const struct qw_carrier *carrier;
    const struct qw_air_ear *ear;
    enum qw_air_view view;
};

/* One reference signal as one antenna measures it. */
static bool hear_signal(void *self, int64_t number, struct qw_csi_frame *frame)
{
    const struct signals *signals = self;
    const struct qw_air_ear *ear = signals->ear;
    const struct qw_air_medium *medium = ear->medium;
    double complex far[QW_CSI_TONES_MAX], near[QW_CSI_TONES_MAX];
    double period_ns = 1e9 * signals->carrier->period_s;
    int64_t time_ns = number * llround(period_ns);

    if (is_down(signals->view)) {
        time_ns += llround(1e9 * signals->carrier->gap_s);
        medium->hear_access_point(medium->self, time_ns, far, near);
    } else {
        medium->hear_terminal(medium->self, time_ns, far, near);
    }
    qw_front_end_measure(ear->front_end, is_eve(signals->view) ? near : far, frame);
    return ear->loss_prng == NULL ||
           qw_prng_uniform(ear->loss_prng) < pow(1.0 - ear->loss, 1.0 / QW_GAP_FILTER_TAPS);
}

bool qw_air_cell_hear(struct qw_air_cell *cell, enum qw_air_view view, const struct qw_air_ear *ear,
                      int64_t time_ns, struct qw_csi_frame *frame)
{
    struct signals signals = { cell->carrier, ear, view };
    struct qw_gap_filter *filter = &cell->filter[view];
    /* None of its signals before the air began. */
    int64_t index = REACH + llround((double)time_ns / (1e9 * cell->carrier->period_s));

    if (filter->next > index + REACH) {
        return false;
    }
    return qw_gap_filter_at(filter, index, hear_signal, &signals, frame);
}
