/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "qkd/network/topology_ring.h"

#include "base/prng.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

static bool is_sound(const struct qw_topology_rings *r)
{
    unsigned smaller = r->ring_a < r->ring_b ? r->ring_a : r->ring_b;

    return r->ring_a >= 3 && r->ring_b >= 3 && r->ring_a <= QW_TOPOLOGY_NODES_MAX &&
           r->ring_b <= QW_TOPOLOGY_NODES_MAX && r->shared >= 2 && r->shared < smaller &&
           r->cities <= QW_TOPOLOGY_NODES_MAX &&
           r->ring_a + r->ring_b - r->shared + r->cities <= QW_TOPOLOGY_NODES_MAX &&
           r->total_km > 0 && isfinite(r->total_km) && r->spread >= 0 && r->spread < 1;
}

/* Adds a node; the ids and kinds are our own and cannot be refused. */
static void add_node(struct qw_topology *t, enum qw_node_kind kind, double x, double y,
                     const char *prefix, unsigned number)
{
    struct qw_node node = { .kind = kind, .x = x, .y = y };
    char why[QW_TOPOLOGY_WHY_CAP];
    qw_err err;

    snprintf(node.id, sizeof node.id, "%s-%03u", prefix, number);
    err = qw_topology_add_node(t, &node, why);
    qw_assert(err == QW_OK);
}

static void add_fibre(struct qw_topology *t, size_t from, size_t to, double km)
{
    struct qw_fibre fibre = {
        .from = from, .to = to, .km = km, .db_per_km = 0.2, .rate_bps = -1, .modules = 1
    };
    char why[QW_TOPOLOGY_WHY_CAP];
    qw_err err = qw_topology_add_fibre(t, &fibre, why);

    qw_assert(err == QW_OK);
}

/* Relays 0 .. ring_a - 1 are ring A, clockwise; the shared ones come first and lie side by side;
 * the others of ring B follow. The shared stretch is drawn as the line between two half circles. */
static void place_relays(const struct qw_topology_rings *r, struct qw_topology *t)
{
    double height = 40;

    for (unsigned i = 0; i < r->ring_a + r->ring_b - r->shared; i++) {
        bool is_a = i < r->ring_a;
        unsigned others = (is_a ? r->ring_a : r->ring_b) - r->shared;
        double angle;

        if (i < r->shared) {
            double y = -height + 2 * height * i / (r->shared - 1);

            add_node(t, QW_NODE_KIND_RELAY, 0, y, "relay", i + 1);
            continue;
        }
        angle = M_PI * ((is_a ? i - r->shared : i - r->ring_a) + 1) / (others + 1);
        add_node(t, QW_NODE_KIND_RELAY, (is_a ? -1.6 : 1.6) * height * sin(angle),
                 height * cos(angle), "relay", i + 1);
    }
}

static void join_ring(const struct qw_topology_rings *r, struct qw_topology *t, bool is_a,
                      const double *km, size_t *used)
{
    size_t first = is_a ? r->shared : r->ring_a;
    size_t count = (is_a ? r->ring_a : r->ring_b) - r->shared;
    size_t before = r->shared - 1;

    for (size_t i = 0; i < count; i++) {
        add_fibre(t, before, first + i, km[(*used)++]);
        before = first + i;
    }
    add_fibre(t, before, 0, km[(*used)++]);
}

static void draw_lengths(const struct qw_topology_rings *r, struct qw_prng *prng, double *km,
                         size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++) {
        km[i] = 1 + r->spread * (2 * qw_prng_uniform(prng) - 1);
        sum += km[i];
    }
    for (size_t i = 0; i < count; i++) {
        km[i] *= r->total_km / sum;
    }
}

static void add_cities(const struct qw_topology_rings *r, struct qw_topology *t,
                       struct qw_prng *prng, const double *km, size_t *used)
{
    unsigned spurs[QW_TOPOLOGY_NODES_MAX] = { 0 }; /* that a relay has: each stands further out */
    size_t relays = t->node_count;

    for (unsigned i = 0; i < r->cities; i++) {
        size_t relay = qw_prng_below(prng, relays);
        const struct qw_node *at = &t->node[relay];
        double away = 1.12 + 0.08 * spurs[relay]++;

        add_node(t, QW_NODE_KIND_CONVERGENCE, at->x * away + (at->x == 0 ? 6 : 0), at->y * away,
                 "city", i + 1);
        add_fibre(t, relay, t->node_count - 1, km[(*used)++]);
    }
}

qw_err qw_topology_of_rings(const struct qw_topology_rings *rings, struct qw_topology **topology)
{
    double km[QW_TOPOLOGY_NODES_MAX + 1];
    struct qw_topology *t;
    struct qw_prng prng;
    size_t used = 0;
    qw_err err;

    if (!is_sound(rings)) {
        return QW_ERR_ARG;
    }
    err = qw_topology_new(&t);
    if (err != QW_OK) {
        return err;
    }
    snprintf(t->name, sizeof t->name, "two-ring-%u",
             rings->ring_a + rings->ring_b - rings->shared + rings->cities);
    snprintf(t->text, sizeof t->text,
             "two rings of %u and %u relays, %u of them on both, %u cities on spurs, %.0f km",
             rings->ring_a, rings->ring_b, rings->shared, rings->cities, rings->total_km);
    qw_prng_init(&prng, rings->seed, 0);
    draw_lengths(rings, &prng, km,
                 (size_t)rings->ring_a + rings->ring_b - rings->shared + rings->cities + 1);
    place_relays(rings, t);
    for (size_t i = 0; i + 1 < rings->shared; i++) {
        add_fibre(t, i, i + 1, km[used++]);
    }
    join_ring(rings, t, true, km, &used);
    join_ring(rings, t, false, km, &used);
    add_cities(rings, t, &prng, km, &used);
    *topology = t;
    return QW_OK;
}
