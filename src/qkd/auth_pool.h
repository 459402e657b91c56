/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_AUTH_POOL_H
#define QW_QKD_AUTH_POOL_H

#include "crypto/one_time_mac.h"
#include "crypto/pad.h"

#include <stdint.h>

/* The authentication pool of one node for one neighbour [Q7]: for each direction a hash key, kept
 * while every tag has its own one-time bytes, and a pad of these. Up is from A to B. Both nodes
 * were charged with the same bytes beforehand, and both add the same part of each key that they
 * make (docs/protocol/qkd-link.md, Refilling). */
enum qw_qkd_direction { QW_QKD_UP = 1, QW_QKD_DOWN = 2 }; /* values of the tags' first byte */
enum { QW_QKD_DIRECTIONS = 2 };

/* A pad is a window: its first byte stands at position base of a stream that goes on for ever. A
 * refill moves what is unused to the front of the window and base with it. */
struct qw_qkd_auth_pool {
    uint8_t hash_key[QW_QKD_DIRECTIONS][QW_ONE_TIME_MAC_KEY_LEN]; /* up, down */
    struct qw_pad pad[QW_QKD_DIRECTIONS];
    uint64_t base[QW_QKD_DIRECTIONS];
    size_t capacity; /* bytes that each pad has room for */
    double epsilon;  /* by which the bytes may be something else than uniform, secret and equal */
    void *self;
    qw_err (*commit)(void *self); /* QW_OK when the pool as it is now is durable; NULL: in memory */
};

enum {
    QW_QKD_TAG_BITS = 8 * QW_ONE_TIME_MAC_PAD_LEN,
    QW_QKD_BLOCK_COST_BITS = 2 * QW_QKD_TAG_BITS,
    QW_QKD_POOL_LEN_MIN = 2 * (QW_ONE_TIME_MAC_KEY_LEN + 2 * QW_ONE_TIME_MAC_PAD_LEN)
};

/* Cuts len bytes of charged secret in two halves, up and down: hash key, then pad. Borrows bytes,
 * which must outlive the pool and are wiped as they are used up. QW_ERR_ARG for fewer than
 * QW_QKD_POOL_LEN_MIN. The pads live in memory only until commit_used is set. */
qw_err qw_qkd_auth_pool_init(struct qw_qkd_auth_pool *pool, uint8_t *bytes, size_t len) QW_MUST_USE;
void qw_qkd_auth_pool_wipe(struct qw_qkd_auth_pool *pool); /* the hash keys; not the bytes */

struct qw_pad *qw_qkd_auth_pad(struct qw_qkd_auth_pool *pool, enum qw_qkd_direction direction);

/* Positions in the stream of a direction, index 0 up, 1 down: of the next byte, and behind the
 * last. */
uint64_t qw_qkd_auth_position(const struct qw_qkd_auth_pool *pool, size_t index);
uint64_t qw_qkd_auth_end(const struct qw_qkd_auth_pool *pool, size_t index);

struct qw_qkd_refill {
    uint64_t at[QW_QKD_DIRECTIONS]; /* where the new bytes begin */
    const uint8_t *bytes;           /* first those of up, then those of down */
    size_t len[QW_QKD_DIRECTIONS];
    double epsilon; /* of the bytes, added to that of the pool */
};

/* Ends both streams at refill->at, what lies behind is wiped, and appends the bytes: one durable
 * step for both directions. QW_ERR_ARG: a stream that does not reach to at or is used beyond it,
 * QW_ERR_SPACE, nothing changed; QW_ERR_IO: the pool is closed for good. */
qw_err qw_qkd_auth_pool_refill(struct qw_qkd_auth_pool *pool,
                               const struct qw_qkd_refill *refill) QW_MUST_USE;

#endif
