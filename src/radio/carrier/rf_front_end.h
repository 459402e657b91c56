/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CARRIER_RF_FRONT_END_H
#define QW_RADIO_CARRIER_RF_FRONT_END_H

#include "base/error.h"
#include "radio/carrier/sounding.h"
#include "radio/channel/profile.h"
#include "radio/front_end.h"

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Simulated receiver that really hears the waveform [W1]: the sounding of radio/carrier/sounding.h
 * through the delays of a channel, sample by sample, with another oscillator's frequency, a start
 * that is not known, noise, gain control and a converter; then carrier/rf_receiver.h finds it and
 * gives the channel. Where radio/front_end.h says what a measurement is like, this makes one.
 * A calibrated receiver (has_phase) shares a clock with the other end: the phase and the time of a
 * frame are those of the schedule. Any other one starts each frame at a phase of its own. */
struct qw_rf_config {
    const struct qw_carrier *carrier;
    const struct qw_channel_profile *profile; /* whose delays count; borrowed for qw_rf_new only */
    struct qw_front_end_config front_end;     /* snr_db: of the estimate, per tone; has_phase,
                                                 chain_ripple and phase_jitter_rad count, the rest is
                                                 made here */
    /* Paths over which somebody adds to each frame, later than its beginning; NULL: nobody.
     * Borrowed like profile. */
    const struct qw_channel_profile *injected;
    double reaction_s;       /* from a frame's first sample to what he adds, >= 0 */
    unsigned converter_bits; /* of each part, 4..16 */
    uint64_t seed, stream;   /* stream separates the parties */
};

enum { QW_RF_CONVERTER_BITS = 10 };

struct qw_rf_front_end;

/* QW_ERR_ARG, QW_ERR_NOMEM. */
qw_err qw_rf_front_end_new(const struct qw_rf_config *config,
                           struct qw_rf_front_end **front_end) QW_MUST_USE;
void qw_rf_front_end_free(struct qw_rf_front_end *front_end); /* NULL is fine */

/* What the last frame was like: for tests and for the curious. */
struct qw_rf_report {
    double offset_hz;      /* of the oscillators, as it was */
    double offset_left_hz; /* of that, not found */
    long early;     /* samples by which the window begins before the schedule's, <= 0: late */
    double clipped; /* share of samples */
};

/* Hears one frame over a channel with these amplitudes  [profile's tap_count, then those of what is
 * injected]. False: it was not found. Fills format, tones, levels and values of frame, and of
 * Wi-Fi what its beginning said. report may be NULL. */
bool qw_rf_front_end_measure(struct qw_rf_front_end *front_end, const double complex *tap,
                             struct qw_csi_frame *frame, struct qw_rf_report *report);

#endif
