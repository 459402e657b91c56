/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_AIR_CELL_H
#define QW_RADIO_AIR_CELL_H

#include "base/prng.h"
#include "radio/air/medium.h"
#include "radio/carrier/gap_filter.h"
#include "radio/front_end.h"

#include <stdbool.h>
#include <stdint.h>

/* What the ends of an air make of a cell: its reference signals come every period, and what an end
 * knows of a probe is the channel at the middle of the gap, by the public filter over nine of them
 * (docs/design/carrier.md). Zeroed is closed. */
enum qw_air_view {
    QW_AIR_VIEW_ACCESS_POINT, /* hears the terminal */
    QW_AIR_VIEW_TERMINAL,     /* hears the access point */
    QW_AIR_VIEW_EVE_UP,       /* hears the terminal */
    QW_AIR_VIEW_EVE_DOWN,     /* hears the access point */
    QW_AIR_VIEWS
};

struct qw_air_cell {
    const struct qw_carrier *carrier;
    struct qw_gap_filter filter[QW_AIR_VIEWS];
};

/* QW_ERR_NOMEM: *cell is untouched. */
qw_err qw_air_cell_open(const struct qw_carrier *carrier, struct qw_air_cell *cell) QW_MUST_USE;
void qw_air_cell_close(struct qw_air_cell *cell);

struct qw_air_ear { /* everything is borrowed */
    const struct qw_air_medium *medium;
    struct qw_front_end *front_end;
    struct qw_prng *loss_prng; /* NULL: it loses nothing */
    double loss;               /* share of probes; a probe needs QW_GAP_FILTER_TAPS signals */
};

/* The measurement of one view of the period that time_ns of the air's clock is in. Periods must
 * grow. False: one of the signals that it needs was lost, or the period was served before. */
bool qw_air_cell_hear(struct qw_air_cell *cell, enum qw_air_view view, const struct qw_air_ear *ear,
                      int64_t time_ns, struct qw_csi_frame *frame);

#endif
