/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_PLKG_GAP_H
#define QW_RADIO_PLKG_GAP_H

#include "radio/plkg/run.h"

/* Whether this end's radio is quick enough for the channel (T2, B1 of docs/protocol/plkg.md) [W1
 * W15]. */
enum {
    /* Probes are fresh at half a Doppler period. A tenth of that is a twentieth of one: both
     * directions are then alike to 1 - (pi / 20)^2, 0.975, which caps a number near 16 dB. */
    QW_PLKG_GAPS_PER_INTERVAL = 10
};

/* From a pilot to its answer: the radio's own, or the carrier's. */
double qw_plkg_gap_s(const struct qw_plkg_run *run);

/* Before anything is spent, with the interval that was agreed on: QW_ERR_REFUSED with GAP when the
 * answers of this end's radio come so late that the channel may be another one by then, with POLICY
 * when the pace is to be measured and the radio knows no looks. */
qw_err qw_plkg_gap_check(struct qw_plkg_run *run, uint32_t interval_us, bool is_paced) QW_MUST_USE;

#endif
