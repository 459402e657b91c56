/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NODE_POOL_H
#define QW_QKD_NODE_POOL_H

#include "crypto/hash.h"
#include "crypto/poly_hash.h"
#include "qkd/node/disk.h"

#include <stdbool.h>

/* The key stock of this node for one neighbour [Q2]: two streams of bytes addressed by position,
 * on disk, in step with the neighbour's pool (docs/protocol/node-pool.md). One thread at a time.
 * An error of the disk (QW_ERR_IO) closes the pool for good: open it anew. */
struct qw_node_pool;

enum qw_node_direction { QW_NODE_OUT, QW_NODE_IN }; /* this node sends; the neighbour does */
/* Of what is reserved; values of the wire (relay.md, RESERVE). */
enum qw_node_class { QW_NODE_GOLD, QW_NODE_SILVER, QW_NODE_BRONZE, QW_NODE_CLASSES };

enum {
    QW_NODE_MEETING_KEY_LEN = 32,
    QW_NODE_LEASE_MIN = 64,
    QW_NODE_LEASE_MAX = 1 << 20,
    QW_NODE_CAPACITY_MAX = 1 << 30
};

struct qw_node_pool_head { /* fixed when the pool is made */
    uint32_t node, neighbour;
    uint64_t capacity; /* bytes of each stream, lease..QW_NODE_CAPACITY_MAX */
    uint32_t lease;    /* bytes; what a crash may cost in each direction, and the longest use */
    bool is_simulated; /* the keys are */
    uint8_t meeting_key[QW_NODE_MEETING_KEY_LEN];
};

struct qw_node_limits {
    uint64_t floor_len[QW_NODE_CLASSES]; /* bytes of the out stream that this class leaves alone */
    int64_t age_ms;                      /* older bytes are given up; 0: never */
};

struct qw_node_state { /* of a stream; the first six add up to end */
    uint64_t raw, stored, reserved, used, lost, aged;
    uint64_t end, position, capacity;
    uint64_t sure; /* used for certain; lower than position from a crash to the next use */
};

uint64_t qw_node_pool_disk_len(uint64_t capacity);

/* An empty pool onto a disk. QW_ERR_ARG, QW_ERR_IO. */
qw_err qw_node_pool_format(const struct qw_node_disk *disk,
                           const struct qw_node_pool_head *head) QW_MUST_USE;

/* Two new files with mirrored pools under a fresh meeting key, and len fresh bytes of the
 * kernel's generator in each stream. head: of the first file; its meeting key is not looked at.
 * QW_ERR_CONFLICT when a file exists. */
qw_err qw_node_pool_charge(const char *path, const char *neighbour_path,
                           const struct qw_node_pool_head *head, size_t len) QW_MUST_USE;

/* Takes disk, also when it fails; copies limits. QW_ERR_FORMAT, QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_node_pool_open(struct qw_node_disk *disk, const struct qw_node_limits *limits,
                         struct qw_node_pool **pool) QW_MUST_USE;
/* Gives the leases back first, so that nothing is lost. NULL is fine. */
void qw_node_pool_close(struct qw_node_pool *pool);
void qw_node_pool_abandon(struct qw_node_pool *pool); /* as a crash leaves it; for tests */

const struct qw_node_pool_head *qw_node_pool_head(const struct qw_node_pool *pool);
/* A write has failed: nothing leaves any more (QW_ERR_IO) until the pool is opened anew. */
bool qw_node_pool_is_closed(const struct qw_node_pool *pool);
struct qw_node_state qw_node_pool_state(const struct qw_node_pool *pool,
                                        enum qw_node_direction direction);

/* Bytes behind the end of each stream, all or nothing; durable, and raw until they are confirmed.
 * QW_ERR_SPACE when a stream has no room. Borrows. */
qw_err qw_node_pool_append(struct qw_node_pool *pool, struct qw_bytes out, struct qw_bytes in,
                           int64_t now_ms) QW_MUST_USE;
void qw_node_pool_confirm(struct qw_node_pool *pool, enum qw_node_direction direction,
                          uint64_t position);           /* used..end, never back */
void qw_node_pool_unconfirm(struct qw_node_pool *pool); /* the session is over */

/* Both ends go to the same marks [P5]; everything up to end is then confirmed. position >= the
 * own one, <= end. */
qw_err qw_node_pool_agree(struct qw_node_pool *pool, enum qw_node_direction direction,
                          uint64_t position, uint64_t end) QW_MUST_USE;

/* Other floors from now on; the age limit stays. */
void qw_node_pool_set_floors(struct qw_node_pool *pool, const uint64_t floor_len[QW_NODE_CLASSES]);
/* Promises len bytes of the out stream. QW_ERR_EXHAUSTED. */
qw_err qw_node_pool_reserve(struct qw_node_pool *pool, enum qw_node_class class,
                            uint64_t len) QW_MUST_USE;
void qw_node_pool_release(struct qw_node_pool *pool, uint64_t len);

/* The next len bytes, leased durably; they stay where they are until they are passed. Borrowed up
 * to the next call for this direction. QW_ERR_EXHAUSTED: not so many that are confirmed and not
 * reserved; QW_ERR_SPACE: more than a lease; QW_ERR_IO, QW_ERR_NOMEM. */
qw_err qw_node_pool_peek(struct qw_node_pool *pool, enum qw_node_direction direction, size_t len,
                         const uint8_t **bytes) QW_MUST_USE;
void qw_node_pool_pass(struct qw_node_pool *pool, enum qw_node_direction direction, size_t len);

/* Gives up what is before position (ahead of the own one, and confirmed); the neighbour said so,
 * or will hear it. is_aged: counted as aged, else as lost. */
qw_err qw_node_pool_skip(struct qw_node_pool *pool, enum qw_node_direction direction,
                         uint64_t position, bool is_aged) QW_MUST_USE;
/* How far the out stream is older than the limit; its own position when nothing is. */
uint64_t qw_node_pool_aged(const struct qw_node_pool *pool, int64_t now_ms);
/* Up to where everything was appended at or before limit_ms; the stream's position when nothing
 * is. */
uint64_t qw_node_pool_older_than(const struct qw_node_pool *pool, enum qw_node_direction direction,
                                 int64_t limit_ms);

/* A copy of len bytes of the in stream from position on, nothing of it used: to see whether a tag
 * is right, and for nothing else. QW_ERR_EXHAUSTED: not so many there that are confirmed, or passed
 * already; QW_ERR_IO. */
qw_err qw_node_pool_look(const struct qw_node_pool *pool, uint64_t position, uint8_t *out,
                         size_t len) QW_MUST_USE;

/* Contents from..to, position <= from, to <= end. */
qw_err qw_node_pool_hash(const struct qw_node_pool *pool, enum qw_node_direction direction,
                         uint64_t from, uint64_t to, struct qw_poly_hash *hash) QW_MUST_USE;

#endif
