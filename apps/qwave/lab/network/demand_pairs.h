/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_NETWORK_DEMAND_PAIRS_H
#define QWAVE_LAB_NETWORK_DEMAND_PAIRS_H

#include "qkd/network/flow_bound.h"
#include "qkd/network/price.h"

/* Who asks for keys with whom in the laboratory: pairs of users, or of convergence nodes where
 * there are no users, or of relays; all pairs, or as many as the seed draws. Each asks for as much.
 */
struct demand_pairs {
    size_t count;
    struct qw_demand *demand;     /* [count] those of one node side by side; amount in bit/s */
    enum qw_request_class *class; /* [count] */
};

struct demand_pairs_config {
    size_t pairs_max;
    bool has_classes; /* each pair three times: bronze, silver, gold */
    bool
        is_fair; /* a key is worth the links it needs at least, the farthest pair's 1; else all 1 */
    size_t from, to; /* one pair only, when from != to */
    uint64_t seed;
};

/* Amounts are such that all of them are what the network can just carry: a plan carries 98 % of
 * them, and not of one percent more. QW_ERR_NOMEM;
 * QW_ERR_NOT_FOUND: there is no pair that can be given anything. */
qw_err demand_pairs_new(const struct qw_topology *topology, const struct qw_key_graph *graph,
                        const struct demand_pairs_config *config,
                        struct demand_pairs *pairs) QW_MUST_USE;
void demand_pairs_free(struct demand_pairs *pairs); /* zeroed is fine */

#endif
