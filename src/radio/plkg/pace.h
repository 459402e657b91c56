/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_PLKG_PACE_H
#define QW_RADIO_PLKG_PACE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* PACE: how far apart the probes of a session are, found by looking at the channel. */
enum {
    QW_PLKG_PACE_LEN = 5,
    QW_PLKG_PACE_BITS = 8 * QW_PLKG_PACE_LEN, /* what it can tell at most of what was measured */
    QW_PLKG_LOOKS_MAX = 6,
    QW_PLKG_INTERVAL_US_MIN = 100,
    QW_PLKG_INTERVAL_US_MAX = 10000000
};

/* Pilots of looks are numbered from here on: no probe of a session has such a number. */
#define QW_PLKG_LOOK_FIRST (UINT64_C(1) << 32)

struct qw_plkg_pace {
    uint32_t interval_us; /* QW_PLKG_INTERVAL_US_MIN..MAX */
    uint8_t looks;        /* 1..QW_PLKG_LOOKS_MAX */
};

void qw_plkg_pace_encode(const struct qw_plkg_pace *pace, uint8_t out[static QW_PLKG_PACE_LEN]);
/* QW_ERR_FORMAT; *pace is then untouched. */
qw_err qw_plkg_pace_decode(const uint8_t *body, size_t len, struct qw_plkg_pace *pace) QW_MUST_USE;

/* Seconds of channel that so many looks take, the first one at this interval. */
double qw_plkg_pace_looked_s(uint32_t interval_us, uint8_t looks);

#endif
