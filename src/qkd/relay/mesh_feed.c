/* SPDX-License-Identifier: Apache-2.0 */
/* Link keys of the mesh. */
#include "qkd/node/simulated_feed.h"
#include "qkd/relay/mesh_state.h"

enum { END_LINK = 1 << 20 };

static qw_err feed_side(struct mesh_side *side, uint64_t fill)
{
    struct mesh_link *link = &side->mesh->links[side->link];
    const struct qw_simulated_feed feed = { side->mesh->config.seed, side->link,
                                            side == &link->side[0] ? 0 : 1 };
    qw_err err = QW_OK;

    if (qw_hop_may_append(side->hop)) {
        err = qw_simulated_feed_fill(&feed, side->pool, fill, side->mesh->now_ms);
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
    const struct qw_simulated_feed feed = { node->mesh->config.seed, END_LINK,
                                            node->id == node->mesh->config.source ? 0 : 1 };
    qw_err err = qw_simulated_feed_fill(&feed, node->end_pool, fill, node->mesh->now_ms);

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
