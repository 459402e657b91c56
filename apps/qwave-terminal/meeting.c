/* SPDX-License-Identifier: Apache-2.0 */
#include "meeting.h"

#include "base/socket.h"
#include "base/wire_tcp.h"
#include "radio/air.h"

enum { CONNECT_TIMEOUT_MS = 5000, SEND_TIMEOUT_MS = 10000 };

qw_err meeting_begin(const struct settings *settings, const struct qw_log *log,
                     struct qw_wire *stream, struct qw_csi_source *radio)
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
        return err;
    }
    err = qw_air_connect(settings->air_address, (uint16_t)settings->air_port, QW_AIR_TERMINAL,
                         CONNECT_TIMEOUT_MS, radio);
    if (err != QW_OK) {
        qw_log_write(log, QW_LOG_WARNING, "the radio at %s:%lld does not answer: %s",
                     settings->air_address, (long long)settings->air_port, qw_err_text(err));
    }
    return err;
}
