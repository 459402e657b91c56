/* SPDX-License-Identifier: Apache-2.0 */
#include "link/wireguard/sink_wireguard.h"

#include "base/secret.h"
#include "crypto/random.h"
#include "link/wireguard/kernel.h"
#include "link/wireguard/uapi.h"

#include <string.h>

struct wireguard { /* in secret memory */
    char interface[QW_WIREGUARD_NAME_CAP];
    char socket_path[QW_WIREGUARD_PATH_CAP];
    uint8_t public_key[QW_WIREGUARD_KEY_LEN];
    int64_t late_ms;
    int64_t (*utc_ms)(void);
    uint8_t ours[QW_WIREGUARD_KEY_LEN]; /* what the interface should have */
    bool is_blocked;
    uint64_t bytes_before; /* sent and received when the key was set */
    uint64_t tx_at_rekey;  /* sent when the handshake became due; 0: it is not */
    /* By the last look. */
    const struct qw_wireguard_way *way;
    const char *place;
    struct qw_wireguard_peer peer;
    /* Of the last verb, when it failed. */
    qw_err failed;
    const char *why;
};

/* As wg(8) has it: who answers at the socket is the interface, else the kernel has it. */
static qw_err look(struct wireguard *w, const char **why)
{
    bool is_socket = qw_uapi_is_there(w->socket_path);

    w->way = is_socket ? &qw_wireguard_by_socket : &qw_wireguard_by_kernel;
    w->place = is_socket ? w->socket_path : w->interface;
    return w->way->get(w->place, w->public_key, &w->peer, why);
}

static qw_err done(struct wireguard *w, qw_err err, const char *why)
{
    w->failed = err;
    w->why = err == QW_OK ? NULL : why;
    return err;
}

/* The key for the next handshake. What is there already is not set again. */
static qw_err set(struct wireguard *w, const struct qw_link_key *key)
{
    const char *why = NULL;
    qw_err err = look(w, &why);

    if (err == QW_OK && !qw_equal_ct(w->peer.preshared_key, key->bytes, QW_WIREGUARD_KEY_LEN)) {
        err = w->way->set(w->place, w->public_key, key->bytes, NULL, &why);
        w->bytes_before = w->peer.tx_bytes + w->peer.rx_bytes;
    }
    if (err == QW_OK) {
        memcpy(w->ours, key->bytes, sizeof w->ours);
        w->is_blocked = false;
        w->tx_at_rekey = 0;
    }
    return done(w, err, why);
}

/* Nothing to do: the peer's next handshake comes after both ends were promoted, or fails and is
 * tried again some seconds later while the session goes on. */
static qw_err wireguard_prepare(void *self, const struct qw_link_key *current,
                                const struct qw_link_key *next)
{
    const char *why = NULL;
    qw_err err = look(self, &why);

    (void)current;
    (void)next;
    return done(self, err, why);
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
    uint8_t nobodys[QW_WIREGUARD_KEY_LEN];
    const char *why = NULL;
    qw_err err = look(w, &why);

    if (err == QW_OK) {
        err = qw_random_bytes(nobodys, sizeof nobodys);
    }
    if (err == QW_OK) {
        err = w->way->set(w->place, w->public_key, nobodys, &w->peer, &why);
    }
    if (err == QW_OK) {
        memcpy(w->ours, nobodys, sizeof w->ours);
        w->is_blocked = true;
        w->tx_at_rekey = 0;
    }
    qw_wipe(nobodys, sizeof nobodys);
    return done(w, err, why);
}

static uint64_t wireguard_bytes(void *self)
{
    struct wireguard *w = self;
    const char *why;
    uint64_t all;

    if (look(w, &why) != QW_OK) {
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
    const char *why;

    if (look(w, &why) != QW_OK) {
        return true; /* no interface: no key helps, and no traffic passes that could go wrong */
    }
    return w->is_blocked ||
           (qw_equal_ct(w->peer.preshared_key, w->ours, sizeof w->ours) && !is_late(w));
}

static const char *wireguard_why(void *self, qw_err err)
{
    const struct wireguard *w = self;

    return err == w->failed ? w->why : NULL;
}

static void wireguard_close(void *self)
{
    qw_secret_free(self);
}

qw_err qw_sink_wireguard(const struct qw_sink_wireguard_config *config, struct qw_key_sink *sink)
{
    struct wireguard *w;

    if (config->interface[0] == '\0' || strlen(config->interface) >= QW_WIREGUARD_NAME_CAP ||
        config->socket_path[0] == '\0' || strlen(config->socket_path) >= QW_WIREGUARD_PATH_CAP ||
        config->late_ms <= QW_WIREGUARD_REKEY_MS) {
        return QW_ERR_ARG;
    }
    w = qw_secret_new(sizeof *w);
    if (w == NULL) {
        return QW_ERR_NOMEM;
    }
    memcpy(w->interface, config->interface, strlen(config->interface));
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
                                  .why = wireguard_why,
                                  .close = wireguard_close };
    return QW_OK;
}
