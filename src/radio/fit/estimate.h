/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_FIT_ESTIMATE_H
#define QW_RADIO_FIT_ESTIMATE_H

#include "radio/fit/moments.h"

/* Parameters of a channel from the moments of its powers. Derivations:
 * docs/adr/0031-channel-from-powers.md. */
#define QW_FIT_PARAMETER_TABLE(X) \
    X(DELAY_SPREAD, "delay_spread_ns", "rms delay spread of an exponential profile") \
    X(CORRELATION_TIME, "correlation_time_ms", "time in which half of a power's memory is gone") \
    X(DOPPLER, "doppler_hz", "largest Doppler shift of waves from everywhere") \
    X(SNR, "snr_db", "signal to noise per tone") \
    X(MOVING, "moving_share", "share of the power that moves") \
    X(STEADY, "steady_share", "share of one steady wave") \
    X(STILL, "still_share", "share scattered by what stands still") \
    X(K, "k_db", "what does not fade over what does") \
    X(ANTENNAS, "antenna_correlation", "of the fields at the first two antennas") \
    X(JITTER, "frame_jitter_db", "rms change of neighbouring tones alike, without memory")
#define QW_FIT_PARAMETER_ENUM(name, json, text) QW_FIT_##name,
enum qw_fit_parameter { QW_FIT_PARAMETER_TABLE(QW_FIT_PARAMETER_ENUM) QW_FIT_PARAMETERS };
#undef QW_FIT_PARAMETER_ENUM

enum qw_fit_pace {
    QW_FIT_PACE_TOLD,
    QW_FIT_PACE_TOO_SPARSE, /* frames differ, and neighbours in time have little in common */
    QW_FIT_PACE_TOO_SHORT   /* it moves slower than the measurement lasts */
};

struct qw_fit_estimate {
    double value[QW_FIT_PARAMETERS]; /* NaN: cannot be told */
    double moving_variance;          /* of the powers, what has a memory; 0: nothing moves */
    double noise_power;              /* per tone, of a signal of 1; NaN: cannot be told */
    double correlation_time_s;       /* unless it is told: a guess from the memory that was lost */
    enum qw_fit_pace pace;
};

/* is_moving: whether neighbours in time have anything in common that chance has not. */
void qw_fit_estimate_of(const struct qw_fit_moments *moments, bool is_moving,
                        struct qw_fit_estimate *estimate);

#endif
