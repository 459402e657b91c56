/* SPDX-License-Identifier: Apache-2.0 */
#include "sink.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"
#include "link/keyring/sink_keyring.h"
#include "link/sink_hls.h"
#include "link/sink_psk_file.h"
#include "link/vici/sink_strongswan.h"
#include "link/wireguard/sink_wireguard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STRONGSWAN_MS = 2000 }; /* a word with charon */

static qw_err open_psk_file(const struct peer_settings *peer, const struct qw_log *log,
                            struct qw_key_sink *sink)
{
    char text[QW_PSK_FILE_TEMPLATE_MAX + 1] = "{{key_hex}}\n";
    const struct qw_psk_file_config config = { .path = peer->file,
                                               .template_text = text,
                                               .pid_file = peer->pid_file,
                                               .signal_number = peer->signal_number,
                                               .joined = peer->joined };
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

/* Where wireguard-go listens for its configuration, if the interface is one of it. */
static qw_err open_wireguard(const struct peer_settings *peer, struct qw_key_sink *sink)
{
    char path[QW_WIREGUARD_PATH_CAP];
    struct qw_sink_wireguard_config config = { .interface = peer->interface,
                                               .socket_path = path,
                                               .late_ms = (int64_t)(1000 * peer->handshake_late_s),
                                               .utc_ms = qw_clock_utc_ms,
                                               .now_ms = qw_clock_monotonic_ms };

    memcpy(config.public_key, peer->public_bytes, sizeof config.public_key);
    (void)snprintf(path, sizeof path, "/var/run/wireguard/%s.sock", peer->interface);
    return qw_sink_wireguard(&config, sink);
}

/* Certificates of a connection are beside its file, or beside the folder conf.d that it is in. */
static void folder_of(const char *file, char folder[static SETTINGS_PATH_CAP])
{
    static const char shared[] = "/conf.d";
    char *slash;
    size_t len;

    (void)snprintf(folder, SETTINGS_PATH_CAP, "%s", file);
    slash = strrchr(folder, '/');
    (void)snprintf(slash == NULL ? folder : slash, 2, "%s", slash == NULL ? "." : "");
    len = strlen(folder);
    if (len >= sizeof shared && strcmp(folder + len + 1 - sizeof shared, shared) == 0) {
        folder[len + 1 - sizeof shared] = '\0';
    }
}

/* The connection as its own daemon's configuration has it. */
static qw_err read_connection(const struct peer_settings *peer, const struct qw_log *log,
                              struct qw_swanctl_connection *connection)
{
    char folder[SETTINGS_PATH_CAP], why[QW_SWANCTL_WHY_CAP] = "";
    struct qw_swanctl_source source = { .folder = folder,
                                        .connection = peer->connection,
                                        .is_started_by_agent = peer->role == QW_LINK_INITIATOR };
    uint8_t *text = NULL;
    qw_err err = qw_file_read(peer->swanctl_conf, QW_SWANCTL_TEXT_MAX, &text, &source.len);

    if (err == QW_OK) {
        folder_of(peer->swanctl_conf, folder);
        source.text = (const char *)text;
        err = qw_swanctl_connection_read(&source, connection, why);
    }
    if (err != QW_OK) {
        qw_log_write(log, QW_LOG_ERROR, "%s: connection %s: %s", peer->swanctl_conf,
                     peer->connection, why[0] != '\0' ? why : qw_err_text(err));
    }
    qw_secret_free(text);
    return err;
}

/* *hold stays NULL where packets are not to wait. */
static qw_err open_hold(const struct peer_settings *peer, const struct qw_log *log,
                        const struct qw_swanctl_connection *connection,
                        struct qw_packet_hold **hold)
{
    const struct qw_packet_hold_config config = { .queue = (uint16_t)peer->hold_queue,
                                                  .networks = connection->networks,
                                                  .network_count = connection->network_count,
                                                  .limit_ms = (int)peer->hold_ms,
                                                  .log = log };
    qw_err err;

    _Static_assert((int)QW_SWANCTL_NETWORK_CAP == (int)QW_PACKET_HOLD_NETWORK_CAP, "one text");
    if (peer->hold_ms == 0 || peer->role == QW_LINK_INITIATOR) {
        return QW_OK;
    }
    err = qw_packet_hold_open(&config, hold);
    if (err == QW_ERR_ARG) {
        qw_log_write(log, QW_LOG_ERROR,
                     "%s: connection %s: hold_ms needs children whose remote_ts are addresses or "
                     "networks, %d at most",
                     peer->swanctl_conf, peer->connection, QW_PACKET_HOLD_NETWORKS_MAX);
    }
    return err;
}

static qw_err open_strongswan(const struct peer_settings *peer, const struct qw_log *log,
                              struct qw_key_sink *sink)
{
    struct qw_swanctl_connection *connection = calloc(1, sizeof *connection);
    struct qw_sink_strongswan_config config = { .socket_path = peer->vici,
                                                .name = peer->connection,
                                                .connection = connection,
                                                .is_initiator = peer->role == QW_LINK_INITIATOR,
                                                .timeout_ms = STRONGSWAN_MS,
                                                .initiate_ms = (int)(1000 * peer->initiate_s),
                                                .now_ms = qw_clock_monotonic_ms,
                                                .log = log };
    qw_err err = connection == NULL ? QW_ERR_NOMEM : read_connection(peer, log, connection);

    if (err == QW_OK) {
        err = open_hold(peer, log, connection, &config.hold);
    }
    if (err == QW_OK) {
        return qw_sink_strongswan(&config, sink);
    }
    free(connection);
    return err;
}

static qw_err open_keyring(const struct peer_settings *peer, const struct qw_log *log,
                           struct qw_key_sink *sink)
{
    const struct qw_sink_keyring_config config = {
        .name = peer->keyring,
        .is_logon = peer->key_type == 1,
        .uid = peer->user < 0 ? (uint32_t)geteuid() : (uint32_t)peer->user,
        .life_ms = peer->fail == 1 ? 0 : (int64_t)(1000 * peer->hard_s), /* 1: open */
        .now_ms = qw_clock_monotonic_ms,
        .log = log
    };

    return qw_sink_keyring(&config, sink);
}

static qw_err open_hls(const struct peer_settings *peer, struct qw_key_sink *sink)
{
    const struct qw_sink_hls_config config = { .folder = peer->folder,
                                               .key_info = peer->key_info,
                                               .key_uri = peer->key_uri,
                                               .playlist = peer->playlist };

    return qw_sink_hls(&config, sink);
}

qw_err sink_open(const struct peer_settings *peer, const struct qw_log *log,
                 struct qw_key_sink *sink)
{
    switch ((enum settings_sink)peer->sink) {
    case SINK_PSK_FILE:
        return open_psk_file(peer, log, sink);
    case SINK_WIREGUARD:
        return open_wireguard(peer, sink);
    case SINK_STRONGSWAN:
        return open_strongswan(peer, log, sink);
    case SINK_KEYRING:
        return open_keyring(peer, log, sink);
    case SINK_HLS:
        return open_hls(peer, sink);
    }
    return QW_ERR_ARG;
}
