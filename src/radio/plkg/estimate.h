/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_PLKG_ESTIMATE_H
#define QW_RADIO_PLKG_ESTIMATE_H

#include "radio/feature.h"
#include "radio/plkg/pairs.h"

/* ESTIMATE: an end's numbers on the disclosed probes, in probe order. */
enum { QW_PLKG_ESTIMATE_LEN_MAX = 2 + 1 + QW_PLKG_DISCLOSED_MAX * QW_FEATURE_MAX * 3 };

struct qw_plkg_estimate {
    uint16_t count; /* probes, 0..QW_PLKG_DISCLOSED_MAX */
    uint8_t stride; /* numbers per probe: as many as a feature plan can have */
    int32_t value[QW_PLKG_DISCLOSED_MAX * QW_FEATURE_MAX]; /* 24 bits, signed  [count * stride] */
};

size_t qw_plkg_estimate_encode(const struct qw_plkg_estimate *estimate,
                               uint8_t out[static QW_PLKG_ESTIMATE_LEN_MAX]);
qw_err qw_plkg_estimate_decode(const uint8_t *body, size_t len,
                               struct qw_plkg_estimate *estimate) QW_MUST_USE;

#endif
