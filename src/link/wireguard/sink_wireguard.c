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
    int64_t (*utc_ms)(void), (*now_ms)(void);
    uint8_t ours[QW_WIREGUARD_KEY_LEN]; /* what the interface should have */
    bool has_ours;
    bool is_blocked;               /* and ours is nobody's */
    int64_t ours_handshake_utc_ms; /* the last one, when ours was seen there last */
    uint64_t bytes_before;         /* sent and received when the key was set */
    uint64_t tx_at_rekey;          /* sent when the handshake became due; 0: it is not */
    bool is_late;                  /* the handshake, at the last keep */
    /* By the last look. */
    qw_err looked;
    int64_t looked_ms; /* the last one that succeeded; -1: none */
    int64_t shaken_ms; /* the peer's last handshake, on the clock that nobody sets */
    const struct qw_wireguard_way *way;
    const char *place;
    struct qw_wireguard_peer peer;
    /* Of the last verb, when it failed. */
    qw_err failed;
    const char *why;
};

/* A handshake says when it was by the time of day, which may be set. One that is new since the
 * last look is no older than that. */
static void note_handshake(struct wireguard *w, int64_t last_utc_ms)
{
    int64_t now_ms = w->now_ms();

    if (w->looked_ms < 0 || w->peer.handshake_utc_ms != last_utc_ms) {
        int64_t age_ms = w->utc_ms() - w->peer.handshake_utc_ms;

        age_ms =
            w->looked_ms >= 0 && age_ms > now_ms - w->looked_ms ? now_ms - w->looked_ms : age_ms;
        w->shaken_ms = now_ms - (age_ms > 0 ? age_ms : 0);
    }
    w->looked_ms = now_ms;
}

/* As wg(8) has it: who answers at the socket is the interface, else the kernel has it. */
static qw_err look(struct wireguard *w, const char **why)
{
    bool is_socket = qw_uapi_is_there(w->socket_path);
    int64_t last_utc_ms = w->peer.handshake_utc_ms;

    w->way = is_socket ? &qw_wireguard_by_socket : &qw_wireguard_by_kernel;
    w->place = is_socket ? w->socket_path : w->interface;
    w->looked = w->way->get(w->place, w->public_key, &w->peer, why);
    if (w->looked == QW_OK) {
        note_handshake(w, last_utc_ms);
    }
    return w->looked;
}

static qw_err done(struct wireguard *w, qw_err err, const char *why)
{
    w->failed = err;
    w->why = err == QW_OK ? NULL : why;
    return err;
}

static bool has_key(const struct wireguard *w, const uint8_t key[static QW_WIREGUARD_KEY_LEN])
{
    return qw_equal_ct(w->peer.preshared_key, key, QW_WIREGUARD_KEY_LEN);
}

static bool is_none(const uint8_t key[static QW_WIREGUARD_KEY_LEN])
{
    static const uint8_t none[QW_WIREGUARD_KEY_LEN];

    return qw_equal_ct(key, none, sizeof none);
}

/* A session runs that was made under a key that is not ours: both ends had it, or none. Whoever
 * has just started cannot know but the latter. */
static bool has_strange_session(const struct wireguard *w)
{
    if (w->peer.handshake_utc_ms == 0) {
        return false;
    }
    return w->has_ours
               ? !has_key(w, w->ours) && w->peer.handshake_utc_ms != w->ours_handshake_utc_ms
               : is_none(w->peer.preshared_key);
}

/* After a look. takes_sessions: nothing passes before a handshake under the key. */
static qw_err put(struct wireguard *w, const uint8_t key[static QW_WIREGUARD_KEY_LEN],
                  bool takes_sessions, const char **why)
{
    qw_err err = w->way->set(w->place, w->public_key, key, takes_sessions ? &w->peer : NULL, why);

    if (err == QW_OK && takes_sessions) { /* a peer made anew */
        w->peer.handshake_utc_ms = 0;
        w->peer.tx_bytes = w->peer.rx_bytes = 0;
    }
    if (err == QW_OK) {
        w->bytes_before = w->peer.tx_bytes + w->peer.rx_bytes;
    }
    return err;
}

static void note_ours(struct wireguard *w, const uint8_t key[static QW_WIREGUARD_KEY_LEN],
                      bool is_blocked)
{
    memmove(w->ours, key, sizeof w->ours);
    w->has_ours = true;
    w->is_blocked = is_blocked;
    w->ours_handshake_utc_ms = w->peer.handshake_utc_ms;
    w->tx_at_rekey = 0;
    w->is_late = false;
}

/* The key for the next handshake. What is there already is not set again. */
static qw_err set(struct wireguard *w, const uint8_t key[static QW_WIREGUARD_KEY_LEN],
                  const char **why)
{
    qw_err err = is_none(key) ? QW_ERR_REFUSED : look(w, why);

    if (is_none(key)) {
        *why = "WireGuard takes a key of zeros for none";
    }
    if (err == QW_OK && !has_key(w, key)) {
        err = put(w, key, has_strange_session(w), why);
    }
    if (err == QW_OK) {
        note_ours(w, key, false);
    }
    return err;
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

static qw_err wireguard_settle(void *self, const struct qw_link_key *current)
{
    const char *why = NULL;
    qw_err err = set(self, current->bytes, &why);

    return done(self, err, why);
}

static qw_err wireguard_promote(void *self, const struct qw_link_key *next,
                                const struct qw_link_key *last)
{
    (void)last;
    return wireguard_settle(self, next);
}

static qw_err block(struct wireguard *w, const char **why)
{
    uint8_t nobodys[QW_WIREGUARD_KEY_LEN];
    qw_err err = look(w, why);

    if (err == QW_OK) {
        err = qw_random_bytes(nobodys, sizeof nobodys);
    }
    if (err == QW_OK) {
        err = put(w, nobodys, true, why);
    }
    if (err == QW_OK) {
        note_ours(w, nobodys, true);
    }
    qw_wipe(nobodys, sizeof nobodys);
    return err;
}

static qw_err wireguard_block(void *self)
{
    const char *why = NULL;
    qw_err err = block(self, &why);

    return done(self, err, why);
}

/* A handshake was due and what was sent since has not brought it about. */
static bool is_late(struct wireguard *w)
{
    int64_t age_ms = w->looked_ms - w->shaken_ms;

    if (w->peer.handshake_utc_ms == 0 || age_ms < QW_WIREGUARD_REKEY_MS) {
        w->tx_at_rekey = 0;
        return false;
    }
    if (w->tx_at_rekey == 0) {
        w->tx_at_rekey = w->peer.tx_bytes + 1;
    }
    return age_ms >= w->late_ms && w->peer.tx_bytes >= w->tx_at_rekey;
}

/* Ours again, by this end alone: it needs no peer, no key server and no new key. */
static qw_err wireguard_keep(void *self)
{
    struct wireguard *w = self;
    const char *why = NULL;
    qw_err err = look(w, &why);

    w->is_late = false;
    if (err == QW_OK && w->has_ours && !has_key(w, w->ours)) {
        err = w->is_blocked ? block(w, &why) : set(w, w->ours, &why);
        return err == QW_OK ? done(w, QW_ERR_CONFLICT, "another hand has set a key; ours is back")
                            : done(w, err, why);
    }
    if (err == QW_OK && w->has_ours) {
        w->ours_handshake_utc_ms = w->peer.handshake_utc_ms;
        w->is_late = !w->is_blocked && is_late(w);
    }
    return done(w, err, why);
}

static bool wireguard_is_well(void *self)
{
    return !((const struct wireguard *)self)->is_late;
}

static uint64_t wireguard_bytes(void *self)
{
    const struct wireguard *w = self;
    uint64_t all = w->peer.tx_bytes + w->peer.rx_bytes;

    if (w->looked != QW_OK) {
        return UINT64_MAX;
    }
    return all >= w->bytes_before ? all - w->bytes_before : all; /* an interface made anew */
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
    w->now_ms = config->now_ms;
    w->looked = QW_ERR_NOT_FOUND;
    w->looked_ms = -1;
    *sink = (struct qw_key_sink){ .kind = "wireguard",
                                  .self = w,
                                  .prepare = wireguard_prepare,
                                  .promote = wireguard_promote,
                                  .settle = wireguard_settle,
                                  .block = wireguard_block,
                                  .keep = wireguard_keep,
                                  .bytes = wireguard_bytes,
                                  .is_well = wireguard_is_well,
                                  .why = wireguard_why,
                                  .close = wireguard_close };
    return QW_OK;
}
