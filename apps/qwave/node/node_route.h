/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NODE_NODE_ROUTE_H
#define QWAVE_NODE_NODE_ROUTE_H

#include "node/node.h"

/* Which way a batch of a running node goes, or which two ways, and what its failure says of them
 * (docs/protocol/link-state.md D1 to D6). */
enum { NODE_ROUTE_CAP = 2 * QW_RELAY_NODES_MAX * (int)sizeof "4294967295," };

struct node_route {
    uint8_t paths; /* 0: none; 2: the keys are the XOR of what goes over both */
    struct qw_relay_path path[2];
};

/* Begins a batch over the cheapest route that the order's class pays, another one when the first
 * link of that lacks key; two routes or none when the order is for two. Sets reason (a text that
 * stays) when there is no way. As qw_routing_find, qw_routing_find_two, qw_relay_request. */
struct node_order;
qw_err node_route_send(struct node *node, const struct node_order *order,
                       const struct qw_relay_demand *demand, int64_t now_ms,
                       struct node_route *route, const char **reason) QW_MUST_USE;

/* D3. part: of the batch, that failed; QW_RELAY_WHOLE when it went over one path. */
void node_route_avoid(struct node *node, const struct node_route *route, uint8_t part,
                      enum qw_relay_reason reason, uint32_t at, int64_t now_ms);

/* D4: the relay has sent VOID over the old routes itself; when there is another by now, over it.
 * As qw_routing_find. */
qw_err node_route_void(struct node *node, const struct node_route *route,
                       const uint8_t id[static QW_RELAY_BATCH_ID_LEN], int64_t now_ms) QW_MUST_USE;

/* "0,1,5", or "0,1,5+0,2,5" for two; "" for none. */
void node_route_text(const struct node_route *route, char text[static NODE_ROUTE_CAP]);

#endif
