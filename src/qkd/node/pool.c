/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/node/pool.h"

#include "base/secret.h"
#include "qkd/node/pool_head.h"
#include "qkd/node/stream.h"

#include <stdlib.h>
#include <string.h>

enum { RINGS_AT = 12288 };

struct qw_node_pool {
    struct qw_node_disk disk;
    struct qw_node_pool_head head;
    struct qw_node_limits limits;
    struct qw_node_stream stream[2]; /* by enum qw_node_direction */
    uint64_t slot_number;            /* of the newest slot on disk */
    bool is_closed; /* after a failed write: a second sync may report success for what is lost */
};

uint64_t qw_node_pool_disk_len(uint64_t capacity)
{
    return RINGS_AT + 2 * capacity;
}

/* Makes the marks of both streams durable as they are. */
static qw_err commit(struct qw_node_pool *pool)
{
    struct qw_node_marks marks[2];
    qw_err err;

    if (pool->is_closed) {
        return QW_ERR_IO;
    }
    for (size_t i = 0; i < 2; i++) {
        struct qw_node_stream *s = &pool->stream[i];

        s->marks.start = s->used;
        qw_node_marks_forget_ages(&s->marks, s->used);
        marks[i] = s->marks;
        marks[i].start -= s->in_doubt; /* so that the next open knows of it as well */
        marks[i].lost -= s->in_doubt;
    }
    err = qw_node_slot_write(&pool->disk, pool->slot_number + 1, marks);
    if (err != QW_OK) {
        pool->is_closed = true;
        return QW_ERR_IO;
    }
    pool->slot_number++;
    return QW_OK;
}

qw_err qw_node_pool_format(const struct qw_node_disk *disk, const struct qw_node_pool_head *head)
{
    static const uint8_t zeros[RINGS_AT];
    const struct qw_node_marks none[2] = { 0 };
    uint8_t bytes[QW_NODE_HEAD_LEN];
    qw_err err;

    if (!qw_node_head_valid(head)) {
        return QW_ERR_ARG;
    }
    err = qw_node_head_encode(head, bytes);
    if (err == QW_OK) {
        err = disk->write(disk->self, 0, zeros, sizeof zeros);
    }
    if (err == QW_OK) {
        err = qw_node_slot_write(disk, 0, none);
    }
    if (err == QW_OK) { /* last: a pool that was cut short here is none */
        err = disk->write(disk->self, 0, bytes, sizeof bytes);
    }
    qw_wipe(bytes, sizeof bytes);
    return err == QW_OK ? disk->sync(disk->self) : err;
}

static qw_err read_head(struct qw_node_pool *pool)
{
    uint8_t bytes[QW_NODE_HEAD_LEN];
    qw_err err = pool->disk.read(pool->disk.self, 0, bytes, sizeof bytes);

    if (err == QW_OK) {
        err = qw_node_head_decode(bytes, &pool->head);
    }
    qw_wipe(bytes, sizeof bytes);
    return err;
}

static qw_err load(struct qw_node_pool *pool)
{
    struct qw_node_marks marks[2];
    qw_err err = read_head(pool);

    if (err == QW_OK) {
        err = qw_node_slots_read(&pool->disk, &pool->slot_number, marks);
    }
    for (size_t i = 0; err == QW_OK && i < 2; i++) {
        struct qw_node_stream *s = &pool->stream[i];

        if (marks[i].end - marks[i].leased > pool->head.capacity) {
            return QW_ERR_FORMAT;
        }
        s->disk = &pool->disk;
        s->base = RINGS_AT + i * pool->head.capacity;
        s->capacity = pool->head.capacity;
        s->lease = pool->head.lease;
        s->marks = marks[i];
        s->in_doubt = s->marks.leased - s->marks.start; /* P4 */
        s->marks.lost += s->in_doubt;
        s->used = s->marks.leased;
        s->confirmed = s->used;
        err = qw_node_stream_scrub(s); /* all that is used: a crash may have come before it */
    }
    return err == QW_OK ? commit(pool) : err;
}

qw_err qw_node_pool_open(struct qw_node_disk *disk, const struct qw_node_limits *limits,
                         struct qw_node_pool **out)
{
    struct qw_node_pool *pool = qw_secret_new(sizeof *pool); /* the meeting key is in it */
    qw_err err;

    if (pool == NULL) {
        disk->close(disk->self);
        return QW_ERR_NOMEM;
    }
    pool->disk = *disk;
    pool->limits = *limits;
    err = load(pool);
    if (err != QW_OK) {
        qw_node_pool_abandon(pool);
        return err;
    }
    *out = pool;
    return QW_OK;
}

void qw_node_pool_abandon(struct qw_node_pool *pool)
{
    if (pool != NULL) {
        qw_node_stream_free(&pool->stream[QW_NODE_OUT]);
        qw_node_stream_free(&pool->stream[QW_NODE_IN]);
        pool->disk.close(pool->disk.self);
        qw_secret_free(pool);
    }
}

void qw_node_pool_close(struct qw_node_pool *pool)
{
    qw_err err;

    if (pool == NULL) {
        return;
    }
    /* After a failed write no zeros: what is used here may still be stock on the disk. */
    err = pool->is_closed ? QW_ERR_IO : QW_OK;
    for (size_t i = 0; err == QW_OK && i < 2; i++) {
        struct qw_node_stream *s = &pool->stream[i];

        s->marks.leased = s->used;
        err = qw_node_stream_scrub(s);
    }
    if (err == QW_OK) {
        err = commit(pool);
    }
    qw_node_pool_abandon(pool); /* when that failed, the next open counts the lease as lost */
}

const struct qw_node_pool_head *qw_node_pool_head(const struct qw_node_pool *pool)
{
    return &pool->head;
}

bool qw_node_pool_is_closed(const struct qw_node_pool *pool)
{
    return pool->is_closed;
}

struct qw_node_state qw_node_pool_state(const struct qw_node_pool *pool,
                                        enum qw_node_direction direction)
{
    const struct qw_node_stream *s = &pool->stream[direction];

    return (struct qw_node_state){ .raw = s->marks.end - s->confirmed,
                                   .stored = s->confirmed - s->used - s->reserved,
                                   .reserved = s->reserved,
                                   .used = s->used - s->marks.lost - s->marks.aged,
                                   .lost = s->marks.lost,
                                   .aged = s->marks.aged,
                                   .end = s->marks.end,
                                   .position = s->used,
                                   .sure = s->used - s->in_doubt,
                                   .capacity = s->capacity };
}

qw_err qw_node_pool_append(struct qw_node_pool *pool, struct qw_bytes out, struct qw_bytes in,
                           int64_t now_ms)
{
    const struct qw_bytes bytes[2] = { out, in };
    qw_err err = QW_OK;

    if (pool->is_closed) {
        return QW_ERR_IO;
    }
    if (out.len > qw_node_stream_room(&pool->stream[QW_NODE_OUT]) ||
        in.len > qw_node_stream_room(&pool->stream[QW_NODE_IN])) {
        return QW_ERR_SPACE;
    }
    for (size_t i = 0; err == QW_OK && i < 2; i++) {
        err = qw_node_stream_write(&pool->stream[i], bytes[i].data, bytes[i].len);
    }
    if (err == QW_OK) {
        err = pool->disk.sync(pool->disk.self);
    }
    if (err != QW_OK) {
        pool->is_closed = true;
        return QW_ERR_IO;
    }
    for (size_t i = 0; i < 2; i++) {
        struct qw_node_marks *marks = &pool->stream[i].marks;

        marks->end += bytes[i].len;
        if (bytes[i].len > 0) {
            qw_node_marks_note_age(marks, marks->end, now_ms,
                                   pool->limits.age_ms / (QW_NODE_AGES_MAX - 1));
        }
    }
    return commit(pool);
}

void qw_node_pool_confirm(struct qw_node_pool *pool, enum qw_node_direction direction,
                          uint64_t position)
{
    struct qw_node_stream *s = &pool->stream[direction];

    qw_assert(position <= s->marks.end);
    if (position > s->confirmed) {
        s->confirmed = position;
    }
}

void qw_node_pool_unconfirm(struct qw_node_pool *pool)
{
    for (size_t i = 0; i < 2; i++) {
        struct qw_node_stream *s = &pool->stream[i];

        s->reserved = 0;
        s->confirmed = s->marks.leased; /* a lease is durable: what it holds stays usable */
    }
}

/* The zeros last: else they might be taken for key after a crash. */
static qw_err commit_and_scrub(struct qw_node_pool *pool, struct qw_node_stream *s)
{
    qw_err err = commit(pool);

    if (err == QW_OK) {
        err = qw_node_stream_scrub(s);
        pool->is_closed = err != QW_OK;
    }
    return err;
}

qw_err qw_node_pool_agree(struct qw_node_pool *pool, enum qw_node_direction direction,
                          uint64_t position, uint64_t end)
{
    struct qw_node_stream *s = &pool->stream[direction];
    uint64_t inside = position < s->marks.leased ? position : s->marks.leased;

    qw_assert(s->used <= position && position <= end);
    s->in_doubt = 0;
    s->marks.lost += position - s->used;
    qw_node_stream_pass(s, inside - s->used);
    if (s->marks.leased < position || s->marks.leased > end) {
        s->marks.leased = position; /* the window starts anew */
    }
    s->used = position;
    s->marks.end = end;
    s->confirmed = end;
    s->reserved = 0;
    qw_node_marks_cut_ages(&s->marks, end);
    return commit_and_scrub(pool, s);
}

void qw_node_pool_set_floors(struct qw_node_pool *pool, const uint64_t floor_len[QW_NODE_CLASSES])
{
    memcpy(pool->limits.floor_len, floor_len, sizeof pool->limits.floor_len);
}

qw_err qw_node_pool_reserve(struct qw_node_pool *pool, enum qw_node_class class, uint64_t len)
{
    struct qw_node_stream *s = &pool->stream[QW_NODE_OUT];
    uint64_t stored = s->confirmed - s->used - s->reserved;
    uint64_t floor = pool->limits.floor_len[class];

    if (stored < floor || len > stored - floor) {
        return QW_ERR_EXHAUSTED;
    }
    s->reserved += len;
    return QW_OK;
}

void qw_node_pool_release(struct qw_node_pool *pool, uint64_t len)
{
    struct qw_node_stream *s = &pool->stream[QW_NODE_OUT];

    qw_assert(len <= s->reserved);
    s->reserved -= len;
}

static qw_err lease(struct qw_node_pool *pool, struct qw_node_stream *s)
{
    uint64_t before = s->marks.leased;
    qw_err err = qw_node_stream_scrub(s);

    if (err == QW_OK) {
        s->marks.leased = qw_node_stream_next_lease(s);
        err = commit(pool);
    }
    if (err == QW_OK) {
        err = qw_node_stream_fill(s, before);
    }
    if (err != QW_OK) {
        pool->is_closed = true;
    }
    return err;
}

qw_err qw_node_pool_peek(struct qw_node_pool *pool, enum qw_node_direction direction, size_t len,
                         const uint8_t **bytes)
{
    struct qw_node_stream *s = &pool->stream[direction];
    qw_err err = QW_OK;

    if (pool->is_closed) {
        return QW_ERR_IO;
    }
    if (len > s->lease) {
        return QW_ERR_SPACE;
    }
    if (len > s->confirmed - s->used - s->reserved) {
        return QW_ERR_EXHAUSTED;
    }
    if (len > s->marks.leased - s->used) {
        err = lease(pool, s);
    }
    if (err == QW_OK) {
        *bytes = qw_node_stream_at(s);
    }
    return err;
}

void qw_node_pool_pass(struct qw_node_pool *pool, enum qw_node_direction direction, size_t len)
{
    pool->stream[direction].in_doubt = 0;
    qw_node_stream_pass(&pool->stream[direction], len);
}

qw_err qw_node_pool_skip(struct qw_node_pool *pool, enum qw_node_direction direction,
                         uint64_t position, bool is_aged)
{
    struct qw_node_stream *s = &pool->stream[direction];
    uint64_t inside = position < s->marks.leased ? position : s->marks.leased;

    if (position < s->used || position > s->confirmed - s->reserved) {
        return QW_ERR_ARG;
    }
    s->in_doubt = 0;
    *(is_aged ? &s->marks.aged : &s->marks.lost) += position - s->used;
    qw_node_stream_pass(s, inside - s->used);
    if (position > s->marks.leased) {
        s->marks.leased = position;
    }
    s->used = position;
    return commit_and_scrub(pool, s);
}

uint64_t qw_node_pool_older_than(const struct qw_node_pool *pool, enum qw_node_direction direction,
                                 int64_t limit_ms)
{
    const struct qw_node_stream *s = &pool->stream[direction];
    uint64_t position = qw_node_marks_older_than(&s->marks, limit_ms);

    return position > s->used ? position : s->used;
}

uint64_t qw_node_pool_aged(const struct qw_node_pool *pool, int64_t now_ms)
{
    const struct qw_node_stream *s = &pool->stream[QW_NODE_OUT];
    uint64_t most = s->confirmed - s->reserved;
    uint64_t position;

    if (pool->limits.age_ms == 0) {
        return s->used;
    }
    position = qw_node_pool_older_than(pool, QW_NODE_OUT, now_ms - pool->limits.age_ms);
    return position < most ? position : most;
}

qw_err qw_node_pool_hash(const struct qw_node_pool *pool, enum qw_node_direction direction,
                         uint64_t from, uint64_t to, struct qw_poly_hash *hash)
{
    const struct qw_node_stream *s = &pool->stream[direction];

    qw_assert(s->used <= from && to <= s->marks.end);
    return qw_node_stream_hash(s, from, to, hash);
}

qw_err qw_node_pool_look(const struct qw_node_pool *pool, uint64_t position, uint8_t *out,
                         size_t len)
{
    const struct qw_node_stream *s = &pool->stream[QW_NODE_IN];

    if (position < s->used || position > s->confirmed || len > s->confirmed - position) {
        return QW_ERR_EXHAUSTED;
    }
    return qw_node_stream_copy(s, position, out, len);
}
