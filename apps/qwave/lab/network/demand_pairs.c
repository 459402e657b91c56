/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/network/demand_pairs.h"

#include "base/prng.h"
#include "qkd/network/route.h"

#include <math.h>
#include <stdlib.h>

enum { CLASSES = 3, SEARCH_STEPS = 40 };
static const double PLAN_EPSILON = 0.1;
static const double CARRIED_SHARE = 0.96;

/* The nodes that ask: users, or else convergence nodes, or else relays; two at least. */
static size_t list_ends(const struct qw_topology *t, size_t end[static QW_TOPOLOGY_NODES_MAX])
{
    static const enum qw_node_kind kinds[] = { QW_NODE_KIND_USER, QW_NODE_KIND_CONVERGENCE,
                                               QW_NODE_KIND_RELAY };
    size_t count = 0;

    for (size_t k = 0; count < 2 && k < sizeof kinds / sizeof kinds[0]; k++) {
        count = 0;
        for (size_t i = 0; i < t->node_count; i++) {
            if (t->node[i].kind == kinds[k]) {
                end[count++] = i;
            }
        }
    }
    return count;
}

static int by_ends(const void *a, const void *b)
{
    const struct qw_demand *x = a;
    const struct qw_demand *y = b;

    if (x->from != y->from) {
        return x->from < y->from ? -1 : 1;
    }
    return x->to < y->to ? -1 : x->to > y->to;
}

/* All pairs, of which the first wanted are then a random choice. */
static size_t draw_pairs(const struct demand_pairs_config *config, const size_t *end, size_t ends,
                         struct qw_demand *all)
{
    struct qw_prng prng;
    size_t count = 0;

    for (size_t i = 0; i < ends; i++) {
        for (size_t j = i + 1; j < ends; j++) {
            all[count++] = (struct qw_demand){ end[i], end[j], 1, 1 };
        }
    }
    if (count <= config->pairs_max) {
        return count;
    }
    qw_prng_init(&prng, config->seed, 1);
    for (size_t i = 0; i < config->pairs_max; i++) {
        size_t other = i + qw_prng_below(&prng, count - i);
        struct qw_demand drawn = all[other];

        all[other] = all[i];
        all[i] = drawn;
    }
    return config->pairs_max;
}

/* 1, or the least number of links between the ends as a part of the largest such; 0: there is no
 * path that ever gives key. */
static qw_err set_weights(const struct qw_key_graph *graph, struct qw_demand *demand, size_t count,
                          bool is_fair)
{
    double farthest = 1;
    struct qw_route_search *search = NULL;
    double *cost = calloc(graph->link_count + 1, sizeof *cost);
    qw_err err = cost == NULL ? QW_ERR_NOMEM : qw_route_search_new(graph, &search);

    for (size_t i = 0; err == QW_OK && i < graph->link_count; i++) {
        cost[i] = graph->link[i].mean_bps > 0 ? 1 : INFINITY;
    }
    for (size_t i = 0; err == QW_OK && i < count; i++) {
        if (i == 0 || demand[i].from != demand[i - 1].from) {
            qw_route_from(search, cost, demand[i].from);
        }
        double hops = qw_route_distance(search, demand[i].to);

        demand[i].weight = isinf(hops) ? 0 : is_fair ? hops : 1;
        farthest = fmax(farthest, demand[i].weight);
    }
    for (size_t i = 0; i < count; i++) {
        demand[i].weight /= farthest;
    }
    qw_route_search_free(search);
    free(cost);
    return err;
}

static size_t drop_unreachable(struct qw_demand *demand, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (demand[i].weight > 0) {
            demand[kept++] = demand[i];
        }
    }
    return kept;
}

/* Whether a plan carries nearly all of amount for each. */
static qw_err fits(const struct qw_key_graph *graph, const double *capacity,
                   struct qw_demand *demand, size_t count, double amount, bool *does_fit)
{
    struct qw_flow_bound bound;
    double sum = 0;
    qw_err err;

    for (size_t i = 0; i < count; i++) {
        demand[i].amount = amount;
        sum += amount * demand[i].weight;
    }
    err = qw_flow_bound(graph, capacity, demand, count, PLAN_EPSILON, &bound);
    if (err == QW_OK) {
        *does_fit = bound.lower >= CARRIED_SHARE * sum;
    }
    return err;
}

/* No pair can have more than what its ends' links bring, shared by all pairs that end there. */
static double most_amount(const struct qw_key_graph *graph, const double *capacity,
                          const struct qw_demand *demand, size_t count)
{
    double most = INFINITY;

    for (size_t node = 0; node < graph->node_count; node++) {
        double sum = 0;
        size_t pairs = 0;

        for (size_t i = graph->first[node]; i < graph->first[node + 1]; i++) {
            sum += capacity[graph->arc[i].link];
        }
        for (size_t i = 0; i < count; i++) {
            pairs += demand[i].from == node || demand[i].to == node;
        }
        most = pairs > 0 ? fmin(most, sum / (double)pairs) : most;
    }
    return most;
}

/* The largest amount that fits, by halving; of equal weights, so that each pair counts alike. */
static qw_err set_amounts(const struct qw_key_graph *graph, struct qw_demand *demand, size_t count)
{
    double *capacity = calloc(graph->link_count + 1, sizeof *capacity);
    double low = 0;
    double high = 0;
    qw_err err = capacity == NULL ? QW_ERR_NOMEM : QW_OK;

    for (size_t i = 0; err == QW_OK && i < graph->link_count; i++) {
        capacity[i] = graph->link[i].mean_bps;
    }
    high = err == QW_OK ? 1.01 * most_amount(graph, capacity, demand, count) : 0;
    for (int i = 0; err == QW_OK && i < SEARCH_STEPS && high > 1.005 * low; i++) {
        double middle = low > 0 ? (low + high) / 2 : high / 2;
        bool does_fit = false;

        err = fits(graph, capacity, demand, count, middle, &does_fit);
        low = does_fit ? middle : low;
        high = does_fit ? high : middle;
    }
    for (size_t i = 0; i < count; i++) {
        demand[i].amount = low;
    }
    free(capacity);
    return err != QW_OK ? err : low > 0 ? QW_OK : QW_ERR_NOT_FOUND;
}

/* Each pair by classes, a third each, worth what its class pays; or gold. */
static qw_err finish(struct qw_demand *demand, size_t count, bool has_classes,
                     struct demand_pairs *pairs)
{
    size_t classes = has_classes ? CLASSES : 1;
    struct demand_pairs p = { .count = count * classes };

    p.demand = calloc(p.count, sizeof *p.demand);
    p.class = calloc(p.count, sizeof *p.class);
    if (p.demand == NULL || p.class == NULL) {
        demand_pairs_free(&p);
        return QW_ERR_NOMEM;
    }
    for (size_t i = 0; i < p.count; i++) {
        p.class[i] = has_classes ? (enum qw_request_class)(i % classes) : QW_CLASS_GOLD;
        p.demand[i] = demand[i / classes];
        p.demand[i].amount /= (double)classes;
        p.demand[i].weight *= qw_price_limit(p.class[i]);
    }
    *pairs = p;
    return QW_OK;
}

qw_err demand_pairs_new(const struct qw_topology *topology, const struct qw_key_graph *graph,
                        const struct demand_pairs_config *config, struct demand_pairs *pairs)
{
    size_t end[QW_TOPOLOGY_NODES_MAX];
    size_t ends = list_ends(topology, end);
    struct qw_demand *all;
    size_t count;
    qw_err err;

    if (config->from != config->to) {
        ends = 2;
        end[0] = config->from;
        end[1] = config->to;
    }
    all = calloc(ends * ends / 2 + 1, sizeof *all);
    if (all == NULL) {
        return QW_ERR_NOMEM;
    }
    count = draw_pairs(config, end, ends, all);
    qsort(all, count, sizeof *all, by_ends);
    err = set_weights(graph, all, count, false);
    count = drop_unreachable(all, count);
    if (err == QW_OK) {
        err = count == 0 ? QW_ERR_NOT_FOUND : set_amounts(graph, all, count);
    }
    if (err == QW_OK && config->is_fair) {
        err = set_weights(graph, all, count, true);
    }
    if (err == QW_OK) {
        err = finish(all, count, config->has_classes, pairs);
    }
    free(all);
    return err;
}

void demand_pairs_free(struct demand_pairs *pairs)
{
    free(pairs->demand);
    free(pairs->class);
    *pairs = (struct demand_pairs){ 0 };
}
