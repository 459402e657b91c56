/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q4 Q6 */
/* When links make key: users of a switch one after the other, satellites as they pass. */
#include "qkd/network/link_schedule.h"

#include "qkd/network/pass.h"
#include "support/fail_nth.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

enum { GATE, HALL, SWITCH, USER_A, USER_B, USER_C, SATELLITE, NODES };
enum { SLOT_S = 10, DEAD_S = 2, SEED = 7, RATE = 1000 };

struct world {
    struct qw_topology *topology;
    struct qw_key_graph *graph;
    struct qw_link_schedule *schedule[NODES];
};

static void add_node(struct qw_topology *t, const char *id, enum qw_node_kind kind)
{
    struct qw_node node = { .kind = kind };
    char why[QW_TOPOLOGY_WHY_CAP];

    memcpy(node.id, id, strlen(id) + 1);
    assert_int_equal(qw_topology_add_node(t, &node, why), QW_OK);
}

static void add_fibre(struct qw_topology *t, size_t from, size_t to, unsigned modules)
{
    const struct qw_fibre fibre = {
        .from = from, .to = to, .km = 1, .db_per_km = 0.2, .rate_bps = RATE, .modules = modules
    };
    char why[QW_TOPOLOGY_WHY_CAP];

    assert_int_equal(qw_topology_add_fibre(t, &fibre, why), QW_OK);
}

/* Three users at a switch of one relay, or of two; a satellite over the relay. */
static void start(struct world *w, unsigned gate_modules, unsigned hall_modules)
{
    const struct qw_pass pass = { SATELLITE, GATE, 100, 60, 400, 48000, 0.5 };
    char why[QW_TOPOLOGY_WHY_CAP];
    static const enum qw_node_kind kinds[NODES] = { QW_NODE_KIND_RELAY,    QW_NODE_KIND_RELAY,
                                                    QW_NODE_KIND_SWITCH,   QW_NODE_KIND_USER,
                                                    QW_NODE_KIND_USER,     QW_NODE_KIND_USER,
                                                    QW_NODE_KIND_SATELLITE };
    static const char *const ids[NODES] = { "gate", "hall", "box", "a", "b", "c", "sat" };

    memset(w, 0, sizeof *w);
    assert_int_equal(qw_topology_new(&w->topology), QW_OK);
    w->topology->switch_slot_s = SLOT_S;
    w->topology->switch_dead_s = DEAD_S;
    for (size_t i = 0; i < NODES; i++) {
        add_node(w->topology, ids[i], kinds[i]);
    }
    add_fibre(w->topology, GATE, HALL, 1);
    add_fibre(w->topology, GATE, SWITCH, gate_modules);
    if (hall_modules > 0) {
        add_fibre(w->topology, SWITCH, HALL, hall_modules);
    }
    for (size_t user = USER_A; user <= USER_C; user++) {
        add_fibre(w->topology, SWITCH, user, 1);
    }
    assert_int_equal(qw_topology_add_pass(w->topology, &pass, why), QW_OK);
    assert_int_equal(qw_topology_check(w->topology, why), QW_OK);
    assert_int_equal(qw_key_graph_of(w->topology, &w->graph), QW_OK);
    for (size_t i = 0; i < NODES; i++) {
        const struct qw_link_schedule_config config = { w->topology, w->graph, i, SEED };

        assert_int_equal(qw_link_schedule_new(&config, 0, &w->schedule[i]), QW_OK);
    }
}

static void end(struct world *w)
{
    for (size_t i = 0; i < NODES; i++) {
        qw_link_schedule_free(w->schedule[i]);
    }
    qw_key_graph_free(w->graph);
    qw_topology_free(w->topology);
}

static void set_levels(struct world *w, size_t relay, double a, double b, double c)
{
    qw_link_schedule_level(w->schedule[relay], USER_A, a);
    qw_link_schedule_level(w->schedule[relay], USER_B, b);
    qw_link_schedule_level(w->schedule[relay], USER_C, c);
}

static bool has_slot(const struct world *w, size_t relay, size_t user)
{
    return qw_link_schedule_when(w->schedule[relay], user).is_planned;
}

/* What the relay has to say goes to the user, as over the hop. */
static void tell(struct world *w, size_t relay, size_t user, double now_s)
{
    bool is_joined;

    if (qw_link_schedule_tell(w->schedule[relay], user, &is_joined)) {
        assert_int_equal(qw_link_schedule_told(w->schedule[user], relay, is_joined, now_s), QW_OK);
    }
}

static void the_emptiest_user_gets_the_module(void **state)
{
    struct world w;

    (void)state;
    start(&w, 1, 0);
    set_levels(&w, GATE, 0.9, 0.2, 0.7);
    assert_true(qw_link_schedule_turn(w.schedule[GATE], 1));
    assert_true(has_slot(&w, GATE, USER_B));
    assert_false(has_slot(&w, GATE, USER_A) || has_slot(&w, GATE, USER_C));
    set_levels(&w, GATE, 0.1, 0.9, 0.7); /* within a slot nothing changes */
    assert_false(qw_link_schedule_turn(w.schedule[GATE], 9.9));
    assert_true(has_slot(&w, GATE, USER_B));
    assert_true(qw_link_schedule_turn(w.schedule[GATE], 10));
    assert_true(has_slot(&w, GATE, USER_A) && !has_slot(&w, GATE, USER_B));
    set_levels(&w, GATE, INFINITY, INFINITY, INFINITY); /* nobody is there */
    assert_true(qw_link_schedule_turn(w.schedule[GATE], 20));
    assert_false(has_slot(&w, GATE, USER_A) || has_slot(&w, GATE, USER_B));
    assert_int_equal(qw_link_schedule_when(w.schedule[GATE], USER_A).slots, 1);
    assert_int_equal(qw_link_schedule_when(w.schedule[GATE], USER_B).slots, 1);
    assert_int_equal(qw_link_schedule_when(w.schedule[GATE], USER_C).slots, 0);
    end(&w);
}

static void a_change_of_partner_costs_the_dead_time_and_staying_does_not(void **state)
{
    struct world w;

    (void)state;
    start(&w, 1, 0);
    set_levels(&w, GATE, 0.1, 0.9, 0.9);
    (void)qw_link_schedule_turn(w.schedule[GATE], 0);
    assert_false(qw_link_schedule_when(w.schedule[GATE], USER_A).is_joined);
    (void)qw_link_schedule_turn(w.schedule[GATE], DEAD_S);
    assert_true(qw_link_schedule_when(w.schedule[GATE], USER_A).is_joined);
    (void)qw_link_schedule_turn(w.schedule[GATE], 10); /* stays */
    assert_true(qw_link_schedule_when(w.schedule[GATE], USER_A).is_joined);
    set_levels(&w, GATE, 0.9, 0.1, 0.9);
    (void)qw_link_schedule_turn(w.schedule[GATE], 20);
    (void)qw_link_schedule_turn(w.schedule[GATE], 30);
    assert_true(fabs(qw_link_schedule_bits(w.schedule[GATE], USER_A, 30) - 18 * RATE) < 1e-6);
    assert_true(fabs(qw_link_schedule_bits(w.schedule[GATE], USER_B, 30) - 8 * RATE) < 1e-6);
    assert_true(qw_link_schedule_bits(w.schedule[GATE], USER_C, 30) == 0);
    assert_true(qw_link_schedule_bits(w.schedule[GATE], USER_A, 30) == 0); /* given once */
    end(&w);
}

static void both_ends_make_the_same_and_never_more_users_than_modules(void **state)
{
    double made[NODES] = { 0 };
    struct world w;

    (void)state;
    start(&w, 2, 0);
    for (int tick = 0; tick < 4000; tick++) { /* 40 slots; who makes key gets fuller */
        double now_s = tick * 0.1;
        size_t joined = 0;

        set_levels(&w, GATE, made[USER_A] / 4e5, made[USER_B] / 4e5, made[USER_C] / 4e5);
        (void)qw_link_schedule_turn(w.schedule[GATE], now_s);
        for (size_t user = USER_A; user <= USER_C; user++) {
            double bits;

            tell(&w, GATE, user, now_s);
            joined += has_slot(&w, GATE, user);
            bits = qw_link_schedule_bits(w.schedule[GATE], user, now_s);
            made[user] += bits;
            /* the user hears of light at the next tick at the latest */
            assert_true(fabs(qw_link_schedule_bits(w.schedule[user], GATE, now_s) - bits) <=
                        0.1 * RATE + 1e-6);
            assert_int_equal(qw_link_schedule_when(w.schedule[user], GATE).is_joined,
                             qw_link_schedule_when(w.schedule[GATE], user).is_joined);
        }
        assert_int_equal(joined, 2);
    }
    for (size_t user = USER_A; user <= USER_C; user++) { /* each has had its share, two thirds */
        assert_true(made[user] > 0.5 * 400 * RATE && made[user] < 0.8 * 400 * RATE);
    }
    end(&w);
}

/* With one module each the relays never want the same user, whatever they think of the levels. */
static void relays_of_one_switch_take_turns_over_the_users(void **state)
{
    size_t slots[NODES] = { 0 };
    struct world w;

    (void)state;
    start(&w, 2, 1);
    set_levels(&w, GATE, 0.1, 0.2, 0.3);
    set_levels(&w, HALL, 0.1, 0.2, 0.3);
    for (int slot = 0; slot < 30; slot++) {
        (void)qw_link_schedule_turn(w.schedule[GATE], slot * SLOT_S);
        (void)qw_link_schedule_turn(w.schedule[HALL], slot * SLOT_S);
        for (size_t user = USER_A; user <= USER_C; user++) {
            assert_false(has_slot(&w, GATE, user) && has_slot(&w, HALL, user));
            slots[GATE] += has_slot(&w, GATE, user);
            slots[HALL] += has_slot(&w, HALL, user);
        }
    }
    assert_int_equal(slots[GATE], 60); /* every module is used in every slot */
    assert_int_equal(slots[HALL], 30);
    end(&w);
}

static void the_relay_says_each_change_once_and_anew_after_a_break(void **state)
{
    struct world w;
    bool is_joined = true;

    (void)state;
    start(&w, 1, 0);
    assert_true(qw_link_schedule_tell(w.schedule[GATE], USER_A, &is_joined) && !is_joined);
    assert_false(qw_link_schedule_tell(w.schedule[GATE], USER_A, &is_joined));
    set_levels(&w, GATE, 0, 1, 1);
    (void)qw_link_schedule_turn(w.schedule[GATE], 0);
    assert_false(qw_link_schedule_tell(w.schedule[GATE], USER_A, &is_joined)); /* still blind */
    (void)qw_link_schedule_turn(w.schedule[GATE], DEAD_S);
    assert_true(qw_link_schedule_tell(w.schedule[GATE], USER_A, &is_joined) && is_joined);
    assert_int_equal(qw_link_schedule_told(w.schedule[USER_A], GATE, true, DEAD_S), QW_OK);
    qw_link_schedule_forget(w.schedule[GATE], USER_A, 3);
    qw_link_schedule_forget(w.schedule[USER_A], GATE, 3); /* no word, no light */
    assert_false(qw_link_schedule_when(w.schedule[USER_A], GATE).is_joined);
    assert_true(fabs(qw_link_schedule_bits(w.schedule[USER_A], GATE, 9) - RATE) < 1e-6);
    assert_true(qw_link_schedule_tell(w.schedule[GATE], USER_A, &is_joined) && is_joined);
    /* a user has nothing to say to a relay, and nobody about other links */
    assert_false(qw_link_schedule_tell(w.schedule[USER_A], GATE, &is_joined));
    assert_int_equal(qw_link_schedule_told(w.schedule[GATE], USER_A, true, 4), QW_ERR_FORMAT);
    assert_int_equal(qw_link_schedule_told(w.schedule[GATE], HALL, true, 4), QW_ERR_FORMAT);
    assert_int_equal(qw_link_schedule_told(w.schedule[SATELLITE], GATE, true, 4), QW_ERR_FORMAT);
    assert_false(qw_link_schedule_tell(w.schedule[GATE], SATELLITE, &is_joined));
    end(&w);
}

static void a_satellite_makes_key_while_it_passes_and_the_sky_is_clear(void **state)
{
    struct qw_link_when when;
    struct world w;
    double ground = 0;
    double space = 0;
    uint64_t clear = 0;

    (void)state;
    start(&w, 1, 0);
    when = qw_link_schedule_when(w.schedule[GATE], SATELLITE);
    assert_true(when.kind == QW_KEY_LINK_PASS && when.leads && !when.is_joined);
    assert_true(when.next_s == 100 && when.pass_bits == 48000 * 60 / 2.0);
    assert_false(qw_link_schedule_when(w.schedule[SATELLITE], GATE).leads);
    for (int tick = 0; tick <= 4060; tick++) { /* ten passes */
        double made;

        (void)qw_link_schedule_turn(w.schedule[GATE], tick);
        (void)qw_link_schedule_turn(w.schedule[SATELLITE], tick);
        when = qw_link_schedule_when(w.schedule[GATE], SATELLITE);
        made = qw_link_schedule_bits(w.schedule[GATE], SATELLITE, tick);
        assert_int_equal(when.is_joined, tick >= 100 && (tick - 100) % 400 < 60);
        assert_true(made == 0 || (tick >= 100 && (tick - 100) % 400 <= 60));
        ground += made;
        space += qw_link_schedule_bits(w.schedule[SATELLITE], GATE, tick);
    }
    for (uint64_t i = 0; i < 10; i++) {
        clear += qw_pass_is_clear(&w.topology->pass[0], 0, SEED, i);
    }
    assert_true(clear > 0 && clear < 10); /* else the test says nothing */
    assert_int_equal(when.passes, 10);
    assert_int_equal(when.clear_passes, clear);
    assert_true(fabs(ground - (double)clear * when.pass_bits) < 1e-3);
    assert_true(ground == space);
    end(&w);
}

static void passes_before_the_start_are_not_counted_and_fibres_are_always_on(void **state)
{
    const double late_s = 1e9 + 0.5;
    struct qw_link_schedule *late = NULL;
    struct qw_link_schedule_config config;
    struct qw_link_when when;
    struct world w;

    (void)state;
    start(&w, 1, 0);
    config = (struct qw_link_schedule_config){ w.topology, w.graph, GATE, SEED };
    assert_int_equal(qw_link_schedule_new(&config, late_s, &late), QW_OK);
    (void)qw_link_schedule_turn(late, late_s);
    when = qw_link_schedule_when(late, SATELLITE);
    assert_int_equal(when.passes, 0);
    assert_true(when.next_s > 0 && when.next_s <= 400);
    (void)qw_link_schedule_turn(late, late_s - 50); /* time does not go back */
    assert_true(qw_link_schedule_when(late, SATELLITE).next_s == when.next_s);
    assert_true(qw_link_schedule_when(late, HALL).kind == QW_KEY_LINK_FIBRE);
    assert_true(qw_link_schedule_when(late, HALL).is_joined);
    assert_true(fabs(qw_link_schedule_bits(late, HALL, late_s + 3) - 3 * RATE) < 1e-6);
    (void)qw_link_schedule_turn(late, late_s + 400);
    assert_int_equal(qw_link_schedule_when(late, SATELLITE).passes, 1);
    qw_link_schedule_free(late);
    end(&w);
}

static void a_node_with_too_many_links_or_without_memory_is_refused(void **state)
{
    struct qw_key_link link[65];
    bool passes_on[66] = { false };
    struct qw_key_graph *star = NULL;
    struct qw_link_schedule *schedule = NULL;
    struct qw_link_schedule_config config;
    struct world w;
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    start(&w, 1, 0);
    for (size_t i = 0; i < 65; i++) {
        link[i] = (struct qw_key_link){ .a = 0, .b = i + 1, .kind = QW_KEY_LINK_FIBRE };
    }
    assert_int_equal(qw_key_graph_new(66, passes_on, link, 65, &star), QW_OK);
    config = (struct qw_link_schedule_config){ w.topology, star, 0, SEED };
    assert_int_equal(qw_link_schedule_new(&config, 0, &schedule), QW_ERR_ARG);
    qw_key_graph_free(star);
    assert_int_equal(qw_key_graph_new(65, passes_on, link, 64, &star), QW_OK);
    config.graph = star;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        assert_null(schedule);
        fail_nth = n;
        err = qw_link_schedule_new(&config, 0, &schedule);
        fail_nth = 0;
        assert_true(err == QW_OK || err == QW_ERR_NOMEM);
    }
    qw_link_schedule_free(schedule);
    qw_link_schedule_free(NULL);
    qw_key_graph_free(star);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_emptiest_user_gets_the_module),
        cmocka_unit_test(a_change_of_partner_costs_the_dead_time_and_staying_does_not),
        cmocka_unit_test(both_ends_make_the_same_and_never_more_users_than_modules),
        cmocka_unit_test(relays_of_one_switch_take_turns_over_the_users),
        cmocka_unit_test(the_relay_says_each_change_once_and_anew_after_a_break),
        cmocka_unit_test(a_satellite_makes_key_while_it_passes_and_the_sky_is_clear),
        cmocka_unit_test(passes_before_the_start_are_not_counted_and_fibres_are_always_on),
        cmocka_unit_test(a_node_with_too_many_links_or_without_memory_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
