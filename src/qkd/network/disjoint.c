/* SPDX-License-Identifier: Apache-2.0 */
/* Minimum-cost flow of unit capacities: every node but the ends is split in an entry and an exit
 * with one unit between them; each round adds the cheapest augmenting path (Bellman-Ford, since
 * going back along a used link has negative cost). */
#include "qkd/network/disjoint.h"

#include <math.h>
#include <stdlib.h>

/* A directed arc and its reverse stand side by side: arc i ^ 1 goes back. */
struct unit {
    size_t from, to; /* vertices: 2 * node is the entry, 2 * node + 1 the exit */
    double cost;
    size_t link; /* link_count: inside a node */
    int left;    /* capacity: 0 or 1, of the ends' inner arc more */
};

struct flow {
    const struct qw_key_graph *graph;
    struct unit *unit; /* [count] */
    size_t count;
    double *distance; /* [2 * node_count] */
    size_t *back;     /* [2 * node_count] unit that leads there */
};

static void add_unit(struct flow *f, size_t from, size_t to, double cost, size_t link, int capacity)
{
    f->unit[f->count++] = (struct unit){ from, to, cost, link, capacity };
    f->unit[f->count++] = (struct unit){ to, from, -cost, link, 0 };
}

static void split(struct flow *f, const double *cost, size_t from, size_t to)
{
    const struct qw_key_graph *g = f->graph;

    for (size_t i = 0; i < g->node_count; i++) {
        int capacity = i == from || i == to ? QW_DISJOINT_MAX : g->passes_on[i] ? 1 : 0;

        add_unit(f, 2 * i, 2 * i + 1, 0, g->link_count, capacity);
    }
    for (size_t i = 0; i < g->link_count; i++) {
        if (!isinf(cost[i])) {
            add_unit(f, 2 * g->link[i].a + 1, 2 * g->link[i].b, cost[i], i, 1);
            add_unit(f, 2 * g->link[i].b + 1, 2 * g->link[i].a, cost[i], i, 1);
        }
    }
}

/* True when there is one more path. */
static bool find_augmenting(struct flow *f, size_t from, size_t to)
{
    bool moved = true;

    for (size_t i = 0; i < 2 * f->graph->node_count; i++) {
        f->distance[i] = INFINITY;
    }
    f->distance[2 * from + 1] = 0;
    while (moved) {
        moved = false;
        for (size_t i = 0; i < f->count; i++) {
            const struct unit *u = &f->unit[i];
            double distance = f->distance[u->from] + u->cost;

            /* the margin keeps rounding from going round in circles of cost 0 */
            if (u->left > 0 && distance < f->distance[u->to] - 1e-12) {
                f->distance[u->to] = distance;
                f->back[u->to] = i;
                moved = true;
            }
        }
    }
    return !isinf(f->distance[2 * to]);
}

static void augment(struct flow *f, size_t from, size_t to)
{
    for (size_t at = 2 * to; at != 2 * from + 1; at = f->unit[f->back[at]].from) {
        f->unit[f->back[at]].left--;
        f->unit[f->back[at] ^ 1].left++;
    }
}

/* A link that is used in both directions is used in none. */
static void cancel_both_ways(struct flow *f)
{
    for (size_t i = 2 * f->graph->node_count; i < f->count; i += 4) {
        if (f->unit[i].left == 0 && f->unit[i + 2].left == 0) {
            f->unit[i].left = f->unit[i + 2].left = 1;
        }
    }
}

/* Takes one path out of the flow. */
static double take_path(struct flow *f, size_t from, size_t to, struct qw_route *path)
{
    double cost = 0;
    size_t at = from;

    path->hops = 0;
    path->node[0] = (uint16_t)from;
    while (at != to) {
        size_t i = 2 * f->graph->node_count;

        while (f->unit[i].from != 2 * at + 1 || f->unit[i].left != 0) {
            i += 2;
            qw_assert(i < f->count); /* what flows in flows out */
        }
        f->unit[i].left = 1;
        at = f->unit[i].to / 2;
        cost += f->unit[i].cost;
        path->link[path->hops++] = (uint16_t)f->unit[i].link;
        path->node[path->hops] = (uint16_t)at;
    }
    return cost;
}

static void take_paths(struct flow *f, size_t from, size_t to, struct qw_route *path, size_t count)
{
    double cost[QW_DISJOINT_MAX];

    cancel_both_ways(f);
    for (size_t i = 0; i < count; i++) {
        cost[i] = take_path(f, from, to, &path[i]);
        for (size_t j = i; j > 0 && cost[j] < cost[j - 1]; j--) {
            struct qw_route other = path[j];
            double other_cost = cost[j];

            path[j] = path[j - 1];
            cost[j] = cost[j - 1];
            path[j - 1] = other;
            cost[j - 1] = other_cost;
        }
    }
}

qw_err qw_disjoint_paths(const struct qw_key_graph *graph, const double *cost, size_t from,
                         size_t to, size_t wanted, struct qw_route *path, size_t *found)
{
    struct flow f = { .graph = graph };
    size_t count = 0;
    qw_err err = QW_ERR_NOMEM;

    qw_assert(from < graph->node_count && to < graph->node_count && from != to);
    qw_assert(wanted >= 1 && wanted <= QW_DISJOINT_MAX);
    f.unit = calloc(2 * graph->node_count + 4 * graph->link_count, sizeof *f.unit);
    f.distance = calloc(2 * graph->node_count, sizeof *f.distance);
    f.back = calloc(2 * graph->node_count, sizeof *f.back);
    if (f.unit != NULL && f.distance != NULL && f.back != NULL) {
        split(&f, cost, from, to);
        while (count < wanted && find_augmenting(&f, from, to)) {
            augment(&f, from, to);
            count++;
        }
        take_paths(&f, from, to, path, count);
        *found = count;
        err = QW_OK;
    }
    free(f.unit);
    free(f.distance);
    free(f.back);
    return err;
}
