/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/stream/stream.h"

#include "base/secret.h"
#include "crypto/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RING = QW_STREAM_AHEAD_MAX + 1, TTL_S_STANDARD = 3600, CHUNK_LEN_STANDARD = 32 };
enum which { MASTER, SLAVE, ENDS }; /* the first opener is the master of the pair */

struct end {
    uint64_t connection; /* 0: none at the moment */
    bool has_opened, has_closed;
    bool may_skip; /* has lost a connection, and perhaps an answer */
    uint32_t next; /* only grows; below it nothing is given but the last one again */
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
    uint32_t made;      /* chunks so far; the newest RING of them are in the ring */
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

/* The name in "qkd://bob@host:1", "urn:qwave:sae:bob" or "bob" [docs/protocol/etsi004.md]. */
static bool read_name(const char *uri, char name[static 64])
{
    static const char scheme[] = "qkd://";
    bool has_scheme = strncmp(uri, scheme, sizeof scheme - 1) == 0;
    char text[QW_ETSI004_URI_CAP];
    struct qw_caller caller;

    (void)snprintf(text, sizeof text, "%s", uri + (has_scheme ? sizeof scheme - 1 : 0));
    if (has_scheme) {
        text[strcspn(text, "@/?#")] = '\0';
    }
    if (qw_caller_parse(text, &caller) != QW_OK || caller.role != QW_ROLE_SAE) {
        return false;
    }
    memcpy(name, caller.id, sizeof caller.id);
    return true;
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

/* O3: the nearest quality that can be had; false: it is not what was asked. */
static bool settle(struct qw_etsi004_qos *qos)
{
    struct qw_etsi004_qos asked = *qos;

    if (qos->chunk_len == 0) {
        qos->chunk_len = CHUNK_LEN_STANDARD;
    } else if (qos->chunk_len < QW_KEY_BITS_MIN / 8) {
        qos->chunk_len = QW_KEY_BITS_MIN / 8;
    } else if (qos->chunk_len > QW_ETSI004_CHUNK_MAX) {
        qos->chunk_len = QW_ETSI004_CHUNK_MAX;
    }
    qos->min_bps = 0; /* nothing is set aside, so nothing is promised */
    if (qos->timeout_ms > QW_STREAM_TIMEOUT_MS_MAX) {
        qos->timeout_ms = QW_STREAM_TIMEOUT_MS_MAX;
    }
    if (qos->ttl_s == 0 || qos->ttl_s > QW_STREAM_TTL_S_MAX) {
        qos->ttl_s = qos->ttl_s == 0 ? TTL_S_STANDARD : QW_STREAM_TTL_S_MAX;
    }
    if (qos->mimetype[0] != '\0') {
        memset(qos->mimetype, 0, sizeof qos->mimetype);
        (void)snprintf(qos->mimetype, sizeof qos->mimetype, "application/json");
    }
    return qw_equal_ct(&asked, qos, sizeof asked) /* no padding in it */;
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

static void join(struct end *end, uint64_t connection)
{
    end->may_skip = end->has_opened;
    end->has_opened = true;
    end->connection = connection;
}

static void answer_with(struct qw_etsi004_open_answer *answer, enum qw_etsi004_status status,
                        const struct stream *stream)
{
    answer->status = status;
    answer->qos = stream->qos;
    memcpy(answer->ksid, stream->ksid, sizeof answer->ksid);
}

/* O4, O5: a second opener, or one that comes back. */
static void open_known(struct stream *stream, const struct qw_caller *caller, uint64_t connection,
                       const struct qw_etsi004_qos *qos, const char *dest,
                       struct qw_etsi004_open_answer *answer)
{
    bool is_master = strcmp(caller->id, stream->master.id) == 0 && strcmp(dest, stream->slave) == 0;
    bool is_slave = strcmp(caller->id, stream->slave) == 0 && strcmp(dest, stream->master.id) == 0;
    struct end *end = &stream->ends[is_master ? MASTER : SLAVE];

    if ((!is_master && !is_slave) || end->has_closed || end->connection != 0) {
        answer->status = QW_ETSI004_KSID_IN_USE;
        return;
    }
    if (qos->chunk_len != stream->qos.chunk_len) {
        answer_with(answer, QW_ETSI004_QOS_NOT_MET, stream);
        return;
    }
    join(end, connection);
    answer_with(answer, QW_ETSI004_DONE, stream);
}

static void open_new(struct qw_stream_table *table, const struct qw_caller *caller,
                     uint64_t connection, const struct qw_etsi004_open *open, const char *dest,
                     int64_t now_ms, struct qw_etsi004_open_answer *answer)
{
    static const uint8_t none[QW_ETSI004_KSID_LEN] = { 0 };
    struct qw_pair_status status;
    struct stream *stream;
    uint8_t ksid[QW_ETSI004_KSID_LEN];

    answer->status = QW_ETSI004_NO_CONNECTION;
    if (qw_centre_pair_status(table->centre, caller, dest, &status) != QW_OK) {
        return;
    }
    answer->qos = open->qos;
    if (!settle(&answer->qos)) {
        answer->status = QW_ETSI004_QOS_NOT_MET;
        return;
    }
    memcpy(ksid, open->ksid, sizeof ksid);
    if (qw_equal_ct(ksid, none, sizeof ksid) && assign_ksid(ksid) != QW_OK) {
        return;
    }
    stream = stream_new(table, caller, dest);
    if (stream == NULL) {
        return;
    }
    memcpy(stream->ksid, ksid, sizeof ksid);
    stream->qos = open->qos;
    stream->ends_ms = now_ms + (int64_t)stream->qos.ttl_s * 1000;
    join(&stream->ends[MASTER], connection);
    answer_with(answer, QW_ETSI004_DONE, stream);
}

void qw_stream_open(struct qw_stream_table *table, const struct qw_caller *caller,
                    uint64_t connection, const struct qw_etsi004_open *open, int64_t now_ms,
                    struct qw_etsi004_open_answer *answer)
{
    char source[64], dest[64];
    struct stream *stream;

    qw_stream_sweep(table, now_ms);
    memset(answer, 0, sizeof *answer);
    answer->status = QW_ETSI004_NO_CONNECTION;
    if (caller->role != QW_ROLE_SAE || !read_name(open->source, source) ||
        !read_name(open->dest, dest) || strcmp(source, caller->id) != 0) { /* O1 */
        return;
    }
    stream = find(table, open->ksid);
    if (stream != NULL) {
        open_known(stream, caller, connection, &open->qos, dest, answer);
    } else if (is_assigned(open->ksid)) {
        answer->status = QW_ETSI004_PEER_ABSENT; /* O6 */
    } else {
        open_new(table, caller, connection, open, dest, now_ms, answer);
    }
}

/* NULL: the caller has no such end on this connection. */
static struct stream *find_end(struct qw_stream_table *table, const struct qw_caller *caller,
                               uint64_t connection, const uint8_t *ksid, enum which *which)
{
    struct stream *stream = find(table, ksid);

    if (stream == NULL || caller->role != QW_ROLE_SAE) {
        return NULL;
    }
    if (strcmp(caller->id, stream->master.id) == 0) {
        *which = MASTER;
    } else if (strcmp(caller->id, stream->slave) == 0) {
        *which = SLAVE;
    } else {
        return NULL;
    }
    return stream->ends[*which].connection == connection ? stream : NULL;
}

/* How long ago the chunk was made, in ms; it has come over no hop. */
static void write_metadata(const struct chunk *chunk, int64_t now_ms,
                           struct qw_etsi004_get_answer *answer)
{
    int len = snprintf(answer->metadata, sizeof answer->metadata, "{\"age\":%lld,\"hops\":0}",
                       (long long)(now_ms - chunk->made_ms));

    answer->metadata_len = (uint32_t)len;
}

static enum qw_etsi004_status status_of(qw_err err)
{
    switch (err) {
    case QW_OK:
        return QW_ETSI004_DONE;
    case QW_ERR_EXHAUSTED:
    case QW_ERR_LIMIT:
    case QW_ERR_NOT_FOUND: /* its time is over */
        return QW_ETSI004_NO_KEY;
    default:
        return QW_ETSI004_NO_CONNECTION;
    }
}

/* G2: one more key of the pair, for both ends. */
static enum qw_etsi004_status make_chunk(struct qw_stream_table *table, struct stream *stream,
                                         int64_t now_ms)
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

    if (stream->made - slowest >= QW_STREAM_AHEAD_MAX || stream->made == UINT32_MAX) {
        return QW_ETSI004_NO_KEY;
    }
    err = qw_centre_deliver(table->centre, &stream->master, &wish, table->key);
    if (err == QW_OK) {
        memcpy(chunk->id, table->key->id, sizeof chunk->id);
        memcpy(chunk->bytes, table->key->bytes, stream->qos.chunk_len);
        chunk->made_ms = now_ms;
        stream->made++;
    }
    qw_wipe(table->key, sizeof *table->key);
    return status_of(err);
}

/* G3 */
static enum qw_etsi004_status copy_chunk(struct qw_stream_table *table, const struct stream *stream,
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
    return status_of(err);
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

void qw_stream_get(struct qw_stream_table *table, const struct qw_caller *caller,
                   uint64_t connection, const struct qw_etsi004_get *get, int64_t now_ms,
                   struct qw_etsi004_get_answer *answer)
{
    enum which which;
    struct stream *stream;
    const struct chunk *chunk;
    struct end *other;

    qw_stream_sweep(table, now_ms);
    memset(answer, 0, sizeof *answer);
    answer->status = QW_ETSI004_PEER_ABSENT;
    stream = find_end(table, caller, connection, get->ksid, &which);
    if (stream == NULL) {
        return;
    }
    other = &stream->ends[which == MASTER ? SLAVE : MASTER];
    if (!other->has_opened || other->has_closed) {
        return;
    }
    answer->status = QW_ETSI004_NO_KEY;
    if (!may_have(table, stream, which, get->index, now_ms)) {
        return;
    }
    if (get->index == stream->made) {
        answer->status = make_chunk(table, stream, now_ms);
        if (answer->status != QW_ETSI004_DONE) {
            return;
        }
    }
    chunk = &stream->ring[get->index % RING];
    if (stream->qos.mimetype[0] != '\0' && get->metadata_cap > 0) {
        write_metadata(chunk, now_ms, answer);
    }
    if (answer->metadata_len > get->metadata_cap) {
        answer->status = QW_ETSI004_METADATA_TOO_SMALL;
        return; /* the chunk stays where it is, and can be asked for at once */
    }
    answer->status = copy_chunk(table, stream, which, caller, chunk, answer->chunk);
    if (answer->status == QW_ETSI004_DONE) {
        answer->index = get->index;
        answer->chunk_len = stream->qos.chunk_len;
        advance(stream, which, get->index, now_ms);
    }
}

enum qw_etsi004_status qw_stream_close(struct qw_stream_table *table,
                                       const struct qw_caller *caller, uint64_t connection,
                                       const uint8_t ksid[static QW_ETSI004_KSID_LEN],
                                       int64_t now_ms)
{
    enum which which;
    struct stream *stream;

    qw_stream_sweep(table, now_ms);
    stream = find_end(table, caller, connection, ksid, &which);
    if (stream == NULL) {
        return QW_ETSI004_PEER_ABSENT;
    }
    stream->ends[which].has_closed = true;
    stream->ends[which].connection = 0;
    qw_stream_sweep(table, now_ms);
    return QW_ETSI004_DONE;
}
