/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include "base/base64.h"
#include "base/secret.h"
#include "link/psk_join.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const log_levels[] = { "error", "warning", "info", "debug", NULL };
static const char *const fails[] = { "closed", "open", NULL };
const char *const settings_sink_names[] = { "psk-file", "wireguard", "strongswan",
                                            "keyring",  "hls",       NULL };
static const char *const key_types[] = { "user", "logon", NULL };
static const char *const signal_names[] = { "hup", "usr1", "usr2", "term", NULL };
static const int signal_numbers[] = { SIGHUP, SIGUSR1, SIGUSR2, SIGTERM };

#define ROW(type, kind_of, member, low, high, standard_value, help_text) \
    { \
        .name = #member, .kind = kind_of, .offset = offsetof(type, member), .min = low, \
        .max = high, .standard = standard_value, .help = help_text \
    }
#define CHOICE(type, called, member, list, standard_value, help_text) \
    { \
        .name = called, .kind = QW_CONFIG_CHOICE, .offset = offsetof(type, member), \
        .standard = standard_value, .choices = list, .help = help_text \
    }
#define PEER(...) ROW(struct peer_settings, __VA_ARGS__)
#define OWN(...) ROW(struct settings, __VA_ARGS__)

static const struct qw_config_row rows[] = {
    OWN(QW_CONFIG_TEXT, sae_id, 1, SETTINGS_NAME_CAP, NULL,
        "id of this agent at its key server, its SAE id"),
    OWN(QW_CONFIG_TEXT, key_server_url, 9, SETTINGS_PATH_CAP, NULL, "https://host:port"),
    OWN(QW_CONFIG_TEXT, certificate, 1, SETTINGS_PATH_CAP, NULL, "PEM, of this SAE"),
    OWN(QW_CONFIG_TEXT, key, 1, SETTINGS_PATH_CAP, NULL, "PEM"),
    OWN(QW_CONFIG_TEXT, ca, 1, SETTINGS_PATH_CAP, NULL, "PEM: authorities of the key server"),
    OWN(QW_CONFIG_TEXT, peer_ca, 0, SETTINGS_PATH_CAP, "", "PEM: of the peers; by default ca"),
    OWN(QW_CONFIG_TEXT, listen_address, 1, 64, "127.0.0.1", "numeric, for the peers' agents"),
    OWN(QW_CONFIG_INT, listen_port, 0, 65535, "7600", "0: any"),
    OWN(QW_CONFIG_TEXT, state, 1, SETTINGS_PATH_CAP, "state", "folder, for this agent alone"),
    OWN(QW_CONFIG_TEXT, passphrase_file, 1, SETTINGS_PATH_CAP, NULL,
        "its first line seals the state; readable by its owner only"),
    OWN(QW_CONFIG_TEXT, socket, 1, 108, "qwave-link.sock", "for status and rotate"),
    OWN(QW_CONFIG_INT, key_timeout_ms, 100, 600000, "5000", "of a call to the key server"),
    OWN(QW_CONFIG_INT, peer_timeout_ms, 100, 600000, "10000", "of a call to a peer's agent"),
    OWN(QW_CONFIG_INT, workers, 1, 32, "4", "rotations that may run at the same time"),
    CHOICE(struct settings, "log_level", log_level, log_levels, "info",
           "least important line that is written"),
};

static const struct qw_config_row peer_rows[] = {
    PEER(QW_CONFIG_TEXT, peer, 1, SETTINGS_NAME_CAP, NULL, "its SAE id"),
    PEER(QW_CONFIG_TEXT, link, 1, SETTINGS_NAME_CAP, "main", "the same at both ends"),
    PEER(QW_CONFIG_TEXT, address, 0, 256, "", "host:port of its agent, beside the tunnel"),
    PEER(QW_CONFIG_TEXT, peer_identity, 0, SETTINGS_IDENTITY_CAP, "",
         "in its certificate; by default urn:qwave:sae:PEER"),
    CHOICE(struct peer_settings, "fail", fail, fails, "closed",
           "what a key over its hard lifetime means: traffic stops, or goes on"),
    PEER(QW_CONFIG_REAL, rekey_s, 0.05, 1e7, "3600", "a new key after so long, in s"),
    PEER(QW_CONFIG_REAL, hard_s, 0.1, 1e8, "86400", "hard lifetime of a key, in s"),
    PEER(QW_CONFIG_REAL, jitter, 0, 0.9, "0.1", "share of rekey_s that chance takes off"),
    PEER(QW_CONFIG_INT, rekey_bytes, 0, 9e15, "0", "a new key after so many bytes; 0: no limit"),
    PEER(QW_CONFIG_REAL, heartbeat_s, 0.05, 3600, "10", "between two words with its agent, in s"),
    PEER(QW_CONFIG_REAL, drain_s, 0, 3600, "2", "the old key is accepted so much longer, in s"),
    PEER(QW_CONFIG_REAL, retry_s, 0.05, 3600, "5", "after a failure, in s; doubles up to 64 times"),
    CHOICE(struct peer_settings, "sink", sink, settings_sink_names, NULL, "what takes the key"),
    PEER(QW_CONFIG_TEXT, file, 0, SETTINGS_PATH_CAP, "", "psk-file: what is written"),
    { .name = "template",
      .kind = QW_CONFIG_TEXT,
      .offset = offsetof(struct peer_settings, template_file),
      .min = 0,
      .max = SETTINGS_PATH_CAP,
      .standard = "",
      .help = "psk-file: file with the text around the keys; by default the key in hex" },
    PEER(QW_CONFIG_TEXT, joined, 0, SETTINGS_PATH_CAP, "",
         "psk-file: made of all files NAME.psk in the folder of file; by default none is"),
    PEER(QW_CONFIG_TEXT, pid_file, 0, SETTINGS_PATH_CAP, "", "psk-file: whom to tell"),
    CHOICE(struct peer_settings, "signal", signal_name, signal_names, "hup", "psk-file: how"),
    PEER(QW_CONFIG_TEXT, interface, 0, 16, "", "wireguard: its name, wg0"),
    PEER(QW_CONFIG_TEXT, public_key, 0, 45, "", "wireguard: of the peer, as `wg` shows it"),
    PEER(QW_CONFIG_REAL, handshake_late_s, 121, 160, "150",
         "wireguard: so old a handshake is late when there is traffic, in s"),
    PEER(QW_CONFIG_TEXT, vici, 1, 108, "/run/charon.vici", "strongswan: its control socket"),
    PEER(QW_CONFIG_TEXT, swanctl_conf, 0, SETTINGS_PATH_CAP, "",
         "strongswan: file with the connection; x509 and x509ca are looked for beside it"),
    PEER(QW_CONFIG_TEXT, connection, 0, QW_SWANCTL_NAME_CAP, "", "strongswan: its name there"),
    PEER(QW_CONFIG_REAL, initiate_s, 0.1, 300, "5", "strongswan: for an IKE_SA to be made, in s"),
    PEER(QW_CONFIG_INT, hold_ms, 0, 10000, "0",
         "strongswan: packets wait so long at most until a new tunnel is there; 0: they do not"),
    PEER(QW_CONFIG_INT, hold_queue, 0, 65535, "4500", "strongswan: the queue they wait in"),
    PEER(QW_CONFIG_TEXT, keyring, 0, QW_KEYRING_NAME_CAP, "",
         "keyring: its name; by default qwave-link:PEER/LINK"),
    CHOICE(struct peer_settings, "key_type", key_type, key_types, "user",
           "keyring: who can use the keys, programs or the kernel only"),
    PEER(QW_CONFIG_INT, user, -1, 4294967294.0, "-1",
         "keyring: number of the user whose keys they are; -1: the agent's own"),
    PEER(QW_CONFIG_TEXT, folder, 0, SETTINGS_PATH_CAP, "", "hls: for the key files, of this link"),
    PEER(QW_CONFIG_TEXT, key_info, 0, SETTINGS_PATH_CAP, "",
         "hls: the key info file that ffmpeg reads; none at the end that only serves keys"),
    PEER(QW_CONFIG_TEXT, key_uri, 0, SETTINGS_PATH_CAP, "", "hls: before the name of a key file"),
    PEER(QW_CONFIG_TEXT, playlist, 0, SETTINGS_PATH_CAP, "",
         "hls: a key file goes when this names it no more; by default none goes"),
};

static bool wireguard_ok(const struct peer_settings *p)
{
    static const uint8_t nobodys[sizeof p->public_bytes]; /* zeros, as example files have it */
    uint8_t key[sizeof p->public_bytes];
    size_t len = 0;

    return p->interface[0] != '\0' && strchr(p->interface, '/') == NULL &&
           qw_base64_decode(p->public_key, strlen(p->public_key), key, sizeof key, &len) == QW_OK &&
           len == sizeof key && !qw_equal_ct(key, nobodys, sizeof key);
}

/* What two entries may not have in common; NULL: they have nothing. */
static const char *shares(const struct peer_settings *p, const struct peer_settings *other)
{
    if (strcmp(other->peer, p->peer) == 0 && strcmp(other->link, p->link) == 0) {
        return "given twice: give each its own link";
    }
    if (p->file[0] != '\0' && strcmp(other->file, p->file) == 0) {
        return "its file is another's too";
    }
    if (p->sink != other->sink) {
        return NULL;
    }
    switch ((enum settings_sink)p->sink) {
    case SINK_PSK_FILE:
        return NULL;
    case SINK_WIREGUARD:
        return strcmp(other->interface, p->interface) == 0 &&
                       strcmp(other->public_key, p->public_key) == 0
                   ? "its WireGuard peer is another's too"
                   : NULL;
    case SINK_STRONGSWAN:
        if (strcmp(other->vici, p->vici) == 0 && strcmp(other->connection, p->connection) == 0) {
            return "its connection is another's too";
        }
        return p->hold_ms > 0 && other->hold_ms > 0 && other->hold_queue == p->hold_queue
                   ? "its hold_queue is another's too"
                   : NULL;
    case SINK_KEYRING:
        return other->user == p->user && strcmp(other->keyring, p->keyring) == 0
                   ? "its keyring is another's too"
                   : NULL;
    case SINK_HLS:
        return strcmp(other->folder, p->folder) == 0 ? "its folder is another's too" : NULL;
    }
    return NULL;
}

/* A part of a joined file is named as one, and the whole does not stand among its parts. */
static bool joined_ok(const struct peer_settings *p)
{
    const char *slash = strrchr(p->file, '/');
    size_t folder_len = slash == NULL ? 0 : (size_t)(slash - p->file) + 1;
    bool is_beside =
        strncmp(p->file, p->joined, folder_len) == 0 && strchr(p->joined + folder_len, '/') == NULL;

    return p->joined[0] == '\0' ||
           (qw_psk_join_is_part(p->file) && !(is_beside && qw_psk_join_is_part(p->joined)));
}

/* What is wrong with an entry as a whole; NULL: nothing. */
static const char *check_peer(const struct settings *s, const struct peer_settings *p)
{
    if (strcmp(p->peer, s->sae_id) == 0) {
        return "a link with oneself";
    }
    if (p->rekey_s >= p->hard_s) {
        return "hard_s must be more than rekey_s";
    }
    if (p->role == QW_LINK_INITIATOR && strchr(p->address, ':') == NULL) {
        return "address must be given, host:port: this end connects, for its sae_id is the smaller";
    }
    if (p->sink == SINK_PSK_FILE && p->file[0] == '\0') {
        return "file must be given";
    }
    if (p->sink == SINK_PSK_FILE && !joined_ok(p)) {
        return "with joined, file must end in .psk, and joined must not where it stands beside it";
    }
    if (p->sink == SINK_WIREGUARD && !wireguard_ok(p)) {
        return "interface and public_key must be given, the key as `wg` shows it";
    }
    if (p->sink == SINK_STRONGSWAN && (p->swanctl_conf[0] == '\0' || p->connection[0] == '\0')) {
        return "swanctl_conf and connection must be given";
    }
    if (p->sink == SINK_HLS && p->folder[0] == '\0') {
        return "folder must be given";
    }
    for (const struct peer_settings *other = s->peers; other < p; other++) {
        const char *shared = shares(p, other);

        if (shared != NULL) {
            return shared;
        }
    }
    return NULL;
}
static qw_err complete(const char *path, struct settings *s, char error[static QW_CONFIG_ERROR_CAP])
{
    for (size_t i = 0; i < s->peer_count; i++) {
        struct peer_settings *p = &s->peers[i];
        const char *wrong;

        p->role = strcmp(s->sae_id, p->peer) < 0 ? QW_LINK_INITIATOR : QW_LINK_RESPONDER;
        p->signal_number = signal_numbers[p->signal_name];
        if (p->peer_identity[0] == '\0') {
            (void)snprintf(p->peer_identity, sizeof p->peer_identity, "urn:qwave:sae:%s", p->peer);
        }
        if (p->keyring[0] == '\0') {
            (void)snprintf(p->keyring, sizeof p->keyring, "qwave-link:%s/%s", p->peer, p->link);
        }
        wrong = check_peer(s, p);
        if (wrong != NULL) {
            (void)snprintf(error, QW_CONFIG_ERROR_CAP, "%s: peers: %s/%s: %s", path, p->peer,
                           p->link, wrong);
            return QW_ERR_FORMAT;
        }
        if (p->sink == SINK_WIREGUARD) {
            size_t len = 0;
            qw_err err = qw_base64_decode(p->public_key, strlen(p->public_key), p->public_bytes,
                                          sizeof p->public_bytes, &len);

            qw_assert(err == QW_OK); /* checked above */
        }
    }
    if (s->peer_count == 0) {
        (void)snprintf(error, QW_CONFIG_ERROR_CAP, "%s: peers: at least one", path);
        return QW_ERR_FORMAT;
    }
    return QW_OK;
}

static qw_err take_peer(void *self, const void *item, char why[static QW_CONFIG_WHY_CAP])
{
    struct settings *s = self;
    struct peer_settings *peers = realloc(s->peers, (s->peer_count + 1) * sizeof *peers);

    (void)why;
    if (peers == NULL) {
        return QW_ERR_NOMEM;
    }
    memcpy(&peers[s->peer_count], item, sizeof *peers);
    s->peers = peers;
    s->peer_count++;
    return QW_OK;
}

qw_err settings_read(const char *path, struct settings *settings,
                     char error[static QW_CONFIG_ERROR_CAP])
{
    struct settings s = { .peers = NULL };
    struct peer_settings item = { .role = QW_LINK_INITIATOR };
    struct qw_config_list list = { .name = "peers",
                                   .rows = peer_rows,
                                   .count = sizeof peer_rows / sizeof peer_rows[0],
                                   .items_max = SETTINGS_PEERS_MAX,
                                   .item = &item,
                                   .take = take_peer,
                                   .self = &s };
    struct qw_config_schema schema = {
        .rows = rows, .count = sizeof rows / sizeof rows[0], .lists = &list, .list_count = 1
    };
    qw_err err = qw_config_read_lists(path, &schema, &s, error);

    if (err == QW_OK && s.peer_ca[0] == '\0') {
        memcpy(s.peer_ca, s.ca, sizeof s.peer_ca);
    }
    if (err == QW_OK) {
        err = complete(path, &s, error);
    }
    if (err == QW_OK) {
        *settings = s;
    } else {
        settings_free(&s);
    }
    return err;
}

void settings_free(struct settings *settings)
{
    free(settings->peers);
    settings->peers = NULL;
    settings->peer_count = 0;
}
