/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/network/route.h"

#include <math.h>
#include <stdlib.h>

struct heap_item {
    double distance;
    size_t node;
};

struct qw_route_search {
    const struct qw_key_graph *graph;
    size_t from;
    double *distance;       /* [node_count] */
    size_t *arc;            /* [node_count] index of the arc that leads back */
    bool *is_done;          /* [node_count] */
    struct heap_item *heap; /* [2 * link_count + 1] smallest first; a node may be in it again */
    size_t heap_count;
};

qw_err qw_route_search_new(const struct qw_key_graph *graph, struct qw_route_search **search)
{
    struct qw_route_search *s = calloc(1, sizeof *s);

    if (s == NULL) {
        return QW_ERR_NOMEM;
    }
    qw_assert(graph->node_count <= QW_TOPOLOGY_NODES_MAX && graph->link_count <= UINT16_MAX);
    s->graph = graph;
    s->distance = calloc(graph->node_count, sizeof *s->distance);
    s->arc = calloc(graph->node_count, sizeof *s->arc);
    s->is_done = calloc(graph->node_count, sizeof *s->is_done);
    s->heap = calloc(2 * graph->link_count + 1, sizeof *s->heap);
    if (s->distance == NULL || s->arc == NULL || s->is_done == NULL || s->heap == NULL) {
        qw_route_search_free(s);
        return QW_ERR_NOMEM;
    }
    *search = s;
    return QW_OK;
}

void qw_route_search_free(struct qw_route_search *search)
{
    if (search != NULL) {
        free(search->distance);
        free(search->arc);
        free(search->is_done);
        free(search->heap);
        free(search);
    }
}

static void push(struct qw_route_search *s, double distance, size_t node)
{
    size_t at = s->heap_count++;

    while (at > 0 && s->heap[(at - 1) / 2].distance > distance) {
        s->heap[at] = s->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    s->heap[at] = (struct heap_item){ distance, node };
}

static size_t pop(struct qw_route_search *s)
{
    size_t node = s->heap[0].node;
    struct heap_item last = s->heap[--s->heap_count];
    size_t at = 0;

    for (;;) {
        size_t child = 2 * at + 1;

        if (child + 1 < s->heap_count && s->heap[child + 1].distance < s->heap[child].distance) {
            child++;
        }
        if (child >= s->heap_count || s->heap[child].distance >= last.distance) {
            break;
        }
        s->heap[at] = s->heap[child];
        at = child;
    }
    s->heap[at] = last;
    return node;
}

void qw_route_from(struct qw_route_search *search, const double *cost, size_t from)
{
    const struct qw_key_graph *g = search->graph;

    qw_assert(from < g->node_count);
    for (size_t i = 0; i < g->node_count; i++) {
        search->distance[i] = INFINITY;
        search->is_done[i] = false;
    }
    search->from = from;
    search->distance[from] = 0;
    search->heap_count = 0;
    push(search, 0, from);
    while (search->heap_count > 0) {
        size_t node = pop(search);

        if (search->is_done[node]) {
            continue;
        }
        search->is_done[node] = true;
        if (node != from && !g->passes_on[node]) {
            continue;
        }
        for (size_t i = g->first[node]; i < g->first[node + 1]; i++) {
            double distance = search->distance[node] + cost[g->arc[i].link];

            if (distance < search->distance[g->arc[i].to]) {
                search->distance[g->arc[i].to] = distance;
                search->arc[g->arc[i].to] = i;
                push(search, distance, g->arc[i].to);
            }
        }
    }
}

double qw_route_distance(const struct qw_route_search *search, size_t to)
{
    qw_assert(to < search->graph->node_count);
    return search->distance[to];
}

static size_t node_before(const struct qw_route_search *search, size_t node)
{
    const struct qw_key_link *link =
        &search->graph->link[search->graph->arc[search->arc[node]].link];

    return link->a == node ? link->b : link->a;
}

qw_err qw_route_to(const struct qw_route_search *search, size_t to, struct qw_route *route)
{
    size_t hops = 0;

    if (to == search->from || isinf(qw_route_distance(search, to))) {
        return QW_ERR_NOT_FOUND;
    }
    for (size_t at = to; at != search->from; at = node_before(search, at)) {
        hops++;
    }
    route->hops = hops;
    for (size_t at = to; at != search->from; at = node_before(search, at), hops--) {
        route->node[hops] = (uint16_t)at;
        route->link[hops - 1] = (uint16_t)search->graph->arc[search->arc[at]].link;
    }
    route->node[0] = (uint16_t)search->from;
    return QW_OK;
}
