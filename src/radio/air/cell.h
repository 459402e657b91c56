/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_AIR_CELL_H
#define QW_RADIO_AIR_CELL_H

#include "radio/air/view.h"
#include "radio/carrier/carrier.h"
#include "radio/carrier/gap_filter.h"

#include <stdbool.h>
#include <stdint.h>

/* What everybody in the air of a cell makes of it: its reference signals come every period, and
 * what an antenna knows of a probe is the channel at the middle of the gap, by the public filter
 * over nine of them (docs/design/carrier.md). Zeroed is closed. */
struct qw_air_cell {
    const struct qw_carrier *carrier;
    struct qw_gap_filter filter[QW_AIR_VIEWS];
};

/* QW_ERR_NOMEM: *cell is untouched. */
qw_err qw_air_cell_open(const struct qw_carrier *carrier, struct qw_air_cell *cell) QW_MUST_USE;
void qw_air_cell_close(struct qw_air_cell *cell);

/* Measures reference signal number of a view's direction. False: lost. */
typedef bool (*qw_air_cell_signal)(void *self, enum qw_air_view view, int64_t number,
                                   struct qw_csi_frame *frame);

/* The signal of a period, 0 or later; those that the filter wants around it are from 0 on too. */
int64_t qw_air_cell_number(int64_t period);

/* The measurement of one view of a period. Periods must grow. False: one of the signals that it
 * needs was lost, or the period was served before. */
bool qw_air_cell_hear(struct qw_air_cell *cell, enum qw_air_view view, int64_t period,
                      qw_air_cell_signal signal, void *self, struct qw_csi_frame *frame);

#endif
