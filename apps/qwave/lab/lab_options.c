/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lab/lab_options.h"

#include "command.h"
#include "radio/feature.h"
#include "radio/plkg/message.h"
#include "radio_options.h"

#include <argp.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_CHANNEL = 0x200,
    KEY_CARRIER,
    KEY_CAPTURE,
    KEY_ALICE,
    KEY_BOB,
    KEY_FIT,
    KEY_SNR,
    KEY_SPEED,
    KEY_EVE,
    KEY_CREDITED,
    KEY_SECONDS,
    KEY_SEED,
    KEY_INTERVAL,
    KEY_SPREAD,
    KEY_K,
    KEY_ANGLES,
    KEY_FEATURES,
    KEY_LOSS,
    KEY_SESSION,
    KEY_NO_EVE,
    KEY_REPLAYED,
    KEY_RIPPLE,
    KEY_JITTER,
    KEY_DETECTION,
    KEY_CFO,
    KEY_SFO,
    KEY_SWEEP,
    KEY_FIGURE,
    KEY_CSV,
    KEY_SVG,
    KEY_PAPER,
    KEY_GAP,
    KEY_PROBING,
    KEY_ANTENNAS,
    KEY_ROW,
    KEY_HOP,
    KEY_HOP_SPACING,
    KEY_PACE,
    KEY_EXPERIMENT,
    KEY_SURFACE,
    KEY_SURFACE_PERIOD,
    KEY_ATTACK,
    KEY_ATTACK_POWER,
    STEPS_MAX = 200
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
    { "eve-correlation", KEY_EVE, "RHO", 0,
      "of the eavesdropper's channel with the link's, 0..1: it stands where isotropic waves "
      "have it (default: 0, or that of two measured antennas)",
      0 },
    { "credited", KEY_CREDITED, "RHO", 0,
      "what policy credits to it, 0..0.99 (default: as much as it has, 0.99 at most)", 0 },
    { "seconds", KEY_SECONDS, "S", 0,
      "of channel time, 1..100000 (default: 120; fitted: 3000 probes, at least 120)", 0 },
    { "seed", KEY_SEED, "N", 0, "of channel and noise (default: a random one, printed)", 0 },
    { "interval-ms", KEY_INTERVAL, "MS", 0,
      "between probes, 1..10000 (default: half a Doppler period, and what the carrier "
      "can spare)",
      0 },
    { "delay-spread-ns", KEY_SPREAD, "NS", 0,
      "rms, 1..10000, for tdl, exponential and the scenes (default: the channel's own)", 0 },
    { "k-db", KEY_K, "DB", 0, "steady over scattered power in the first tap, -30..40", 0 },
    { "angles", KEY_ANGLES, "NAME", 0,
      "isotropic, or clusters: the angular spreads that TGn names (default: isotropic)", 0 },
    { "features", KEY_FEATURES, "NAME", 0,
      "complex, or amplitude: a card without usable phase (default: complex, or as measured)", 0 },
    { "antennas", KEY_ANTENNAS, "AxB", 0,
      "of access point and terminal, up to 4 pairs of them (default: 1x1)", 0 },
    { "antenna-spacing", KEY_ROW, "W", 0,
      "in a row at either end, in wavelengths, 0.05..100 (default: 0.5)", 0 },
    { "hop", KEY_HOP, "N", 0,
      "bands that each probe sweeps over, 1..4, with antennas 4 channels in all (default: 1)", 0 },
    { "hop-mhz", KEY_HOP_SPACING, "MHZ", 0, "from band to band, 20..1000 (default: 40)", 0 },
    { "pace", KEY_PACE, "NAME", 0,
      "given, or measured: the interval follows from looks at the channel, which take their time "
      "(default: given)",
      0 },
    { "experiment", KEY_EXPERIMENT, "NAME", 0,
      "random-pilots: what secret random pilots over a channel at rest are worth, nothing; uses "
      "--snr-db and --seed",
      0 },
    { "ris", KEY_SURFACE, "DB", 0,
      "over a channel at rest: a reflecting surface of 64 elements that adds this power, -40..0, "
      "with secret settings for each probe",
      0 },
    { "ris-period", KEY_SURFACE_PERIOD, "N", 0,
      "an attacker's surface: its settings repeat after N probes, 2..100000", 0 },
    { "attack", KEY_ATTACK, "NAME", 0,
      "somebody adds a signal at both ends alike: inject, in every slot, or inject-after-hearing, "
      "when a pilot has begun (default: none)",
      0 },
    { "attack-db", KEY_ATTACK_POWER, "DB", 0, "its power over the channel's, -40..40 (default: 0)",
      0 },
    { "loss", KEY_LOSS, "SHARE", 0, "of frames in each direction, 0..0.5 (default: 0)", 0 },
    { "session-probes", KEY_SESSION, "N", 0,
      "at most, 256..20000 (default: 4096, of more than 16 modes 2560)", 0 },
    { "no-eve", KEY_NO_EVE, NULL, 0, "leave the eavesdropper's attack out: faster", 0 },
    { "replayed", KEY_REPLAYED, NULL, 0,
      "the attack: every session meets fading that was used once before, as after a fixed seed",
      0 },
    { "chain-ripple", KEY_RIPPLE, "RMS", 0,
      "of gain and phase that calibration leaves at each end, 0..0.5 (default: 0.012)", 0 },
    { "phase-jitter-deg", KEY_JITTER, "DEG", 0, "rms per frame, 0..180 (default: 0.25)", 0 },
    { "detection-jitter-ns", KEY_DETECTION, "NS", 0,
      "where a frame begins, +-, 0..1000 (default: 0)", 0 },
    { "cfo-hz", KEY_CFO, "HZ", 0, "rms of what frequency correction leaves, 0..10000 (default: 0)",
      0 },
    { "sfo-ppm", KEY_SFO, "PPM", 0, "of the sampling clocks, -100..100 (default: 0)", 0 },
    { "sweep", KEY_SWEEP, "NAME=A:B:STEP", 0, "one run for each value: snr, speed or eve", 0 },
    { "figure", KEY_FIGURE, "NAME", 0,
      "of --svg: bits, rate, share, errors, disagreement or eve over the swept value, or "
      "waterfall: "
      "the account of one run (default: bits)",
      0 },
    { "csv", KEY_CSV, "FILE", 0, "one line per run", 0 },
    { "svg", KEY_SVG, "FILE", 0, "a plot: see --figure", 0 },
    { "paper", KEY_PAPER, NULL, 0, "indoor, corridor and outdoor as a table", 0 },
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

static double real(const char *text, double min, double max, struct argp_state *state)
{
    char *end = NULL;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !isfinite(value) || value < min || value > max) {
        argp_error(state, "'%s' is not a number of %g..%g", text, min, max);
    }
    return value;
}

/* Index of a word in a list that ends with NULL. */
static int word(const char *text, const char *const *words, struct argp_state *state)
{
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(text, words[i]) == 0) {
            return i;
        }
    }
    argp_error(state, "'%s' is none of the names: see --help", text);
    return 0;
}

static void parse_sweep(struct lab_options *options, const char *text, struct argp_state *state)
{
    static const char *const names[] = { "", "snr", "speed", "eve", NULL };
    char name[8];
    char end;

    if (sscanf(text, "%7[a-z]=%lf:%lf:%lf%c", name, &options->sweep_from, &options->sweep_to,
               &options->sweep_step, &end) != 4 ||
        !(options->sweep_step > 0.0) || !(options->sweep_to >= options->sweep_from) ||
        !(options->sweep_from >= 0.0) ||
        !(options->sweep_to - options->sweep_from < STEPS_MAX * options->sweep_step)) {
        argp_error(state, "'%s' is no sweep: for example snr=10:30:5, at most %d runs", text,
                   STEPS_MAX);
    }
    options->sweep = (enum lab_sweep)word(name, names, state);
    if (options->sweep_to > (options->sweep == LAB_SWEEP_EVE ? 1.0 : 50.0)) {
        argp_error(state, "'%s' goes too far", text);
    }
}

static void parse_antennas(struct lab_options *o, const char *text, struct argp_state *state)
{
    unsigned a = 0;
    unsigned b = 0;
    char end;

    if (sscanf(text, "%ux%u%c", &a, &b, &end) != 2 || a < 1 || b < 1 || a > QW_FEATURE_CHAINS_MAX ||
        b > QW_FEATURE_CHAINS_MAX) {
        argp_error(state, "'%s' is no pair of antennas: for example 2x2", text);
    }
    o->access_point_antennas = a;
    o->terminal_antennas = b;
}

static error_t parse_chains(struct lab_options *o, int key, char *value, struct argp_state *state)
{
    static const char *const paces[] = { "given", "measured", NULL };
    static const char *const experiments[] = { "random-pilots", NULL };
    static const char *const attacks[] = { "none", "inject", "inject-after-hearing", NULL };

    switch (key) {
    case KEY_ATTACK:
        o->attack = (enum lab_attack)word(value, attacks, state);
        return 0;
    case KEY_ATTACK_POWER:
        o->injected_db = real(value, -40.0, 40.0, state);
        return 0;
    case KEY_EXPERIMENT:
        o->is_induced = word(value, experiments, state) == 0;
        return 0;
    case KEY_PACE:
        o->is_paced = word(value, paces, state) == 1;
        return 0;
    case KEY_ANTENNAS:
        parse_antennas(o, value, state);
        return 0;
    case KEY_ROW:
        o->antenna_spacing = real(value, 0.05, 100.0, state);
        return 0;
    case KEY_HOP:
        o->bands = (size_t)real(value, 1.0, QW_FEATURE_CHAINS_MAX, state);
        return 0;
    case KEY_HOP_SPACING:
        o->band_spacing_mhz = real(value, 20.0, 1000.0, state);
        return 0;
    case KEY_SURFACE:
        o->surface_db = real(value, -40.0, 0.0, state);
        return 0;
    case KEY_SURFACE_PERIOD:
        o->surface_period = (uint32_t)real(value, 2.0, 100000.0, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

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
        o->is_sampled = word(value, probings, state) == 1;
        return 0;
    case KEY_SNR:
        o->snr_db = real(value, 0.0, 50.0, state);
        return 0;
    case KEY_SPEED:
        o->speed_m_per_s = real(value, 0.0, 50.0, state);
        o->has_channel = true;
        return 0;
    case KEY_SPREAD:
        o->profile.delay_spread_s = 1e-9 * real(value, 1.0, 10000.0, state);
        o->has_channel = true;
        return 0;
    case KEY_K:
        o->profile.rice_factor = pow(10.0, real(value, -30.0, 40.0, state) / 10.0);
        o->has_channel = true;
        return 0;
    case KEY_ANGLES:
        o->profile.has_clusters = word(value, angles, state) == 1;
        return 0;
    case KEY_FEATURES:
        o->has_phase = word(value, features, state) == 1;
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
        o->loss = real(value, 0.0, 0.5, state);
        return 0;
    case KEY_RIPPLE:
        o->chain_ripple = real(value, 0.0, 0.5, state);
        return 0;
    case KEY_JITTER:
        o->jitter_deg = real(value, 0.0, 180.0, state);
        return 0;
    case KEY_DETECTION:
        o->detection_ns = real(value, 0.0, 1000.0, state);
        return 0;
    case KEY_CFO:
        o->cfo_hz = real(value, 0.0, 10000.0, state);
        return 0;
    case KEY_SFO:
        o->sfo_ppm = real(value, -100.0, 100.0, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_run(struct lab_options *o, int key, char *value, struct argp_state *state)
{
    unsigned long long number = 0;

    switch (key) {
    case KEY_EVE:
        o->eve_correlation = real(value, 0.0, 1.0, state);
        return 0;
    case KEY_CREDITED:
        o->credited = real(value, 0.0, 0.99, state);
        return 0;
    case KEY_SECONDS:
        o->seconds = real(value, 1.0, 100000.0, state);
        return 0;
    case KEY_INTERVAL:
        o->interval_ms = real(value, 1.0, 10000.0, state);
        return 0;
    case KEY_SESSION:
        o->session_probes = (unsigned)real(value, 256.0, QW_PLKG_PROBES_MAX, state);
        return 0;
    case KEY_NO_EVE:
        o->has_eve = false;
        return 0;
    case KEY_REPLAYED:
        o->is_replayed = true;
        return 0;
    case KEY_SEED:
        if (!radio_parse_number(value, UINT64_MAX, &number)) {
            argp_error(state, "--seed is a number, not '%s'", value);
        }
        o->seed = number;
        o->has_seed = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* A measured channel is what it is. */
static void check_measured(const struct lab_options *o, struct argp_state *state)
{
    bool has_fit = o->fit_path != NULL;
    bool has_pair = o->alice_path != NULL;
    bool has_capture = o->capture_path != NULL || has_pair;

    if (has_pair != (o->bob_path != NULL)) {
        argp_error(state, "--alice and --bob are the two ends of one exchange");
    }
    if ((has_fit && has_capture) || (has_pair && o->capture_path != NULL) ||
        ((has_fit || has_capture) && (o->has_channel || o->is_paper))) {
        argp_error(state, "a channel is named, fitted or replayed: --channel, --speed-mps, "
                          "--delay-spread-ns, --k-db and --paper do not go with --fit, --capture "
                          "and --alice");
    }
    if (has_fit && o->sweep == LAB_SWEEP_SPEED) {
        argp_error(state, "a fitted channel has its speed");
    }
    if (has_capture && (o->sweep != LAB_SWEEP_NONE || o->is_replayed)) {
        argp_error(state, "a capture is replayed once");
    }
}

static void check_chains(const struct lab_options *o, struct argp_state *state)
{
    size_t chains = o->access_point_antennas * o->terminal_antennas * o->bands;

    if (chains > QW_FEATURE_CHAINS_MAX) {
        argp_error(state, "antennas and bands together are more than %d channels",
                   QW_FEATURE_CHAINS_MAX);
    }
    if (o->attack != LAB_ATTACK_NONE && chains > 1) {
        argp_error(state, "an attacker's signal is simulated for one antenna and one band");
    }
    if ((chains > 1 || o->attack != LAB_ATTACK_NONE || o->is_paced || !isnan(o->surface_db)) &&
        (o->is_sampled || o->capture_path != NULL || o->alice_path != NULL ||
         strcmp(o->carrier->name, "wifi20") != 0)) {
        argp_error(
            state,
            "antennas, bands, a pace, a surface and an attack are simulated for tones of wifi20");
    }
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    static const char *const figures[] = { "bits",         "rate", "share",     "errors",
                                           "disagreement", "eve",  "waterfall", NULL };
    struct lab_options *o = state->input;
    error_t err;

    switch (key) {
    case KEY_SWEEP:
        parse_sweep(o, value, state);
        return 0;
    case KEY_FIGURE:
        o->figure = (enum lab_figure)word(value, figures, state);
        return 0;
    case KEY_CSV:
        o->csv_path = value;
        return 0;
    case KEY_SVG:
        o->svg_path = value;
        return 0;
    case KEY_PAPER:
        o->is_paper = true;
        return 0;
    case 'j':
        o->as_json = true;
        return 0;
    case ARGP_KEY_END:
        if (o->svg_path != NULL &&
            (o->sweep == LAB_SWEEP_NONE) != (o->figure == LAB_FIGURE_WATERFALL)) {
            argp_error(state, "--svg plots a --sweep, or --figure waterfall of one run");
        }
        if (o->is_sampled && (o->detection_ns > 0.0 || o->cfo_hz > 0.0 || o->sfo_ppm != 0.0)) {
            argp_error(state, "--probing samples makes its own frequency and timing errors");
        }
        if ((o->capture_path != NULL || o->alice_path != NULL) &&
            (o->is_sampled || strcmp(o->carrier->name, "wifi20") != 0)) {
            argp_error(state, "a capture has the carrier that it has");
        }
        if (o->is_paper && o->sweep != LAB_SWEEP_NONE) {
            argp_error(state, "--paper and --sweep exclude each other");
        }
        check_measured(o, state);
        check_chains(o, state);
        return 0;
    default:
        err = parse_channel(o, key, value, state);
        err = err == ARGP_ERR_UNKNOWN ? parse_receiver(o, key, value, state) : err;
        err = err == ARGP_ERR_UNKNOWN ? parse_chains(o, key, value, state) : err;
        return err == ARGP_ERR_UNKNOWN ? parse_run(o, key, value, state) : err;
    }
}

void lab_options_parse(int argc, char **argv, struct lab_options *options)
{
    static const struct argp argp = {
        options_list,
        parse,
        "",
        "Runs real sessions of key generation between two ends on a simulated channel, and the "
        "eavesdropper's attack, and compares what came out with what the channel holds. Exit "
        "status 3: not one key.",
        NULL,
        NULL,
        NULL
    };
    struct qw_front_end_config calibrated = qw_front_end_calibrated(20.0, true);

    *options = (struct lab_options){ .kind = qw_channel_kind_find("tgn-d"),
                                     .carrier = qw_carrier_find("wifi20"),
                                     .profile = { .rice_factor = -1.0 },
                                     .snr_db = NAN,
                                     .speed_m_per_s = NAN,
                                     .eve_correlation = NAN,
                                     .interval_ms = NAN,
                                     .credited = NAN,
                                     .seconds = NAN,
                                     .has_phase = true,
                                     .has_eve = true,
                                     .access_point_antennas = 1,
                                     .terminal_antennas = 1,
                                     .bands = 1,
                                     .antenna_spacing = 0.5,
                                     .band_spacing_mhz = 40.0,
                                     .surface_db = NAN,
                                     .chain_ripple = calibrated.chain_ripple,
                                     .jitter_deg = calibrated.phase_jitter_rad * 180.0 / M_PI };
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, options);
}
