/* SPDX-License-Identifier: Apache-2.0 */
/* Several antennas and bands, what else is done to the channel, and by whom. */
#include "lab/options/lab_option_value.h"
#include "lab/options/lab_options_parser.h"
#include "radio/feature.h"

#include <stdio.h>

enum {
    KEY_ANTENNAS = 0x300,
    KEY_ROW,
    KEY_HOP,
    KEY_HOP_SPACING,
    KEY_PACE,
    KEY_EXPERIMENT,
    KEY_SURFACE,
    KEY_SURFACE_PERIOD,
    KEY_ATTACK,
    KEY_ATTACK_POWER,
    KEY_REPEATER_DELAY,
    KEY_REACTION,
    KEY_CREDITED_INJECTION
};

static const struct argp_option options_list[] = {
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
      "somebody adds a signal at both ends alike: inject, in every slot, inject-after-hearing, "
      "when "
      "a pilot has begun, or repeat, by a repeater that she carries (default: none)",
      0 },
    { "attack-db", KEY_ATTACK_POWER, "DB", 0, "its power over the channel's, -40..40 (default: 0)",
      0 },
    { "repeater-delay-ns", KEY_REPEATER_DELAY, "NS", 0,
      "of what a repeater adds, behind the channel, 0..3000 (default: 100)", 0 },
    { "reaction-us", KEY_REACTION, "US", 0,
      "inject-after-hearing: from a frame's first sample to the first one that she adds, 0..9 "
      "(default: 2)",
      0 },
    { "credited-injection", KEY_CREDITED_INJECTION, "DB", 0,
      "what policy credits to such a signal, over the access point's noise in each number, -40..60 "
      "(default: nothing)",
      0 },
    { 0 },
};

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

static error_t parse(int key, char *value, struct argp_state *state)
{
    static const char *const paces[] = { "given", "measured", NULL };
    static const char *const experiments[] = { "random-pilots", NULL };
    static const char *const attacks[] = { "none", "inject", "inject-after-hearing", "repeat",
                                           NULL };
    struct lab_options *o = state->input;

    switch (key) {
    case KEY_ATTACK:
        o->attack = (enum lab_attack)lab_option_word(value, attacks, state);
        return 0;
    case KEY_ATTACK_POWER:
        o->injected_db = lab_option_real(value, -40.0, 40.0, state);
        return 0;
    case KEY_REPEATER_DELAY:
        o->repeater_ns = lab_option_real(value, 0.0, 3000.0, state);
        return 0;
    case KEY_REACTION:
        o->reaction_us = lab_option_real(value, 0.0, 9.0, state);
        return 0;
    case KEY_CREDITED_INJECTION:
        o->credited_injection = lab_option_real(value, -40.0, 60.0, state);
        return 0;
    case KEY_EXPERIMENT:
        o->is_induced = lab_option_word(value, experiments, state) == 0;
        return 0;
    case KEY_PACE:
        o->is_paced = lab_option_word(value, paces, state) == 1;
        return 0;
    case KEY_ANTENNAS:
        parse_antennas(o, value, state);
        return 0;
    case KEY_ROW:
        o->antenna_spacing = lab_option_real(value, 0.05, 100.0, state);
        return 0;
    case KEY_HOP:
        o->bands = (size_t)lab_option_real(value, 1.0, QW_FEATURE_CHAINS_MAX, state);
        return 0;
    case KEY_HOP_SPACING:
        o->band_spacing_mhz = lab_option_real(value, 20.0, 1000.0, state);
        return 0;
    case KEY_SURFACE:
        o->surface_db = lab_option_real(value, -40.0, 0.0, state);
        return 0;
    case KEY_SURFACE_PERIOD:
        o->surface_period = (uint32_t)lab_option_real(value, 2.0, 100000.0, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp lab_options_chains = { options_list, parse, NULL, NULL, NULL, NULL, NULL };
