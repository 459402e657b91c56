/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_RELAY_END_TAG_H
#define QW_QKD_RELAY_END_TAG_H

#include "crypto/one_time_mac.h"
#include "qkd/node/pool.h"

/* Tags between the ends of a relay under a pool that no relay knows: for each a hash key and a pad
 * of its own, named by their position. Messages over different paths overtake each other, so what
 * was passed over is held for a while. */
enum {
    QW_END_TAG_USE_LEN = QW_ONE_TIME_MAC_KEY_LEN + QW_ONE_TIME_MAC_PAD_LEN,
    QW_END_TAG_HELD_MAX = 32
};

struct qw_end_tags { /* of all peers of one node; in secret memory; zero at first */
    struct {
        const struct qw_node_pool *pool; /* NULL: free */
        uint64_t position;
        uint8_t bytes[QW_END_TAG_USE_LEN];
    } held[QW_END_TAG_HELD_MAX];
    size_t next; /* the oldest, which goes first */
};

/* Whether this node's out stream may be moved up to a mark that the peer is said to have named, and
 * that nobody has proven: what marks and crashes have cost stays below half of what was ever
 * appended. QW_ERR_EXHAUSTED: behind the end; QW_ERR_LIMIT. */
qw_err qw_end_tag_allows(const struct qw_node_pool *pool, uint64_t mark) QW_MUST_USE;

/* The next tag of this node over parts, not below mark (the peer takes nothing before it).
 * QW_ERR_EXHAUSTED; QW_ERR_LIMIT as above; errors of the pool. */
qw_err qw_end_tag_make(struct qw_node_pool *pool, uint64_t mark, const struct qw_bytes *parts,
                       size_t count, uint64_t *position,
                       uint8_t tag[static QW_ONE_TIME_MAC_LEN]) QW_MUST_USE;

/* QW_ERR_AUTH: wrong, or a position that was used. What is right is used up now, with all before it
 * but what is held; what is wrong moves nothing. */
qw_err qw_end_tag_check(struct qw_end_tags *tags, struct qw_node_pool *pool, uint64_t position,
                        const struct qw_bytes *parts, size_t count,
                        const uint8_t tag[static QW_ONE_TIME_MAC_LEN]) QW_MUST_USE;

/* Below this this node takes nothing of the peer any more, but for what it holds. */
uint64_t qw_end_tag_mark(const struct qw_node_pool *pool);

#endif
