/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "radio/air/ear.h"

#include "radio/carrier/gap_filter.h"

#include <math.h>

bool qw_air_ear_hear(void *ear, enum qw_air_view view, int64_t number, struct qw_csi_frame *frame)
{
    const struct qw_air_ear *self = ear;
    const struct qw_air_medium *medium = self->medium;
    double complex far[QW_CSI_TONES_MAX], near[QW_CSI_TONES_MAX];
    int64_t time_ns = number * llround(1e9 * self->carrier->period_s);

    if (qw_air_view_is_down(view)) {
        time_ns += llround(1e9 * self->carrier->gap_s);
        medium->hear_access_point(medium->self, time_ns, far, near);
    } else {
        medium->hear_terminal(medium->self, time_ns, far, near);
    }
    qw_front_end_measure(self->front_end, qw_air_view_is_eve(view) ? near : far, frame);
    return self->loss_prng == NULL ||
           qw_prng_uniform(self->loss_prng) < pow(1.0 - self->loss, 1.0 / QW_GAP_FILTER_TAPS);
}
