/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NETWORK_MAX_FLOW_H
#define QW_QKD_NETWORK_MAX_FLOW_H

#include "qkd/network/key_graph.h"

/* The most that one pair can be given when all others are silent: maximum flow, which equals the
 * least cut, over links that carry capacity [link_count, >= 0, bit/s or bits] in both directions
 * together. Nodes that pass nothing on are ends only. QW_ERR_NOMEM. */
qw_err qw_max_flow(const struct qw_key_graph *graph, const double *capacity, size_t from, size_t to,
                   double *flow) QW_MUST_USE;

#endif
