/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_SDR_RADIO_SETTINGS_H
#define QW_RADIO_SDR_RADIO_SETTINGS_H

#include "base/config.h"
#include "base/log.h"
#include "radio/carrier/sounding.h"
#include "radio/sdr/session_radio.h"
#include "radio/sdr/soapy_library.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the configuration files of both ends of a session say about their radio [W15]. Nothing is
 * sent unless radio_may_send, a frequency and a gain for sending are written there. */
enum { QW_RADIO_ARGS_CAP = 256, QW_RADIO_ANTENNA_CAP = 64 };
#define QW_RADIO_NOT_SAID "-1000" /* of a gain */

struct qw_radio_settings {
    char radio[QW_RADIO_ARGS_CAP]; /* "air", or "soapy:" and the arguments of a device */
    double frequency_mhz;          /* 0: not said */
    double rate_hz;                /* 0: the carrier's own */
    double gain_db, send_gain_db;  /* QW_RADIO_NOT_SAID */
    char antenna[QW_RADIO_ANTENNA_CAP], send_antenna[QW_RADIO_ANTENNA_CAP]; /* "": as it stands */
    bool may_send;
    double gap_ms;
    int64_t station, peer;
};

#define QW_RADIO_ROW(type, member, field, name_of, kind_of, low, high, standard_value, help_text) \
    { \
        .name = name_of, .kind = kind_of, .min = low, .max = high, .standard = standard_value, \
        .offset = offsetof(type, member) + offsetof(struct qw_radio_settings, field), \
        .help = help_text \
    }
/* Rows for a struct of this type, whose member is a struct qw_radio_settings; the standard numbers
 * of the station and its peer, as texts. */
#define QW_RADIO_ROWS(type, member, own, other) \
    QW_RADIO_ROW(type, member, radio, "radio", QW_CONFIG_TEXT, 3, QW_RADIO_ARGS_CAP, "air", \
                 "air: a simulated or replayed one at air_port; soapy:ARGS: a software radio"), \
        QW_RADIO_ROW(type, member, frequency_mhz, "radio_frequency_mhz", QW_CONFIG_REAL, 0, 1e5, \
                     "0", "middle of the channel, in MHz; must be given for soapy"), \
        QW_RADIO_ROW(type, member, rate_hz, "radio_rate_hz", QW_CONFIG_REAL, 0, 1e8, "0", \
                     "samples a second, the same at both ends; 0: the carrier's own"), \
        QW_RADIO_ROW(type, member, gain_db, "radio_gain_db", QW_CONFIG_REAL, -1000, 200, \
                     QW_RADIO_NOT_SAID, "of the receiver, in dB; must be given for soapy"), \
        QW_RADIO_ROW(type, member, send_gain_db, "radio_send_gain_db", QW_CONFIG_REAL, -1000, 200, \
                     QW_RADIO_NOT_SAID, "of the transmitter, in dB; must be given for soapy"), \
        QW_RADIO_ROW(type, member, antenna, "radio_antenna", QW_CONFIG_TEXT, 0, \
                     QW_RADIO_ANTENNA_CAP, "", "name at the receiver; empty: as it stands"), \
        QW_RADIO_ROW(type, member, send_antenna, "radio_send_antenna", QW_CONFIG_TEXT, 0, \
                     QW_RADIO_ANTENNA_CAP, "", "name at the transmitter; empty: as it stands"), \
        QW_RADIO_ROW(type, member, may_send, "radio_may_send", QW_CONFIG_BOOL, 0, 1, "false", \
                     "true: you have the right to send on this frequency with this power"), \
        QW_RADIO_ROW(type, member, gap_ms, "radio_gap_ms", QW_CONFIG_REAL, 0.1, 100, "2", \
                     "from a pilot to its answer, in ms, the same at both ends"), \
        QW_RADIO_ROW(type, member, station, "radio_station", QW_CONFIG_INT, 0, 15, own, \
                     "own number in what is sent"), \
        QW_RADIO_ROW(type, member, peer, "radio_peer", QW_CONFIG_INT, 0, 15, other, \
                     "number of the other end")

bool qw_radio_settings_is_air(const struct qw_radio_settings *settings);

/* QW_ERR_FORMAT with the reason in why: no radio of that kind, or of a software radio something
 * that must be said and is not. */
qw_err qw_radio_settings_check(const struct qw_radio_settings *settings,
                               char why[static QW_CONFIG_WHY_CAP]) QW_MUST_USE;

/* Settings of a software radio that were checked; borrows from settings. */
struct qw_session_radio_config qw_radio_settings_config(const struct qw_radio_settings *settings,
                                                        const struct qw_carrier *carrier,
                                                        bool is_terminal);

/* Drivers do not all survive being unloaded, so a program keeps the library of software radios from
 * its first session to its last. Of an air nothing is loaded. Without the library no session would
 * come about: QW_ERR_UNAVAILABLE, and a line in the log. */
qw_err qw_radio_settings_load(const struct qw_radio_settings *settings, const struct qw_log *log,
                              struct qw_soapy *soapy) QW_MUST_USE;

/* The shortest interval that a session accepts with this gap (plkg/gap.h); 0 of an air. */
double qw_radio_settings_interval_ms(const struct qw_radio_settings *settings);

#endif
