/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_RADIO_OPTIONS_H
#define QWAVE_RADIO_OPTIONS_H

#include "base/error.h"
#include "radio/air.h"

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

/* Options that choose a channel, the same for `qwave air` and `qwave demo`. */
enum { RADIO_CAPTURES_MAX = 16 };
enum { OPTION_SCENE = 0x100, OPTION_SEED, OPTION_SNR, OPTION_LOSS, OPTION_EVE, OPTION_CAPTURE };

#define RADIO_OPTIONS \
    { "scene", \
      OPTION_SCENE, \
      "NAME", \
      0, \
      "simulated: indoor, corridor, outdoor or static (default: indoor)", \
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
    { \
        "capture", OPTION_CAPTURE, "FILE", 0, \
            "replay a measured channel (any capture); may be given several times", 0 \
    }

struct radio_options {
    struct qw_air_config air;
    bool has_seed;
    const char *captures[RADIO_CAPTURES_MAX + 1];
};

void radio_options_init(struct radio_options *options);
error_t radio_options_parse(struct radio_options *options, int key, char *value,
                            struct argp_state *state);

/* Completes the configuration: draws a seed when none was given. It borrows from options. */
qw_err radio_options_config(struct radio_options *options,
                            struct qw_air_config *config) QW_MUST_USE;

/* A decimal number up to max, nothing else. */
bool radio_parse_number(const char *text, unsigned long long max, unsigned long long *number);

#endif
