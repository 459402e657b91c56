/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/stream/quality.h"

#include "base/secret.h"
#include "centre/centre.h"

#include <stdio.h>
#include <string.h>

enum { TTL_S_STANDARD = 3600, CHUNK_LEN_STANDARD = 32 };

/* What holds for an end, whoever opened the stream; nothing is set aside, so nothing is promised.
 */
static void settle_end(struct qw_etsi004_qos *qos)
{
    qos->min_bps = 0;
    if (qos->timeout_ms > QW_STREAM_TIMEOUT_MS_MAX) {
        qos->timeout_ms = QW_STREAM_TIMEOUT_MS_MAX;
    }
}

bool qw_stream_quality_settle(struct qw_etsi004_qos *qos)
{
    struct qw_etsi004_qos asked = *qos;

    if (qos->chunk_len == 0) {
        qos->chunk_len = CHUNK_LEN_STANDARD;
    } else if (qos->chunk_len < QW_KEY_BITS_MIN / 8) {
        qos->chunk_len = QW_KEY_BITS_MIN / 8;
    } else if (qos->chunk_len > QW_ETSI004_CHUNK_MAX) {
        qos->chunk_len = QW_ETSI004_CHUNK_MAX;
    }
    settle_end(qos);
    if (qos->ttl_s == 0 || qos->ttl_s > QW_STREAM_TTL_S_MAX) {
        qos->ttl_s = qos->ttl_s == 0 ? TTL_S_STANDARD : QW_STREAM_TTL_S_MAX;
    }
    if (qos->mimetype[0] != '\0') {
        memset(qos->mimetype, 0, sizeof qos->mimetype);
        (void)snprintf(qos->mimetype, sizeof qos->mimetype, "application/json");
    }
    return qw_equal_ct(&asked, qos, sizeof asked) /* no padding in it */;
}

bool qw_stream_quality_join(const struct qw_etsi004_qos *stream, const struct qw_etsi004_qos *asked,
                            struct qw_etsi004_qos *offer)
{
    struct qw_etsi004_qos own = *asked;

    settle_end(&own);
    *offer = *stream;
    offer->timeout_ms = own.timeout_ms;
    if (own.max_bps != 0 && (offer->max_bps == 0 || own.max_bps < offer->max_bps)) {
        offer->max_bps = own.max_bps;
    }
    return asked->chunk_len == offer->chunk_len && asked->min_bps == own.min_bps &&
           asked->timeout_ms == own.timeout_ms;
}
