/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_AP_SETTINGS_H
#define QWAVE_AP_SETTINGS_H

#include "base/config.h"
#include "base/error.h"
#include "radio/carrier/tuning.h"
#include "radio/sdr/radio_settings.h"

#include <stdint.h>

enum { SETTINGS_PATH_CAP = 4096 };

/* The configuration file of qwave-ap, one row per setting; qwave-ap.1 explains them. */
struct settings {
    char access_point_id[64];
    char listen_address[64];
    int64_t listen_port;
    char centre_url[256];
    char certificate[SETTINGS_PATH_CAP];
    char key[SETTINGS_PATH_CAP];
    char ca[SETTINGS_PATH_CAP];
    char card[SETTINGS_PATH_CAP];
    char passphrase_file[SETTINGS_PATH_CAP];
    char air_address[64];
    int64_t air_port;
    struct qw_radio_settings radio;
    int radio_carrier;                       /* index of the choice */
    const struct qw_carrier *radio_waveform; /* the same */
    char offers_carriers[64];
    int64_t offers_antennas, offers_bands;
    struct qw_tuning_offer offer; /* from the three above */
    int64_t session_timeout_s;
    double eve_correlation, injected_db;
    double epsilon_log2;
    int64_t probes_max;
    double probe_interval_ms;
    int console_view; /* 1: simulated sessions are shown */
    int log_level;
};

/* QW_ERR_FORMAT, QW_ERR_NOT_FOUND with a sentence in error. */
qw_err settings_read(const char *path, struct settings *settings,
                     char error[static QW_CONFIG_ERROR_CAP]) QW_MUST_USE;

#endif
