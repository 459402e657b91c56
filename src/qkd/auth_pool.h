/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_AUTH_POOL_H
#define QW_QKD_AUTH_POOL_H

#include "crypto/one_time_mac.h"
#include "crypto/pad.h"

#include <stdint.h>

/* The authentication pool of one node for one neighbour [Q7]: for each direction a hash key, kept
 * while every tag has its own one-time bytes, and a pad of these. Up is from A to B. Both nodes
 * were charged with the same bytes beforehand. */
enum qw_qkd_direction { QW_QKD_UP = 1, QW_QKD_DOWN = 2 }; /* values of the tags' first byte */

struct qw_qkd_auth_pool {
    uint8_t hash_key[2][QW_ONE_TIME_MAC_KEY_LEN]; /* up, down */
    struct qw_pad pad[2];                         /* positions count tags' bytes from 0 */
};

enum {
    QW_QKD_TAG_BITS = 8 * QW_ONE_TIME_MAC_PAD_LEN,
    QW_QKD_POOL_LEN_MIN = 2 * (QW_ONE_TIME_MAC_KEY_LEN + 2 * QW_ONE_TIME_MAC_PAD_LEN)
};

/* Cuts len bytes of charged secret in two halves, up and down: hash key, then pad. Borrows bytes,
 * which must outlive the pool and are wiped as they are used up. QW_ERR_ARG for fewer than
 * QW_QKD_POOL_LEN_MIN. The pads live in memory only until commit_used is set. */
qw_err qw_qkd_auth_pool_init(struct qw_qkd_auth_pool *pool, uint8_t *bytes, size_t len) QW_MUST_USE;
void qw_qkd_auth_pool_wipe(struct qw_qkd_auth_pool *pool); /* the hash keys; not the bytes */

struct qw_pad *qw_qkd_auth_pad(struct qw_qkd_auth_pool *pool, enum qw_qkd_direction direction);

#endif
