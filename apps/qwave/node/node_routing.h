/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NODE_NODE_ROUTING_H
#define QWAVE_NODE_NODE_ROUTING_H

#include "node/node.h"
#include "qkd/network/routing.h"

/* Link state and routes of a node whose settings name a topology; of one without, all of this does
 * nothing. */
struct node_routing {
    struct qw_topology *topology;
    struct qw_key_graph *graph;
    struct qw_routing *routing;
    uint32_t start_on_disk;
    uint8_t message[QW_HOP_FRAME_LEN + QW_LINK_STATE_BODY_MAX];
};

/* After the links are parsed. Says on the log what is wrong. */
qw_err node_routing_open(struct node *node) QW_MUST_USE;
void node_routing_close(struct node *node);

/* How full the pool of a link is for routes, 0..1. */
double node_routing_level(const struct node_link *link);

void node_routing_up(struct node_link *link);
void node_routing_cut(struct node_link *link);
/* A message of link state that the link's hop opened; settles it. An error: drop the link. */
qw_err node_routing_take(struct node_link *link, const struct qw_hop_message *message) QW_MUST_USE;
/* Levels are looked at, and everything is sent that is due. */
void node_routing_turn(struct node *node, int64_t now_ms);

#endif
