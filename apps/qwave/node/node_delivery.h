/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NODE_NODE_DELIVERY_H
#define QWAVE_NODE_NODE_DELIVERY_H

#include "node/node_route.h"
#include "qkd/network/node_command.h"

/* Keys that this node is asked for with other ends, batch by batch over the route that is the
 * cheapest at that time, better classes first (docs/protocol/link-state.md D1 to D6). */
#define NODE_NO_TWO_PATHS "no two paths without a common node"
enum { NODE_ORDERS_MAX = 64, NODE_OUT_MAX = 16, NODE_OUT_OF_ORDER_MAX = 4, NODE_VOIDS_MAX = 64 };

struct node_order {
    uint32_t target;
    enum qw_node_class class;
    bool is_two;                     /* over two paths, never over one */
    uint64_t keys, asked, delivered; /* asked: delivered, or on their way */
    uint32_t per_second;             /* 0: any */
    int64_t next_at_ms;
    size_t under_way;        /* batches */
    uint64_t waits;          /* times that there was no route that it pays */
    const char *reason;      /* why nothing of it went out at the last time; "": it did */
    struct node_route route; /* of the last batch that was delivered; paths 0: none */
    int64_t routed_ms;       /* when */
};

struct node_batch { /* that began here */
    bool is_used;
    bool is_void; /* the target is still to hear so, over another route */
    uint8_t id[QW_RELAY_BATCH_ID_LEN];
    uint32_t count;
    size_t order;
    struct node_route route;
    int64_t asked_ms;
};

struct node_delivery {
    struct node_order order[NODE_ORDERS_MAX];
    size_t orders;
    struct node_batch batch[NODE_OUT_MAX + NODE_VOIDS_MAX];
    uint64_t class_keys[QW_NODE_CLASSES]; /* delivered, of orders of each class */
    uint64_t two_missing; /* times that an order found no two paths where it had them before */
    FILE *events;         /* a line for each batch that is delivered; NULL: none */
};

/* After node_routing_open; nothing without routes. */
qw_err node_delivery_open(struct node *node) QW_MUST_USE;
void node_delivery_close(struct node *node);

/* One of verb QW_NODE_DELIVER: more of the order with that target, class and number of paths.
 * QW_ERR_NOT_FOUND: no end pool with the target; QW_ERR_REFUSED: two paths, and the whole network
 * has no two without a common node; QW_ERR_LIMIT: too many orders; QW_ERR_NOMEM. */
qw_err node_delivery_order(struct node *node, const struct qw_node_command *wish) QW_MUST_USE;
void node_delivery_hold(struct node *node);
/* No further batches with this target before that time; fine without an order. */
void node_delivery_pause(struct node *node, uint32_t target, int64_t until_ms);

/* From the relay's callbacks, about batches that began here; others are passed over. */
void node_delivery_done(struct node *node, const struct qw_relay_batch *batch);
void node_delivery_void(struct node *node, const struct qw_relay_batch *batch, uint8_t part,
                        enum qw_relay_reason reason, uint32_t at);

void node_delivery_turn(struct node *node, int64_t now_ms);
/* Until the next turn is worth anything, when nothing comes before; at most max_ms. */
int node_delivery_wait_ms(const struct node *node, int64_t now_ms, int max_ms);
size_t node_delivery_under_way(const struct node *node);
bool node_delivery_is_complete(const struct node *node); /* every order is delivered */

#endif
