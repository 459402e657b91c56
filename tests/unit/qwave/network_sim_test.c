/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q4 Q6 */
#include "lab/network/network_sim.h"

#include "lab/network/sim_events.h"
#include "qkd/network/topology_file.h"
#include "support/fail_nth.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(void *, realloc, NULL, (void *old, size_t size), (old, size));

/* A network, its pairs, and one run. */
struct bench {
    struct qw_topology *topology;
    struct qw_key_graph *graph;
    struct demand_pairs pairs;
    struct sim_config config;
    struct sim_result result;
};

static void set_up(struct bench *b, const char *yaml)
{
    const struct demand_pairs_config pairs = { .pairs_max = 50, .seed = 1 };
    char error[QW_CONFIG_ERROR_CAP];

    memset(b, 0, sizeof *b);
    if (qw_topology_parse("t.yaml", yaml, strlen(yaml), &b->topology, error) != QW_OK) {
        fail_msg("%s", error);
    }
    assert_int_equal(qw_key_graph_of(b->topology, &b->graph), QW_OK);
    assert_int_equal(demand_pairs_new(b->topology, b->graph, &pairs, &b->pairs), QW_OK);
    b->config = (struct sim_config){ .topology = b->topology,
                                     .graph = b->graph,
                                     .pairs = &b->pairs,
                                     .load = 1,
                                     .mean_bits = 2560,
                                     .start_level = 1,
                                     .warm_up_s = 50,
                                     .seconds = 500,
                                     .hop_s = 0.002,
                                     .told_s = 0.02,
                                     .seed = 1 };
}

static qw_err run(struct bench *b)
{
    free(b->result.capacity);
    free(b->result.offered_by_pair);
    memset(&b->result, 0, sizeof b->result);
    b->result.capacity = malloc(b->graph->link_count * sizeof(double));
    b->result.offered_by_pair = malloc(b->pairs.count * sizeof(double));
    assert_non_null(b->result.capacity);
    assert_non_null(b->result.offered_by_pair);
    for (size_t i = 0; i < b->graph->link_count; i++) {
        b->result.capacity[i] = 0;
    }
    for (size_t i = 0; i < b->pairs.count; i++) {
        b->result.offered_by_pair[i] = 0;
    }
    return network_sim_run(&b->config, &b->result);
}

static void tear_down(struct bench *b)
{
    free(b->result.capacity);
    free(b->result.offered_by_pair);
    demand_pairs_free(&b->pairs);
    qw_key_graph_free(b->graph);
    qw_topology_free(b->topology);
}

static const char two_nodes[] = "name: t\npool_bits: 1e6\nnodes: [{id: a}, {id: b}]\n"
                                "links: [{from: a, to: b, rate_bps: 10000}]\n";

static void one_link_gives_what_it_makes_and_no_more(void **state)
{
    struct bench b;

    (void)state;
    set_up(&b, two_nodes);
    assert_int_equal(b.pairs.count, 1);
    assert_true(b.pairs.demand[0].amount > 9500 && b.pairs.demand[0].amount < 10500);
    b.config.load = 0.5;
    assert_int_equal(run(&b), QW_OK);
    assert_true(b.result.accepted == b.result.requests);
    assert_true(b.result.offered_bits > 2.2e6 && b.result.offered_bits < 2.8e6);
    b.config.load = 3;
    assert_int_equal(run(&b), QW_OK);
    assert_true(b.result.accepted_bits <= b.result.capacity[0]);
    assert_true(b.result.accepted_bits >= 0.99 * 5e6);
    assert_true(b.result.refused_stock + b.result.refused_price > 0);
    assert_true(b.result.offered_by_pair[0] == b.result.offered_bits);
    tear_down(&b);
}

static void a_run_follows_its_seed(void **state)
{
    struct bench b;
    double bits;

    (void)state;
    set_up(&b, two_nodes);
    assert_int_equal(run(&b), QW_OK);
    bits = b.result.offered_bits;
    assert_int_equal(run(&b), QW_OK);
    assert_true(b.result.offered_bits == bits);
    b.config.seed = 2;
    assert_int_equal(run(&b), QW_OK);
    assert_true(b.result.offered_bits != bits);
    tear_down(&b);
}

static void the_mean_size_is_as_asked_for(void **state)
{
    struct bench b;
    double mean;

    (void)state;
    set_up(&b, two_nodes);
    b.config.load = 20;
    b.config.seconds = 2000;
    assert_int_equal(run(&b), QW_OK);
    mean = b.result.offered_bits / (double)b.result.requests;
    /* some 150000 requests, standard deviation about the mean: 5 sigma are 1.3 % */
    assert_true(b.result.requests > 100000);
    assert_true(fabs(mean / 2560 - 1) < 0.02);
    tear_down(&b);
}

static void a_cut_line_serves_nobody_until_it_has_held_again(void **state)
{
    struct bench b;

    (void)state;
    set_up(&b, two_nodes);
    b.config.load = 0.5;
    b.config.failure_count = 1;
    b.config.failure[0] = (struct sim_failure){ .link = 0, .at_s = 100, .length_s = INFINITY };
    assert_int_equal(run(&b), QW_OK);
    /* served for 100 of 500 s */
    assert_true(fabs(b.result.accepted_bits / b.result.offered_bits - 0.2) < 0.04);
    assert_true(b.result.refused_path > 0);
    b.config.failure[0].length_s = 100;
    assert_int_equal(run(&b), QW_OK);
    assert_true(fabs(b.result.accepted_bits / b.result.offered_bits - 0.8) < 0.04);
    tear_down(&b);
}

static void keys_on_their_way_go_round_a_cut(void **state)
{
    struct bench b;

    (void)state;
    set_up(&b, "name: t\npool_bits: 1e6\n"
               "nodes: [{id: a, kind: user}, {id: b}, {id: c}, {id: d}, {id: e, kind: user}]\n"
               "links: [{from: a, to: b, rate_bps: 50000}, {from: b, to: d, rate_bps: 20000},\n"
               "{from: b, to: c, rate_bps: 20000}, {from: c, to: d, rate_bps: 20000},\n"
               "{from: d, to: e, rate_bps: 50000}]\n");
    b.config.load = 0.3;
    b.config.hop_s = 1; /* slow, so that some are on their way */
    b.config.failure_count = 2;
    /* everything goes by b-d, then b-c is back and b-d is cut */
    b.config.failure[0] = (struct sim_failure){ .link = qw_key_graph_find(b.graph, 1, 2),
                                                .at_s = 100,
                                                .length_s = 40 };
    b.config.failure[1] = (struct sim_failure){ .link = qw_key_graph_find(b.graph, 1, 3),
                                                .at_s = 142.5,
                                                .length_s = INFINITY };
    assert_int_equal(run(&b), QW_OK);
    assert_true(b.result.rolled_back > 0);
    assert_true(b.result.first_after_cut_s >= 3 && b.result.first_after_cut_s < 4.5);
    assert_true(b.result.refused_path + b.result.refused_stock == 0);
    /* every request but those on their way at the end, at most four seconds of them */
    assert_true((double)(b.result.requests - b.result.accepted) < 0.02 * (double)b.result.requests);
    tear_down(&b);
}

static void a_switch_shares_its_module_and_pays_for_changing(void **state)
{
    struct bench b;
    double made = 0;

    (void)state;
    set_up(&b, "name: t\npool_bits: 1e6\nswitch_slot_s: 10\nswitch_dead_s: 1\n"
               "nodes: [{id: r}, {id: s, kind: switch}, {id: u, kind: user}, {id: v, kind: user}]\n"
               "links: [{from: r, to: s}, {from: s, to: u, rate_bps: 10000},\n"
               "{from: s, to: v, rate_bps: 10000}]\n");
    b.config.start_level = 0;
    b.config.load = 1;
    assert_int_equal(run(&b), QW_OK);
    for (size_t i = 0; i < b.graph->link_count; i++) {
        made += b.result.capacity[i];
    }
    assert_int_equal(b.graph->link_count, 2);
    assert_true(b.result.dead_s > 0);
    assert_true(made <= 10000 * (500 + 50)); /* one module; what was there before counts */
    assert_true(made >= 0.85 * 10000 * 500);
    /* both users got about as much */
    assert_true(fabs(b.result.capacity[0] / made - 0.5) < 0.1);
    tear_down(&b);
}

static void events_come_in_the_order_of_time(void **state)
{
    struct sim_events events = { 0 };
    double before = -1;

    (void)state;
    for (int i = 0; i < 3000; i++) {
        const struct sim_event event = { .at_s = (i * 7919) % 3001, .link = (size_t)i };

        assert_int_equal(sim_events_push(&events, &event), QW_OK);
    }
    for (int i = 0; i < 3000; i++) {
        struct sim_event event = sim_events_pop(&events);

        assert_true(event.at_s >= before);
        before = event.at_s;
    }
    assert_int_equal(events.count, 0);
    sim_events_free(&events);
}

static void every_lack_of_memory_is_reported(void **state)
{
    struct bench b;
    qw_err err = QW_ERR_NOMEM;
    int n;

    (void)state;
    set_up(&b, two_nodes);
    b.config.seconds = 5;
    for (n = 1; err != QW_OK && n < 1000; n++) {
        fail_nth = n;
        err = run(&b);
        fail_nth = 0;
        assert_true(err == QW_OK || err == QW_ERR_NOMEM);
    }
    assert_int_equal(err, QW_OK);
    assert_true(n > 10);
    tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_link_gives_what_it_makes_and_no_more),
        cmocka_unit_test(a_run_follows_its_seed),
        cmocka_unit_test(the_mean_size_is_as_asked_for),
        cmocka_unit_test(a_cut_line_serves_nobody_until_it_has_held_again),
        cmocka_unit_test(keys_on_their_way_go_round_a_cut),
        cmocka_unit_test(a_switch_shares_its_module_and_pays_for_changing),
        cmocka_unit_test(events_come_in_the_order_of_time),
        cmocka_unit_test(every_lack_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
