/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/options/lab_options_parser.h"
#include "radio/feature.h"

#include <math.h>
#include <string.h>

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
    bool is_measured = o->capture_path != NULL || o->alice_path != NULL;
    bool is_other = is_measured || strcmp(o->carrier->name, "wifi20") != 0;
    bool waits = o->attack == LAB_ATTACK_INJECT_AFTER_HEARING;

    if (chains > QW_FEATURE_CHAINS_MAX) {
        argp_error(state, "antennas and bands together are more than %d channels",
                   QW_FEATURE_CHAINS_MAX);
    }
    if (o->attack != LAB_ATTACK_NONE && (waits ? o->bands > 1 : chains > 1)) {
        argp_error(state, "an attacker's signal is simulated for one band, and one antenna unless "
                          "he waits for a pilot");
    }
    if ((chains > 1 || o->is_paced || !isnan(o->surface_db)) && (o->is_sampled || is_other)) {
        argp_error(state,
                   "antennas, bands, a pace and a surface are simulated for tones of wifi20");
    }
    if (o->attack != LAB_ATTACK_NONE &&
        (waits ? is_measured || o->carrier->is_cellular : is_other)) {
        argp_error(state, "an attack is simulated for wifi20; of who waits for a pilot for wifi40 "
                          "and wifi80 too");
    }
}

void lab_options_check(const struct lab_options *o, struct argp_state *state)
{
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
}
