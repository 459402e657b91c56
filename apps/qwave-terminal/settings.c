/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>

static const double INTERVAL_MIN_MS = 0.5;

static const char *const carriers[] = { "wifi20", "wifi40", "wifi80", "lte-tdd", "nr-tdd", NULL };
static const char *const paces[] = { "fixed", "measured", NULL };
static const char *const log_levels[] = { "error", "warning", "info", "debug", NULL };

#define ROW(kind_of, member, low, high, standard_value, help_text) \
    { \
        .name = #member, .kind = kind_of, .offset = offsetof(struct settings, member), .min = low, \
        .max = high, .standard = standard_value, .help = help_text \
    }
static const struct qw_config_row rows[] = {
    ROW(QW_CONFIG_TEXT, terminal_id, 1, 64, NULL, "device id of this terminal at its centre"),
    ROW(QW_CONFIG_TEXT, card, 1, SETTINGS_PATH_CAP, NULL,
        "made by `qwave charge`: a file, pkcs11:... or pcsc:..."),
    ROW(QW_CONFIG_TEXT, passphrase_file, 1, SETTINGS_PATH_CAP, NULL,
        "first line is the card's passphrase or PIN; readable by its owner only"),
    ROW(QW_CONFIG_TEXT, socket, 1, 108, "terminal.sock", "Unix socket for applications"),
    ROW(QW_CONFIG_TEXT, certificate, 0, SETTINGS_PATH_CAP, "",
        "that the terminal authenticates with when an application asks; empty: it does not"),
    ROW(QW_CONFIG_TEXT, key, 0, SETTINGS_PATH_CAP, "", "and its private key"),
    ROW(QW_CONFIG_TEXT, public_url, 0, 256, "",
        "of the centre's public listener, http://..., to authenticate over IP; empty: over the "
        "air"),
    ROW(QW_CONFIG_TEXT, access_point_address, 1, 64, "127.0.0.1", "numeric address"),
    ROW(QW_CONFIG_INT, access_point_port, 1, 65535, NULL, "TCP port of the access point"),
    ROW(QW_CONFIG_TEXT, air_address, 1, 64, "127.0.0.1", "numeric address of the radio front end"),
    ROW(QW_CONFIG_INT, air_port, 0, 65535, "0",
        "and its port (`qwave air`); must be given for radio: air"),
    QW_RADIO_ROWS(struct settings, radio, "1", "0"),
    { .name = "carrier",
      .kind = QW_CONFIG_CHOICE,
      .offset = offsetof(struct settings, carrier),
      .standard = "wifi20",
      .choices = carriers,
      .help = "what the probes ride on" },
    ROW(QW_CONFIG_INT, antennas, 1, 4, "1", "of this terminal, for probes"),
    ROW(QW_CONFIG_INT, access_point_antennas, 1, 4, "1", "of the access point, for probes"),
    ROW(QW_CONFIG_INT, bands, 1, 4, "1", "that each probe sweeps over"),
    ROW(QW_CONFIG_INT, low_water_keys, 1, 2047, "16", "refill below this many keys"),
    ROW(QW_CONFIG_INT, high_water_keys, 2, 2048, "64", "and up to this many"),
    ROW(QW_CONFIG_BOOL, automatic_refill, 0, 1, "true", "refill at the low-water mark unasked"),
    ROW(QW_CONFIG_INT, retry_interval_s, 1, 86400, "30",
        "first wait after a refill that failed; doubles up to 64 times, in s"),
    ROW(QW_CONFIG_INT, session_timeout_s, 5, 3600, "120", "longest radio session, in s"),
    ROW(QW_CONFIG_REAL, eve_correlation, 0, 0.99, "0.9",
        "correlation credited to the eavesdropper"),
    ROW(QW_CONFIG_REAL, injected_db, -40, 60, "-40",
        "credited to a signal that somebody adds unseen, over the access point's noise, in dB; "
        "-40: "
        "nothing"),
    ROW(QW_CONFIG_REAL, epsilon_log2, -128, -32, "-64",
        "failure probability of a distilled key, at most 2 to this"),
    ROW(QW_CONFIG_INT, probes_max, 64, 20000, "2000", "probe pairs in one session"),
    ROW(QW_CONFIG_REAL, probe_interval_ms, 0, 1000, "0",
        "between two probe pairs, in ms; 0: so that they cost the network at most 1 %"),
    { .name = "pace",
      .kind = QW_CONFIG_CHOICE,
      .offset = offsetof(struct settings, pace),
      .standard = "fixed",
      .choices = paces,
      .help = "a probe each probe_interval_ms, or as the channel moves, not faster than that" },
    { .name = "log_level",
      .kind = QW_CONFIG_CHOICE,
      .offset = offsetof(struct settings, log_level),
      .standard = "info",
      .choices = log_levels,
      .help = "least important line that is written" },
};

static qw_err check_radio(const char *path, const struct settings *s,
                          char error[static QW_CONFIG_ERROR_CAP])
{
    bool is_air = qw_radio_settings_is_air(&s->radio);
    char why[QW_CONFIG_WHY_CAP];
    qw_err err = qw_radio_settings_check(&s->radio, why);

    if (err == QW_OK && is_air && s->air_port == 0) {
        snprintf(why, sizeof why, "air_port is missing");
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK && !is_air &&
        (s->pace == PACE_MEASURED || s->tuning.carrier->is_cellular ||
         qw_tuning_chains(&s->tuning) > 1)) {
        snprintf(why, sizeof why,
                 "a software radio has one antenna and one band, a carrier of wifi20, wifi40 or "
                 "wifi80, and a fixed pace");
        err = QW_ERR_FORMAT;
    }
    if (err != QW_OK) {
        snprintf(error, QW_CONFIG_ERROR_CAP, "%s: %s", path, why);
    }
    return err;
}

/* What the radio is set to, and how often it can be used. */
static qw_err derive_radio(const char *path, struct settings *s,
                           char error[static QW_CONFIG_ERROR_CAP])
{
    double shortest_ms;

    s->tuning = (struct qw_tuning){ .carrier = qw_carrier_find(carriers[s->carrier]),
                                    .access_point_antennas = (uint8_t)s->access_point_antennas,
                                    .terminal_antennas = (uint8_t)s->antennas,
                                    .bands = (uint8_t)s->bands };
    if (!qw_tuning_ok(&s->tuning)) {
        snprintf(error, QW_CONFIG_ERROR_CAP,
                 "%s: antennas (%lld) x access_point_antennas (%lld) x bands (%lld) must be at "
                 "most %d, and 1 with a cell",
                 path, (long long)s->antennas, (long long)s->access_point_antennas,
                 (long long)s->bands, QW_TUNING_CHAINS_MAX);
        return QW_ERR_FORMAT;
    }
    if (s->probe_interval_ms == 0.0) {
        s->probe_interval_ms = fmax(1000.0 * qw_tuning_interval_s(&s->tuning),
                                    qw_radio_settings_interval_ms(&s->radio));
        return QW_OK;
    }
    shortest_ms = INTERVAL_MIN_MS + 1000.0 * qw_tuning_sweep_s(&s->tuning);
    if (s->probe_interval_ms < shortest_ms) {
        snprintf(error, QW_CONFIG_ERROR_CAP,
                 "%s: probe_interval_ms: %g is not 0 or %g..1000 with %lld bands", path,
                 s->probe_interval_ms, shortest_ms, (long long)s->bands);
        return QW_ERR_FORMAT;
    }
    return QW_OK;
}

qw_err settings_read(const char *path, struct settings *settings,
                     char error[static QW_CONFIG_ERROR_CAP])
{
    struct settings s = { 0 };
    qw_err err = qw_config_read(path, rows, sizeof rows / sizeof rows[0], &s, error);

    if (err != QW_OK) {
        return err;
    }
    if (s.low_water_keys >= s.high_water_keys) {
        snprintf(error, QW_CONFIG_ERROR_CAP,
                 "%s: low_water_keys (%lld) must be less than high_water_keys (%lld)", path,
                 (long long)s.low_water_keys, (long long)s.high_water_keys);
        return QW_ERR_FORMAT;
    }
    if ((s.certificate[0] == '\0') != (s.key[0] == '\0')) {
        snprintf(error, QW_CONFIG_ERROR_CAP, "%s: certificate and key go together", path);
        return QW_ERR_FORMAT;
    }
    err = derive_radio(path, &s, error);
    if (err == QW_OK) {
        err = check_radio(path, &s, error);
    }
    if (err != QW_OK) {
        return err;
    }
    *settings = s;
    return QW_OK;
}
