/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_TERMINAL_SETTINGS_H
#define QWAVE_TERMINAL_SETTINGS_H

#include "base/config.h"
#include "base/error.h"
#include "base/log.h"
#include "radio/carrier/tuning.h"
#include "radio/sdr/radio_settings.h"

#include <stdbool.h>
#include <stdint.h>

enum { SETTINGS_PATH_CAP = 4096 };
enum settings_pace { PACE_FIXED, PACE_MEASURED };

/* The configuration file of qwave-terminal, one row per setting; qwave-terminal.1 explains them. */
struct settings {
    char terminal_id[64];
    char card[SETTINGS_PATH_CAP];
    char passphrase_file[SETTINGS_PATH_CAP];
    char socket[SETTINGS_PATH_CAP];
    char certificate[SETTINGS_PATH_CAP], key[SETTINGS_PATH_CAP]; /* both or neither */
    char public_url[256];                                        /* empty: over the air */
    char access_point_address[64];
    int64_t access_point_port;
    char air_address[64];
    int64_t air_port;
    struct qw_radio_settings radio;
    int carrier; /* index of the choice */
    int64_t antennas, access_point_antennas, bands;
    struct qw_tuning tuning; /* from the four above */
    int64_t low_water_keys, high_water_keys;
    bool automatic_refill;
    int64_t retry_interval_s;
    int64_t session_timeout_s;
    double eve_correlation, injected_db;
    double epsilon_log2;
    int64_t probes_max;
    int pace;                 /* enum settings_pace */
    double probe_interval_ms; /* as given, or what the tuning can be used at */
    int log_level;
};

/* QW_ERR_FORMAT, QW_ERR_NOT_FOUND with a sentence in error. */
qw_err settings_read(const char *path, struct settings *settings,
                     char error[static QW_CONFIG_ERROR_CAP]) QW_MUST_USE;

#endif
