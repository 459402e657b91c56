/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_STREAM_RATE_H
#define QW_CENTRE_STREAM_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* The max rate of one stream: in any T seconds at most max_bps x (T + 1) bits and one chunk
 * [docs/protocol/etsi004.md G8]. Not base/rate_limit.h: that one lets ten seconds' worth go at once
 * and is a table of names; a stream has its own place. max_bps 0: no limit. now_ms is monotonic. */
struct qw_stream_rate {
    int64_t paid_us; /* until when the chunks so far fill the rate */
};

void qw_stream_rate_init(struct qw_stream_rate *rate, int64_t now_ms);
bool qw_stream_rate_has(struct qw_stream_rate *rate, uint32_t max_bps, int64_t now_ms);
/* A chunk was made; qw_stream_rate_has was asked at the same moment. */
void qw_stream_rate_pay(struct qw_stream_rate *rate, uint32_t max_bps, uint32_t bits);

#endif
