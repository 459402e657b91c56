/* SPDX-License-Identifier: Apache-2.0 */
#include "meeting.h"

#include "base/socket.h"
#include "base/wire_tcp.h"
#include "radio/air.h"
#include "radio/sdr/session_radio.h"

enum { CONNECT_TIMEOUT_MS = 5000, SEND_TIMEOUT_MS = 10000 };

static qw_err meet(const struct settings *settings, const struct qw_log *log,
                   struct qw_wire *stream)
{
    int fd = -1;
    qw_err err = qw_socket_connect(settings->access_point_address,
                                   (uint16_t)settings->access_point_port, CONNECT_TIMEOUT_MS, &fd);

    if (err == QW_OK) {
        err = qw_wire_tcp_new(fd, SEND_TIMEOUT_MS, stream); /* takes fd */
    }
    if (err != QW_OK) {
        qw_log_write(log, QW_LOG_WARNING, "the access point at %s:%lld does not answer: %s",
                     settings->access_point_address, (long long)settings->access_point_port,
                     qw_err_text(err));
    }
    return err;
}

static qw_err enter_air(const struct settings *settings, const struct qw_log *log,
                        struct qw_csi_source *radio)
{
    qw_err err = qw_air_connect(settings->air_address, (uint16_t)settings->air_port,
                                QW_AIR_TERMINAL, CONNECT_TIMEOUT_MS, radio);

    if (err != QW_OK) {
        qw_log_write(log, QW_LOG_WARNING, "the radio at %s:%lld does not answer: %s",
                     settings->air_address, (long long)settings->air_port, qw_err_text(err));
    }
    return err;
}

static qw_err open_software_radio(const struct settings *settings, const struct qw_log *log,
                                  struct qw_csi_source *radio)
{
    struct qw_session_radio_config config =
        qw_radio_settings_config(&settings->radio, settings->tuning.carrier, true);
    char text[QW_SOAPY_TEXT_CAP];
    qw_err err = qw_session_radio_start(&config, radio, text);

    if (err == QW_OK) {
        qw_log_write(log, QW_LOG_INFO, "radio: %s", radio->label);
    } else {
        qw_log_write(log, QW_LOG_WARNING, "radio: %s does not open: %s", settings->radio.radio,
                     text[0] != '\0' ? text : qw_err_text(err));
    }
    return err;
}

/* A device takes seconds to open, which the access point would not wait for: it comes first. */
qw_err meeting_begin(const struct settings *settings, const struct qw_log *log,
                     struct qw_wire *stream, struct qw_csi_source *radio)
{
    bool is_air = qw_radio_settings_is_air(&settings->radio);
    qw_err err = is_air ? QW_OK : open_software_radio(settings, log, radio);

    if (err == QW_OK) {
        err = meet(settings, log, stream);
    }
    return err == QW_OK && is_air ? enter_air(settings, log, radio) : err;
}

void meeting_end(const struct settings *settings, const struct qw_log *log, struct qw_wire *wire,
                 struct qw_wire *stream, struct qw_csi_source *radio)
{
    if (radio->self != NULL && !qw_radio_settings_is_air(&settings->radio)) {
        qw_session_radio_log(radio, log);
    }
    qw_csi_source_close(radio);
    qw_wire_close(wire);
    qw_wire_close(stream);
}
