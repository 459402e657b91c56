/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_RELAY_HOP_H
#define QW_QKD_RELAY_HOP_H

#include "qkd/node/pool.h"
#include "qkd/relay/hello.h"

/* This node's end of a hop: sessions with one neighbour over whatever carries whole messages in
 * order, every message under a one-time tag out of the node pool [Q7], secrets under its pad
 * (docs/protocol/relay.md H1 to H6). Needs no socket and no clock. One thread at a time. */
struct qw_hop;

enum qw_hop_status {
    QW_HOP_DOWN,
    QW_HOP_GREETING, /* HELLO is out */
    QW_HOP_PROVING,  /* MEET is out */
    QW_HOP_OPENING,  /* OPEN is out */
    QW_HOP_UP,
    QW_HOP_QUARANTINED /* the streams differ; for good */
};

enum {
    QW_HOP_HEAD_LEN = 1 + 8 + 4, /* type, position, secret: before the body */
    QW_HOP_TAG_LEN = 12,         /* behind it */
    QW_HOP_FRAME_LEN = QW_HOP_HEAD_LEN + QW_HOP_TAG_LEN,
    QW_HOP_OPEN_USE_LEN = 28, /* of each stream, for a session */
    QW_HOP_TYPE_MIN = 0x10,   /* types of messages for the relay */
    QW_HOP_TYPE_MAX = 0x16,
    QW_HOP_LINK_STATE_MIN = 0x20, /* and for link_state.h: 0x1f + its kind */
    QW_HOP_LINK_STATE_MAX = 0x22,
    QW_HOP_FEED_MIN = 0x30, /* and for link_feed.h */
    QW_HOP_FEED_MAX = 0x31,
    QW_HOP_JOINED = 0x32 /* for link_schedule.h */
};

struct qw_hop_config {
    struct qw_node_pool *pool; /* borrowed; nobody else takes from it */
    void *self;
    /* A whole message to the neighbour; borrowed for the call. */
    qw_err (*send)(void *self, const uint8_t *message, size_t len);
};

struct qw_hop_message { /* opened, in place */
    uint8_t type;       /* 0: it was for the hop itself */
    uint8_t *body;      /* [body_len] in the received message; the last secret_len bytes are still
                           ciphertext */
    size_t body_len;
    size_t secret_len;
    const uint8_t *pad; /* [secret_len] for them; good until qw_hop_settle */
};

struct qw_hop_account { /* of the out stream, since the hop was made */
    uint64_t messages, tag_bits, pad_bits, session_bits;
    uint64_t put_back; /* streams, of both, given up since their sender's file was put back [P5] */
};

/* Copies config. QW_ERR_NOMEM. */
qw_err qw_hop_new(const struct qw_hop_config *config, struct qw_hop **hop) QW_MUST_USE;
void qw_hop_free(struct qw_hop *hop); /* NULL is fine; not the pool */

enum qw_hop_status qw_hop_status(const struct qw_hop *hop);
struct qw_hop_account qw_hop_account(const struct qw_hop *hop);
struct qw_node_pool *qw_hop_pool(const struct qw_hop *hop);

/* The connection is there. QW_ERR_REFUSED when quarantined. */
qw_err qw_hop_start(struct qw_hop *hop) QW_MUST_USE;
/* The connection is gone, or is to be closed. */
void qw_hop_stop(struct qw_hop *hop);

/* Another connection than that of the hop, on which somebody says HELLO [H7]: answer with own, and
 * see whether a right MEET comes. Session and pool are not touched. QW_ERR_FORMAT; QW_ERR_AUTH: not
 * of the neighbour; QW_ERR_IO. */
struct qw_hop_rival {
    uint8_t own[QW_HELLO_LEN], peer[QW_HELLO_LEN];
};
qw_err qw_hop_doubt(const struct qw_hop *hop, const uint8_t *hello, size_t len,
                    struct qw_hop_rival *rival) QW_MUST_USE;
/* QW_ERR_AUTH: a stranger, or a repeat. */
qw_err qw_hop_prove_rival(const struct qw_hop *hop, const struct qw_hop_rival *rival,
                          const uint8_t *meet, size_t len) QW_MUST_USE;

/* Any error: stop the hop and close the connection. QW_ERR_FORMAT; QW_ERR_AUTH: not the
 * neighbour, or altered; QW_ERR_CONFLICT: quarantined now; QW_ERR_EXHAUSTED: too little in the pool
 * for a session; QW_ERR_STATE: out of turn or order; others of the pool. After QW_OK with a type,
 * qw_hop_settle before the next call. */
qw_err qw_hop_receive(struct qw_hop *hop, uint8_t *message, size_t len,
                      struct qw_hop_message *out) QW_MUST_USE;
void qw_hop_settle(struct qw_hop *hop);

/* Seals and sends a message whose body stands at message + QW_HOP_HEAD_LEN, with room for the tag
 * behind it; its last secret_len bytes go under the pad, and with pad_in (not NULL) that pad comes
 * off in the same pass [R4]. QW_ERR_CLOSED when the hop is not up; QW_ERR_EXHAUSTED (nothing was
 * sent or used); others of pool and send. */
qw_err qw_hop_seal(struct qw_hop *hop, uint8_t type, uint8_t *message, size_t body_len,
                   size_t secret_len, const uint8_t *pad_in) QW_MUST_USE;

/* Something may be appended to the pool now: not in the middle of an agreement. */
bool qw_hop_may_append(const struct qw_hop *hop);
/* Something was appended: tells the neighbour, and answers what it told. QW_OK when not up.
 * QW_ERR_EXHAUSTED: nothing is left to say so with; a new session needs none. */
qw_err qw_hop_appended(struct qw_hop *hop) QW_MUST_USE;
/* Up to where the neighbour says that it has appended its out stream, while that is more than the
 * own end holds; 0: nothing is open. */
uint64_t qw_hop_announced(const struct qw_hop *hop);
/* Gives up what is too old, at both ends. QW_OK when not up. */
qw_err qw_hop_age(struct qw_hop *hop, int64_t now_ms) QW_MUST_USE;

#endif
