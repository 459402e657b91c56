/* SPDX-License-Identifier: Apache-2.0 */
#include "radio/sdr/radio_settings.h"

#include "radio/plkg/gap.h"

#include <stdio.h>
#include <string.h>

static const char SOAPY[] = "soapy:";
static const double GAIN_MIN_DB = -200.0; /* less was not said */

bool qw_radio_settings_is_air(const struct qw_radio_settings *settings)
{
    return strcmp(settings->radio, "air") == 0;
}

static const char *missing(const struct qw_radio_settings *settings)
{
    if (strncmp(settings->radio, SOAPY, sizeof SOAPY - 1) != 0 ||
        settings->radio[sizeof SOAPY - 1] == '\0') {
        return "radio is air, or soapy: and the arguments of a device";
    }
    if (settings->frequency_mhz == 0.0 || settings->gain_db < GAIN_MIN_DB) {
        return "a software radio needs radio_frequency_mhz and radio_gain_db";
    }
    if (!settings->may_send || settings->send_gain_db < GAIN_MIN_DB) {
        return "a session sends: it needs radio_send_gain_db and radio_may_send: true, by which "
               "you say that you may";
    }
    if (settings->rate_hz != 0.0 && settings->rate_hz < QW_SOUNDING_RATE_MIN_HZ) {
        return "radio_rate_hz is 0 or 100000..100000000";
    }
    return settings->station == settings->peer ? "radio_station and radio_peer are the same" : NULL;
}

qw_err qw_radio_settings_check(const struct qw_radio_settings *settings,
                               char why[static QW_CONFIG_WHY_CAP])
{
    const char *what = qw_radio_settings_is_air(settings) ? NULL : missing(settings);

    (void)snprintf(why, QW_CONFIG_WHY_CAP, "%s", what != NULL ? what : "");
    return what != NULL ? QW_ERR_FORMAT : QW_OK;
}

struct qw_session_radio_config qw_radio_settings_config(const struct qw_radio_settings *settings,
                                                        const struct qw_carrier *carrier,
                                                        bool is_terminal)
{
    struct qw_sounding sounding;

    qw_sounding_of(carrier, &sounding);
    return (struct qw_session_radio_config){
        .radio = { .args = settings->radio + sizeof SOAPY - 1,
                   .frequency_hz = 1e6 * settings->frequency_mhz,
                   .rate_hz = settings->rate_hz > 0.0 ? settings->rate_hz : sounding.rate_hz,
                   .gain_db = settings->gain_db,
                   .antenna = settings->antenna[0] != '\0' ? settings->antenna : NULL,
                   .send_gain_db = settings->send_gain_db,
                   .send_antenna =
                       settings->send_antenna[0] != '\0' ? settings->send_antenna : NULL },
        .carrier = carrier,
        .is_terminal = is_terminal,
        .station = (int)settings->station,
        .peer = (int)settings->peer,
        .gap_s = 1e-3 * settings->gap_ms,
    };
}

double qw_radio_settings_interval_ms(const struct qw_radio_settings *settings)
{
    return qw_radio_settings_is_air(settings) ? 0.0 : QW_PLKG_GAPS_PER_INTERVAL * settings->gap_ms;
}

qw_err qw_radio_settings_load(const struct qw_radio_settings *settings, const struct qw_log *log,
                              struct qw_soapy *soapy)
{
    qw_err err =
        qw_radio_settings_is_air(settings) ? QW_OK : qw_soapy_load(QW_SOAPY_LIBRARY, soapy);

    if (err != QW_OK) {
        qw_log_write(log, QW_LOG_ERROR, "radio: %s needs %s, which is not installed",
                     settings->radio, QW_SOAPY_LIBRARY);
    }
    return err;
}
