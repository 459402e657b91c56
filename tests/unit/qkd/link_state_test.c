/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q4 */
#include "qkd/network/link_state.h"

#include "base/prng.h"
#include "qkd/network/price.h"
#include "qkd/network/route.h"
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

/* A network in memory: nodes with clocks of their own, fibres that lose, delay, double and reorder.
 * 0-1-2-3-0 is a ring, 4 hangs on 3 and 0, 5 on 4. */
enum { NODES = 6, LINKS = 7, FLIGHTS_MAX = 4096, STEP_MS = 5 };
static const uint16_t links[LINKS][2] = { { 0, 1 }, { 1, 2 }, { 2, 3 }, { 0, 3 },
                                          { 3, 4 }, { 0, 4 }, { 4, 5 } };

struct flight {
    uint64_t due_ms;
    size_t from, to;
    enum qw_link_state_kind kind;
    size_t len;
    uint8_t body[QW_LINK_STATE_BODY_MAX];
};

struct world {
    struct qw_link_state *node[NODES];
    struct qw_link_state_config config[NODES];
    double clock_rate[NODES]; /* of each node's own clock, and what it shows at 0 */
    uint64_t clock_start[NODES];
    bool is_up[LINKS];
    struct flight *flight; /* [FLIGHTS_MAX] */
    size_t flights;
    uint64_t sent;
    uint64_t now_ms;
    struct qw_prng prng;
    double loss;
};

static uint64_t clock_of(const struct world *w, size_t node)
{
    return w->clock_start[node] + (uint64_t)((double)w->now_ms * w->clock_rate[node]);
}

static size_t link_of(size_t a, size_t b)
{
    for (size_t i = 0; i < LINKS; i++) {
        if ((links[i][0] == a && links[i][1] == b) || (links[i][0] == b && links[i][1] == a)) {
            return i;
        }
    }
    return LINKS;
}

static size_t index_of(const struct world *w, size_t node, size_t neighbour)
{
    for (size_t i = 0; i < w->config[node].neighbour_count; i++) {
        if (w->config[node].neighbour[i] == neighbour) {
            return i;
        }
    }
    fail();
    return 0;
}

/* One end of a link sees it in this state. */
static void set_end(struct world *w, size_t node, size_t neighbour, bool is_up, uint8_t level)
{
    const struct qw_advert_link link = { (uint16_t)neighbour, is_up, level, 1000 };

    qw_link_state_set(w->node[node], index_of(w, node, neighbour), &link, clock_of(w, node));
}

static void set_link(struct world *w, size_t link, bool is_up, uint8_t level)
{
    w->is_up[link] = is_up;
    set_end(w, links[link][0], links[link][1], is_up, level);
    set_end(w, links[link][1], links[link][0], is_up, level);
}

static void start_node(struct world *w, size_t node, uint32_t start)
{
    struct qw_link_state_config *c = &w->config[node];

    *c = (struct qw_link_state_config){ .nodes = NODES, .self = (uint16_t)node, .start = start };
    for (uint16_t other = 0; other < NODES; other++) {
        if (link_of(node, other) < LINKS) {
            c->neighbour[c->neighbour_count++] = other;
        }
    }
    assert_int_equal(qw_link_state_new(c, clock_of(w, node), &w->node[node]), QW_OK);
}

static void start_world(struct world *w, double loss, uint64_t stream)
{
    *w = (struct world){ .loss = loss };
    w->flight = malloc(FLIGHTS_MAX * sizeof *w->flight);
    assert_non_null(w->flight);
    qw_prng_init(&w->prng, test_seed(), stream);
    for (size_t i = 0; i < NODES; i++) {
        w->clock_rate[i] = 1;
        start_node(w, i, 1);
    }
    for (size_t i = 0; i < LINKS; i++) {
        set_link(w, i, true, 200);
    }
}

static void end_world(struct world *w)
{
    for (size_t i = 0; i < NODES; i++) {
        qw_link_state_free(w->node[i]);
    }
    free(w->flight);
}

static void send_from(struct world *w, size_t node)
{
    struct flight f = { .from = node };
    size_t neighbour;

    while (
        qw_link_state_next(w->node[node], clock_of(w, node), &neighbour, &f.kind, f.body, &f.len)) {
        f.to = w->config[node].neighbour[neighbour];
        w->sent++;
        for (int copies = qw_prng_uniform(&w->prng) < w->loss ? 2 : 1; copies > 0; copies--) {
            if (w->is_up[link_of(f.from, f.to)] && qw_prng_uniform(&w->prng) >= w->loss) {
                f.due_ms = w->now_ms + 1 + qw_prng_below(&w->prng, w->loss > 0 ? 40 : 2);
                assert_true(w->flights < FLIGHTS_MAX);
                w->flight[w->flights++] = f;
            }
        }
    }
}

static void deliver(struct world *w)
{
    for (size_t i = 0; i < w->flights;) {
        struct flight *f = &w->flight[i];

        if (f->due_ms > w->now_ms) {
            i++;
            continue;
        }
        if (w->is_up[link_of(f->from, f->to)]) {
            assert_int_equal(qw_link_state_receive(w->node[f->to], index_of(w, f->to, f->from),
                                                   f->kind, f->body, f->len, clock_of(w, f->to)),
                             QW_OK);
        }
        *f = w->flight[--w->flights];
    }
}

static void run(struct world *w, uint64_t ms)
{
    for (uint64_t end_ms = w->now_ms + ms; w->now_ms < end_ms; w->now_ms += STEP_MS) {
        deliver(w);
        for (size_t i = 0; i < NODES; i++) {
            send_from(w, i);
        }
    }
}

/* Everybody reachable sees every link as it is, with its level. */
static void assert_all_know(struct world *w, size_t from_node, size_t to_node)
{
    for (size_t node = from_node; node < to_node; node++) {
        for (size_t i = 0; i < LINKS; i++) {
            struct qw_advert_link seen;

            assert_int_equal(qw_link_state_link(w->node[node], links[i][0], links[i][1], &seen),
                             w->is_up[i]);
        }
    }
}

static void everybody_learns_everything(void **state)
{
    struct world w;
    struct qw_advert_link link;

    (void)state;
    start_world(&w, 0, 0);
    run(&w, 500);
    assert_all_know(&w, 0, NODES);
    set_link(&w, 6, true, 17);
    run(&w, 500);
    assert_true(qw_link_state_link(w.node[1], 5, 4, &link));
    assert_int_equal(link.level, 17);
    assert_int_equal(link.rate_bps, 1000);
    end_world(&w);
}

/* S4: rings do not keep an advert going round; then only refreshing is left. */
static void loops_end(void **state)
{
    struct world w;
    uint64_t before;

    (void)state;
    start_world(&w, 0, 1);
    run(&w, 1000);
    before = w.sent;
    run(&w, 10000);
    assert_int_equal(w.sent, before);
    run(&w, QW_LINK_STATE_REFRESH_MS);
    assert_true(w.sent > before);
    /* a refreshed advert crosses each link once or twice, and is acknowledged; some in one frame */
    assert_true(w.sent - before <= 2 * 2 * 2 * LINKS * NODES);
    end_world(&w);
}

static void losses_and_late_copies_do_no_harm(void **state)
{
    struct world w;

    (void)state;
    start_world(&w, 0.3, 2);
    for (int round = 0; round < 30; round++) {
        size_t link = qw_prng_below(&w.prng, 6); /* 6 is the only way to node 5 */

        set_link(&w, link, !w.is_up[link], (uint8_t)qw_prng_below(&w.prng, 256));
        run(&w, 100);
    }
    for (size_t i = 0; i < LINKS; i++) {
        set_link(&w, i, i != 2, 99);
    }
    run(&w, 15000);
    assert_all_know(&w, 0, NODES);
    end_world(&w);
}

/* S5: the other end has not noticed. */
static void one_end_is_enough_for_a_cut(void **state)
{
    struct world w;
    struct qw_advert_link link;

    (void)state;
    start_world(&w, 0, 3);
    run(&w, 500);
    w.is_up[1] = false;
    set_end(&w, 1, 2, false, 0);
    run(&w, 100);
    for (size_t i = 0; i < NODES; i++) {
        assert_false(qw_link_state_link(w.node[i], 1, 2, &link));
        assert_false(qw_link_state_link(w.node[i], 2, 1, &link));
    }
    end_world(&w);
}

/* The cheapest path by what this node knows. */
static qw_err path_by(const struct world *w, size_t node, size_t from, size_t to,
                      struct qw_route *path)
{
    static const bool passes_on[NODES] = { true, true, true, true, true, true };
    struct qw_key_link key_link[LINKS];
    double cost[LINKS];
    struct qw_key_graph *graph = NULL;
    struct qw_route_search *search = NULL;
    qw_err err;

    for (size_t i = 0; i < LINKS; i++) {
        struct qw_advert_link seen;

        key_link[i] = (struct qw_key_link){ .a = links[i][0], .b = links[i][1] };
        cost[i] = qw_link_state_link(w->node[node], links[i][0], links[i][1], &seen)
                      ? qw_price_of(seen.level / 255.0)
                      : INFINITY;
    }
    assert_int_equal(qw_key_graph_new(NODES, passes_on, key_link, LINKS, &graph), QW_OK);
    assert_int_equal(qw_route_search_new(graph, &search), QW_OK);
    qw_route_from(search, cost, from);
    err = qw_route_to(search, to, path);
    qw_route_search_free(search);
    qw_key_graph_free(graph);
    return err;
}

static void a_cut_is_gone_round_within_50_ms(void **state)
{
    struct world w;
    struct qw_route path;
    uint64_t cut_ms;

    (void)state;
    start_world(&w, 0, 4);
    run(&w, 500);
    assert_int_equal(path_by(&w, 5, 5, 2, &path), QW_OK);
    assert_int_equal(path.hops, 3); /* 5-4-3-2 */
    assert_int_equal(path.node[2], 3);
    cut_ms = w.now_ms;
    set_link(&w, link_of(2, 3), false, 0);
    do {
        run(&w, STEP_MS);
        assert_int_equal(path_by(&w, 5, 5, 2, &path), QW_OK);
    } while (path.node[path.hops - 1] == 3 && w.now_ms < cut_ms + 1000);
    assert_int_equal(path.hops, 4); /* 5-4-0-1-2 */
    assert_true(w.now_ms - cut_ms <= 50);
    end_world(&w);
}

static void an_empty_pool_is_gone_round_too(void **state)
{
    struct world w;
    struct qw_route path;

    (void)state;
    start_world(&w, 0, 5);
    run(&w, 500);
    set_link(&w, link_of(3, 4), true, 3);
    run(&w, 200);
    assert_int_equal(path_by(&w, 5, 5, 3, &path), QW_OK);
    assert_int_equal(path.hops, 3); /* 5-4-0-3 */
    assert_int_equal(path.node[2], 0);
    end_world(&w);
}

/* Cut in two, changed on both sides, joined again. */
static void two_parts_find_together_again(void **state)
{
    struct world w;
    struct qw_route path;

    (void)state;
    start_world(&w, 0, 6);
    run(&w, 500);
    set_link(&w, link_of(3, 4), false, 0);
    set_link(&w, link_of(0, 4), false, 0);
    run(&w, 500);
    assert_int_equal(path_by(&w, 5, 5, 2, &path), QW_ERR_NOT_FOUND);
    assert_int_equal(path_by(&w, 1, 1, 5, &path), QW_ERR_NOT_FOUND);
    set_link(&w, link_of(1, 2), false, 0);
    set_link(&w, link_of(4, 5), true, 44);
    run(&w, QW_ADVERT_AGE_MAX_MS + 1000); /* each part forgets the other */
    assert_null(qw_link_state_find(w.node[5], 1));
    assert_null(qw_link_state_find(w.node[1], 5));
    set_link(&w, link_of(0, 4), true, 200);
    run(&w, 500);
    assert_all_know(&w, 0, NODES);
    assert_int_equal(path_by(&w, 5, 5, 2, &path), QW_OK);
    assert_int_equal(path.hops, 4); /* 5-4-0-3-2 */
    end_world(&w);
}

/* S3: it comes back with a start number that others have outlived, and one that is new. */
static void a_restarted_node_is_heard(void **state)
{
    static const uint32_t starts[] = { 0, 1, 2 };
    struct world w;

    (void)state;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        struct qw_advert_link link;

        start_world(&w, 0, 7);
        run(&w, 500);
        for (int j = 0; j < 20; j++) { /* a sequence that the new life will not reach */
            set_link(&w, link_of(4, 5), true, (uint8_t)(50 + j));
            run(&w, 100);
        }
        qw_link_state_free(w.node[4]);
        start_node(&w, 4, starts[i]);
        for (size_t j = 3; j < LINKS; j++) {
            if (links[j][0] == 4 || links[j][1] == 4) {
                set_end(&w, 4, links[j][0] == 4 ? links[j][1] : links[j][0], true, 7);
            }
        }
        run(&w, 1000);
        assert_true(qw_link_state_link(w.node[2], 5, 4, &link));
        assert_int_equal(link.level, 7);
        assert_true(qw_link_state_start(w.node[4]) > 1 || starts[i] > 1);
        end_world(&w);
    }
}

/* N1: nobody hears old news as new, nor new as old, when the sequence runs over. */
static void after_the_last_sequence_comes_the_next_start(void **state)
{
    struct qw_advert_version version = { .origin = 4, .start = 7, .sequence = UINT32_MAX - 2 };

    (void)state;
    for (int i = 0; i < 5; i++) {
        struct qw_advert_version before = version;

        qw_advert_next(&version);
        assert_true(qw_advert_compare(&version, &before) > 0);
        assert_true(qw_advert_compare(&before, &version) < 0);
        assert_int_equal(version.origin, 4);
    }
    assert_int_equal(version.start, 8);
    assert_int_equal(version.sequence, 2);
    version = (struct qw_advert_version){ 4, UINT32_MAX, UINT32_MAX };
    qw_advert_next(&version); /* nobody lives that long */
    assert_int_equal(version.start, UINT32_MAX);
    assert_int_equal(version.sequence, UINT32_MAX);
}

/* S6: clocks that show other times and run up to one percent wrong. */
static void clocks_that_differ_do_no_harm(void **state)
{
    struct world w;

    (void)state;
    start_world(&w, 0, 8);
    end_world(&w);
    w = (struct world){ .loss = 0 };
    w.flight = malloc(FLIGHTS_MAX * sizeof *w.flight);
    assert_non_null(w.flight);
    qw_prng_init(&w.prng, 1, 0);
    for (size_t i = 0; i < NODES; i++) {
        w.clock_rate[i] = 0.99 + 0.004 * (double)i;
        w.clock_start[i] = 1000000007u * i;
        start_node(&w, i, 1);
    }
    for (size_t i = 0; i < LINKS; i++) {
        set_link(&w, i, true, 200);
    }
    run(&w, 3 * QW_ADVERT_AGE_MAX_MS);
    assert_all_know(&w, 0, NODES);
    set_link(&w, 2, false, 0);
    run(&w, 100);
    assert_all_know(&w, 0, NODES);
    end_world(&w);
}

/* N5: who is silent for a minute is forgotten, and no copy of a copy keeps its word alive. */
static void a_dead_node_is_forgotten(void **state)
{
    struct world w;

    (void)state;
    start_world(&w, 0, 9);
    run(&w, 500);
    set_end(&w, 4, 5, false, 0); /* node 5 is gone, only 4 knows */
    w.is_up[6] = false;
    run(&w, QW_ADVERT_AGE_MAX_MS - 5000);
    assert_non_null(qw_link_state_find(w.node[1], 5));
    run(&w, 10000);
    for (size_t i = 0; i < 5; i++) {
        assert_null(qw_link_state_find(w.node[i], 5));
    }
    end_world(&w);
}

static void malformed_bodies_are_dropped(void **state)
{
    struct world w;
    struct qw_advert advert = { .version = { NODES, 1, 1 } };
    struct qw_advert_version ack = { NODES, 1, 1 };
    uint8_t body[QW_LINK_STATE_BODY_MAX];
    size_t len;

    (void)state;
    start_world(&w, 0, 10);
    qw_adverts_encode(&advert, 1, body, &len); /* of a node that the topology does not have */
    assert_int_equal(qw_link_state_receive(w.node[0], 0, QW_LINK_STATE_ADVERTS, body, len, 0),
                     QW_ERR_FORMAT);
    qw_acks_encode(&ack, 1, body, &len);
    assert_int_equal(qw_link_state_receive(w.node[0], 0, QW_LINK_STATE_ACKS, body, len, 0),
                     QW_ERR_FORMAT);
    assert_int_equal(qw_link_state_receive(w.node[0], 0, QW_LINK_STATE_ASK, body, 1, 0),
                     QW_ERR_FORMAT);
    assert_int_equal(qw_link_state_receive(w.node[0], 0, QW_LINK_STATE_ADVERTS, body, 0, 0),
                     QW_ERR_FORMAT);
    end_world(&w);
}

static void wrong_configurations_are_refused(void **state)
{
    const struct qw_link_state_config good = {
        .nodes = 4, .self = 1, .neighbour_count = 2, .neighbour = { 0, 3 }
    };
    struct qw_link_state *s = NULL;
    struct qw_link_state_config c = good;

    (void)state;
    c.self = 4;
    assert_int_equal(qw_link_state_new(&c, 0, &s), QW_ERR_ARG);
    c = good;
    c.nodes = QW_LINK_STATE_NODES_MAX + 1;
    assert_int_equal(qw_link_state_new(&c, 0, &s), QW_ERR_ARG);
    c = good;
    c.neighbour[1] = 0;
    assert_int_equal(qw_link_state_new(&c, 0, &s), QW_ERR_ARG);
    c = good;
    c.neighbour[0] = 1;
    assert_int_equal(qw_link_state_new(&c, 0, &s), QW_ERR_ARG);
    c = good;
    c.neighbour[1] = 4;
    assert_int_equal(qw_link_state_new(&c, 0, &s), QW_ERR_ARG);
    assert_null(s);
}

static void every_lack_of_memory_is_reported(void **state)
{
    const struct qw_link_state_config c = {
        .nodes = 4, .self = 1, .neighbour_count = 2, .neighbour = { 0, 3 }
    };
    struct qw_link_state *s = NULL;
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        fail_nth = n;
        err = qw_link_state_new(&c, 0, &s);
        fail_nth = 0;
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && s == NULL));
    }
    qw_link_state_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_learns_everything),
        cmocka_unit_test(loops_end),
        cmocka_unit_test(losses_and_late_copies_do_no_harm),
        cmocka_unit_test(one_end_is_enough_for_a_cut),
        cmocka_unit_test(a_cut_is_gone_round_within_50_ms),
        cmocka_unit_test(an_empty_pool_is_gone_round_too),
        cmocka_unit_test(two_parts_find_together_again),
        cmocka_unit_test(a_restarted_node_is_heard),
        cmocka_unit_test(after_the_last_sequence_comes_the_next_start),
        cmocka_unit_test(clocks_that_differ_do_no_harm),
        cmocka_unit_test(a_dead_node_is_forgotten),
        cmocka_unit_test(malformed_bodies_are_dropped),
        cmocka_unit_test(wrong_configurations_are_refused),
        cmocka_unit_test(every_lack_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
