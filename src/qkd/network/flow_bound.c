/* SPDX-License-Identifier: Apache-2.0 */
/* Every demand sends what its narrowest link carries, again and again, along the path
 * that is cheapest now; prices of what it used grow. A demand's own amount is one more link of its
 * path. What was sent, divided by how much too full the fullest link became, is a plan; the prices,
 * scaled, are a point of the dual programme, and so a bound. Both are evaluated exactly, so they
 * hold whatever the order of the steps was. */
#include "qkd/network/flow_bound.h"

#include "qkd/network/route.h"

#include <math.h>
#include <stdlib.h>

enum { ROUNDS_PER_LOOK = 32, SCALES = 96 };

struct work {
    const struct qw_key_graph *graph;
    const double *capacity;
    const struct qw_demand *demand;
    size_t count;
    double epsilon;
    struct qw_route_search *search;
    double *price;     /* [link_count] */
    double *own_price; /* [count] of the demand's own amount */
    double *length;    /* [count] price of the cheapest path for a unit of worth, when last seen */
    double *used;      /* [link_count] sent over it so far */
    double *sent;      /* [count] so far */
    struct qw_route path;
};

static void work_free(struct work *w)
{
    qw_route_search_free(w->search);
    free(w->price);
    free(w->own_price);
    free(w->length);
    free(w->used);
    free(w->sent);
}

static qw_err work_new(struct work *w)
{
    qw_err err = qw_route_search_new(w->graph, &w->search);

    w->price = calloc(w->graph->link_count + 1, sizeof *w->price);
    w->own_price = calloc(w->count + 1, sizeof *w->own_price);
    w->length = calloc(w->count + 1, sizeof *w->length);
    w->used = calloc(w->graph->link_count + 1, sizeof *w->used);
    w->sent = calloc(w->count + 1, sizeof *w->sent);
    if (err == QW_OK && (w->price == NULL || w->own_price == NULL || w->length == NULL ||
                         w->used == NULL || w->sent == NULL)) {
        err = QW_ERR_NOMEM;
    }
    return err;
}

/* So low that what is sent until prices reach 1 hides how the first units were sent. */
static void set_first_prices(struct work *w)
{
    double low =
        (1 + w->epsilon) * pow((1 + w->epsilon) * (double)w->graph->node_count, -1 / w->epsilon);

    for (size_t i = 0; i < w->graph->link_count; i++) {
        w->price[i] = w->capacity[i] > 0 ? low / w->capacity[i] : INFINITY;
    }
    for (size_t i = 0; i < w->count; i++) {
        w->own_price[i] = w->demand[i].amount > 0 ? low / w->demand[i].amount : INFINITY;
    }
}

static void send(struct work *w, size_t index)
{
    const struct qw_demand *d = &w->demand[index];
    double amount = d->amount;

    for (size_t hop = 0; hop < w->path.hops; hop++) {
        amount = fmin(amount, w->capacity[w->path.link[hop]]);
    }
    for (size_t hop = 0; hop < w->path.hops; hop++) {
        size_t link = w->path.link[hop];

        w->price[link] *= 1 + w->epsilon * amount / w->capacity[link];
        w->used[link] += amount;
    }
    w->own_price[index] *= 1 + w->epsilon * amount / d->amount;
    w->sent[index] += amount;
}

/* Lets every demand send once whose path is nearly the cheapest; true when there was one. */
static bool send_round(struct work *w, double below)
{
    bool has_sent = false;
    size_t from = w->graph->node_count;

    for (size_t i = 0; i < w->count; i++) {
        const struct qw_demand *d = &w->demand[i];

        if (w->length[i] >= below) { /* lengths only grow */
            continue;
        }
        if (d->from != from) { /* prices that rise meanwhile wait for the next round */
            from = d->from;
            qw_route_from(w->search, w->price, from);
        }
        w->length[i] = (qw_route_distance(w->search, d->to) + w->own_price[i]) / d->weight;
        if (w->length[i] < below && qw_route_to(w->search, d->to, &w->path) == QW_OK) {
            send(w, i);
            has_sent = true;
        }
    }
    return has_sent;
}

/* g(l) of docs/design/network.md at the prices divided by scale, distances in length. */
static double dual_value(const struct work *w, double scale)
{
    double value = 0;

    for (size_t i = 0; i < w->graph->link_count; i++) {
        value += w->capacity[i] > 0 ? w->capacity[i] * w->price[i] / scale : 0;
    }
    for (size_t i = 0; i < w->count; i++) {
        value += w->demand[i].amount * fmax(0, w->demand[i].weight - w->length[i] / scale);
    }
    return value;
}

/* The best scale lies where the cheapest path costs about what it is worth. Leaves distances in
 * length. */
static double least_dual(struct work *w)
{
    double nearest = INFINITY;
    double best = INFINITY;
    size_t from = w->graph->node_count;

    for (size_t i = 0; i < w->count; i++) {
        if (w->demand[i].from != from) {
            from = w->demand[i].from;
            qw_route_from(w->search, w->price, from);
        }
        w->length[i] = qw_route_distance(w->search, w->demand[i].to);
        nearest = fmin(nearest, w->length[i] / w->demand[i].weight);
    }
    if (isinf(nearest)) {
        return 0;
    }
    for (int i = 0; i <= SCALES; i++) {
        best = fmin(best, dual_value(w, nearest * pow(2, (i - 16) / 8.0)));
    }
    return fmin(best, dual_value(w, 1e300)); /* all free: the sum of what is asked for */
}

static double plan_worth(const struct work *w)
{
    double fullest = 1e-300;
    double worth = 0;

    for (size_t i = 0; i < w->graph->link_count; i++) {
        if (w->capacity[i] > 0) {
            fullest = fmax(fullest, w->used[i] / w->capacity[i]);
        }
    }
    for (size_t i = 0; i < w->count; i++) {
        if (w->demand[i].amount > 0) {
            fullest = fmax(fullest, w->sent[i] / w->demand[i].amount);
        }
    }
    for (size_t i = 0; i < w->count; i++) {
        worth += w->demand[i].weight * w->sent[i] / fullest;
    }
    return worth;
}

static void look(struct work *w, struct qw_flow_bound *best)
{
    best->upper = fmin(best->upper, least_dual(w));
    best->lower = fmax(best->lower, plan_worth(w));
    for (size_t i = 0; i < w->count; i++) {
        w->length[i] = (w->length[i] + w->own_price[i]) / w->demand[i].weight;
    }
}

static double least_length(const struct work *w)
{
    double least = INFINITY;

    for (size_t i = 0; i < w->count; i++) {
        least = fmin(least, w->length[i]);
    }
    return least;
}

qw_err qw_flow_bound(const struct qw_key_graph *graph, const double *capacity,
                     const struct qw_demand *demand, size_t count, double epsilon,
                     struct qw_flow_bound *bound)
{
    struct work w = {
        .graph = graph, .capacity = capacity, .demand = demand, .count = count, .epsilon = epsilon
    };
    struct qw_flow_bound best = { INFINITY, 0 };
    double below;
    qw_err err = work_new(&w);

    qw_assert(epsilon >= 0.01 && epsilon <= 0.5);
    if (err == QW_OK) {
        set_first_prices(&w);
        look(&w, &best);
        below = least_length(&w) * (1 + epsilon);
        for (size_t round = 1; least_length(&w) < 1; round++) {
            if (!send_round(&w, below)) {
                below = least_length(&w) * (1 + epsilon);
            }
            if (round % ROUNDS_PER_LOOK == 0) {
                look(&w, &best);
            }
        }
        look(&w, &best);
        *bound = best;
    }
    work_free(&w);
    return err;
}
