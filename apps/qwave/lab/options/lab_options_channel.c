/* SPDX-License-Identifier: Apache-2.0 */
/* Which channel, and how it is measured. */
#define _GNU_SOURCE
#include "lab/options/lab_option_value.h"
#include "lab/options/lab_options_parser.h"

#include <math.h>
#include <string.h>

enum {
    KEY_CHANNEL = 0x200,
    KEY_FIT,
    KEY_CAPTURE,
    KEY_ALICE,
    KEY_BOB,
    KEY_CARRIER,
    KEY_PROBING,
    KEY_GAP,
    KEY_SNR,
    KEY_SPEED,
    KEY_SPREAD,
    KEY_K,
    KEY_ANGLES,
    KEY_FEATURES,
    KEY_LOSS,
    KEY_RIPPLE,
    KEY_JITTER,
    KEY_DETECTION,
    KEY_CFO,
    KEY_SFO
};

static const struct argp_option options_list[] = {
    { "channel", KEY_CHANNEL, "NAME", 0,
      "tgn-a to tgn-f, tdl-a to tdl-e, exponential, rayleigh, rician, indoor, corridor, outdoor, "
      "room or static (default: tgn-d)",
      0 },
    { "fit", KEY_FIT, "FILE", 0,
      "a simulated channel with the parameters of a measured one (any capture)", 0 },
    { "capture", KEY_CAPTURE, "FILE", 0,
      "replay a measured channel: one-sided, so it gives no key whatever comes out", 0 },
    { "alice", KEY_ALICE, "FILE", 0,
      "with --bob: what both ends of one exchange measured, as `qwave capture pair` writes it", 0 },
    { "bob", KEY_BOB, "FILE", 0, "see --alice", 0 },
    { "carrier", KEY_CARRIER, "NAME", 0,
      "wifi20, wifi40, wifi80, lte-tdd or nr-tdd (default: wifi20)", 0 },
    { "probing", KEY_PROBING, "NAME", 0,
      "tones: measurements are made; samples: waveforms are sent, found and measured (default: "
      "tones)",
      0 },
    { "open-gap", KEY_GAP, NULL, 0,
      "lte-tdd and nr-tdd: no filter over the time between the two directions", 0 },
    { "snr-db", KEY_SNR, "DB", 0, "at each end, per tone, 0..50 (default: 20, or as measured)", 0 },
    { "speed-mps", KEY_SPEED, "V", 0,
      "of the terminal or the people, 0..50 (default: the channel's own)", 0 },
    { "delay-spread-ns", KEY_SPREAD, "NS", 0,
      "rms, 1..10000, for tdl, exponential and the scenes (default: the channel's own)", 0 },
    { "k-db", KEY_K, "DB", 0, "steady over scattered power in the first tap, -30..40", 0 },
    { "angles", KEY_ANGLES, "NAME", 0,
      "isotropic, or clusters: the angular spreads that TGn names (default: isotropic)", 0 },
    { "features", KEY_FEATURES, "NAME", 0,
      "complex, or amplitude: a card without usable phase (default: complex, or as measured)", 0 },
    { "loss", KEY_LOSS, "SHARE", 0, "of frames in each direction, 0..0.5 (default: 0)", 0 },
    { "chain-ripple", KEY_RIPPLE, "RMS", 0,
      "of gain and phase that calibration leaves at each end, 0..0.5 (default: 0.012)", 0 },
    { "phase-jitter-deg", KEY_JITTER, "DEG", 0, "rms per frame, 0..180 (default: 0.25)", 0 },
    { "detection-jitter-ns", KEY_DETECTION, "NS", 0,
      "where a frame begins, +-, 0..1000 (default: 0)", 0 },
    { "cfo-hz", KEY_CFO, "HZ", 0, "rms of what frequency correction leaves, 0..10000 (default: 0)",
      0 },
    { "sfo-ppm", KEY_SFO, "PPM", 0, "of the sampling clocks, -100..100 (default: 0)", 0 },
    { 0 },
};

static error_t parse_channel(struct lab_options *o, int key, char *value, struct argp_state *state)
{
    static const char *const angles[] = { "isotropic", "clusters", NULL };
    static const char *const probings[] = { "tones", "samples", NULL };
    static const char *const features[] = { "amplitude", "complex", NULL };

    switch (key) {
    case KEY_CHANNEL:
        o->kind = qw_channel_kind_find(value);
        if (o->kind == NULL) {
            argp_error(state, "no channel '%s': see --help", value);
        }
        o->has_channel = true;
        return 0;
    case KEY_FIT:
        o->fit_path = value;
        return 0;
    case KEY_CAPTURE:
        o->capture_path = value;
        return 0;
    case KEY_ALICE:
        o->alice_path = value;
        return 0;
    case KEY_BOB:
        o->bob_path = value;
        return 0;
    case KEY_CARRIER:
        o->carrier = qw_carrier_find(value);
        if (o->carrier == NULL) {
            argp_error(state, "no carrier '%s': see --help", value);
        }
        return 0;
    case KEY_GAP:
        o->is_gap_open = true;
        return 0;
    case KEY_PROBING:
        o->is_sampled = lab_option_word(value, probings, state) == 1;
        return 0;
    case KEY_SNR:
        o->snr_db = lab_option_real(value, 0.0, 50.0, state);
        return 0;
    case KEY_SPEED:
        o->speed_m_per_s = lab_option_real(value, 0.0, 50.0, state);
        o->has_channel = true;
        return 0;
    case KEY_SPREAD:
        o->profile.delay_spread_s = 1e-9 * lab_option_real(value, 1.0, 10000.0, state);
        o->has_channel = true;
        return 0;
    case KEY_K:
        o->profile.rice_factor = pow(10.0, lab_option_real(value, -30.0, 40.0, state) / 10.0);
        o->has_channel = true;
        return 0;
    case KEY_ANGLES:
        o->profile.has_clusters = lab_option_word(value, angles, state) == 1;
        return 0;
    case KEY_FEATURES:
        o->has_phase = lab_option_word(value, features, state) == 1;
        o->has_features = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_receiver(struct lab_options *o, int key, char *value, struct argp_state *state)
{
    switch (key) {
    case KEY_LOSS:
        o->loss = lab_option_real(value, 0.0, 0.5, state);
        return 0;
    case KEY_RIPPLE:
        o->chain_ripple = lab_option_real(value, 0.0, 0.5, state);
        return 0;
    case KEY_JITTER:
        o->jitter_deg = lab_option_real(value, 0.0, 180.0, state);
        return 0;
    case KEY_DETECTION:
        o->detection_ns = lab_option_real(value, 0.0, 1000.0, state);
        return 0;
    case KEY_CFO:
        o->cfo_hz = lab_option_real(value, 0.0, 10000.0, state);
        return 0;
    case KEY_SFO:
        o->sfo_ppm = lab_option_real(value, -100.0, 100.0, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    error_t err = parse_channel(state->input, key, value, state);

    return err == ARGP_ERR_UNKNOWN ? parse_receiver(state->input, key, value, state) : err;
}

const struct argp lab_options_channel = { options_list, parse, NULL, NULL, NULL, NULL, NULL };
