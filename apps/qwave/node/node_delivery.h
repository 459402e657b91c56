/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NODE_NODE_DELIVERY_H
#define QWAVE_NODE_NODE_DELIVERY_H

#include "node/node.h"

/* Keys that this node is asked for with other ends, batch by batch over the route that is the
 * cheapest at that time (docs/protocol/link-state.md D1 to D4). */
enum { NODE_ORDERS_MAX = 64, NODE_OUT_MAX = 16, NODE_OUT_OF_ORDER_MAX = 4, NODE_VOIDS_MAX = 64 };

struct node_order {
    uint32_t target;
    uint64_t keys, asked, delivered; /* asked: delivered, or on their way */
    uint32_t per_second;             /* 0: any */
    int64_t next_at_ms;
    size_t under_way;           /* batches */
    uint64_t waits;             /* times that there was no route that it pays */
    struct qw_relay_path route; /* of the last batch that was delivered; nodes 0: none */
    int64_t routed_ms;          /* when */
};

struct node_batch { /* that began here */
    bool is_used;
    bool is_void; /* the target is still to hear so, over another route */
    uint8_t id[QW_RELAY_BATCH_ID_LEN];
    uint32_t count;
    size_t order;
    struct qw_relay_path path;
    int64_t asked_ms;
};

struct node_delivery {
    struct node_order order[NODE_ORDERS_MAX];
    size_t orders;
    struct node_batch batch[NODE_OUT_MAX + NODE_VOIDS_MAX];
    FILE *events; /* a line for each batch that is delivered; NULL: none */
};

/* After node_routing_open; nothing without routes. */
qw_err node_delivery_open(struct node *node) QW_MUST_USE;
void node_delivery_close(struct node *node);

/* QW_ERR_NOT_FOUND: no end pool with the target; QW_ERR_LIMIT: too many orders. */
qw_err node_delivery_order(struct node *node, uint32_t target, uint64_t keys,
                           uint32_t per_second) QW_MUST_USE;
void node_delivery_hold(struct node *node);
/* No further batches with this target before that time; fine without an order. */
void node_delivery_pause(struct node *node, uint32_t target, int64_t until_ms);

/* From the relay's callbacks, about batches that began here; others are passed over. */
void node_delivery_done(struct node *node, const struct qw_relay_batch *batch);
void node_delivery_void(struct node *node, const struct qw_relay_batch *batch,
                        enum qw_relay_reason reason, uint32_t at);

void node_delivery_turn(struct node *node, int64_t now_ms);
/* Until the next turn is worth anything, when nothing comes before; at most max_ms. */
int node_delivery_wait_ms(const struct node *node, int64_t now_ms, int max_ms);
size_t node_delivery_under_way(const struct node *node);
bool node_delivery_is_complete(const struct node *node); /* every order is delivered */

#endif
