/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_TRACE_LAB_CHANNEL_H
#define QWAVE_LAB_TRACE_LAB_CHANNEL_H

#include "lab/lab_attack.h"
#include "radio/air/medium.h"
#include "radio/carrier/carrier.h"
#include "radio/channel.h"
#include "radio/channel/surface.h"
#include "radio/front_end.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Between whom, and through what, a laboratory's session goes. */
struct lab_channel {
    const struct qw_channel_kind *kind; /* NULL: a measured one */
    struct qw_air_medium *medium;       /* replayed, as far as it was not yet; NULL: simulated */
    char label[96];                     /* for people: "simulated channel tgn-d" */
    struct qw_channel_profile profile;
    const struct qw_carrier *carrier;
    bool is_sampled;  /* waveforms are sent and received, not measurements made */
    bool is_gap_open; /* of a cell: each end keeps the channel of its own moment */
    double speed_m_per_s;
    double snr_db;
    double eve_distance_m;
    double interval_s; /* between probes */
    /* Antennas in rows, and bands that a probe sweeps over; product 1..QW_FEATURE_CHAINS_MAX. */
    size_t access_point_antennas, terminal_antennas, bands;
    double antenna_spacing_m, band_spacing_hz;
    const struct qw_surface *surface; /* borrowed; NULL: none; with one antenna and band only */
    enum lab_attack attack;           /* one antenna, unless he waits for a pilot; one band */
    double injected_power;            /* over the channel's */
    double repeater_delay_s;          /* of what a repeater adds, behind the channel */
    double reaction_s;                /* of who waits for a pilot: from its first sample to his */
    double loss;                      /* of frames, in each direction */
    struct qw_front_end_config front_end; /* of either honest end */
    uint64_t seed;
};

enum qw_csi_format lab_channel_format(const struct lab_channel *channel);
struct qw_tuning lab_channel_tuning(const struct lab_channel *channel);

#endif
