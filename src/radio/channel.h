/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_CHANNEL_H
#define QW_RADIO_CHANNEL_H

#include "base/error.h"
#include "radio/channel/profile.h"

#include <complex.h>
#include <stddef.h>
#include <stdint.h>

/* Joint geometric channel of an access point, a terminal and an eavesdropper [W9]. The
 * same plane waves are evaluated at the terminal and at the eavesdropper beside it, so what the two
 * have in common follows from the geometry and not from a number somebody chose. The terminal
 * moves, or people do; waves slowly fade in and out, so that the channel never becomes a line
 * spectrum that could be learnt. Idealisations: docs/design/channel.md. */
enum { QW_CHANNEL_WAVES = 32, QW_CHANNEL_TONES_MAX = 320, QW_CHANNEL_CHAINS_MAX = 4 };

#define QW_CHANNEL_CARRIER_HZ 5.2e9        /* when nothing else is said */
#define QW_CHANNEL_TONE_SPACING_HZ 312.5e3 /* Wi-Fi OFDM before HE */
#define QW_CHANNEL_LIGHT_M_PER_S 299792458.0
#define QW_CHANNEL_WAVE_PATH_M 4.0 /* what moves goes this far during the life of a wave */

struct qw_channel_config {
    uint64_t seed;
    const struct qw_channel_profile *profile; /* borrowed for qw_channel_new only */
    double speed_m_per_s;  /* of the terminal or of the people, >= 0; 0: nothing moves */
    double eve_distance_m; /* from the terminal, at a right angle to its path, >= 0 */
    const int16_t *tones;  /* borrowed for qw_channel_new only */
    size_t tone_count;     /* 1..QW_CHANNEL_TONES_MAX */
    double carrier_hz;     /* 0: QW_CHANNEL_CARRIER_HZ */
    double spacing_hz;     /* of one tone number; 0: QW_CHANNEL_TONE_SPACING_HZ */
    /* Antennas in a row, the terminal's at a right angle to its path (one behind another in its
     * track would hear the same places later); 0: one. Product up to QW_CHANNEL_CHAINS_MAX. */
    size_t access_point_antennas, terminal_antennas;
    double antenna_spacing_m; /* of either row, >= 0 */
    double offset_hz; /* of tone 0 from the carrier: another band of the same place and time */
};

struct qw_channel;

/* QW_ERR_ARG, QW_ERR_NOMEM. */
qw_err qw_channel_new(const struct qw_channel_config *config,
                      struct qw_channel **channel) QW_MUST_USE;
void qw_channel_free(struct qw_channel *channel); /* NULL is fine */

/* The channel between the access point and the terminal at time_s (>= 0), the same in both
 * directions, and that from the access point to the eavesdropper (may be NULL); mean power 1 per
 * tone [(access point antenna * terminal antennas + terminal antenna) * tone_count + tone]. The
 * eavesdropper has a row of antennas like the terminal's, each at eve_distance_m from one of the
 * terminal's. A function of the time alone: any order of calls gives the same
 * values. */
void qw_channel_link(struct qw_channel *channel, double time_s, double complex *terminal,
                     double complex *eve);

/* The same as amplitudes by tap  [the profile's tap_count each], for whoever makes the waveform, of
 * the first antenna of each. */
void qw_channel_link_taps(struct qw_channel *channel, double time_s, double complex *terminal,
                          double complex *eve);
void qw_channel_short_link_taps(struct qw_channel *channel, double time_s, double complex *eve);

/* From the terminal to the eavesdropper beside it, who has as many antennas for it as the access
 * point: the same shape; other waves, a strong steady part. */
void qw_channel_short_link(struct qw_channel *channel, double time_s, double complex *eve);

#endif
