/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/node/stream.h"

#include "base/secret.h"

#include <string.h>

enum { PIECE_LEN = 4096 };

void qw_node_stream_free(struct qw_node_stream *s)
{
    qw_secret_free(s->window);
    s->window = NULL;
}

uint64_t qw_node_stream_room(const struct qw_node_stream *s)
{
    return s->capacity - (s->marks.end - s->used);
}

/* How many of len bytes from position on lie before the ring's end. */
static size_t ahead(const struct qw_node_stream *s, uint64_t position, uint64_t len)
{
    uint64_t left = s->capacity - position % s->capacity;

    return (size_t)(len < left ? len : left);
}

static qw_err ring_read(const struct qw_node_stream *s, uint64_t position, uint8_t *out, size_t len)
{
    size_t first = ahead(s, position, len);
    qw_err err = s->disk->read(s->disk->self, s->base + position % s->capacity, out, first);

    if (err == QW_OK && first < len) {
        err = s->disk->read(s->disk->self, s->base, out + first, len - first);
    }
    return err;
}

static qw_err ring_write(struct qw_node_stream *s, uint64_t position, const uint8_t *bytes,
                         size_t len)
{
    size_t first = ahead(s, position, len);
    qw_err err = s->disk->write(s->disk->self, s->base + position % s->capacity, bytes, first);

    if (err == QW_OK && first < len) {
        err = s->disk->write(s->disk->self, s->base, bytes + first, len - first);
    }
    return err;
}

qw_err qw_node_stream_write(struct qw_node_stream *s, const uint8_t *bytes, size_t len)
{
    return ring_write(s, s->marks.end, bytes, len);
}

qw_err qw_node_stream_scrub(struct qw_node_stream *s)
{
    static const uint8_t zeros[PIECE_LEN];
    /* What lies a whole ring behind the end was overwritten by later bytes. */
    uint64_t oldest = s->marks.end > s->capacity ? s->marks.end - s->capacity : 0;
    uint64_t at = s->wiped > oldest ? s->wiped : oldest;
    uint64_t held = s->marks.end < s->used ? s->marks.end : s->used;
    qw_err err = QW_OK;

    while (err == QW_OK && at < held) {
        size_t len = (size_t)(held - at < PIECE_LEN ? held - at : PIECE_LEN);

        err = ring_write(s, at, zeros, len);
        at += len;
    }
    if (err == QW_OK) {
        s->wiped = s->used;
    }
    return err;
}

uint64_t qw_node_stream_next_lease(const struct qw_node_stream *s)
{
    uint64_t left = s->confirmed - s->used;

    return s->used + (left < s->lease ? left : s->lease);
}

qw_err qw_node_stream_fill(struct qw_node_stream *s, uint64_t before)
{
    size_t kept = before > s->used ? (size_t)(before - s->used) : 0;
    size_t len = (size_t)(s->marks.leased - s->used);
    qw_err err;

    if (s->window == NULL) {
        s->window = qw_secret_new(s->lease);
        if (s->window == NULL) {
            return QW_ERR_NOMEM;
        }
        kept = 0;
    }
    if (kept > 0) {
        memmove(s->window, s->window + (s->used - s->window_at), kept);
    }
    qw_wipe(s->window + len, s->lease - len); /* the rest is overwritten */
    s->window_at = s->used;
    err = ring_read(s, s->used + kept, s->window + kept, len - kept);
    return err;
}

const uint8_t *qw_node_stream_at(const struct qw_node_stream *s)
{
    return s->window + (s->used - s->window_at);
}

void qw_node_stream_pass(struct qw_node_stream *s, uint64_t len)
{
    qw_assert(len <= s->marks.leased - s->used);
    if (len > 0) {
        qw_wipe(s->window + (s->used - s->window_at), (size_t)len);
    }
    s->used += len;
}

qw_err qw_node_stream_hash(const struct qw_node_stream *s, uint64_t from, uint64_t to,
                           struct qw_poly_hash *hash)
{
    uint8_t piece[PIECE_LEN];
    qw_err err = QW_OK;

    while (err == QW_OK && from < to) {
        size_t len = (size_t)(to - from < PIECE_LEN ? to - from : PIECE_LEN);

        err = ring_read(s, from, piece, len);
        if (err == QW_OK) {
            qw_poly_hash_update(hash, piece, len);
        }
        from += len;
    }
    qw_wipe(piece, sizeof piece);
    return err;
}

qw_err qw_node_stream_copy(const struct qw_node_stream *s, uint64_t position, uint8_t *out,
                           size_t len)
{
    return ring_read(s, position, out, len);
}
