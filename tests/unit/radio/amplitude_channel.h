/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_UNIT_RADIO_AMPLITUDE_CHANNEL_H
#define QW_TESTS_UNIT_RADIO_AMPLITUDE_CHANNEL_H

/* Channels of which everything is known, fresh at each probe, seen by two ends through their noise:
 * a few waves that move over a pattern that stands still, or many. */
#include "base/prng.h"
#include "radio/feature.h"

#include <complex.h>
#include <math.h>
#include <string.h>

enum {
    AMPLITUDE_STILL_TAPS = 6,
    AMPLITUDE_MANY = 20,
    AMPLITUDE_MODES = 16,
    AMPLITUDE_STRIDE = 2 * AMPLITUDE_MODES /* those of powers behind them */
};

struct amplitude_channel {
    bool has_still;
    bool is_even;     /* the pattern is one steady wave, as strong as one that moves, far away */
    size_t waves;     /* that move; AMPLITUDE_MANY: an exponential profile of 50 ns */
    bool is_constant; /* they turn only; else their strength changes too */
    double snr_db;
    uint64_t seed;
};

struct amplitude_ends {
    struct qw_prng fading, noise[2];
    size_t taps;
    double complex still[AMPLITUDE_STILL_TAPS];
    double strength[AMPLITUDE_STILL_TAPS + AMPLITUDE_MANY];
    double complex turn[AMPLITUDE_STILL_TAPS + AMPLITUDE_MANY][QW_FEATURE_TONES_MAX];
    struct qw_csi_frame frame;
    struct qw_feature_plan plan;
};

static inline double complex amplitude_gaussian(struct qw_prng *prng)
{
    double re = qw_prng_gaussian(prng);
    double im = qw_prng_gaussian(prng);

    return (re + I * im) * sqrt(0.5);
}

static inline void amplitude_open(const struct amplitude_channel *channel,
                                  struct amplitude_ends *ends)
{
    bool is_many = channel->waves == AMPLITUDE_MANY;

    memset(ends, 0, sizeof *ends);
    qw_prng_init(&ends->fading, channel->seed, 1);
    qw_prng_init(&ends->noise[0], channel->seed, 2);
    qw_prng_init(&ends->noise[1], channel->seed, 3);
    qw_csi_frame_set_tones(&ends->frame, QW_CSI_LEGACY_20);
    ends->frame.rx_count = 1;
    ends->frame.tx_count = 1;
    ends->taps = AMPLITUDE_STILL_TAPS + channel->waves;
    for (size_t t = 0; t < ends->taps; t++) {
        double wave = (double)t - AMPLITUDE_STILL_TAPS;
        double delay = t < AMPLITUDE_STILL_TAPS ? (double)t
                       : is_many                ? 0.2 * wave
                                                : 0.3 + 1.1 * wave + qw_prng_uniform(&ends->fading);

        ends->strength[t] = is_many ? sqrt(0.2 * exp(-0.2 * wave)) : 0.6;
        if (t < AMPLITUDE_STILL_TAPS && channel->has_still) {
            ends->still[t] = amplitude_gaussian(&ends->fading) * exp(-delay / 2.0) * 0.6;
        }
        if (channel->is_even && t == 0) {
            ends->still[t] = 0.6;
        } else if (channel->is_even) { /* fades to nothing, ten of them side by side */
            delay += 9.0;
        }
        for (size_t k = 0; k < ends->frame.tone_count; k++) {
            ends->turn[t][k] =
                cexp(-2.0 * 3.14159265358979 * I * ends->frame.tone_index[k] * delay / 64.0);
        }
    }
    if (qw_feature_plan_init(&ends->plan, &ends->frame, false, false) != QW_OK) {
        abort();
    }
}

/* A probe's numbers as an end whose numbers are gain times as large writes them down. */
static inline void amplitude_round(const float *value, double gain, int32_t *fixed)
{
    for (size_t d = 0; d < AMPLITUDE_STRIDE; d++) {
        double scale = d < AMPLITUDE_MODES ? 2000.0 * gain : 500.0 * gain * gain;

        fixed[d] = (int32_t)lrint(scale * (double)value[d]);
    }
}

/* Numbers of both ends for one more probe  [AMPLITUDE_STRIDE values each]. */
static inline void amplitude_probe(const struct amplitude_channel *channel,
                                   struct amplitude_ends *ends, float *x, float *y)
{
    double deviation = pow(10.0, -channel->snr_db / 20.0);
    double complex tap[AMPLITUDE_STILL_TAPS + AMPLITUDE_MANY];
    struct qw_csi_frame *frame = &ends->frame;

    for (size_t t = 0; t < ends->taps; t++) {
        if (t < AMPLITUDE_STILL_TAPS) {
            tap[t] = ends->still[t];
        } else if (channel->is_constant) {
            tap[t] = ends->strength[t] *
                     cexp(2.0 * 3.14159265358979 * I * qw_prng_uniform(&ends->fading));
        } else {
            tap[t] = ends->strength[t] * amplitude_gaussian(&ends->fading);
        }
    }
    for (size_t end = 0; end < 2; end++) {
        for (size_t k = 0; k < frame->tone_count; k++) {
            double complex h = deviation * amplitude_gaussian(&ends->noise[end]);

            for (size_t t = 0; t < ends->taps; t++) {
                h += tap[t] * ends->turn[t][k];
            }
            frame->value[k] = (float complex)h;
        }
        if (qw_feature_extract(&ends->plan, frame, end == 0 ? x : y) != QW_OK) {
            abort();
        }
    }
}

#endif
