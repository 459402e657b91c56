/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/stream/stream.h"

#include "base/secret.h"
#include "centre/stream/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void stream_free(struct qw_stream *stream)
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
        struct qw_stream *stream = table->first;

        table->first = stream->next;
        stream_free(stream);
    }
    qw_secret_free(table->key);
    free(table);
}

struct qw_stream *qw_stream_find(const struct qw_stream_table *table, const uint8_t *ksid)
{
    struct qw_stream *stream = table->first;

    while (stream != NULL && !qw_equal_ct(stream->ksid, ksid, sizeof stream->ksid)) {
        stream = stream->next;
    }
    return stream;
}

static bool has_room(const struct qw_stream_table *table, const char *master)
{
    size_t count = 0;

    for (const struct qw_stream *stream = table->first; stream != NULL; stream = stream->next) {
        count += strcmp(stream->master.id, master) == 0 ? 1 : 0;
    }
    return table->count < QW_STREAMS_MAX && count < QW_STREAMS_PER_MASTER;
}

struct qw_stream *qw_stream_add(struct qw_stream_table *table, const struct qw_caller *caller,
                                const char *slave)
{
    struct qw_stream *stream = has_room(table, caller->id) ? calloc(1, sizeof *stream) : NULL;

    if (stream == NULL) {
        return NULL;
    }
    stream->ring = qw_secret_new(QW_STREAM_RING * sizeof *stream->ring);
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

static void end_stream(struct qw_stream_table *table, struct qw_stream *stream)
{
    struct qw_stream **at = &table->first;

    while (*at != stream) {
        at = &(*at)->next;
    }
    *at = stream->next;
    table->count--;
    stream_free(stream);
}

static bool is_over(const struct qw_stream *stream, int64_t now_ms)
{
    return now_ms >= stream->ends_ms ||
           (stream->ends[QW_STREAM_MASTER].has_closed && stream->ends[QW_STREAM_SLAVE].has_closed);
}

void qw_stream_sweep(struct qw_stream_table *table, int64_t now_ms)
{
    struct qw_stream *next;

    for (struct qw_stream *stream = table->first; stream != NULL; stream = next) {
        const struct qw_stream_end *master = &stream->ends[QW_STREAM_MASTER];

        next = stream->next;
        if (is_over(stream, now_ms)) {
            end_stream(table, stream);
        } else if (master->next > 0 && now_ms - master->last_ms >= table->window_ms) {
            struct qw_stream_chunk *last = &stream->ring[(master->next - 1) % QW_STREAM_RING];

            qw_wipe(last->bytes, sizeof last->bytes); /* G4: he cannot ask for it again */
        }
    }
}

void qw_stream_hang_up(struct qw_stream_table *table, uint64_t connection)
{
    for (struct qw_stream *stream = table->first; stream != NULL; stream = stream->next) {
        for (int which = QW_STREAM_MASTER; which < QW_STREAM_ENDS; which++) {
            if (stream->ends[which].connection == connection) {
                stream->ends[which].connection = 0;
            }
        }
    }
}

struct qw_stream *qw_stream_find_end(struct qw_stream_table *table,
                                     const struct qw_stream_call *call, const uint8_t *ksid,
                                     enum qw_stream_which *which)
{
    struct qw_stream *stream = qw_stream_find(table, ksid);

    if (stream == NULL || call->caller->role != QW_ROLE_SAE) {
        return NULL;
    }
    if (strcmp(call->caller->id, stream->master.id) == 0) {
        *which = QW_STREAM_MASTER;
    } else if (strcmp(call->caller->id, stream->slave) == 0) {
        *which = QW_STREAM_SLAVE;
    } else {
        return NULL;
    }
    return stream->ends[*which].connection == call->connection ? stream : NULL;
}

enum qw_etsi004_status qw_stream_close(struct qw_stream_table *table,
                                       const struct qw_stream_call *call,
                                       const uint8_t ksid[static QW_ETSI004_KSID_LEN])
{
    enum qw_stream_which which;
    struct qw_stream *stream;

    qw_stream_sweep(table, call->now_ms);
    stream = qw_stream_find_end(table, call, ksid, &which);
    if (stream == NULL) {
        return QW_ETSI004_PEER_ABSENT;
    }
    stream->ends[which].has_closed = true;
    stream->ends[which].connection = 0;
    qw_stream_sweep(table, call->now_ms);
    return QW_ETSI004_DONE;
}
