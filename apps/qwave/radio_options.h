/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_RADIO_OPTIONS_H
#define QWAVE_RADIO_OPTIONS_H

#include "base/error.h"
#include "radio/air.h"
#include "radio/carrier/carrier.h"
#include "radio/fit/fit.h"

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

/* Options that choose a channel, the same for `qwave air` and `qwave demo`. */
enum { RADIO_CAPTURES_MAX = 16 };
enum {
    OPTION_SCENE = 0x100,
    OPTION_SEED,
    OPTION_SNR,
    OPTION_LOSS,
    OPTION_EVE,
    OPTION_CAPTURE,
    OPTION_FIT
};

#define RADIO_OPTIONS \
    { "scene", \
      OPTION_SCENE, \
      "NAME", \
      0, \
      "simulated: indoor, corridor, outdoor, static or room (default: indoor)", \
      0 }, \
        { "seed", OPTION_SEED, "N", 0, "of the simulated channel (default: a random one, printed)", \
          0 }, \
        { "snr-db", OPTION_SNR, "DB", 0, "signal to noise at each end, 0..50 (default: 25)", 0 }, \
        { "loss", \
          OPTION_LOSS, \
          "SHARE", \
          0, \
          "of probes lost in each direction, 0..0.5 (default: 0.01)", \
          0 }, \
        { "eve-distance-m", \
          OPTION_EVE, \
          "M", \
          0, \
          "of the eavesdropper from the terminal, 0.001..100 (default: 0.3)", \
          0 }, \
        { "capture", \
          OPTION_CAPTURE, \
          "FILE", \
          0, \
          "replay a measured channel (any capture); may be given several times", \
          0 }, \
    { \
        "fit", OPTION_FIT, "FILE", 0, \
            "simulate a channel with the parameters of a measured one (any capture)", 0 \
    }

struct radio_options {
    struct qw_air_config air;
    bool has_seed, has_snr;
    const char *captures[RADIO_CAPTURES_MAX + 1];
    const char *fit_path; /* NULL: none */
    struct qw_air_channel fitted;
    char error[256]; /* why radio_options_config failed */
};

void radio_options_init(struct radio_options *options);
error_t radio_options_parse(struct radio_options *options, int key, char *value,
                            struct argp_state *state);

/* Completes the configuration: draws a seed when none was given, fits a channel when that was asked
 * for. It borrows from options; their error says what was wrong. */
qw_err radio_options_config(struct radio_options *options,
                            struct qw_air_config *config) QW_MUST_USE;

/* Time after which what moves at this speed has mostly changed: half a Doppler period, but no less
 * than the carrier can spare, and no more than 10 s. */
double radio_fresh_interval_s(const struct qw_carrier *carrier, double speed_m_per_s);

/* The name of a file in a path. */
const char *radio_file_name(const char *path);

/* A channel with the parameters of a capture. error says what was wrong. */
qw_err radio_fit_channel(const char *path, struct qw_fit *fit, struct qw_air_channel *channel,
                         char error[static 256]) QW_MUST_USE;

/* A decimal number up to max, nothing else. */
bool radio_parse_number(const char *text, unsigned long long max, unsigned long long *number);

#endif
