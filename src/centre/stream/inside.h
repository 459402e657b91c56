/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_STREAM_INSIDE_H
#define QW_CENTRE_STREAM_INSIDE_H

#include "centre/stream/rate.h"
#include "centre/stream/stream.h"

/* A stream and the table of them, for the files that open and read them. */
enum { QW_STREAM_RING = QW_STREAM_AHEAD_MAX + 1 };
/* The first opener is the master of the pair. */
enum qw_stream_which { QW_STREAM_MASTER, QW_STREAM_SLAVE, QW_STREAM_ENDS };

struct qw_stream_end {
    uint64_t connection; /* 0: none at the moment */
    bool has_opened, has_closed;
    bool may_skip;       /* has lost a connection, and perhaps an answer */
    uint32_t timeout_ms; /* of its GET_KEY [G6] */
    uint32_t next;       /* only grows; below it nothing is given but the last one again */
    int64_t last_ms;
};

/* In secret memory; bytes are the master's, wiped when he cannot ask again. */
struct qw_stream_chunk {
    uint8_t id[16];
    int64_t made_ms;
    uint8_t bytes[QW_ETSI004_CHUNK_MAX];
};

struct qw_stream {
    struct qw_stream *next;
    uint8_t ksid[QW_ETSI004_KSID_LEN];
    struct qw_caller master; /* as his certificate said when he opened */
    char slave[64];
    struct qw_etsi004_qos qos;
    int64_t ends_ms;
    struct qw_stream_end ends[QW_STREAM_ENDS];
    uint32_t made; /* chunks so far; the newest QW_STREAM_RING of them are in the ring */
    struct qw_stream_rate rate;
    int64_t stock_ms;             /* before it who waits does not ask for stock again [G7] */
    struct qw_stream_chunk *ring; /* [QW_STREAM_RING] */
};

struct qw_stream_table {
    struct qw_centre *centre;
    int64_t window_ms;
    struct qw_stream *first;
    size_t count;
    struct qw_given_key *key; /* secret workspace */
};

/* NULL: there is none of that name. */
struct qw_stream *qw_stream_find(const struct qw_stream_table *table, const uint8_t *ksid);
/* An empty one in the table, without a name yet; NULL: it is full, the caller has as many as he
 * may, or there is no memory. */
struct qw_stream *qw_stream_add(struct qw_stream_table *table, const struct qw_caller *caller,
                                const char *slave);
/* NULL: the caller has no such end on this connection. */
struct qw_stream *qw_stream_find_end(struct qw_stream_table *table,
                                     const struct qw_stream_call *call, const uint8_t *ksid,
                                     enum qw_stream_which *which);

#endif
