/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NETWORK_KEY_GRAPH_H
#define QW_QKD_NETWORK_KEY_GRAPH_H

#include "qkd/network/topology.h"

#include <stdbool.h>

/* Which two nodes can make key together, and how fast: a topology without its switches. Routes,
 * bounds and stocks are about these links [Q4]. */
enum qw_key_link_kind {
    QW_KEY_LINK_FIBRE,    /* always on */
    QW_KEY_LINK_SWITCHED, /* while a switch joins the two */
    QW_KEY_LINK_PASS      /* while a satellite passes */
};

struct qw_key_link {
    size_t a, b; /* nodes of the topology */
    enum qw_key_link_kind kind;
    double km;
    double loss_db;
    double rate_bps; /* while it is on; of passes the peak */
    double mean_bps; /* over a long time, switches shared evenly, weather and passes included */
    size_t via;      /* node of the switch */
    size_t module;   /* of a switched link: the fibre from its relay to the switch */
};

struct qw_arc {
    size_t to;
    size_t link;
};

struct qw_key_graph {
    size_t node_count;
    bool *passes_on; /* [node_count] whether a path may lead through */
    size_t link_count;
    struct qw_key_link *link; /* [link_count] */
    size_t *first;            /* [node_count + 1] arcs of node i: first[i] .. first[i + 1] - 1 */
    struct qw_arc *arc;       /* [2 * link_count] */
};

/* QW_ERR_NOMEM; QW_ERR_ARG when the preset's formula refuses a link's figures. */
qw_err qw_key_graph_of(const struct qw_topology *topology, struct qw_key_graph **graph) QW_MUST_USE;

/* From links alone. Copies both arrays; ends are < node_count and differ. QW_ERR_NOMEM. */
qw_err qw_key_graph_new(size_t node_count, const bool *passes_on, const struct qw_key_link *link,
                        size_t link_count, struct qw_key_graph **graph) QW_MUST_USE;
void qw_key_graph_free(struct qw_key_graph *graph); /* NULL is fine */

/* The link between two nodes; link_count: there is none. */
size_t qw_key_graph_find(const struct qw_key_graph *graph, size_t a, size_t b);

#endif
