/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NETWORK_FLOW_BOUND_H
#define QW_QKD_NETWORK_FLOW_BOUND_H

#include "qkd/network/key_graph.h"

/* What many pairs can be given together [Q4]: the most worth, sum of weight x what is carried, of
 * each demand at most its amount, no link above its capacity. Closed in by a bound that no plan
 * exceeds and a plan that can be carried; the truth lies between. No solver: Garg and Koenemann's
 * method, in which a link's price grows by a factor with all that is sent over it. */
struct qw_demand {
    size_t from, to; /* nodes, different; those of one node side by side are faster */
    double amount;   /* bit/s or bits, >= 0 */
    double weight;   /* what one unit of it is worth, > 0 */
};

struct qw_flow_bound {
    double upper; /* no plan is worth more */
    double lower; /* a plan is worth so much; lower <= optimum <= upper */
};

/* capacity [link_count], >= 0, as amount. epsilon, 0.01..0.5: the gap is some epsilons wide, the
 * work grows with its square. QW_ERR_NOMEM. */
qw_err qw_flow_bound(const struct qw_key_graph *graph, const double *capacity,
                     const struct qw_demand *demand, size_t count, double epsilon,
                     struct qw_flow_bound *bound) QW_MUST_USE;

#endif
