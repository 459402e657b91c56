/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_AIR_INJECTION_H
#define QW_RADIO_AIR_INJECTION_H

#include "radio/air.h"
#include "radio/front_end.h"

#include <complex.h>
#include <stdint.h>

/* What an air's injector adds to the frames of a pair, and a receiver that hears the beginnings of
 * frames. */
struct qw_air_injection {
    struct qw_air_injector injector;
    uint64_t seed;
    uint64_t pairs; /* of all sessions: each has a wave of its own */
    double complex wave[QW_CSI_TONES_MAX];
};

/* Why an air cannot have this injector; NULL: it can. */
const char *qw_air_injection_fault(const struct qw_air_config *config);

/* Measures a frame that can know its beginning (qw_csi_frame_early_count); its shape, time and
 * sequence are the caller's; channel [as frame->value]. is_attacked: the injector reaches this
 * receiver. */
void qw_air_injection_measure(struct qw_air_injection *injection, bool is_attacked,
                              struct qw_front_end *front_end, const double complex *channel,
                              struct qw_csi_frame *frame);

#endif
