/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_AIR_EAR_H
#define QW_RADIO_AIR_EAR_H

#include "base/prng.h"
#include "radio/air/medium.h"
#include "radio/air/view.h"
#include "radio/front_end.h"

/* One antenna in the medium of a cell. Everything is borrowed. */
struct qw_air_ear {
    const struct qw_air_medium *medium;
    const struct qw_carrier *carrier;
    struct qw_front_end *front_end;
    struct qw_prng *loss_prng; /* NULL: it loses nothing */
    double loss;               /* share of probes; a probe needs QW_GAP_FILTER_TAPS signals */
};

/* Measures one reference signal, number periods after the air began: the qw_air_cell_signal of a
 * qw_air_ear. */
bool qw_air_ear_hear(void *ear, enum qw_air_view view, int64_t number, struct qw_csi_frame *frame);

#endif
