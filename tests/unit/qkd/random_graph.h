/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_QKD_RANDOM_GRAPH_H
#define QW_TESTS_QKD_RANDOM_GRAPH_H

#include "base/prng.h"
#include "qkd/network/key_graph.h"

/* Small graphs for comparisons with slow methods: nodes 2..nodes_max, each pair joined with
 * probability density, one node in five passes nothing on. */
enum { RANDOM_NODES_MAX = 9 };

static inline struct qw_key_graph *random_graph(struct qw_prng *prng, size_t nodes_max,
                                                double density)
{
    bool passes_on[RANDOM_NODES_MAX];
    struct qw_key_link link[RANDOM_NODES_MAX * RANDOM_NODES_MAX];
    struct qw_key_graph *graph = NULL;
    size_t nodes = 2 + qw_prng_below(prng, nodes_max - 1);
    size_t links = 0;

    qw_assert(nodes <= RANDOM_NODES_MAX);
    for (size_t i = 0; i < nodes; i++) {
        passes_on[i] = qw_prng_below(prng, 5) > 0;
        for (size_t j = 0; j < i; j++) {
            if (qw_prng_uniform(prng) < density) {
                link[links++] = (struct qw_key_link){ .a = i, .b = j };
            }
        }
    }
    qw_assert(qw_key_graph_new(nodes, passes_on, link, links, &graph) == QW_OK);
    return graph;
}

#endif
