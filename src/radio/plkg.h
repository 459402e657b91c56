/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_RADIO_PLKG_H
#define QW_RADIO_PLKG_H

#include "base/error.h"
#include "base/log.h"
#include "base/wire.h"
#include "radio/csi_source.h"
#include "radio/ledger.h"
#include "radio/replay_guard.h"

#include <stdbool.h>

#include <stddef.h>
#include <stdint.h>

/* A session of physical-layer key generation between a terminal and an access point over a public
 * wire, and the authenticated one-time-pad channel that follows [W1-W5]. Steps and byte layouts:
 * docs/protocol/plkg.md. Blocking; one thread; every wait has a time limit. */

/* Authentication material of one session and one direction: hash key, then one pad per tag. */
enum {
    QW_PLKG_TAGS = 4,
    QW_PLKG_AUTH_LEN = 16 + QW_PLKG_TAGS * 12,
    QW_PLKG_ID_CAP = 64,
    QW_PLKG_CONTACT_MAX = 512,
    QW_PLKG_ORDER_MAX = 512,
    QW_PLKG_DATA_MAX = 1 << 17
};

struct qw_plkg_policy {     /* the stricter value of each item wins between the two sides */
    double eve_correlation; /* credited to the eavesdropper, 0..0.99; default 0.9 */
    /* Not agreed on, each end counts with its own: power of what an attacker may add to each number
     * unseen, over the access point's noise in it, 0..1e6; default 0, nothing. */
    double injected_ratio;
    double epsilon_log2; /* total failure probability, at most 2^this, -100..-20; default -64 */
    uint32_t probes_max; /* 64..20000; default 2000 */
    double probe_interval_ms; /* on the channel's clock, 0.1..10000; default 20: half a Doppler
                                 period at walking speed and 5.2 GHz, so that each probe is fresh */
    bool is_paced; /* the terminal's wish: it looks at the channel first, and probes at the pace of
                      what moves, never faster than the interval */
    uint32_t wanted_bits; /* how long to probe is planned from this, 256..2^20; default 8192 */
};
extern const struct qw_plkg_policy qw_plkg_policy_standard;
enum { QW_PLKG_INJECTED_DB_NONE = -40 };
/* An injected_ratio from decibels, up to 60; QW_PLKG_INJECTED_DB_NONE and less are nothing. */
double qw_plkg_policy_injected(double injected_db);

struct qw_plkg_session; /* owns the distilled key in secret memory */

enum qw_plkg_stage {
    QW_PLKG_STAGE_OPEN,
    QW_PLKG_STAGE_PROBE,
    QW_PLKG_STAGE_ESTIMATE,
    QW_PLKG_STAGE_RECONCILE,
    QW_PLKG_STAGE_AMPLIFY,
    QW_PLKG_STAGE_DONE
};

/* Both sides. Callbacks may be NULL where it says so. */
struct qw_plkg_party {
    struct qw_plkg_policy policy;
    struct qw_csi_source *radio;          /* borrowed */
    struct qw_wire *wire;                 /* borrowed */
    const struct qw_log *log;             /* borrowed, may be NULL */
    int timeout_ms;                       /* longest wait for one message; 0: the standard 10 s */
    struct qw_replay_guard *replay_guard; /* borrowed: this end's memory of earlier sessions, one
                                             session at a time; NULL: REPLAY is never found */
    void *self;                           /* handed to every callback */
    void (*progress)(void *self, enum qw_plkg_stage stage, uint64_t done,
                     uint64_t total); /* may be NULL */
};

/* Terminal: contact is the opaque card report that the access point passes on to its centre [<=
 * QW_PLKG_CONTACT_MAX bytes]. */
struct qw_plkg_terminal {
    struct qw_plkg_party party;
    const char *terminal_id; /* < QW_PLKG_ID_CAP characters */
    const uint8_t *contact;
    size_t contact_len;
    const struct qw_tuning *tuning; /* what the radios are set to; NULL: the standard one */
    /* Gives the pool bytes at the absolute positions that the access point was granted, durable
     * before they are returned; up: terminal to access point. QW_ERR_EXHAUSTED, QW_ERR_ARG
     * (position already used). */
    qw_err (*take_auth)(void *self, uint64_t up_position, uint64_t down_position,
                        uint8_t up[static QW_PLKG_AUTH_LEN], uint8_t down[static QW_PLKG_AUTH_LEN]);
    /* What the centre says to the card in place of a session, len 1..QW_PLKG_ORDER_MAX bytes, not
     * authenticated here; the session has then ended with ORDERED. May be NULL. */
    void (*take_order)(void *self, const uint8_t *order, size_t len);
};

/* Access point: authorise asks the centre about the contact and gives the pool bytes; any error but
 * QW_OK is answered with REFUSE(AUTH), or REFUSE(POOL_LOW) for QW_ERR_EXHAUSTED. After QW_ERR_STATE
 * give_order may name what the terminal gets instead of a refusal. */
struct qw_plkg_access_point {
    struct qw_plkg_party party;
    const char *access_point_id;
    const struct qw_tuning_offer *offer; /* what terminals may ask for; NULL: the standard tuning
                                            only. Anything else is answered with REFUSE(CARRIER) */
    qw_err (*authorise)(void *self, const char *terminal_id, const uint8_t *contact,
                        size_t contact_len, uint64_t *up_position, uint64_t *down_position,
                        uint8_t up[static QW_PLKG_AUTH_LEN], uint8_t down[static QW_PLKG_AUTH_LEN]);
    /* Bytes of the centre for the card, 1..QW_PLKG_ORDER_MAX of them; the length. May be NULL. */
    size_t (*give_order)(void *self, uint8_t order[static QW_PLKG_ORDER_MAX]);
};

/* Runs all steps up to the distilled key. QW_OK: *session holds the key and *ledger the account.
 * QW_ERR_REFUSED: an honest no, ledger->refusal says why; QW_ERR_AUTH, QW_ERR_FORMAT,
 * QW_ERR_TIMEOUT, QW_ERR_CLOSED, QW_ERR_IO: no key on this side; *ledger is filled as far as it
 * went in every case. */
qw_err qw_plkg_run_terminal(const struct qw_plkg_terminal *terminal,
                            struct qw_plkg_session **session,
                            struct qw_plkg_ledger *ledger) QW_MUST_USE;
qw_err qw_plkg_run_access_point(const struct qw_plkg_access_point *access_point,
                                struct qw_plkg_session **session,
                                struct qw_plkg_ledger *ledger) QW_MUST_USE;

/* Bytes of one-time pad left. */
size_t qw_plkg_pad_left(const struct qw_plkg_session *session);

/* After the key: data frames under the one-time pad with a one-time tag each. At most QW_PLKG_TAGS
 * - 1 per direction (QW_ERR_EXHAUSTED). is_public frames carry authenticated clear bytes and cost
 * no pad. Access point's pad bytes and terminal's come from the same key in order of use, so the
 * two sides take turns. */
qw_err qw_plkg_send(struct qw_plkg_session *session, struct qw_wire *wire, const uint8_t *data,
                    size_t len, bool is_public) QW_MUST_USE;
qw_err qw_plkg_receive(struct qw_plkg_session *session, struct qw_wire *wire, uint8_t *data,
                       size_t cap, size_t *len, int timeout_ms) QW_MUST_USE;

void qw_plkg_session_free(struct qw_plkg_session *session); /* wipes; NULL is fine */

#endif
