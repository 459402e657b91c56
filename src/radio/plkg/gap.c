/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/plkg/gap.h"

static const double ROUNDING = 1e-6; /* the interval is whole microseconds */

double qw_plkg_gap_s(const struct qw_plkg_run *run)
{
    double own_s = run->party->radio->gap_s;

    return own_s > 0.0 ? own_s : run->tuning.carrier->gap_s;
}

/* A gap of the carrier's own is short, or a filter interpolates over it (gap_filter.h). */
qw_err qw_plkg_gap_check(struct qw_plkg_run *run, uint32_t interval_us, bool is_paced)
{
    const struct qw_csi_source *radio = run->party->radio;
    double shortest_s = QW_PLKG_GAPS_PER_INTERVAL * radio->gap_s;

    if (is_paced && radio->has_no_looks) {
        qw_log_write(run->party->log, QW_LOG_WARNING, "%s cannot look before it probes",
                     radio->label);
        return qw_plkg_run_refuse(run, QW_PLKG_POLICY);
    }
    if (shortest_s * (1.0 - ROUNDING) > interval_us * 1e-6) {
        qw_log_write(run->party->log, QW_LOG_WARNING,
                     "%s answers after %.3g ms, which is over a tenth of the %.3g ms between "
                     "probes",
                     radio->label, 1e3 * radio->gap_s, interval_us * 1e-3);
        return qw_plkg_run_refuse(run, QW_PLKG_GAP);
    }
    return QW_OK;
}
