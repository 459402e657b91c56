/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_FRONT_END_H
#define QW_RADIO_FRONT_END_H

#include "base/prng.h"
#include "radio/csi_frame.h"

#include <complex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Simulated receiver of one party: what it makes of a channel. Own noise, a fixed chain gain that
 * differs between the ends (what calibration leaves over), automatic gain control in steps of 1 dB
 * that the frame reports, and phase errors per frame. */
struct qw_front_end_config {
    double snr_db;
    bool has_phase; /* false: every frame has a random phase and timing, as commodity cards do */
    double chain_ripple;       /* rms of amplitude and of phase over the tones, 0..0.5 */
    double phase_jitter_rad;   /* rms per frame, of a common clock */
    double detection_jitter_s; /* where a frame begins: uniform, +- this; a line over the tones */
    double cfo_hz;             /* rms of what frequency correction leaves, over the gap of a pair */
    double sfo_ppm;            /* sampling clock against the other end's, over the same gap */
    double gap_s;              /* between the two frames of a pair; 0: Wi-Fi's 60 us */
    double spacing_hz;         /* of one tone number; 0: Wi-Fi's 312.5 kHz */
};

/* A calibrated receiver: ripple -35 dB, jitter 0.25 degrees, nothing else. */
struct qw_front_end_config qw_front_end_calibrated(double snr_db, bool has_phase);

struct qw_front_end {
    struct qw_prng prng;
    struct qw_prng early_prng; /* of what is said of a frame's beginning */
    struct qw_front_end_config config;
    double noise_power; /* per tone, relative to the mean power 1 of the channel */
    double complex chain[QW_CSI_TONES_MAX];
};

/* Copies config. stream separates the parties. tones [count values, count <= QW_CSI_TONES_MAX]. */
void qw_front_end_init(struct qw_front_end *front_end, uint64_t seed, uint64_t stream,
                       const struct qw_front_end_config *config, const int16_t *tones,
                       size_t count);

/* Measures channel [frame->tone_count values]; fills rx_count, tx_count, levels and values of
 * frame. Its format, tones, time and sequence are the caller's. */
void qw_front_end_measure(struct qw_front_end *front_end, const double complex *channel,
                          struct qw_csi_frame *frame);

/* The same for all chains of frame at once, whose rx_count, tx_count and band_count are the
 * caller's: channel [as frame->value]. One clock, one gain and one chain ripple for all of them,
 * noise for each. */
void qw_front_end_measure_chains(struct qw_front_end *front_end, const double complex *channel,
                                 struct qw_csi_frame *frame);

/* What somebody adds to a frame after it has begun: a wave of his own, and how long after the first
 * sample its first one arrives. */
struct qw_front_end_late {
    const double complex *wave; /* [as frame->value]; NULL: nobody does */
    double reaction_s; /* >= 0; up to 9 us: later he would miss some of the long training */
};

/* The same for a frame that can know its beginning (qw_csi_frame_early_count), with what that says
 * of each chain (radio/onset.h): noise of its own on every fourth tone, as carrier/rf_front_end.h
 * finds it in the short training. */
void qw_front_end_measure_onset(struct qw_front_end *front_end, const double complex *channel,
                                const struct qw_front_end_late *late, struct qw_csi_frame *frame);

#endif
