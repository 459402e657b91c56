/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NETWORK_ROUTING_H
#define QW_QKD_NETWORK_ROUTING_H

#include "qkd/network/key_graph.h"
#include "qkd/network/link_state.h"
#include "qkd/network/price.h"
#include "qkd/relay/path.h"

/* The routes of one node of a running network [Q4]: what everybody tells of their links
 * (link_state.h), told calmly (price.h), over the links that the topology has; and what the node
 * found out by itself (docs/protocol/link-state.md D1 to D4). Nodes are numbers of the topology.
 * Times are of the caller's monotonic clock, in ms. Memory is fixed at new. One thread at a time.
 */
struct qw_routing;

enum { QW_ROUTING_CUT_MS = 1000, QW_ROUTING_EMPTY_MS = 100 }; /* D3 */

struct qw_routing_config {
    const struct qw_key_graph *graph; /* borrowed; <= QW_LINK_STATE_NODES_MAX nodes */
    uint16_t self;
    uint32_t start; /* larger than at every start before; durable */
};

/* All links of this node are down. QW_ERR_ARG: self is no node, or has more than
 * QW_ADVERT_LINKS_MAX links; QW_ERR_NOMEM. */
qw_err qw_routing_new(const struct qw_routing_config *config, uint64_t now_ms,
                      struct qw_routing **routing) QW_MUST_USE;
void qw_routing_free(struct qw_routing *routing); /* NULL is fine */

bool qw_routing_is_neighbour(const struct qw_routing *routing, uint32_t node);

/* The link to a neighbour came up or was cut; others hear of a cut at once, and of its end when it
 * has held. */
void qw_routing_up(struct qw_routing *routing, uint32_t neighbour, double level, uint64_t now_ms);
void qw_routing_cut(struct qw_routing *routing, uint32_t neighbour, uint64_t now_ms);
/* How full the pool with a neighbour is, 0..1; often. */
void qw_routing_level(struct qw_routing *routing, uint32_t neighbour, double level,
                      uint64_t now_ms);

/* A link-state body that came from a neighbour. QW_ERR_FORMAT. */
qw_err qw_routing_receive(struct qw_routing *routing, uint32_t neighbour,
                          enum qw_link_state_kind kind, const uint8_t *body, size_t len,
                          uint64_t now_ms) QW_MUST_USE;
/* As qw_link_state_next. */
bool qw_routing_next(struct qw_routing *routing, uint64_t now_ms, uint32_t *neighbour,
                     enum qw_link_state_kind *kind, uint8_t body[static QW_LINK_STATE_BODY_MAX],
                     size_t *len);

/* A batch could not go on behind node, over this path: its next link is not used for a while. */
void qw_routing_failed(struct qw_routing *routing, const struct qw_relay_path *path, uint32_t node,
                       uint64_t hold_ms, uint64_t now_ms);

/* The cheapest route. QW_ERR_NOT_FOUND: there is none now; QW_ERR_LIMIT: it costs more than
 * price_max, or has too many hops. */
qw_err qw_routing_find(struct qw_routing *routing, uint32_t to, double price_max, uint64_t now_ms,
                       struct qw_relay_path *path) QW_MUST_USE;

/* Two routes without a common node between the ends, of least cost together; the cheaper one first.
 * QW_ERR_REFUSED: the whole network has no such two, whatever its links do; QW_ERR_NOT_FOUND: not
 * now; QW_ERR_LIMIT: one of them costs more than price_max, or has too many hops; QW_ERR_NOMEM. */
qw_err qw_routing_find_two(struct qw_routing *routing, uint32_t to, double price_max,
                           uint64_t now_ms, struct qw_relay_path path[2]) QW_MUST_USE;

/* Links of the network that are up for routes now. */
size_t qw_routing_links_up(const struct qw_routing *routing);
uint32_t qw_routing_start(const struct qw_routing *routing); /* as qw_link_state_start */

#endif
