/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/stream/rate.h"

enum { KEPT_MS = 1000 /* of the time without chunks, for a burst */ };

void qw_stream_rate_init(struct qw_stream_rate *rate, int64_t now_ms)
{
    rate->paid_us = 1000 * (now_ms - KEPT_MS);
}

bool qw_stream_rate_has(struct qw_stream_rate *rate, uint32_t max_bps, int64_t now_ms)
{
    int64_t kept_us = 1000 * (now_ms - KEPT_MS);

    if (rate->paid_us < kept_us) {
        rate->paid_us = kept_us;
    }
    return max_bps == 0 || rate->paid_us <= 1000 * now_ms;
}

void qw_stream_rate_pay(struct qw_stream_rate *rate, uint32_t max_bps, uint32_t bits)
{
    if (max_bps != 0) {
        rate->paid_us += ((int64_t)bits * 1000000 + max_bps - 1) / max_bps; /* rounded up */
    }
}
