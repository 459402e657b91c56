/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NODE_STREAM_H
#define QW_QKD_NODE_STREAM_H

#include "crypto/poly_hash.h"
#include "qkd/node/disk.h"
#include "qkd/node/marks.h"

/* One direction of a node pool: a ring on disk and a window of leased bytes in locked memory. Part
 * of the pool; what is durable is its pool's business (pool.c). */
struct qw_node_stream {
    const struct qw_node_disk *disk;
    uint64_t base; /* of the ring on disk */
    uint64_t capacity;
    uint32_t lease;
    struct qw_node_marks marks;
    uint64_t used;     /* marks.start <= used <= marks.leased */
    uint64_t in_doubt; /* below used: a crash passed over them, used or not; counted as lost */
    uint64_t confirmed;
    uint64_t reserved;
    uint64_t wiped;     /* zeros on disk up to here */
    uint8_t *window;    /* [lease] locked; NULL before the first lease */
    uint64_t window_at; /* position of its first byte; it holds bytes up to marks.leased */
};

void qw_node_stream_free(struct qw_node_stream *stream); /* wipes */

/* Room for new bytes. */
uint64_t qw_node_stream_room(const struct qw_node_stream *stream);
/* Writes bytes to the ring behind the end; the end itself moves by the caller. */
qw_err qw_node_stream_write(struct qw_node_stream *stream, const uint8_t *bytes,
                            size_t len) QW_MUST_USE;
/* Zeros over what is used. */
qw_err qw_node_stream_scrub(struct qw_node_stream *stream) QW_MUST_USE;
/* The lease that makes len bytes usable; not more than confirmed. */
uint64_t qw_node_stream_next_lease(const struct qw_node_stream *stream);
/* After marks.leased has moved there from `before`, durably: reads the new bytes. */
qw_err qw_node_stream_fill(struct qw_node_stream *stream, uint64_t before) QW_MUST_USE;
/* Leased bytes from used on; the caller has leased them. */
const uint8_t *qw_node_stream_at(const struct qw_node_stream *stream);
/* Wipes and passes len leased bytes. */
void qw_node_stream_pass(struct qw_node_stream *stream, uint64_t len);
/* len bytes from position on, position >= used, to <= end. */
qw_err qw_node_stream_copy(const struct qw_node_stream *stream, uint64_t position, uint8_t *out,
                           size_t len) QW_MUST_USE;
/* Contents of from..to into a running hash; from >= used, to <= end. */
qw_err qw_node_stream_hash(const struct qw_node_stream *stream, uint64_t from, uint64_t to,
                           struct qw_poly_hash *hash) QW_MUST_USE;

#endif
