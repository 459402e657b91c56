/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q4 */
#include "qkd/network/flow_bound.h"

#include "qkd/network/max_flow.h"
#include "random_graph.h"
#include "support/fail_nth.h"
#include "support/test_seed.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

enum { LINKS_MAX = 81, ROUNDS = 300 };

static void random_capacities(struct qw_prng *prng, double *capacity)
{
    for (size_t i = 0; i < LINKS_MAX; i++) {
        capacity[i] = (double)qw_prng_below(prng, 20);
    }
}

/* The least cut, over all sides a node can be on. A node that passes nothing on is left out. */
static double least_cut(const struct qw_key_graph *g, const double *capacity, size_t from,
                        size_t to)
{
    double best = INFINITY;

    for (unsigned side = 0; side < 1u << g->node_count; side++) {
        double sum = 0;

        if ((side >> from & 1) == 0 || (side >> to & 1) == 1) {
            continue;
        }
        for (size_t i = 0; i < g->link_count; i++) {
            size_t a = g->link[i].a;
            size_t b = g->link[i].b;
            bool is_there = (g->passes_on[a] || a == from || a == to) &&
                            (g->passes_on[b] || b == from || b == to);

            sum += is_there && (side >> a & 1) != (side >> b & 1) ? capacity[i] : 0;
        }
        best = fmin(best, sum);
    }
    return best;
}

static void the_maximum_flow_is_the_least_cut(void **state)
{
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 0);
    for (int round = 0; round < ROUNDS; round++) {
        struct qw_key_graph *g = random_graph(&prng, RANDOM_NODES_MAX, 0.5);
        double capacity[LINKS_MAX];
        double flow = -1;

        random_capacities(&prng, capacity);
        assert_int_equal(qw_max_flow(g, capacity, 0, g->node_count - 1, &flow), QW_OK);
        assert_true(flow == least_cut(g, capacity, 0, g->node_count - 1));
        qw_key_graph_free(g);
    }
}

static void one_hungry_pair_gets_its_maximum_flow(void **state)
{
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 1);
    for (int round = 0; round < 60; round++) {
        struct qw_key_graph *g = random_graph(&prng, RANDOM_NODES_MAX, 0.5);
        struct qw_demand demand = { 0, g->node_count - 1, 100, 1 };
        struct qw_flow_bound bound;
        double capacity[LINKS_MAX];
        double flow;

        random_capacities(&prng, capacity);
        assert_int_equal(qw_max_flow(g, capacity, 0, g->node_count - 1, &flow), QW_OK);
        flow = fmin(flow, demand.amount);
        assert_int_equal(qw_flow_bound(g, capacity, &demand, 1, 0.05, &bound), QW_OK);
        assert_true(bound.lower <= flow + 1e-9 && flow <= bound.upper + 1e-9);
        assert_true(bound.upper - bound.lower <= 0.05 * flow + 1e-9);
        qw_key_graph_free(g);
    }
}

static struct qw_key_graph *line_of(size_t nodes)
{
    static const bool passes_on[RANDOM_NODES_MAX] = { true, true, true, true, true,
                                                      true, true, true, true };
    struct qw_key_link link[RANDOM_NODES_MAX];
    struct qw_key_graph *g = NULL;

    for (size_t i = 0; i + 1 < nodes; i++) {
        link[i] = (struct qw_key_link){ .a = i, .b = i + 1 };
    }
    assert_int_equal(qw_key_graph_new(nodes, passes_on, link, nodes - 1, &g), QW_OK);
    return g;
}

/* On a line the long pair costs what three short ones would give: worth 1 each, it is left out;
 * worth 4, it alone is carried. */
static void the_most_worth_is_carried(void **state)
{
    static const double capacity[] = { 10, 10, 10 };
    struct qw_demand demand[] = {
        { 0, 1, 10, 1 }, { 1, 2, 10, 1 }, { 2, 3, 10, 1 }, { 0, 3, 10, 1 }
    };
    struct qw_key_graph *g = line_of(4);
    struct qw_flow_bound bound;

    (void)state;
    assert_int_equal(qw_flow_bound(g, capacity, demand, 4, 0.05, &bound), QW_OK);
    assert_true(bound.lower <= 30 + 1e-9 && bound.upper >= 30 - 1e-9);
    assert_true(bound.upper - bound.lower < 0.6);
    demand[3].weight = 4;
    assert_int_equal(qw_flow_bound(g, capacity, demand, 4, 0.05, &bound), QW_OK);
    assert_true(bound.lower <= 40 + 1e-9 && bound.upper >= 40 - 1e-9);
    assert_true(bound.upper - bound.lower < 0.8);
    qw_key_graph_free(g);
}

static void demands_that_fit_are_carried_whole(void **state)
{
    static const double capacity[] = { 10, 10, 10 };
    const struct qw_demand demand[] = { { 0, 1, 4, 1 }, { 0, 3, 5, 1 }, { 2, 3, 4, 1 } };
    struct qw_key_graph *g = line_of(4);
    struct qw_flow_bound bound;

    (void)state;
    assert_int_equal(qw_flow_bound(g, capacity, demand, 3, 0.05, &bound), QW_OK);
    assert_true(fabs(bound.upper - 13) < 1e-9 && bound.lower > 12);
    qw_key_graph_free(g);
}

static void bounds_are_near_each_other_on_random_networks(void **state)
{
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 2);
    for (int round = 0; round < 60; round++) {
        struct qw_key_graph *g = random_graph(&prng, RANDOM_NODES_MAX, 0.7);
        struct qw_demand demand[6];
        struct qw_flow_bound bound;
        double capacity[LINKS_MAX];
        double alone = 0;

        random_capacities(&prng, capacity);
        for (size_t i = 0; i < 6; i++) {
            size_t from = qw_prng_below(&prng, g->node_count);
            size_t to = (from + 1 + qw_prng_below(&prng, g->node_count - 1)) % g->node_count;
            double flow;

            demand[i] = (struct qw_demand){ from, to, 1 + (double)qw_prng_below(&prng, 9),
                                            1 + (double)qw_prng_below(&prng, 3) };
            assert_int_equal(qw_max_flow(g, capacity, from, to, &flow), QW_OK);
            alone = fmax(alone, fmin(flow, demand[i].amount) * demand[i].weight);
        }
        assert_int_equal(qw_flow_bound(g, capacity, demand, 6, 0.05, &bound), QW_OK);
        assert_true(bound.upper >= alone - 1e-9);
        assert_true(bound.lower <= bound.upper + 1e-9);
        assert_true(bound.upper - bound.lower <= 0.12 * bound.upper);
        qw_key_graph_free(g);
    }
}

static void every_lack_of_memory_is_reported(void **state)
{
    static const double capacity[] = { 1, 1, 1 };
    const struct qw_demand demand = { 0, 3, 1, 1 };
    struct qw_key_graph *g = line_of(4);
    struct qw_flow_bound bound = { 7, 7 };
    double flow = 7;
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 30);
        fail_nth = n;
        err = qw_flow_bound(g, capacity, &demand, 1, 0.5, &bound);
        fail_nth = 0;
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && bound.upper == 7));
    }
    err = QW_ERR_NOMEM;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 30);
        fail_nth = n;
        err = qw_max_flow(g, capacity, 0, 3, &flow);
        fail_nth = 0;
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && flow == 7));
    }
    qw_key_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_maximum_flow_is_the_least_cut),
        cmocka_unit_test(one_hungry_pair_gets_its_maximum_flow),
        cmocka_unit_test(the_most_worth_is_carried),
        cmocka_unit_test(demands_that_fit_are_carried_whole),
        cmocka_unit_test(bounds_are_near_each_other_on_random_networks),
        cmocka_unit_test(every_lack_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
