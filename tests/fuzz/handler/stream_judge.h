/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_FUZZ_HANDLER_STREAM_JUDGE_H
#define QW_TESTS_FUZZ_HANDLER_STREAM_JUDGE_H

#include "api/etsi004/server.h"
#include "centre/stream/stream.h"
#include "site.h"

/* What has to hold after every message of ETSI 004 [docs/design/handlers.md]; anything else ends
 * the program. */
enum { STREAM_JUDGE_STREAMS_MAX = 64, STREAM_JUDGE_CHUNKS_MAX = 64 };

struct stream_judge_chunk {
    uint32_t index;
    uint8_t bytes[QW_ETSI004_CHUNK_MAX];
    bool is_known;    /* bytes are: somebody got them */
    bool is_given[2]; /* to the master, to the slave */
    int64_t given_ms[2];
};

struct stream_judge_stream { /* as its openers were told */
    uint8_t ksid[QW_ETSI004_KSID_LEN];
    char ends[2][64]; /* master, slave */
    bool is_closed[2];
    int64_t ends_ms;
    uint32_t chunk_len;
    struct stream_judge_chunk chunks[STREAM_JUDGE_CHUNKS_MAX];
    size_t chunk_count;
};

struct stream_judge {
    struct site *site;
    struct stream_judge_stream streams[STREAM_JUDGE_STREAMS_MAX];
    size_t stream_count;
};

/* KSID of the n-th stream, counted round and round; NULL: none yet. */
const uint8_t *stream_judge_ksid(const struct stream_judge *judge, size_t n);

struct stream_judge_view { /* as it is before a request */
    struct qw_centre_status totals;
    struct stream_judge_stream *stream; /* that a GET_KEY names; NULL: none */
    uint64_t left;                      /* for its pair */
};
void stream_judge_look(struct stream_judge *judge, const struct qw_etsi004_request *request,
                       struct stream_judge_view *view);
/* answer: the payload; of a request that was not refused as a whole. */
void stream_judge_answer(struct stream_judge *judge, const struct qw_etsi004_request *request,
                         const struct stream_judge_view *before, const uint8_t *answer, size_t len);
/* Of one that was. */
void stream_judge_refusal(struct stream_judge *judge, const struct stream_judge_view *before);

#endif
