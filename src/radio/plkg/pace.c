/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/plkg/pace.h"

#include "base/bytes.h"
#include "radio/pace/interval.h"

void qw_plkg_pace_encode(const struct qw_plkg_pace *pace, uint8_t out[static QW_PLKG_PACE_LEN])
{
    qw_store_u32be(out, pace->interval_us);
    out[4] = pace->looks;
}

qw_err qw_plkg_pace_decode(const uint8_t *body, size_t len, struct qw_plkg_pace *pace)
{
    struct qw_reader r = qw_reader_on(body, len);
    struct qw_plkg_pace made;

    made.interval_us = qw_read_u32be(&r);
    made.looks = qw_read_u8(&r);
    if (!qw_reader_done(&r) || made.interval_us < QW_PLKG_INTERVAL_US_MIN ||
        made.interval_us > QW_PLKG_INTERVAL_US_MAX || made.looks < 1 ||
        made.looks > QW_PLKG_LOOKS_MAX) {
        return QW_ERR_FORMAT;
    }
    *pace = made;
    return QW_OK;
}

double qw_plkg_pace_looked_s(uint32_t interval_us, uint8_t looks)
{
    double interval_s = interval_us * 1e-6;
    double looked_s = 0.0;

    for (uint8_t i = 0; i < looks; i++) {
        looked_s += QW_PACE_PROBES * interval_s;
        interval_s *= QW_PACE_STEP;
    }
    return looked_s;
}
