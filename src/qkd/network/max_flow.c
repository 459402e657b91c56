/* SPDX-License-Identifier: Apache-2.0 */
/* Augmenting along paths of fewest links (Edmonds and Karp): at most nodes x links rounds, whatever
 * the capacities. */
#include "qkd/network/max_flow.h"

#include <math.h>
#include <stdlib.h>

struct search {
    const struct qw_key_graph *graph;
    double *left;  /* [2 * link_count] what may still go from a to b, and from b to a */
    size_t *queue; /* [node_count] */
    size_t *back;  /* [node_count] index into left of the link that leads there */
    bool *is_seen; /* [node_count] */
};

static size_t way(const struct search *s, size_t arc, size_t node)
{
    size_t link = s->graph->arc[arc].link;

    return 2 * link + (s->graph->link[link].a == node ? 0 : 1);
}

static size_t start_of(const struct search *s, size_t way_index)
{
    const struct qw_key_link *link = &s->graph->link[way_index / 2];

    return way_index % 2 == 0 ? link->a : link->b;
}

static bool find_path(struct search *s, size_t from, size_t to)
{
    const struct qw_key_graph *g = s->graph;
    size_t count = 0;

    for (size_t i = 0; i < g->node_count; i++) {
        s->is_seen[i] = false;
    }
    s->is_seen[from] = true;
    s->queue[count++] = from;
    for (size_t next = 0; next < count && !s->is_seen[to]; next++) {
        size_t node = s->queue[next];

        if (node != from && !g->passes_on[node]) {
            continue;
        }
        for (size_t i = g->first[node]; i < g->first[node + 1]; i++) {
            size_t other = g->arc[i].to;

            if (!s->is_seen[other] && s->left[way(s, i, node)] > 0) {
                s->is_seen[other] = true;
                s->back[other] = way(s, i, node);
                s->queue[count++] = other;
            }
        }
    }
    return s->is_seen[to];
}

static double augment(struct search *s, size_t from, size_t to)
{
    double least = INFINITY;

    for (size_t at = to; at != from; at = start_of(s, s->back[at])) {
        least = fmin(least, s->left[s->back[at]]);
    }
    for (size_t at = to; at != from; at = start_of(s, s->back[at])) {
        s->left[s->back[at]] -= least;
        s->left[s->back[at] ^ 1] += least;
    }
    return least;
}

qw_err qw_max_flow(const struct qw_key_graph *graph, const double *capacity, size_t from, size_t to,
                   double *flow)
{
    struct search s = { .graph = graph };
    double sum = 0;
    qw_err err = QW_ERR_NOMEM;

    qw_assert(from < graph->node_count && to < graph->node_count && from != to);
    s.left = calloc(2 * graph->link_count + 1, sizeof *s.left);
    s.queue = calloc(graph->node_count, sizeof *s.queue);
    s.back = calloc(graph->node_count, sizeof *s.back);
    s.is_seen = calloc(graph->node_count, sizeof *s.is_seen);
    if (s.left != NULL && s.queue != NULL && s.back != NULL && s.is_seen != NULL) {
        for (size_t i = 0; i < graph->link_count; i++) {
            s.left[2 * i] = s.left[2 * i + 1] = capacity[i];
        }
        while (find_path(&s, from, to)) {
            sum += augment(&s, from, to);
        }
        *flow = sum;
        err = QW_OK;
    }
    free(s.left);
    free(s.queue);
    free(s.back);
    free(s.is_seen);
    return err;
}
