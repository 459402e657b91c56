/* SPDX-License-Identifier: Apache-2.0 */
/* GET_KEY: G1 to G7 of docs/protocol/etsi004.md. */
#include "base/secret.h"
#include "centre/stream/inside.h"

#include <stdio.h>
#include <string.h>

/* How long ago the chunk was made, in ms; it has come over no hop. */
static void write_metadata(const struct qw_stream_chunk *chunk, int64_t now_ms,
                           struct qw_etsi004_get_answer *answer)
{
    int len = snprintf(answer->metadata, sizeof answer->metadata, "{\"age\":%lld,\"hops\":0}",
                       (long long)(now_ms - chunk->made_ms));

    answer->metadata_len = (uint32_t)len;
}

/* G2: one more key of the pair, for both ends. QW_ERR_LIMIT: not now. */
static qw_err make_chunk(struct qw_stream_table *table, struct qw_stream *stream,
                         const struct qw_stream_call *call)
{
    struct qw_stream_chunk *chunk = &stream->ring[stream->made % QW_STREAM_RING];
    uint32_t slowest = stream->ends[QW_STREAM_MASTER].next < stream->ends[QW_STREAM_SLAVE].next
                           ? stream->ends[QW_STREAM_MASTER].next
                           : stream->ends[QW_STREAM_SLAVE].next;
    struct qw_key_wish wish = { .slave = stream->slave,
                                .count = 1,
                                .bits = stream->qos.chunk_len * 8,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };
    qw_err err;

    if (stream->made == UINT32_MAX) {
        return QW_ERR_NOT_FOUND;
    }
    if (stream->made - slowest >= QW_STREAM_AHEAD_MAX ||
        !qw_stream_rate_has(&stream->rate, stream->qos.max_bps, call->now_ms) ||
        (call->waited_ms > 0 && call->now_ms < stream->stock_ms)) {
        return QW_ERR_LIMIT;
    }
    err = qw_centre_deliver(table->centre, &stream->master, &wish, table->key);
    if (err == QW_OK) {
        memcpy(chunk->id, table->key->id, sizeof chunk->id);
        memcpy(chunk->bytes, table->key->bytes, stream->qos.chunk_len);
        chunk->made_ms = call->now_ms;
        stream->made++;
        qw_stream_rate_pay(&stream->rate, stream->qos.max_bps, wish.bits);
    } else if (err == QW_ERR_EXHAUSTED || err == QW_ERR_LIMIT || err == QW_ERR_FULL ||
               err == QW_ERR_PAUSED) {
        stream->stock_ms = call->now_ms + QW_STREAM_STOCK_AGAIN_MS;
        err = QW_ERR_LIMIT;
    }
    qw_wipe(table->key, sizeof *table->key);
    return err;
}

/* G3 */
static qw_err copy_chunk(struct qw_stream_table *table, const struct qw_stream *stream,
                         enum qw_stream_which which, const struct qw_caller *caller,
                         const struct qw_stream_chunk *chunk, uint8_t *out)
{
    qw_err err = QW_OK;

    if (which == QW_STREAM_MASTER) {
        memcpy(out, chunk->bytes, stream->qos.chunk_len);
    } else {
        err = qw_centre_fetch(table->centre, caller, stream->master.id,
                              (const uint8_t(*)[16])chunk->id, 1, table->key);
        if (err == QW_OK) {
            memcpy(out, table->key->bytes, stream->qos.chunk_len);
        }
        qw_wipe(table->key, sizeof *table->key);
    }
    return err;
}

/* G1, G4, G5: the next one, the last one again, or, after a lost connection, one further on. */
static bool may_have(const struct qw_stream_table *table, const struct qw_stream *stream,
                     enum qw_stream_which which, uint32_t index, int64_t now_ms)
{
    const struct qw_stream_end *end = &stream->ends[which];

    if (end->next > 0 && index == end->next - 1) {
        return now_ms - end->last_ms < table->window_ms;
    }
    return index == end->next || (end->may_skip && index > end->next && index <= stream->made);
}

/* What the end has passed over is gone for it. */
static void advance(struct qw_stream *stream, enum qw_stream_which which, uint32_t index,
                    int64_t now_ms)
{
    struct qw_stream_end *end = &stream->ends[which];

    if (index < end->next) {
        return; /* a repeat does not make the window longer */
    }
    for (uint32_t passed = end->next > 0 ? end->next - 1 : 0;
         which == QW_STREAM_MASTER && passed < index; passed++) {
        struct qw_stream_chunk *chunk = &stream->ring[passed % QW_STREAM_RING];

        qw_wipe(chunk->bytes, sizeof chunk->bytes);
    }
    end->next = index + 1;
    end->last_ms = now_ms;
    end->may_skip = false;
}

/* G6: whether there is an answer, or the call waits on. */
static bool give_up(const struct qw_stream_end *end, const struct qw_stream_call *call,
                    enum qw_etsi004_status status, struct qw_etsi004_get_answer *answer)
{
    answer->status = status;
    return call->waited_ms >= end->timeout_ms;
}

static enum qw_etsi004_status status_of(qw_err err)
{
    switch (err) {
    case QW_OK:
        return QW_ETSI004_DONE;
    case QW_ERR_LIMIT:
    case QW_ERR_NOT_FOUND: /* its time is over */
        return QW_ETSI004_NO_KEY;
    default:
        return QW_ETSI004_NO_CONNECTION;
    }
}

/* The chunk at index, which the end may have. */
static qw_err give(struct qw_stream_table *table, struct qw_stream *stream,
                   enum qw_stream_which which, const struct qw_stream_call *call,
                   const struct qw_etsi004_get *get, struct qw_etsi004_get_answer *answer)
{
    const struct qw_stream_chunk *chunk = &stream->ring[get->index % QW_STREAM_RING];
    qw_err err = get->index == stream->made ? make_chunk(table, stream, call) : QW_OK;

    if (err == QW_OK && stream->qos.mimetype[0] != '\0' && get->metadata_cap > 0) {
        write_metadata(chunk, call->now_ms, answer);
    }
    if (err == QW_OK && answer->metadata_len > get->metadata_cap) {
        return QW_ERR_SPACE; /* the chunk stays where it is, and can be asked for at once */
    }
    if (err == QW_OK) {
        err = copy_chunk(table, stream, which, call->caller, chunk, answer->chunk);
    }
    if (err == QW_OK) {
        answer->index = get->index;
        answer->chunk_len = stream->qos.chunk_len;
        advance(stream, which, get->index, call->now_ms);
    }
    return err;
}

bool qw_stream_get(struct qw_stream_table *table, const struct qw_stream_call *call,
                   const struct qw_etsi004_get *get, struct qw_etsi004_get_answer *answer)
{
    enum qw_stream_which which;
    struct qw_stream *stream;
    const struct qw_stream_end *end, *other;
    qw_err err;

    qw_stream_sweep(table, call->now_ms);
    memset(answer, 0, sizeof *answer);
    answer->status = QW_ETSI004_PEER_ABSENT;
    stream = qw_stream_find_end(table, call, get->ksid, &which);
    if (stream == NULL) {
        return true;
    }
    end = &stream->ends[which];
    other = &stream->ends[which == QW_STREAM_MASTER ? QW_STREAM_SLAVE : QW_STREAM_MASTER];
    if (other->has_closed) {
        return true;
    }
    if (!may_have(table, stream, which, get->index, call->now_ms)) {
        answer->status = QW_ETSI004_NO_KEY;
        return true;
    }
    if (!other->has_opened) {
        return give_up(end, call, QW_ETSI004_PEER_ABSENT, answer);
    }
    err = give(table, stream, which, call, get, answer);
    if (err == QW_ERR_LIMIT) {
        return give_up(end, call, end->timeout_ms == 0 ? QW_ETSI004_NO_KEY : QW_ETSI004_TIMEOUT,
                       answer);
    }
    answer->status = err == QW_ERR_SPACE ? QW_ETSI004_METADATA_TOO_SMALL : status_of(err);
    return true;
}
