/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NODE_SIMULATED_FEED_H
#define QW_QKD_NODE_SIMULATED_FEED_H

#include "qkd/node/pool.h"

/* SIMULATED link keys: a function of seed, link, direction and position, so that both ends of a
 * link get the same whatever happened to either. Whoever knows the seed knows the keys. */
struct qw_simulated_feed {
    uint64_t seed;
    uint64_t link;          /* the same at both ends, another for every link */
    unsigned out_direction; /* 0 at one end, 1 at the other */
};

/* Appends to both streams until each holds fill bytes, or is full. QW_ERR_REFUSED: its head does
 * not say that its keys are simulated. Others as qw_node_pool_append. */
qw_err qw_simulated_feed_fill(const struct qw_simulated_feed *feed, struct qw_node_pool *pool,
                              uint64_t fill, int64_t now_ms) QW_MUST_USE;
/* Appends to the in stream alone until it ends at this position, or is full: the neighbour holds
 * that already. Errors as before. */
qw_err qw_simulated_feed_follow(const struct qw_simulated_feed *feed, struct qw_node_pool *pool,
                                uint64_t position, int64_t now_ms) QW_MUST_USE;

#endif
