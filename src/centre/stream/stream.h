/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_STREAM_STREAM_H
#define QW_CENTRE_STREAM_STREAM_H

#include "api/etsi004/get_key.h"
#include "api/etsi004/open_connect.h"
#include "centre/centre.h"

/* Streams of ETSI GS QKD 004 between two applications [docs/protocol/etsi004.md]. A stream lives in
 * memory, its chunks do not: each is a key of the pair, assigned and fetched by the verbs behind
 * enc_keys and dec_keys, so no crash can give one twice. One thread at a time. */
enum {
    QW_STREAMS_MAX = 64,
    QW_STREAMS_PER_MASTER = 16,    /* so that nobody takes all of them */
    QW_STREAM_AHEAD_MAX = 15,      /* chunks that one end may be in front of the other */
    QW_STREAM_STOCK_AGAIN_MS = 100 /* how often a stream asks for stock while a call waits */
};

struct qw_stream_table;

/* centre: borrowed. window_ms: how long the first opener gets its last chunk again; for the other
 * end the centre's own window holds. QW_ERR_NOMEM, also for locked memory. */
qw_err qw_stream_table_new(struct qw_centre *centre, int64_t window_ms,
                           struct qw_stream_table **table) QW_MUST_USE;
void qw_stream_table_free(struct qw_stream_table *table); /* wipes; NULL is fine */

/* Who calls, from where and when. */
struct qw_stream_call {
    const struct qw_caller *caller; /* identified by his certificate */
    uint64_t connection;            /* any number but 0; an end belongs to the one that opened it */
    int64_t now_ms;                 /* monotonic */
    int64_t waited_ms;              /* the same call, before; 0: it is new */
};

/* Everything that can go wrong is a status. */
void qw_stream_open(struct qw_stream_table *table, const struct qw_stream_call *call,
                    const struct qw_etsi004_open *open, struct qw_etsi004_open_answer *answer);
/* False: nothing can be said yet; to be called again, soon, with waited_ms [G6]. */
bool qw_stream_get(struct qw_stream_table *table, const struct qw_stream_call *call,
                   const struct qw_etsi004_get *get,
                   struct qw_etsi004_get_answer *answer) QW_MUST_USE;
enum qw_etsi004_status qw_stream_close(struct qw_stream_table *table,
                                       const struct qw_stream_call *call,
                                       const uint8_t ksid[static QW_ETSI004_KSID_LEN]) QW_MUST_USE;

/* The connection is gone: its ends can be opened from another one. */
void qw_stream_hang_up(struct qw_stream_table *table, uint64_t connection);
/* Ends what is over; about once a second. */
void qw_stream_sweep(struct qw_stream_table *table, int64_t now_ms);

#endif
