/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LINK_SETTINGS_H
#define QWAVE_LINK_SETTINGS_H

#include "base/config.h"
#include "base/error.h"
#include "link/keyring/sink_keyring.h"
#include "link/proof.h"
#include "link/vici/swanctl_conf.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    SETTINGS_PATH_CAP = 4096,
    SETTINGS_NAME_CAP = 64,
    SETTINGS_IDENTITY_CAP = 128,
    SETTINGS_PEERS_MAX = 1000
};
enum settings_sink { SINK_PSK_FILE, SINK_WIREGUARD, SINK_STRONGSWAN, SINK_KEYRING, SINK_HLS };
extern const char *const settings_sink_names[];

/* One entry of `peers`. */
struct peer_settings {
    char peer[SETTINGS_NAME_CAP], link[SETTINGS_NAME_CAP];
    char address[256]; /* host:port of the peer's agent; "" when this end does not connect */
    char peer_identity[SETTINGS_IDENTITY_CAP];
    int fail; /* 0 closed, 1 open */
    double rekey_s, hard_s;
    double jitter;
    int64_t rekey_bytes;
    double heartbeat_s, drain_s, retry_s;
    int sink; /* enum settings_sink */
    char file[SETTINGS_PATH_CAP], template_file[SETTINGS_PATH_CAP], pid_file[SETTINGS_PATH_CAP];
    char joined[SETTINGS_PATH_CAP]; /* made of file and those beside it; "": none */
    int signal_name;                /* index of the choice */
    char interface[16];
    char public_key[45];      /* of the peer's WireGuard, base64 */
    uint8_t public_bytes[32]; /* from it */
    double handshake_late_s;
    char vici[108];                       /* charon's control socket */
    char swanctl_conf[SETTINGS_PATH_CAP]; /* file with the connection */
    char connection[QW_SWANCTL_NAME_CAP];
    double initiate_s;
    int64_t hold_ms, hold_queue;
    char keyring[QW_KEYRING_NAME_CAP];
    int key_type;                                                /* 0 user, 1 logon */
    int64_t user;                                                /* -1: the agent's own */
    char folder[SETTINGS_PATH_CAP], key_info[SETTINGS_PATH_CAP]; /* of a stream */
    char key_uri[SETTINGS_PATH_CAP], playlist[SETTINGS_PATH_CAP];
    int signal_number;      /* from it */
    enum qw_link_role role; /* from the names */
};

/* The configuration file of qwave-link; qwave-link.1 explains it. */
struct settings {
    char sae_id[SETTINGS_NAME_CAP];
    char key_server_url[SETTINGS_PATH_CAP];
    char certificate[SETTINGS_PATH_CAP], key[SETTINGS_PATH_CAP];
    char ca[SETTINGS_PATH_CAP], peer_ca[SETTINGS_PATH_CAP];
    char listen_address[64];
    int64_t listen_port;
    char state[SETTINGS_PATH_CAP], passphrase_file[SETTINGS_PATH_CAP], socket[108];
    int64_t key_timeout_ms, peer_timeout_ms, workers;
    int log_level;
    struct peer_settings *peers; /* owned */
    size_t peer_count;
};

/* QW_ERR_FORMAT, QW_ERR_NOT_FOUND, QW_ERR_NOMEM with a sentence in error; settings untouched. */
qw_err settings_read(const char *path, struct settings *settings,
                     char error[static QW_CONFIG_ERROR_CAP]) QW_MUST_USE;
void settings_free(struct settings *settings);

#endif
