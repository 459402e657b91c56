/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NETWORK_TOPOLOGY_RING_H
#define QW_QKD_NETWORK_TOPOLOGY_RING_H

#include "qkd/network/topology.h"

/* A backbone of two rings that share a stretch, with cities on spurs: what is drawn of large
 * networks whose maps are not public. ring_a + ring_b - shared relays in the rings and cities
 * convergence nodes, each on one link to a relay that the seed draws; nodes + 1 links. */
struct qw_topology_rings {
    unsigned ring_a, ring_b; /* relays on each, >= 3 */
    unsigned shared;         /* relays on both, 2 .. the smaller - 1 */
    unsigned cities;         /* spurs */
    double total_km;         /* of all links, > 0 */
    double spread;           /* lengths are drawn within this share of their mean, 0 .. < 1 */
    uint64_t seed;
};

/* QW_ERR_ARG: figures out of range or more than QW_TOPOLOGY_NODES_MAX nodes; QW_ERR_NOMEM. */
qw_err qw_topology_of_rings(const struct qw_topology_rings *rings,
                            struct qw_topology **topology) QW_MUST_USE;

#endif
