/* SPDX-License-Identifier: Apache-2.0 */
#include "link/wireguard/sink_wireguard.h"

#include "base/secret.h"
#include "crypto/random.h"

#include <string.h>

struct wireguard { /* in secret memory */
    char socket_path[QW_WIREGUARD_PATH_CAP];
    uint8_t public_key[QW_UAPI_KEY_LEN];
    int64_t late_ms;
    int64_t (*utc_ms)(void);
    uint8_t ours[QW_UAPI_KEY_LEN]; /* what the interface should have */
    bool is_blocked;
    uint64_t bytes_before; /* sent and received when the key was set */
    uint64_t tx_at_rekey;  /* sent when the handshake became due; 0: it is not */
    struct qw_uapi_peer peer;
};

static qw_err look(struct wireguard *w)
{
    return qw_uapi_get(w->socket_path, w->public_key, &w->peer);
}

/* The key for the next handshake. What is there already is not set again. */
static qw_err set(struct wireguard *w, const struct qw_link_key *key)
{
    qw_err err = look(w);

    if (err == QW_OK && !qw_equal_ct(w->peer.preshared_key, key->bytes, QW_UAPI_KEY_LEN)) {
        err = qw_uapi_set(w->socket_path, w->public_key, key->bytes, NULL);
        w->bytes_before = w->peer.tx_bytes + w->peer.rx_bytes;
    }
    if (err == QW_OK) {
        memcpy(w->ours, key->bytes, sizeof w->ours);
        w->is_blocked = false;
        w->tx_at_rekey = 0;
    }
    return err;
}

/* Nothing to do: the peer's next handshake comes after both ends were promoted, or fails and is
 * tried again some seconds later while the session goes on. */
static qw_err wireguard_prepare(void *self, const struct qw_link_key *current,
                                const struct qw_link_key *next)
{
    struct wireguard *w = self;

    (void)current;
    (void)next;
    return look(w);
}

static qw_err wireguard_promote(void *self, const struct qw_link_key *next,
                                const struct qw_link_key *last)
{
    (void)last;
    return set(self, next);
}

static qw_err wireguard_settle(void *self, const struct qw_link_key *current)
{
    return set(self, current);
}

static qw_err wireguard_block(void *self)
{
    struct wireguard *w = self;
    uint8_t nobodys[QW_UAPI_KEY_LEN];
    qw_err err = look(w);

    if (err == QW_OK) {
        err = qw_random_bytes(nobodys, sizeof nobodys);
    }
    if (err == QW_OK) {
        err = qw_uapi_set(w->socket_path, w->public_key, nobodys, w->peer.routes);
    }
    if (err == QW_OK) {
        memcpy(w->ours, nobodys, sizeof w->ours);
        w->is_blocked = true;
        w->tx_at_rekey = 0;
    }
    qw_wipe(nobodys, sizeof nobodys);
    return err;
}

static uint64_t wireguard_bytes(void *self)
{
    struct wireguard *w = self;
    uint64_t all;

    if (look(w) != QW_OK) {
        return UINT64_MAX;
    }
    all = w->peer.tx_bytes + w->peer.rx_bytes;
    return all >= w->bytes_before ? all - w->bytes_before : all; /* an interface made anew */
}

/* A handshake was due and what was sent since has not brought it about. */
static bool is_late(struct wireguard *w)
{
    int64_t age_ms = w->utc_ms() - w->peer.handshake_utc_ms;

    if (w->peer.handshake_utc_ms == 0 || age_ms < QW_WIREGUARD_REKEY_MS) {
        w->tx_at_rekey = 0;
        return false;
    }
    if (w->tx_at_rekey == 0) {
        w->tx_at_rekey = w->peer.tx_bytes + 1;
    }
    return age_ms >= w->late_ms && w->peer.tx_bytes >= w->tx_at_rekey;
}

static bool wireguard_is_well(void *self)
{
    struct wireguard *w = self;

    if (look(w) != QW_OK) {
        return true; /* no interface: no key helps, and no traffic passes that could go wrong */
    }
    return w->is_blocked ||
           (qw_equal_ct(w->peer.preshared_key, w->ours, sizeof w->ours) && !is_late(w));
}

static void wireguard_close(void *self)
{
    qw_secret_free(self);
}

qw_err qw_sink_wireguard(const struct qw_sink_wireguard_config *config, struct qw_key_sink *sink)
{
    struct wireguard *w;

    if (config->socket_path[0] == '\0' || strlen(config->socket_path) >= QW_WIREGUARD_PATH_CAP ||
        config->late_ms <= QW_WIREGUARD_REKEY_MS) {
        return QW_ERR_ARG;
    }
    w = qw_secret_new(sizeof *w);
    if (w == NULL) {
        return QW_ERR_NOMEM;
    }
    memcpy(w->socket_path, config->socket_path, strlen(config->socket_path));
    memcpy(w->public_key, config->public_key, sizeof w->public_key);
    w->late_ms = config->late_ms;
    w->utc_ms = config->utc_ms;
    *sink = (struct qw_key_sink){ .kind = "wireguard",
                                  .self = w,
                                  .prepare = wireguard_prepare,
                                  .promote = wireguard_promote,
                                  .settle = wireguard_settle,
                                  .block = wireguard_block,
                                  .bytes = wireguard_bytes,
                                  .is_well = wireguard_is_well,
                                  .close = wireguard_close };
    return QW_OK;
}
