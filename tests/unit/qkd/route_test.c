/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q3 Q4 */
#include "qkd/network/route.h"

#include "qkd/network/disjoint.h"
#include "random_graph.h"
#include "support/fail_nth.h"
#include "support/test_seed.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

enum { LINKS_MAX = 81, WAYS_MAX = 4096, ROUNDS = 400 };

/* Every path between two nodes, by trying. */
struct ways {
    const struct qw_key_graph *graph;
    const double *cost;
    size_t to;
    size_t count;
    unsigned inner[WAYS_MAX]; /* bit per node between the ends */
    double sum[WAYS_MAX];
};

static void walk(struct ways *w, size_t node, unsigned seen, double sum, size_t hops)
{
    if (node == w->to) {
        assert_true(w->count < WAYS_MAX);
        w->inner[w->count] = seen & ~(1u << node);
        w->sum[w->count++] = sum;
        return;
    }
    if (hops > 0 && !w->graph->passes_on[node]) {
        return;
    }
    for (size_t i = w->graph->first[node]; i < w->graph->first[node + 1]; i++) {
        size_t next = w->graph->arc[i].to;

        if ((seen & (1u << next)) == 0 && !isinf(w->cost[w->graph->arc[i].link])) {
            walk(w, next, seen | (1u << next), sum + w->cost[w->graph->arc[i].link], hops + 1);
        }
    }
}

static void all_ways(struct ways *w, const struct qw_key_graph *g, const double *cost, size_t from,
                     size_t to)
{
    w->graph = g;
    w->cost = cost;
    w->to = to;
    w->count = 0;
    walk(w, from, 1u << from, 0, 0);
    for (size_t i = 0; i < w->count; i++) {
        w->inner[i] &= ~(1u << from);
    }
}

static void random_costs(struct qw_prng *prng, double *cost)
{
    for (size_t i = 0; i < LINKS_MAX; i++) {
        cost[i] = qw_prng_below(prng, 12) == 0 ? INFINITY : (double)qw_prng_below(prng, 50);
    }
}

/* The path is one, from end to end, without loops; gives its cost. */
static double checked(const struct qw_key_graph *g, const double *cost, const struct qw_route *path,
                      size_t from, size_t to)
{
    unsigned seen = 0;
    double sum = 0;

    assert_true(path->hops >= 1);
    assert_int_equal(path->node[0], from);
    assert_int_equal(path->node[path->hops], to);
    for (size_t i = 0; i <= path->hops; i++) {
        assert_true((seen & (1u << path->node[i])) == 0);
        seen |= 1u << path->node[i];
        assert_true(i == 0 || i == path->hops || g->passes_on[path->node[i]]);
    }
    for (size_t i = 0; i < path->hops; i++) {
        const struct qw_key_link *link = &g->link[path->link[i]];

        assert_true((link->a == path->node[i] && link->b == path->node[i + 1]) ||
                    (link->b == path->node[i] && link->a == path->node[i + 1]));
        sum += cost[path->link[i]];
    }
    return sum;
}

static void the_cheapest_path_is_found(void **state)
{
    static struct ways ways;
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 0);
    for (int round = 0; round < ROUNDS; round++) {
        struct qw_key_graph *g = random_graph(&prng, 7, 0.5);
        struct qw_route_search *search = NULL;
        double cost[LINKS_MAX];
        struct qw_route path;

        random_costs(&prng, cost);
        assert_int_equal(qw_route_search_new(g, &search), QW_OK);
        qw_route_from(search, cost, 0);
        assert_int_equal(qw_route_to(search, 0, &path), QW_ERR_NOT_FOUND);
        for (size_t to = 1; to < g->node_count; to++) {
            double best = INFINITY;

            all_ways(&ways, g, cost, 0, to);
            for (size_t i = 0; i < ways.count; i++) {
                best = fmin(best, ways.sum[i]);
            }
            assert_true(qw_route_distance(search, to) == best);
            if (isinf(best)) {
                assert_int_equal(qw_route_to(search, to, &path), QW_ERR_NOT_FOUND);
            } else {
                assert_int_equal(qw_route_to(search, to, &path), QW_OK);
                assert_true(checked(g, cost, &path, 0, to) == best);
            }
        }
        qw_route_search_free(search);
        qw_key_graph_free(g);
    }
}

/* The best choice of so many ways that share no node; INFINITY: there is none. */
static double best_choice(const struct ways *w, size_t first, size_t wanted, unsigned used)
{
    double best = INFINITY;

    if (wanted == 0) {
        return 0;
    }
    for (size_t i = first; i < w->count; i++) {
        if ((w->inner[i] & used) == 0) {
            best = fmin(best, w->sum[i] + best_choice(w, i + 1, wanted - 1, used | w->inner[i]));
        }
    }
    return best;
}

static void disjoint_paths_are_as_many_and_as_cheap_as_there_are(void **state)
{
    static struct ways ways;
    struct qw_prng prng;

    (void)state;
    qw_prng_init(&prng, test_seed(), 1);
    for (int round = 0; round < ROUNDS; round++) {
        struct qw_key_graph *g = random_graph(&prng, 7, 0.6);
        double cost[LINKS_MAX];
        struct qw_route path[QW_DISJOINT_MAX];

        random_costs(&prng, cost);
        all_ways(&ways, g, cost, 0, g->node_count - 1);
        for (size_t wanted = 1; wanted <= 3; wanted++) {
            size_t found = 99;
            size_t most = 0;
            double sum = 0;
            unsigned used = 0;
            double before = 0;

            while (most < wanted && !isinf(best_choice(&ways, 0, most + 1, 0))) {
                most++;
            }
            assert_int_equal(qw_disjoint_paths(g, cost, 0, g->node_count - 1, wanted, path, &found),
                             QW_OK);
            assert_int_equal(found, most);
            for (size_t i = 0; i < found; i++) {
                double each = checked(g, cost, &path[i], 0, g->node_count - 1);

                assert_true(each >= before);
                before = each;
                sum += each;
                for (size_t j = 1; j < path[i].hops; j++) {
                    assert_true((used & (1u << path[i].node[j])) == 0);
                    used |= 1u << path[i].node[j];
                }
            }
            assert_true(found == 0 || fabs(sum - best_choice(&ways, 0, found, 0)) < 1e-9);
        }
        qw_key_graph_free(g);
    }
}

/* Where the cheapest path stands in the way of two: a trap for "take it and search again". */
static void the_cheapest_path_is_given_up_for_a_pair(void **state)
{
    static const struct qw_key_link link[] = { { .a = 0, .b = 1 }, { .a = 1, .b = 2 },
                                               { .a = 2, .b = 5 }, { .a = 0, .b = 3 },
                                               { .a = 3, .b = 2 }, { .a = 1, .b = 4 },
                                               { .a = 4, .b = 5 } };
    static const double cost[] = { 1, 1, 1, 5, 5, 5, 5 };
    static const bool passes_on[] = { true, true, true, true, true, true };
    struct qw_key_graph *g = NULL;
    struct qw_route path[2];
    size_t found;

    (void)state;
    assert_int_equal(qw_key_graph_new(6, passes_on, link, 7, &g), QW_OK);
    assert_int_equal(qw_disjoint_paths(g, cost, 0, 5, 1, path, &found), QW_OK);
    assert_int_equal(path[0].hops, 3);
    assert_int_equal(path[0].node[1], 1);
    assert_int_equal(qw_disjoint_paths(g, cost, 0, 5, 2, path, &found), QW_OK);
    assert_int_equal(found, 2);
    assert_int_equal(path[0].node[2] == 2 ? path[0].node[1] : path[1].node[1], 3);
    qw_key_graph_free(g);
}

static void every_lack_of_memory_is_reported(void **state)
{
    struct qw_prng prng;
    struct qw_key_graph *g;
    struct qw_route_search *search = NULL;
    struct qw_route path;
    double cost[LINKS_MAX] = { 0 };
    qw_err err = QW_ERR_NOMEM;
    size_t found = 77;

    (void)state;
    qw_prng_init(&prng, 1, 0);
    g = random_graph(&prng, 7, 1);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 20);
        fail_nth = n;
        err = qw_route_search_new(g, &search);
        fail_nth = 0;
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && search == NULL));
    }
    qw_route_search_free(search);
    err = QW_ERR_NOMEM;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 20);
        fail_nth = n;
        err = qw_disjoint_paths(g, cost, 0, g->node_count - 1, 1, &path, &found);
        fail_nth = 0;
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && found == 77));
    }
    qw_key_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cheapest_path_is_found),
        cmocka_unit_test(disjoint_paths_are_as_many_and_as_cheap_as_there_are),
        cmocka_unit_test(the_cheapest_path_is_given_up_for_a_pair),
        cmocka_unit_test(every_lack_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
