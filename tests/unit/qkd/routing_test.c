/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q4 */
#include "qkd/network/routing.h"

#include "support/fail_nth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

/* Two ways from 0 to 3: over 1, and over 2; and 4, a user, who joins 0 and 3 and passes nothing
 * on. */
enum { NODES = 5, LINKS = 6, STEP_MS = 10 };
static const struct qw_key_link links[LINKS] = {
    { .a = 0, .b = 1, .mean_bps = 1000 }, { .a = 1, .b = 3, .mean_bps = 1000 },
    { .a = 0, .b = 2, .mean_bps = 1000 }, { .a = 2, .b = 3, .mean_bps = 1000 },
    { .a = 0, .b = 4, .mean_bps = 1000 }, { .a = 3, .b = 4, .mean_bps = 1000 },
};
static const bool passes_on[NODES] = { true, true, true, true, false };

struct world {
    struct qw_key_graph *graph;
    struct qw_routing *node[NODES];
    uint64_t now_ms;
};

/* Everything that anybody has to say arrives at once. */
static void talk(struct world *w)
{
    static uint8_t body[QW_LINK_STATE_BODY_MAX];
    bool is_over = false;

    while (!is_over) {
        is_over = true;
        for (uint32_t i = 0; i < NODES; i++) {
            enum qw_link_state_kind kind;
            uint32_t to;
            size_t len;

            while (qw_routing_next(w->node[i], w->now_ms, &to, &kind, body, &len)) {
                is_over = false;
                assert_int_equal(qw_routing_receive(w->node[to], i, kind, body, len, w->now_ms),
                                 QW_OK);
            }
        }
    }
}

static void pass_ms(struct world *w, uint64_t ms)
{
    for (uint64_t end_ms = w->now_ms + ms; w->now_ms < end_ms;) {
        w->now_ms += STEP_MS;
        talk(w);
    }
}

/* Both ends see the level of their link; then everybody knows. */
static void set_level(struct world *w, size_t link, double level)
{
    qw_routing_level(w->node[links[link].a], (uint32_t)links[link].b, level, w->now_ms);
    qw_routing_level(w->node[links[link].b], (uint32_t)links[link].a, level, w->now_ms);
}

static void cut(struct world *w, size_t link)
{
    qw_routing_cut(w->node[links[link].a], (uint32_t)links[link].b, w->now_ms);
    qw_routing_cut(w->node[links[link].b], (uint32_t)links[link].a, w->now_ms);
    talk(w);
}

static void join(struct world *w, size_t link)
{
    qw_routing_up(w->node[links[link].a], (uint32_t)links[link].b, 1, w->now_ms);
    qw_routing_up(w->node[links[link].b], (uint32_t)links[link].a, 1, w->now_ms);
    talk(w);
}

static void start(struct world *w)
{
    *w = (struct world){ .now_ms = 1000 };
    assert_int_equal(qw_key_graph_new(NODES, passes_on, links, LINKS, &w->graph), QW_OK);
    for (uint16_t i = 0; i < NODES; i++) {
        const struct qw_routing_config config = { .graph = w->graph, .self = i, .start = 1 };

        assert_int_equal(qw_routing_new(&config, w->now_ms, &w->node[i]), QW_OK);
    }
    for (size_t i = 0; i < LINKS; i++) {
        join(w, i);
    }
    pass_ms(w, 200);
}

static void end(struct world *w)
{
    for (size_t i = 0; i < NODES; i++) {
        qw_routing_free(w->node[i]);
    }
    qw_key_graph_free(w->graph);
}

/* The node between 0 and 3 on the route that 0 takes; NODES: there is none. */
static uint32_t between(struct world *w)
{
    struct qw_relay_path path;

    if (qw_routing_find(w->node[0], 3, 1, w->now_ms, &path) != QW_OK) {
        return NODES;
    }
    assert_int_equal(path.nodes, 3);
    assert_int_equal(path.node[0], 0);
    assert_int_equal(path.node[2], 3);
    return path.node[1];
}

/* D1 */
static void the_fuller_way_is_taken(void **state)
{
    struct world w;

    (void)state;
    start(&w);
    for (size_t i = 0; i < NODES; i++) {
        assert_int_equal(qw_routing_links_up(w.node[i]), LINKS);
    }
    set_level(&w, 1, 0.5);
    pass_ms(&w, 200);
    assert_int_equal(between(&w), 2);
    set_level(&w, 1, 0.9);
    set_level(&w, 2, 0.5);
    pass_ms(&w, 200);
    assert_int_equal(between(&w), 1);
    end(&w);
}

static void a_route_that_is_dearer_than_is_paid_is_refused(void **state)
{
    struct qw_relay_path path = { .nodes = 77 };
    struct world w;

    (void)state;
    start(&w);
    set_level(&w, 1, 0.5);
    set_level(&w, 3, 0.6);
    pass_ms(&w, 200);
    assert_int_equal(qw_routing_find(w.node[0], 3, 0.25, w.now_ms, &path), QW_ERR_LIMIT);
    assert_int_equal(qw_routing_find(w.node[0], 3, 0.5, w.now_ms, &path), QW_OK);
    assert_int_equal(path.node[1], 2);
    path.nodes = 77;
    assert_int_equal(qw_routing_find(w.node[0], NODES, 1, w.now_ms, &path), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_routing_find(w.node[0], 0, 1, w.now_ms, &path), QW_ERR_NOT_FOUND);
    assert_int_equal(path.nodes, 77);
    end(&w);
}

static void a_cut_is_known_at_once_and_its_end_when_it_has_held(void **state)
{
    struct world w;

    (void)state;
    start(&w);
    set_level(&w, 2, 0.9);
    pass_ms(&w, 200);
    assert_int_equal(between(&w), 1);
    cut(&w, 1); /* not a link of node 0 */
    assert_int_equal(between(&w), 2);
    join(&w, 1);
    pass_ms(&w, QW_DAMP_HOLD_MS / 2);
    set_level(&w, 1, 1);
    talk(&w);
    assert_int_equal(between(&w), 2);
    pass_ms(&w, QW_DAMP_HOLD_MS);
    set_level(&w, 1, 1);
    pass_ms(&w, 100);
    assert_int_equal(between(&w), 1);
    cut(&w, 1);
    cut(&w, 3);
    assert_int_equal(between(&w), NODES); /* the user passes nothing on */
    end(&w);
}

/* D5 */
static void two_routes_share_no_node_or_there_are_none(void **state)
{
    struct qw_relay_path path[2] = { { .nodes = 77 }, { .nodes = 78 } };
    struct world w;

    (void)state;
    start(&w);
    set_level(&w, 1, 0.6);
    pass_ms(&w, 200);
    assert_int_equal(qw_routing_find_two(w.node[0], 3, 0.3, w.now_ms, path), QW_ERR_LIMIT);
    assert_int_equal(path[0].nodes, 77);
    assert_int_equal(qw_routing_find_two(w.node[0], 3, 1, w.now_ms, path), QW_OK);
    assert_true(qw_relay_paths_disjoint(&path[0], &path[1]));
    assert_int_equal(path[0].node[1], 2); /* the cheaper one */
    assert_int_equal(path[1].node[1], 1);
    assert_int_equal(qw_routing_find_two(w.node[0], 1, 1, w.now_ms, path), QW_OK);
    assert_int_equal(path[0].nodes, 2); /* neighbours: the link itself, and round it */
    assert_int_equal(path[1].nodes, 4);
    cut(&w, 2);
    assert_int_equal(qw_routing_find_two(w.node[0], 3, 1, w.now_ms, path), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_routing_find_two(w.node[0], NODES, 1, w.now_ms, path), QW_ERR_REFUSED);
    assert_int_equal(qw_routing_find_two(w.node[0], 0, 1, w.now_ms, path), QW_ERR_REFUSED);
    end(&w);
}

static void a_network_that_has_no_two_routes_says_so(void **state)
{
    static const struct qw_key_link line[] = { { .a = 0, .b = 1, .mean_bps = 1 },
                                               { .a = 1, .b = 2, .mean_bps = 1 } };
    struct qw_relay_path path[2];
    struct qw_key_graph *graph = NULL;
    struct qw_routing *r = NULL;
    struct qw_routing_config config = { .start = 1 };

    (void)state;
    assert_int_equal(qw_key_graph_new(3, passes_on, line, 2, &graph), QW_OK);
    config.graph = graph;
    assert_int_equal(qw_routing_new(&config, 0, &r), QW_OK);
    assert_int_equal(qw_routing_find_two(r, 2, 1, 0, path), QW_ERR_REFUSED);
    fail_nth = 1;
    assert_int_equal(qw_routing_find_two(r, 2, 1, 0, path), QW_ERR_NOMEM);
    fail_nth = 0;
    qw_routing_free(r);
    qw_key_graph_free(graph);
}

/* D3 */
static void a_link_that_failed_is_avoided_for_a_while(void **state)
{
    const struct qw_relay_path path = { .nodes = 3, .node = { 0, 1, 3 } };
    struct world w;

    (void)state;
    start(&w);
    set_level(&w, 2, 0.9);
    pass_ms(&w, 200);
    assert_int_equal(between(&w), 1);
    qw_routing_failed(w.node[0], &path, 3, QW_ROUTING_CUT_MS, w.now_ms); /* the target's fault */
    qw_routing_failed(w.node[0], &path, 2, QW_ROUTING_CUT_MS, w.now_ms); /* not on this path */
    assert_int_equal(between(&w), 1);
    qw_routing_failed(w.node[0], &path, 1, QW_ROUTING_CUT_MS, w.now_ms);
    qw_routing_failed(w.node[0], &path, 1, QW_ROUTING_EMPTY_MS, w.now_ms); /* not sooner */
    assert_int_equal(between(&w), 2);
    w.now_ms += QW_ROUTING_CUT_MS - 1;
    assert_int_equal(between(&w), 2);
    w.now_ms += 1;
    assert_int_equal(between(&w), 1);
    end(&w);
}

/* S8: node 2 says that its links are full; the other ends know better. */
static void a_liar_attracts_only_where_the_other_end_agrees(void **state)
{
    struct world w;

    (void)state;
    start(&w);
    set_level(&w, 2, 0.2);
    set_level(&w, 3, 0.2);
    set_level(&w, 1, 0.7);
    pass_ms(&w, 200);
    assert_int_equal(between(&w), 1);
    qw_routing_level(w.node[2], 0, 1, w.now_ms);
    qw_routing_level(w.node[2], 3, 1, w.now_ms);
    pass_ms(&w, 200);
    assert_int_equal(between(&w), 1);
    end(&w);
}

/* S8: what is no link of the topology is none, though both its ends tell of it; and nobody tells of
 * others' links in his own name. */
static void a_liar_invents_no_link(void **state)
{
    const struct qw_advert invented[2] = {
        { .version = { 1, 9, 9 }, .link_count = 1, .link = { { 2, true, 255, 1 } } },
        { .version = { 2, 9, 9 }, .link_count = 1, .link = { { 1, true, 255, 1 } } },
    };
    static uint8_t body[QW_LINK_STATE_BODY_MAX];
    struct qw_relay_path path;
    struct world w;
    size_t len;

    (void)state;
    start(&w);
    qw_adverts_encode(invented, 2, body, &len);
    assert_int_equal(qw_routing_receive(w.node[0], 1, QW_LINK_STATE_ADVERTS, body, len, w.now_ms),
                     QW_OK);
    assert_int_equal(qw_routing_find(w.node[0], 3, 1, w.now_ms, &path), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_routing_links_up(w.node[0]), 2); /* 0-4 and 3-4 */
    pass_ms(&w, 200);                                    /* the two say how it is */
    assert_int_equal(qw_routing_links_up(w.node[0]), LINKS);
    for (size_t cut_at = 0; cut_at < len; cut_at++) {
        assert_int_equal(
            qw_routing_receive(w.node[0], 1, QW_LINK_STATE_ADVERTS, body, cut_at, w.now_ms),
            QW_ERR_FORMAT);
    }
    end(&w);
}

static void neighbours_are_those_of_the_topology(void **state)
{
    struct world w;

    (void)state;
    start(&w);
    assert_true(qw_routing_is_neighbour(w.node[0], 1));
    assert_false(qw_routing_is_neighbour(w.node[0], 3));
    assert_false(qw_routing_is_neighbour(w.node[0], NODES));
    assert_int_equal(qw_routing_start(w.node[0]), 1);
    end(&w);
}

static void a_node_that_is_none_or_has_too_many_links_is_refused(void **state)
{
    enum { MANY = QW_ADVERT_LINKS_MAX + 2 };
    struct qw_key_link star[MANY - 1];
    bool all[MANY];
    struct qw_routing_config config = { .self = MANY };
    struct qw_routing *routing = NULL;
    struct qw_key_graph *graph = NULL;

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        all[i] = true;
    }
    for (size_t i = 0; i < MANY - 1; i++) {
        star[i] = (struct qw_key_link){ .a = 0, .b = i + 1 };
    }
    assert_int_equal(qw_key_graph_new(MANY, all, star, MANY - 1, &graph), QW_OK);
    config.graph = graph;
    assert_int_equal(qw_routing_new(&config, 0, &routing), QW_ERR_ARG);
    config.self = 0;
    assert_int_equal(qw_routing_new(&config, 0, &routing), QW_ERR_ARG);
    config.self = 1;
    assert_int_equal(qw_routing_new(&config, 0, &routing), QW_OK);
    qw_routing_free(routing);
    qw_key_graph_free(graph);
}

static void the_nth_allocation_fails(void **state)
{
    struct qw_routing_config config = { .self = 0, .start = 1 };
    struct qw_key_graph *graph = NULL;
    struct qw_routing *routing = NULL;
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    assert_int_equal(qw_key_graph_new(NODES, passes_on, links, LINKS, &graph), QW_OK);
    config.graph = graph;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 30);
        fail_nth = n;
        err = qw_routing_new(&config, 0, &routing);
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && routing == NULL));
    }
    fail_nth = 0;
    qw_routing_free(routing);
    qw_key_graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fuller_way_is_taken),
        cmocka_unit_test(a_route_that_is_dearer_than_is_paid_is_refused),
        cmocka_unit_test(a_cut_is_known_at_once_and_its_end_when_it_has_held),
        cmocka_unit_test(a_link_that_failed_is_avoided_for_a_while),
        cmocka_unit_test(a_liar_attracts_only_where_the_other_end_agrees),
        cmocka_unit_test(a_liar_invents_no_link),
        cmocka_unit_test(neighbours_are_those_of_the_topology),
        cmocka_unit_test(a_node_that_is_none_or_has_too_many_links_is_refused),
        cmocka_unit_test(two_routes_share_no_node_or_there_are_none),
        cmocka_unit_test(a_network_that_has_no_two_routes_says_so),
        cmocka_unit_test(the_nth_allocation_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
