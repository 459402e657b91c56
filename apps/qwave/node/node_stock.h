/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NODE_NODE_STOCK_H
#define QWAVE_NODE_NODE_STOCK_H

#include "node/node.h"

/* What goes into the pool of a link and what is given up of it: simulated key, and key that is too
 * old (docs/protocol/node-pool.md P6). */

/* For a pool of this node that has room for capacity bytes in each stream: what each class leaves
 * to better ones, and the age limit. End pools do not age: no meeting keeps their ends in step. */
struct qw_node_limits node_stock_limits(const struct node *node, uint64_t capacity, bool is_end);

/* Simulated key, when the settings say so and there is too little of it: a little at a time. */
qw_err node_stock_feed(struct node_link *link) QW_MUST_USE;

/* Gives up what is older than key_age_s of the out stream, in step with the neighbour, and has the
 * journal told what was given up of either stream. As qw_hop_age. */
qw_err node_stock_age(struct node_link *link) QW_MUST_USE;

/* Bytes of both streams given up for their age so far, starts before this one included. */
uint64_t node_stock_aged_len(const struct qw_node_pool *pool);

#endif
