/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_LAB_OPTIONS_H
#define QWAVE_LAB_LAB_OPTIONS_H

#include "lab/lab_measured.h"
#include "lab/lab_plkg.h"

/* What a user may set for `qwave lab plkg`. */
enum lab_sweep { LAB_SWEEP_NONE, LAB_SWEEP_SNR, LAB_SWEEP_SPEED, LAB_SWEEP_EVE };
enum lab_figure {
    LAB_FIGURE_BITS,
    LAB_FIGURE_RATE,
    LAB_FIGURE_SHARE,
    LAB_FIGURE_ERRORS,
    LAB_FIGURE_DISAGREEMENT,
    LAB_FIGURE_EVE,
    LAB_FIGURE_WATERFALL
};

struct lab_options {
    const struct qw_channel_kind *kind;
    const struct qw_carrier *carrier;
    bool is_gap_open, is_sampled;
    struct qw_channel_profile_options profile;
    double snr_db; /* NaN: 20, or as measured */
    double loss;
    double speed_m_per_s;    /* NaN: the channel's own */
    double interval_ms;      /* NaN: from speed */
    double eve_correlation;  /* NaN: 0, or that of two measured antennas */
    double credited;         /* NaN: as eve_correlation */
    double seconds;          /* NaN: 120; of a fitted channel as long as 3000 probes take */
    unsigned session_probes; /* 0: as many as the carrier's tones allow */
    bool has_features;       /* has_phase was said */
    bool has_phase, has_eve, is_replayed;
    bool has_channel;                    /* a name, a speed, a delay spread or K was said */
    const char *alice_path, *bob_path;   /* NULL: none */
    const char *fit_path, *capture_path; /* NULL: none */
    struct lab_measured *measured;       /* of either, the caller's; NULL: simulated */
    size_t access_point_antennas, terminal_antennas, bands; /* product 1..4 */
    double antenna_spacing, band_spacing_mhz;               /* wavelengths */
    bool is_paced;
    bool is_induced;         /* the experiment with random pilots, and nothing else */
    double surface_db;       /* NaN: none */
    uint32_t surface_period; /* 0: its settings never repeat */
    enum lab_attack attack;
    double injected_db;        /* over the channel's power */
    double repeater_ns;        /* delay of a repeater */
    double reaction_us;        /* of who waits for a pilot */
    double credited_injection; /* NaN: none; dB over the access point's noise in each number */
    double chain_ripple, jitter_deg, detection_ns, cfo_hz, sfo_ppm;
    uint64_t seed;
    bool has_seed;
    bool is_paper, as_json;
    enum lab_sweep sweep;
    double sweep_from, sweep_to, sweep_step;
    enum lab_figure figure;
    const char *csv_path, *svg_path; /* NULL: none */
};

/* Ends the program with a message when an argument is wrong. */
void lab_options_parse(int argc, char **argv, struct lab_options *options);

#endif
