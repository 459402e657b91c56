/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NETWORK_DISJOINT_H
#define QW_QKD_NETWORK_DISJOINT_H

#include "qkd/network/route.h"

/* Node-disjoint paths of least total cost between two nodes: a key that is split over r of them is
 * known to no single node between the ends [Q3] [Q4]. */
enum { QW_DISJOINT_MAX = 8 };

/* cost as of qw_route_from. Finds up to wanted (1..QW_DISJOINT_MAX) paths, which share no node but
 * the ends and, when there are several links between neighbours, no link; *found says how many
 * there are, and their costs together are the least for that number. The cheapest path comes first.
 * QW_ERR_NOMEM. */
qw_err qw_disjoint_paths(const struct qw_key_graph *graph, const double *cost, size_t from,
                         size_t to, size_t wanted, struct qw_route *path,
                         size_t *found) QW_MUST_USE;

#endif
