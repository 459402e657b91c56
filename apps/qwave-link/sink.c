/* SPDX-License-Identifier: Apache-2.0 */
#include "sink.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"
#include "link/sink_psk_file.h"
#include "link/wireguard/sink_wireguard.h"

#include <stdio.h>
#include <string.h>

static qw_err open_psk_file(const struct peer_settings *peer, const struct qw_log *log,
                            struct qw_key_sink *sink)
{
    char text[QW_PSK_FILE_TEMPLATE_MAX + 1] = "{{key_hex}}\n";
    const struct qw_psk_file_config config = { peer->file, text, peer->pid_file,
                                               peer->signal_number };
    uint8_t *data = NULL;
    size_t len = 0;
    qw_err err = QW_OK;

    if (peer->template_file[0] != '\0') {
        err = qw_file_read(peer->template_file, QW_PSK_FILE_TEMPLATE_MAX, &data, &len);
        if (err == QW_OK) {
            memcpy(text, data, len);
            text[len] = '\0';
        }
        qw_secret_free(data);
    }
    if (err == QW_OK) {
        err = qw_sink_psk_file(&config, sink);
    }
    if (err != QW_OK) {
        qw_log_write(log, QW_LOG_ERROR, "template %s: %s", peer->template_file,
                     err == QW_ERR_ARG ? "no {{key_hex}} or the like in it, or an unknown word"
                                       : qw_err_text(err));
    }
    return err;
}

/* Where user-space WireGuard listens for its configuration. */
static qw_err open_wireguard(const struct peer_settings *peer, struct qw_key_sink *sink)
{
    char path[QW_WIREGUARD_PATH_CAP];
    struct qw_sink_wireguard_config config = { .socket_path = path,
                                               .late_ms = (int64_t)(1000 * peer->handshake_late_s),
                                               .utc_ms = qw_clock_utc_ms };

    memcpy(config.public_key, peer->public_bytes, sizeof config.public_key);
    (void)snprintf(path, sizeof path, "/var/run/wireguard/%s.sock", peer->interface);
    return qw_sink_wireguard(&config, sink);
}

qw_err sink_open(const struct peer_settings *peer, const struct qw_log *log,
                 struct qw_key_sink *sink)
{
    switch ((enum settings_sink)peer->sink) {
    case SINK_PSK_FILE:
        return open_psk_file(peer, log, sink);
    case SINK_WIREGUARD:
        return open_wireguard(peer, sink);
    }
    return QW_ERR_ARG;
}
