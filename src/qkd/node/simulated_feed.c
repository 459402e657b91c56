/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/node/simulated_feed.h"

#include "base/prng.h"
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE_LEN = 1 << 14, APPEND_LEN_MAX = 1 << 18 /* syncs of a disk are dear */ };

/* len bytes of a direction from position on, piece by piece. */
static void bytes_at(const struct qw_simulated_feed *feed, unsigned direction, uint64_t position,
                     uint8_t *out, size_t len)
{
    uint8_t piece[PIECE_LEN];
    size_t at = 0;

    while (at < len) {
        size_t from = (size_t)((position + at) % PIECE_LEN);
        size_t some = PIECE_LEN - from < len - at ? PIECE_LEN - from : len - at;
        struct qw_prng prng;

        qw_prng_init(&prng, feed->seed + (position + at) / PIECE_LEN, 2 * feed->link + direction);
        qw_prng_bytes(&prng, piece, from + some);
        memcpy(out + at, piece + from, some);
        at += some;
    }
    qw_wipe(piece, sizeof piece);
}

/* What a stream still takes, at its end. */
static struct qw_bytes next_of(const struct qw_simulated_feed *feed, unsigned direction,
                               const struct qw_node_state *state, uint64_t fill, uint8_t *out)
{
    uint64_t held = state->end - state->position;
    uint64_t most = fill < state->capacity ? fill : state->capacity;
    uint64_t len = held < most ? most - held : 0;
    struct qw_bytes next = { out, (size_t)(len < APPEND_LEN_MAX ? len : APPEND_LEN_MAX) };

    bytes_at(feed, direction, state->end, out, next.len);
    return next;
}

qw_err qw_simulated_feed_fill(const struct qw_simulated_feed *feed, struct qw_node_pool *pool,
                              uint64_t fill, int64_t now_ms)
{
    uint8_t *bytes;
    qw_err err;
    bool is_full = false;

    if (!qw_node_pool_head(pool)->is_simulated) {
        return QW_ERR_REFUSED;
    }
    bytes = malloc(2 * (size_t)APPEND_LEN_MAX);
    err = bytes == NULL ? QW_ERR_NOMEM : QW_OK;
    while (err == QW_OK && !is_full) {
        struct qw_node_state out = qw_node_pool_state(pool, QW_NODE_OUT);
        struct qw_node_state in = qw_node_pool_state(pool, QW_NODE_IN);
        struct qw_bytes to_out = next_of(feed, feed->out_direction, &out, fill, bytes);
        struct qw_bytes to_in =
            next_of(feed, 1 - feed->out_direction, &in, fill, bytes + APPEND_LEN_MAX);

        is_full = to_out.len == 0 && to_in.len == 0;
        if (!is_full) {
            err = qw_node_pool_append(pool, to_out, to_in, now_ms);
            qw_wipe(bytes, to_out.len);
            qw_wipe(bytes + APPEND_LEN_MAX, to_in.len);
        }
    }
    free(bytes);
    return err;
}

qw_err qw_simulated_feed_follow(const struct qw_simulated_feed *feed, struct qw_node_pool *pool,
                                uint64_t position, int64_t now_ms)
{
    struct qw_node_state in = qw_node_pool_state(pool, QW_NODE_IN);
    struct qw_bytes to_in;
    uint8_t *bytes;
    qw_err err = QW_OK;

    if (!qw_node_pool_head(pool)->is_simulated) {
        return QW_ERR_REFUSED;
    }
    bytes = malloc(APPEND_LEN_MAX);
    if (bytes == NULL) {
        return QW_ERR_NOMEM;
    }
    while (err == QW_OK && position > in.end) {
        to_in = next_of(feed, 1 - feed->out_direction, &in, position - in.position, bytes);
        if (to_in.len == 0) {
            break;
        }
        err = qw_node_pool_append(pool, (struct qw_bytes){ bytes, 0 }, to_in, now_ms);
        qw_wipe(bytes, to_in.len);
        in = qw_node_pool_state(pool, QW_NODE_IN);
    }
    free(bytes);
    return err;
}
