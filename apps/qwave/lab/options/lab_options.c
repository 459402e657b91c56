/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "lab/options/lab_options.h"

#include "command.h"
#include "lab/options/lab_option_value.h"
#include "lab/options/lab_options_parser.h"
#include "radio/plkg/message.h"
#include "radio_options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    KEY_EVE = 0x400,
    KEY_CREDITED,
    KEY_SECONDS,
    KEY_SEED,
    KEY_INTERVAL,
    KEY_SESSION,
    KEY_NO_EVE,
    KEY_REPLAYED,
    KEY_SWEEP,
    KEY_FIGURE,
    KEY_CSV,
    KEY_SVG,
    KEY_PAPER,
    STEPS_MAX = 200
};

static const struct argp_option options_list[] = {
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
    { "session-probes", KEY_SESSION, "N", 0,
      "at most, 256..20000 (default: 4096, of more than 16 modes 2560)", 0 },
    { "no-eve", KEY_NO_EVE, NULL, 0, "leave the eavesdropper's attack out: faster", 0 },
    { "replayed", KEY_REPLAYED, NULL, 0,
      "the attack: every session meets fading that was used once before, as after a fixed seed",
      0 },
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
    options->sweep = (enum lab_sweep)lab_option_word(name, names, state);
    if (options->sweep_to > (options->sweep == LAB_SWEEP_EVE ? 1.0 : 50.0)) {
        argp_error(state, "'%s' goes too far", text);
    }
}

static error_t parse_run(struct lab_options *o, int key, char *value, struct argp_state *state)
{
    unsigned long long number = 0;

    switch (key) {
    case KEY_EVE:
        o->eve_correlation = lab_option_real(value, 0.0, 1.0, state);
        return 0;
    case KEY_CREDITED:
        o->credited = lab_option_real(value, 0.0, 0.99, state);
        return 0;
    case KEY_SECONDS:
        o->seconds = lab_option_real(value, 1.0, 100000.0, state);
        return 0;
    case KEY_INTERVAL:
        o->interval_ms = lab_option_real(value, 1.0, 10000.0, state);
        return 0;
    case KEY_SESSION:
        o->session_probes = (unsigned)lab_option_real(value, 256.0, QW_PLKG_PROBES_MAX, state);
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

static error_t parse(int key, char *value, struct argp_state *state)
{
    static const char *const figures[] = { "bits",         "rate", "share",     "errors",
                                           "disagreement", "eve",  "waterfall", NULL };
    struct lab_options *o = state->input;

    switch (key) {
    case KEY_SWEEP:
        parse_sweep(o, value, state);
        return 0;
    case KEY_FIGURE:
        o->figure = (enum lab_figure)lab_option_word(value, figures, state);
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
        lab_options_check(o, state);
        return 0;
    case ARGP_KEY_INIT:
        state->child_inputs[0] = o;
        state->child_inputs[1] = o;
        return 0;
    default:
        return parse_run(o, key, value, state);
    }
}

void lab_options_parse(int argc, char **argv, struct lab_options *options)
{
    static const struct argp_child children[] = { { &lab_options_channel, 0, NULL, 0 },
                                                  { &lab_options_chains, 0, NULL, 0 },
                                                  { 0 } };
    static const struct argp argp = {
        options_list,
        parse,
        "",
        "Runs real sessions of key generation between two ends on a simulated channel, and the "
        "eavesdropper's attack, and compares what came out with what the channel holds. Exit "
        "status 3: not one key.",
        children,
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
                                     .credited_injection = NAN,
                                     .seconds = NAN,
                                     .has_phase = true,
                                     .has_eve = true,
                                     .repeater_ns = 100.0,
                                     .reaction_us = 2.0,
                                     .access_point_antennas = 1,
                                     .terminal_antennas = 1,
                                     .bands = 1,
                                     .antenna_spacing = 0.5,
                                     .band_spacing_mhz = 40.0,
                                     .surface_db = NAN,
                                     .chain_ripple = calibrated.chain_ripple,
                                     .jitter_deg = calibrated.phase_jitter_rad * 180.0 / M_PI };
    argp_parse(&argp, argc, argv, 0, NULL, options);
}
