/* SPDX-License-Identifier: Apache-2.0 */
/* SIMULATED link keys: a function of seed, link, direction and position, so that both ends hold the
 * same whatever happened to either. */
#include "base/secret.h"
#include "qkd/relay/mesh_state.h"

#include <stdlib.h>

enum { PIECE_LEN = 1 << 14, END_LINK = 1 << 20 };

/* Bytes of one piece from position on; returns how many. */
static size_t piece_at(const struct qw_mesh *mesh, size_t link, unsigned direction,
                       uint64_t position, uint8_t piece[static PIECE_LEN], const uint8_t **bytes)
{
    size_t from = (size_t)(position % PIECE_LEN);
    struct qw_prng prng;

    qw_prng_init(&prng, mesh->config.seed + position / PIECE_LEN, 2 * link + direction);
    qw_prng_bytes(&prng, piece, PIECE_LEN);
    *bytes = piece + from;
    return PIECE_LEN - from;
}

/* What a stream still takes, of the piece at its end. */
static struct qw_bytes next_of(const struct qw_mesh *mesh, size_t link, unsigned direction,
                               const struct qw_node_state *state, uint64_t fill,
                               uint8_t piece[static PIECE_LEN])
{
    uint64_t held = state->end - state->position;
    uint64_t most = fill < state->capacity ? fill : state->capacity;
    struct qw_bytes next = { piece, 0 };
    const uint8_t *bytes;

    if (held < most) {
        next.len = piece_at(mesh, link, direction, state->end, piece, &bytes);
        next.len = next.len < most - held ? next.len : (size_t)(most - held);
        next.data = bytes;
    }
    return next;
}

static qw_err fill_pool(const struct qw_mesh *mesh, struct qw_node_pool *pool, size_t link,
                        unsigned out_direction, uint64_t fill)
{
    uint8_t *pieces = malloc(2 * (size_t)PIECE_LEN);
    qw_err err = pieces == NULL ? QW_ERR_NOMEM : QW_OK;
    bool is_full = false;

    while (err == QW_OK && !is_full) {
        struct qw_node_state out = qw_node_pool_state(pool, QW_NODE_OUT);
        struct qw_node_state in = qw_node_pool_state(pool, QW_NODE_IN);
        struct qw_bytes to_out = next_of(mesh, link, out_direction, &out, fill, pieces);
        struct qw_bytes to_in =
            next_of(mesh, link, 1 - out_direction, &in, fill, pieces + PIECE_LEN);

        is_full = to_out.len == 0 && to_in.len == 0;
        if (!is_full) {
            err = qw_node_pool_append(pool, to_out, to_in, mesh->now_ms);
        }
    }
    qw_wipe_free(pieces, 2 * (size_t)PIECE_LEN);
    return err;
}

static qw_err feed_side(struct mesh_side *side, uint64_t fill)
{
    struct mesh_link *link = &side->mesh->links[side->link];
    qw_err err = QW_OK;

    if (qw_hop_may_append(side->hop)) {
        err = fill_pool(side->mesh, side->pool, side->link, side == &link->side[0] ? 0 : 1, fill);
        if (err == QW_OK && qw_hop_appended(side->hop) != QW_OK) {
            link->epoch++;
            mesh_stop_side(&link->side[0]);
            mesh_stop_side(&link->side[1]);
        }
    }
    return err;
}

qw_err qw_mesh_feed_end(struct qw_mesh *mesh, uint32_t node, uint32_t neighbour, uint64_t fill)
{
    struct mesh_side *side = mesh_side_of(mesh, node, neighbour);

    return side == NULL ? QW_ERR_NOT_FOUND : feed_side(side, fill);
}

void mesh_confirm_end_pool(struct mesh_node *node)
{
    for (int d = QW_NODE_OUT; d <= QW_NODE_IN; d++) {
        qw_node_pool_confirm(node->end_pool, (enum qw_node_direction)d,
                             qw_node_pool_state(node->end_pool, (enum qw_node_direction)d).end);
    }
}

qw_err mesh_feed_end_pool(struct mesh_node *node, uint64_t fill)
{
    unsigned direction = node->id == node->mesh->config.source ? 0 : 1;
    qw_err err = fill_pool(node->mesh, node->end_pool, END_LINK, direction, fill);

    mesh_confirm_end_pool(node);
    return err;
}

qw_err qw_mesh_feed(struct qw_mesh *mesh, uint64_t fill)
{
    qw_err err = mesh_feed_end_pool(&mesh->node[mesh->config.source], UINT64_MAX);

    if (err == QW_OK) {
        err = mesh_feed_end_pool(&mesh->node[mesh->config.target], UINT64_MAX);
    }
    for (size_t i = 0; err == QW_OK && i < 2 * mesh->config.links_count; i++) {
        err = feed_side(&mesh->links[i / 2].side[i % 2], fill);
    }
    return err;
}
