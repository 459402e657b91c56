/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/stream/stream.h"

#include "base/secret.h"
#include "centre/stream/name.h"
#include "centre/stream/quality.h"
#include "centre/stream/rate.h"
#include "crypto/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RING = QW_STREAM_AHEAD_MAX + 1 };
enum which { MASTER, SLAVE, ENDS }; /* the first opener is the master of the pair */

struct end {
    uint64_t connection; /* 0: none at the moment */
    bool has_opened, has_closed;
    bool may_skip;       /* has lost a connection, and perhaps an answer */
    uint32_t timeout_ms; /* of its GET_KEY [G6] */
    uint32_t next;       /* only grows; below it nothing is given but the last one again */
    int64_t last_ms;
};

struct chunk { /* in secret memory; bytes are the master's, wiped when he cannot ask again */
    uint8_t id[16];
    int64_t made_ms;
    uint8_t bytes[QW_ETSI004_CHUNK_MAX];
};

struct stream {
    struct stream *next;
    uint8_t ksid[QW_ETSI004_KSID_LEN];
    struct qw_caller master; /* as his certificate said when he opened */
    char slave[64];
    struct qw_etsi004_qos qos;
    int64_t ends_ms;
    struct end ends[ENDS];
    uint32_t made; /* chunks so far; the newest RING of them are in the ring */
    struct qw_stream_rate rate;
    int64_t stock_ms;   /* before it who waits does not ask for stock again [G7] */
    struct chunk *ring; /* [RING] */
};

struct qw_stream_table {
    struct qw_centre *centre;
    int64_t window_ms;
    struct stream *first;
    size_t count;
    struct qw_given_key *key; /* secret workspace */
};

qw_err qw_stream_table_new(struct qw_centre *centre, int64_t window_ms,
                           struct qw_stream_table **table)
{
    struct qw_stream_table *t = calloc(1, sizeof *t);

    if (t == NULL) {
        return QW_ERR_NOMEM;
    }
    t->key = qw_secret_new(sizeof *t->key);
    if (t->key == NULL) {
        free(t);
        return QW_ERR_NOMEM;
    }
    t->centre = centre;
    t->window_ms = window_ms;
    *table = t;
    return QW_OK;
}

static void stream_free(struct stream *stream)
{
    qw_secret_free(stream->ring);
    free(stream);
}

void qw_stream_table_free(struct qw_stream_table *table)
{
    if (table == NULL) {
        return;
    }
    while (table->first != NULL) {
        struct stream *stream = table->first;

        table->first = stream->next;
        stream_free(stream);
    }
    qw_secret_free(table->key);
    free(table);
}

static struct stream *find(const struct qw_stream_table *table, const uint8_t *ksid)
{
    struct stream *stream = table->first;

    while (stream != NULL && !qw_equal_ct(stream->ksid, ksid, sizeof stream->ksid)) {
        stream = stream->next;
    }
    return stream;
}

static void end_stream(struct qw_stream_table *table, struct stream *stream)
{
    struct stream **at = &table->first;

    while (*at != stream) {
        at = &(*at)->next;
    }
    *at = stream->next;
    table->count--;
    stream_free(stream);
}

static bool is_over(const struct stream *stream, int64_t now_ms)
{
    return now_ms >= stream->ends_ms ||
           (stream->ends[MASTER].has_closed && stream->ends[SLAVE].has_closed);
}

void qw_stream_sweep(struct qw_stream_table *table, int64_t now_ms)
{
    struct stream *next;

    for (struct stream *stream = table->first; stream != NULL; stream = next) {
        const struct end *master = &stream->ends[MASTER];

        next = stream->next;
        if (is_over(stream, now_ms)) {
            end_stream(table, stream);
        } else if (master->next > 0 && now_ms - master->last_ms >= table->window_ms) {
            struct chunk *last = &stream->ring[(master->next - 1) % RING];

            qw_wipe(last->bytes, sizeof last->bytes); /* G4: he cannot ask for it again */
        }
    }
}

void qw_stream_hang_up(struct qw_stream_table *table, uint64_t connection)
{
    for (struct stream *stream = table->first; stream != NULL; stream = stream->next) {
        for (int which = MASTER; which < ENDS; which++) {
            if (stream->ends[which].connection == connection) {
                stream->ends[which].connection = 0;
            }
        }
    }
}

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

static bool has_room(const struct qw_stream_table *table, const char *master)
{
    size_t count = 0;

    for (const struct stream *stream = table->first; stream != NULL; stream = stream->next) {
        count += strcmp(stream->master.id, master) == 0 ? 1 : 0;
    }
    return table->count < QW_STREAMS_MAX && count < QW_STREAMS_PER_MASTER;
}

static struct stream *stream_new(struct qw_stream_table *table, const struct qw_caller *caller,
                                 const char *slave)
{
    struct stream *stream = has_room(table, caller->id) ? calloc(1, sizeof *stream) : NULL;

    if (stream == NULL) {
        return NULL;
    }
    stream->ring = qw_secret_new(RING * sizeof *stream->ring);
    if (stream->ring == NULL) {
        free(stream);
        return NULL;
    }
    stream->master = *caller;
    (void)snprintf(stream->slave, sizeof stream->slave, "%s", slave);
    stream->next = table->first;
    table->first = stream;
    table->count++;
    return stream;
}

static void join(struct end *end, uint64_t connection, const struct qw_etsi004_qos *qos)
{
    end->may_skip = end->has_opened;
    end->has_opened = true;
    end->connection = connection;
    end->timeout_ms = qos->timeout_ms;
}

/* O4, O5: a second opener, or one that comes back. */
static void open_known(struct stream *stream, const struct qw_stream_call *call,
                       const struct qw_etsi004_qos *qos, const char *dest,
                       struct qw_etsi004_open_answer *answer)
{
    const char *id = call->caller->id;
    bool is_master = strcmp(id, stream->master.id) == 0 && strcmp(dest, stream->slave) == 0;
    bool is_slave = strcmp(id, stream->slave) == 0 && strcmp(dest, stream->master.id) == 0;
    struct end *end = &stream->ends[is_master ? MASTER : SLAVE];

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
    struct stream *stream;
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
    stream = stream_new(table, call->caller, dest);
    if (stream == NULL) {
        return;
    }
    memcpy(stream->ksid, ksid, sizeof ksid);
    stream->qos = open->qos;
    stream->ends_ms = call->now_ms + (int64_t)stream->qos.ttl_s * 1000;
    qw_stream_rate_init(&stream->rate, call->now_ms);
    join(&stream->ends[MASTER], call->connection, &stream->qos);
    answer->status = QW_ETSI004_DONE;
    memcpy(answer->ksid, ksid, sizeof answer->ksid);
}

void qw_stream_open(struct qw_stream_table *table, const struct qw_stream_call *call,
                    const struct qw_etsi004_open *open, struct qw_etsi004_open_answer *answer)
{
    char source[64], dest[64];
    struct stream *stream;

    qw_stream_sweep(table, call->now_ms);
    memset(answer, 0, sizeof *answer);
    answer->status = QW_ETSI004_NO_CONNECTION;
    if (call->caller->role != QW_ROLE_SAE || !qw_stream_name_read(open->source, source) ||
        !qw_stream_name_read(open->dest, dest) || strcmp(source, call->caller->id) != 0) { /* O1 */
        return;
    }
    stream = find(table, open->ksid);
    if (stream != NULL) {
        open_known(stream, call, &open->qos, dest, answer);
    } else if (is_assigned(open->ksid)) {
        answer->status = QW_ETSI004_PEER_ABSENT; /* O6 */
    } else {
        open_new(table, call, open, dest, answer);
    }
}

/* NULL: the caller has no such end on this connection. */
static struct stream *find_end(struct qw_stream_table *table, const struct qw_stream_call *call,
                               const uint8_t *ksid, enum which *which)
{
    struct stream *stream = find(table, ksid);

    if (stream == NULL || call->caller->role != QW_ROLE_SAE) {
        return NULL;
    }
    if (strcmp(call->caller->id, stream->master.id) == 0) {
        *which = MASTER;
    } else if (strcmp(call->caller->id, stream->slave) == 0) {
        *which = SLAVE;
    } else {
        return NULL;
    }
    return stream->ends[*which].connection == call->connection ? stream : NULL;
}

/* How long ago the chunk was made, in ms; it has come over no hop. */
static void write_metadata(const struct chunk *chunk, int64_t now_ms,
                           struct qw_etsi004_get_answer *answer)
{
    int len = snprintf(answer->metadata, sizeof answer->metadata, "{\"age\":%lld,\"hops\":0}",
                       (long long)(now_ms - chunk->made_ms));

    answer->metadata_len = (uint32_t)len;
}

/* G2: one more key of the pair, for both ends. QW_ERR_LIMIT: not now. */
static qw_err make_chunk(struct qw_stream_table *table, struct stream *stream,
                         const struct qw_stream_call *call)
{
    struct chunk *chunk = &stream->ring[stream->made % RING];
    uint32_t slowest = stream->ends[MASTER].next < stream->ends[SLAVE].next
                           ? stream->ends[MASTER].next
                           : stream->ends[SLAVE].next;
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
static qw_err copy_chunk(struct qw_stream_table *table, const struct stream *stream,
                         enum which which, const struct qw_caller *caller,
                         const struct chunk *chunk, uint8_t *out)
{
    qw_err err = QW_OK;

    if (which == MASTER) {
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
static bool may_have(const struct qw_stream_table *table, const struct stream *stream,
                     enum which which, uint32_t index, int64_t now_ms)
{
    const struct end *end = &stream->ends[which];

    if (end->next > 0 && index == end->next - 1) {
        return now_ms - end->last_ms < table->window_ms;
    }
    return index == end->next || (end->may_skip && index > end->next && index <= stream->made);
}

/* What the end has passed over is gone for it. */
static void advance(struct stream *stream, enum which which, uint32_t index, int64_t now_ms)
{
    struct end *end = &stream->ends[which];

    if (index < end->next) {
        return; /* a repeat does not make the window longer */
    }
    for (uint32_t passed = end->next > 0 ? end->next - 1 : 0; which == MASTER && passed < index;
         passed++) {
        struct chunk *chunk = &stream->ring[passed % RING];

        qw_wipe(chunk->bytes, sizeof chunk->bytes);
    }
    end->next = index + 1;
    end->last_ms = now_ms;
    end->may_skip = false;
}

/* G6: whether there is an answer, or the call waits on. */
static bool give_up(const struct end *end, const struct qw_stream_call *call,
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
static qw_err give(struct qw_stream_table *table, struct stream *stream, enum which which,
                   const struct qw_stream_call *call, const struct qw_etsi004_get *get,
                   struct qw_etsi004_get_answer *answer)
{
    const struct chunk *chunk = &stream->ring[get->index % RING];
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
    enum which which;
    struct stream *stream;
    const struct end *end, *other;
    qw_err err;

    qw_stream_sweep(table, call->now_ms);
    memset(answer, 0, sizeof *answer);
    answer->status = QW_ETSI004_PEER_ABSENT;
    stream = find_end(table, call, get->ksid, &which);
    if (stream == NULL) {
        return true;
    }
    end = &stream->ends[which];
    other = &stream->ends[which == MASTER ? SLAVE : MASTER];
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

enum qw_etsi004_status qw_stream_close(struct qw_stream_table *table,
                                       const struct qw_stream_call *call,
                                       const uint8_t ksid[static QW_ETSI004_KSID_LEN])
{
    enum which which;
    struct stream *stream;

    qw_stream_sweep(table, call->now_ms);
    stream = find_end(table, call, ksid, &which);
    if (stream == NULL) {
        return QW_ETSI004_PEER_ABSENT;
    }
    stream->ends[which].has_closed = true;
    stream->ends[which].connection = 0;
    qw_stream_sweep(table, call->now_ms);
    return QW_ETSI004_DONE;
}
