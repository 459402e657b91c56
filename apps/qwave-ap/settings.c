/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include <stddef.h>
#include <stdio.h>

static const char *const log_levels[] = { "error", "warning", "info", "debug", NULL };
static const char *const radio_carriers[] = { "wifi20", "wifi40", "wifi80", NULL };
static const char *const console_views[] = { "off", "simulated", NULL };

#define ROW(kind_of, member, low, high, standard_value, help_text) \
    { \
        .name = #member, .kind = kind_of, .offset = offsetof(struct settings, member), .min = low, \
        .max = high, .standard = standard_value, .help = help_text \
    }
static const struct qw_config_row rows[] = {
    ROW(QW_CONFIG_TEXT, access_point_id, 1, 64, NULL, "device id of this access point"),
    ROW(QW_CONFIG_TEXT, listen_address, 1, 64, "127.0.0.1", "numeric address for terminals"),
    ROW(QW_CONFIG_INT, listen_port, 0, 65535, "0", "TCP port for terminals; 0: any"),
    ROW(QW_CONFIG_TEXT, centre_url, 9, 256, NULL, "https://ADDRESS:PORT of the centre"),
    ROW(QW_CONFIG_TEXT, certificate, 1, SETTINGS_PATH_CAP, NULL,
        "this access point's certificate, PEM"),
    ROW(QW_CONFIG_TEXT, key, 1, SETTINGS_PATH_CAP, NULL, "its private key, PEM"),
    ROW(QW_CONFIG_TEXT, ca, 1, SETTINGS_PATH_CAP, NULL,
        "certificate of the centre's authority, PEM"),
    ROW(QW_CONFIG_TEXT, card, 1, SETTINGS_PATH_CAP, NULL,
        "card file with the link key to the centre"),
    ROW(QW_CONFIG_TEXT, passphrase_file, 1, SETTINGS_PATH_CAP, NULL,
        "first line is the card's passphrase; readable by its owner only"),
    ROW(QW_CONFIG_TEXT, air_address, 1, 64, "127.0.0.1", "numeric address of the radio front end"),
    ROW(QW_CONFIG_INT, air_port, 0, 65535, "0",
        "and its port (`qwave air`); must be given for radio: air"),
    QW_RADIO_ROWS(struct settings, radio, "0", "1"),
    { .name = "radio_carrier",
      .kind = QW_CONFIG_CHOICE,
      .offset = offsetof(struct settings, radio_carrier),
      .standard = "wifi20",
      .choices = radio_carriers,
      .help = "waveform of a software radio" },
    ROW(QW_CONFIG_TEXT, offers_carriers, 1, 64, "wifi20 wifi40 wifi80 lte-tdd nr-tdd",
        "what terminals may use: of wifi20, wifi40, wifi80, lte-tdd, nr-tdd, separated by spaces"),
    ROW(QW_CONFIG_INT, offers_antennas, 1, 4, "4", "antennas of this access point, at most"),
    ROW(QW_CONFIG_INT, offers_bands, 1, 4, "4", "bands that a probe sweeps over, at most"),
    ROW(QW_CONFIG_INT, session_timeout_s, 5, 3600, "120",
        "longest session with one terminal, in s"),
    ROW(QW_CONFIG_REAL, eve_correlation, 0, 0.99, "0.9",
        "correlation credited to the eavesdropper"),
    ROW(QW_CONFIG_REAL, injected_db, -40, 60, "-40",
        "credited to a signal that somebody adds unseen, over the access point's noise, in dB; "
        "-40: "
        "nothing"),
    ROW(QW_CONFIG_REAL, epsilon_log2, -128, -32, "-64",
        "failure probability of a distilled key, at most 2 to this"),
    ROW(QW_CONFIG_INT, probes_max, 64, 20000, "2000", "probe pairs in one session"),
    ROW(QW_CONFIG_REAL, probe_interval_ms, 0.5, 1000, "20", "between two probe pairs, in ms"),
    { .name = "console_view",
      .kind = QW_CONFIG_CHOICE,
      .offset = offsetof(struct settings, console_view),
      .standard = "off",
      .choices = console_views,
      .help = "sessions that the centre's console shows; never those of a real radio" },
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
    char why[QW_CONFIG_WHY_CAP];
    qw_err err = qw_radio_settings_check(&s->radio, why);

    if (err == QW_OK && qw_radio_settings_is_air(&s->radio) && s->air_port == 0) {
        snprintf(why, sizeof why, "air_port is missing");
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK && !qw_radio_settings_is_air(&s->radio) && s->console_view == 1) {
        snprintf(why, sizeof why, "console_view: simulated needs radio: air");
        err = QW_ERR_FORMAT;
    }
    if (err != QW_OK) {
        snprintf(error, QW_CONFIG_ERROR_CAP, "%s: %s", path, why);
    }
    return err;
}

qw_err settings_read(const char *path, struct settings *settings,
                     char error[static QW_CONFIG_ERROR_CAP])
{
    struct settings s = { 0 };
    qw_err err = qw_config_read(path, rows, sizeof rows / sizeof rows[0], &s, error);

    if (err != QW_OK) {
        return err;
    }
    err = qw_tuning_offer_read(s.offers_carriers, &s.offer.carriers);
    if (err != QW_OK) {
        snprintf(error, QW_CONFIG_ERROR_CAP,
                 "%s: offers_carriers: '%s' is not a list of wifi20, wifi40, wifi80, lte-tdd, "
                 "nr-tdd, separated by "
                 "spaces",
                 path, s.offers_carriers);
        return err;
    }
    err = check_radio(path, &s, error);
    if (err != QW_OK) {
        return err;
    }
    s.offer.antennas = (uint8_t)s.offers_antennas;
    s.offer.bands = (uint8_t)s.offers_bands;
    s.radio_waveform = qw_carrier_find(radio_carriers[s.radio_carrier]);
    *settings = s;
    return QW_OK;
}
