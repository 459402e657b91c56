/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NETWORK_ROUTE_H
#define QW_QKD_NETWORK_ROUTE_H

#include "qkd/network/key_graph.h"

/* A way from one node to another over links of a graph: hops links, hops + 1 nodes, none twice
 * [Q4]. What a batch of keys carries with it is the list of node ids alone: qw_relay_path. */
struct qw_route {
    size_t hops;
    uint16_t node[QW_TOPOLOGY_NODES_MAX];
    uint16_t link[QW_TOPOLOGY_NODES_MAX]; /* link[i] joins node[i] and node[i + 1] */
};

/* Cheapest paths over one graph: Dijkstra's algorithm. Only nodes that pass keys on lie between the
 * ends. Memory is fixed at new. */
struct qw_route_search;

/* Borrows graph, which has at most QW_TOPOLOGY_NODES_MAX nodes and 65535 links. QW_ERR_NOMEM. */
qw_err qw_route_search_new(const struct qw_key_graph *graph,
                           struct qw_route_search **search) QW_MUST_USE;
void qw_route_search_free(struct qw_route_search *search); /* NULL is fine */

/* cost [link_count], >= 0; INFINITY: the link is not there. Afterwards _distance and _to answer for
 * every node, until the next _from. */
void qw_route_from(struct qw_route_search *search, const double *cost, size_t from);

double qw_route_distance(const struct qw_route_search *search, size_t to); /* INFINITY: no path */

/* QW_ERR_NOT_FOUND: there is no path (a node has none to itself). */
qw_err qw_route_to(const struct qw_route_search *search, size_t to,
                   struct qw_route *route) QW_MUST_USE;

#endif
