/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_LINK_CHANNEL_H
#define QW_QKD_LINK_CHANNEL_H

#include "base/wire.h"
#include "crypto/poly_hash.h"
#include "qkd/auth_pool.h"
#include "qkd/link_ledger.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One end's public discussion: a wire that hashes every message into the transcript of the block,
 * in both directions' hashes at once, as it passes. */
enum { QW_QKD_SESSION_ID_LEN = 16, QW_QKD_SKIP_TAGS_MAX = 16 };

struct qw_qkd_channel {
    struct qw_wire *wire;          /* borrowed */
    struct qw_qkd_auth_pool *pool; /* borrowed */
    int timeout_ms;
    uint8_t sender; /* of what this end sends: 1 A, 2 B */
    uint32_t block;
    uint8_t session_id[QW_QKD_SESSION_ID_LEN];
    struct qw_poly_hash transcript[2]; /* for the tags up and down */
    uint64_t position[2];              /* where the next tag's bytes begin; >= the pad's */
    uint64_t end[2];                   /* of what both ends have, the last refill included */
    uint64_t limit[2];                 /* of what both ends are known to have: tags end here */
    uint64_t hashed_len;               /* bytes in the longer transcript of this block */
    uint64_t auth_bits;                /* pool used up in this block */
    uint64_t messages, message_bytes;  /* of this block, both directions */
    enum qw_qkd_refusal peer_refusal;  /* what the peer's REFUSE said */
};

/* Starts the transcript of a block: tags of it cover the prefix and what passes from now on. */
void qw_qkd_channel_begin(struct qw_qkd_channel *channel, uint32_t block);
void qw_qkd_channel_wipe(struct qw_qkd_channel *channel);

/* Adds a message that passed before the session had an id. */
void qw_qkd_channel_hash(struct qw_qkd_channel *channel, uint8_t sender, const void *message,
                         size_t len);

/* Sends, and adds it to the transcript. */
qw_err qw_qkd_channel_send(struct qw_qkd_channel *channel, const void *message,
                           size_t len) QW_MUST_USE;

/* Receives into message [QW_WIRE_MESSAGE_MAX] and adds it, except REFUSE: QW_ERR_REFUSED with
 * peer_refusal set. */
qw_err qw_qkd_channel_receive(struct qw_qkd_channel *channel, uint8_t *message, size_t *len,
                              int timeout_ms) QW_MUST_USE;

/* The same without adding it: for the message that carries a tag, or none of a block. */
qw_err qw_qkd_channel_receive_apart(struct qw_qkd_channel *channel, uint8_t *message, size_t *len,
                                    int timeout_ms) QW_MUST_USE;

/* Tag over the transcript and the body in front of it, written behind the body: message [len +
 * QW_ONE_TIME_MAC_LEN]. Uses up the pool: QW_ERR_EXHAUSTED, QW_ERR_IO. */
qw_err qw_qkd_channel_tag(struct qw_qkd_channel *channel, uint8_t *message, size_t len) QW_MUST_USE;

/* Checks the tag at the end of a message received apart; QW_ERR_AUTH. The pool is used up in any
 * case: a second try at the same bytes would double a forger's chance. A right one shows that the
 * peer has finished the block before, and its refill: limit moves to end. */
qw_err qw_qkd_channel_check(struct qw_qkd_channel *channel, const uint8_t *message,
                            size_t len) QW_MUST_USE;

/* The channel as a wire, for Cascade. Borrows the channel; never closed. */
struct qw_wire qw_qkd_channel_wire(struct qw_qkd_channel *channel);

/* Tells the peer why nothing will come; failures are of no interest any more. */
void qw_qkd_channel_refuse(struct qw_qkd_channel *channel, enum qw_qkd_refusal refusal);

/* What both tags of this block may fail with. */
double qw_qkd_channel_epsilon(const struct qw_qkd_channel *channel);

#endif
