/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/air/cell.h"

enum { REACH = QW_GAP_FILTER_REACH };

/* The terminal's signals come first, so its end looks ahead to the middle of the gap and the
 * other one back. */
qw_err qw_air_cell_open(const struct qw_carrier *carrier, struct qw_air_cell *cell)
{
    double half = 0.5 * carrier->gap_s / carrier->period_s;
    struct qw_air_cell made = { .carrier = carrier };
    qw_err err = QW_OK;

    for (int view = 0; err == QW_OK && view < QW_AIR_VIEWS; view++) {
        err = qw_gap_filter_init(&made.filter[view], carrier->format,
                                 qw_air_view_is_down((enum qw_air_view)view) ? -half : half);
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

int64_t qw_air_cell_number(int64_t period)
{
    return REACH + period;
}

struct signals {
    qw_air_cell_signal signal;
    void *self;
    enum qw_air_view view;
};

static bool hear_signal(void *self, int64_t number, struct qw_csi_frame *frame)
{
    const struct signals *signals = self;

    return signals->signal(signals->self, signals->view, number, frame);
}

bool qw_air_cell_hear(struct qw_air_cell *cell, enum qw_air_view view, int64_t period,
                      qw_air_cell_signal signal, void *self, struct qw_csi_frame *frame)
{
    struct signals signals = { signal, self, view };
    struct qw_gap_filter *filter = &cell->filter[view];
    int64_t index = qw_air_cell_number(period);

    if (filter->next > index + REACH) {
        return false;
    }
    return qw_gap_filter_at(filter, index, hear_signal, &signals, frame);
}
