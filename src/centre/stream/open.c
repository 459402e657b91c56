/* SPDX-License-Identifier: Apache-2.0 */
/* OPEN_CONNECT: O1 to O6 of docs/protocol/etsi004.md. */
#include "base/secret.h"
#include "centre/stream/inside.h"
#include "centre/stream/name.h"
#include "centre/stream/quality.h"
#include "crypto/random.h"

#include <string.h>

/* A UUID of version 8, which no client makes by chance of another version: a name that was assigned
 * and is not known belongs to a stream that has ended. */
static bool is_assigned(const uint8_t *ksid)
{
    return ksid[6] >> 4 == 8;
}

static qw_err assign_ksid(uint8_t ksid[static QW_ETSI004_KSID_LEN])
{
    qw_err err = qw_random_bytes(ksid, QW_ETSI004_KSID_LEN);

    ksid[6] = (uint8_t)(0x80 | (ksid[6] & 0x0f));
    ksid[8] = (uint8_t)(0x80 | (ksid[8] & 0x3f));
    return err;
}

static void join(struct qw_stream_end *end, uint64_t connection, const struct qw_etsi004_qos *qos)
{
    end->may_skip = end->has_opened;
    end->has_opened = true;
    end->connection = connection;
    end->timeout_ms = qos->timeout_ms;
}

/* O4, O5: a second opener, or one that comes back. */
static void open_known(struct qw_stream *stream, const struct qw_stream_call *call,
                       const struct qw_etsi004_qos *qos, const char *dest,
                       struct qw_etsi004_open_answer *answer)
{
    const char *id = call->caller->id;
    bool is_master = strcmp(id, stream->master.id) == 0 && strcmp(dest, stream->slave) == 0;
    bool is_slave = strcmp(id, stream->slave) == 0 && strcmp(dest, stream->master.id) == 0;
    struct qw_stream_end *end = &stream->ends[is_master ? QW_STREAM_MASTER : QW_STREAM_SLAVE];

    if ((!is_master && !is_slave) || end->has_closed || end->connection != 0) {
        answer->status = QW_ETSI004_KSID_IN_USE;
        return;
    }
    memcpy(answer->ksid, stream->ksid, sizeof answer->ksid);
    answer->status = QW_ETSI004_QOS_NOT_MET;
    if (qw_stream_quality_join(&stream->qos, qos, &answer->qos)) {
        answer->status = QW_ETSI004_DONE;
        stream->qos.max_bps = answer->qos.max_bps;
        join(end, call->connection, &answer->qos);
    }
}

static void open_new(struct qw_stream_table *table, const struct qw_stream_call *call,
                     const struct qw_etsi004_open *open, const char *dest,
                     struct qw_etsi004_open_answer *answer)
{
    static const uint8_t none[QW_ETSI004_KSID_LEN] = { 0 };
    struct qw_pair_status status;
    struct qw_stream *stream;
    uint8_t ksid[QW_ETSI004_KSID_LEN];

    answer->status = QW_ETSI004_NO_CONNECTION;
    if (qw_centre_pair_status(table->centre, call->caller, dest, &status) != QW_OK) {
        return;
    }
    answer->qos = open->qos;
    if (!qw_stream_quality_settle(&answer->qos)) {
        answer->status = QW_ETSI004_QOS_NOT_MET;
        return;
    }
    memcpy(ksid, open->ksid, sizeof ksid);
    if (qw_equal_ct(ksid, none, sizeof ksid) && assign_ksid(ksid) != QW_OK) {
        return;
    }
    stream = qw_stream_add(table, call->caller, dest);
    if (stream == NULL) {
        return;
    }
    memcpy(stream->ksid, ksid, sizeof ksid);
    stream->qos = open->qos;
    stream->ends_ms = call->now_ms + (int64_t)stream->qos.ttl_s * 1000;
    qw_stream_rate_init(&stream->rate, call->now_ms);
    join(&stream->ends[QW_STREAM_MASTER], call->connection, &stream->qos);
    answer->status = QW_ETSI004_DONE;
    memcpy(answer->ksid, ksid, sizeof answer->ksid);
}

void qw_stream_open(struct qw_stream_table *table, const struct qw_stream_call *call,
                    const struct qw_etsi004_open *open, struct qw_etsi004_open_answer *answer)
{
    char source[64], dest[64];
    struct qw_stream *stream;

    qw_stream_sweep(table, call->now_ms);
    memset(answer, 0, sizeof *answer);
    answer->status = QW_ETSI004_NO_CONNECTION;
    if (call->caller->role != QW_ROLE_SAE || !qw_stream_name_read(open->source, source) ||
        !qw_stream_name_read(open->dest, dest) || strcmp(source, call->caller->id) != 0) { /* O1 */
        return;
    }
    stream = qw_stream_find(table, open->ksid);
    if (stream != NULL) {
        open_known(stream, call, &open->qos, dest, answer);
    } else if (is_assigned(open->ksid)) {
        answer->status = QW_ETSI004_PEER_ABSENT; /* O6 */
    } else {
        open_new(table, call, open, dest, answer);
    }
}
