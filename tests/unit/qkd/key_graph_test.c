/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q4 Q6 */
#include "qkd/network/key_graph.h"

#include "qkd/network/topology_file.h"
#include "qkd/network/topology_ring.h"
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

static struct qw_topology *shipped(const char *name)
{
    char path[512];
    char error[QW_CONFIG_ERROR_CAP];
    struct qw_topology *t = NULL;

    snprintf(path, sizeof path, "%s/share/topologies/%s.yaml", QWAVE_SOURCE, name);
    if (qw_topology_read(path, &t, error) != QW_OK) {
        fail_msg("%s", error);
    }
    return t;
}

static void a_fibre_gives_what_the_preset_says_of_its_loss(void **state)
{
    const struct qw_link_preset *lim = qw_link_preset_find("lim");
    struct qw_topology *t = shipped("tokyo");
    struct qw_key_graph *g = NULL;
    struct qw_link_plan plan;
    size_t link;

    (void)state;
    assert_int_equal(qw_key_graph_of(t, &g), QW_OK);
    assert_int_equal(g->link_count, 6);
    link =
        qw_key_graph_find(g, qw_topology_find(t, "otemachi-1"), qw_topology_find(t, "koganei-1"));
    assert_true(link < g->link_count);
    assert_true(g->link[link].kind == QW_KEY_LINK_FIBRE && g->link[link].km == 45);
    assert_true(fabs(g->link[link].loss_db - 13.5) < 1e-9);
    /* 45 km of 0.3 dB/km are 67.5 km of the preset's 0.2 dB/km */
    assert_int_equal(
        qw_link_plan_of(&lim->model, lim->method, 67.5, lim->block_kind, lim->block_size, &plan),
        QW_OK);
    assert_true(fabs(g->link[link].rate_bps / plan.key_rate_bps - 1) < 1e-9);
    assert_int_equal(
        qw_key_graph_find(g, qw_topology_find(t, "hongo"), qw_topology_find(t, "koganei-1")),
        g->link_count);
    qw_key_graph_free(g);
    qw_topology_free(t);
}

static void a_switch_becomes_links_of_its_users(void **state)
{
    struct qw_topology *t = shipped("metro-campus");
    struct qw_key_graph *g = NULL;
    size_t switched = 0;

    (void)state;
    assert_int_equal(qw_key_graph_of(t, &g), QW_OK);
    for (size_t i = 0; i < g->link_count; i++) {
        const struct qw_key_link *link = &g->link[i];

        if (link->kind == QW_KEY_LINK_SWITCHED) {
            switched++;
            assert_int_equal(link->via, qw_topology_find(t, "campus-switch"));
            assert_int_equal(link->b, qw_topology_find(t, "gate"));
            assert_int_equal(t->fibre[link->module].modules, 2);
            /* four users, two modules, one second of ten is dead */
            assert_true(fabs(link->mean_bps / link->rate_bps - 0.45) < 1e-9);
        }
    }
    assert_int_equal(switched, 4);
    assert_false(g->passes_on[qw_topology_find(t, "lab-1")]);
    assert_true(g->passes_on[qw_topology_find(t, "gate")]);
    /* the switch itself is in no link */
    assert_int_equal(g->first[qw_topology_find(t, "campus-switch")],
                     g->first[qw_topology_find(t, "campus-switch") + 1]);
    qw_key_graph_free(g);
    qw_topology_free(t);
}

static void passes_over_one_station_are_one_link(void **state)
{
    struct qw_topology *t = shipped("satellite");
    struct qw_key_graph *g = NULL;
    struct qw_pass again = t->pass[0];
    char why[QW_TOPOLOGY_WHY_CAP];
    size_t link;

    (void)state;
    again.start_s += 20000;
    assert_int_equal(qw_topology_add_pass(t, &again, why), QW_OK);
    assert_int_equal(qw_key_graph_of(t, &g), QW_OK);
    assert_int_equal(g->link_count, 6);
    link = qw_key_graph_find(g, qw_topology_find(t, "satellite-1"),
                             qw_topology_find(t, "north-station"));
    assert_true(g->link[link].kind == QW_KEY_LINK_PASS && g->link[link].rate_bps == 47800);
    assert_true(fabs(g->link[link].mean_bps - 2 * 47800 * 0.6 * 150 / 43200) < 1e-9);
    qw_key_graph_free(g);
    qw_topology_free(t);
}

static void arcs_lead_back_and_forth(void **state)
{
    struct qw_topology *t = shipped("hefei");
    struct qw_key_graph *g = NULL;
    size_t arcs = 0;

    (void)state;
    assert_int_equal(qw_key_graph_of(t, &g), QW_OK);
    for (size_t i = 0; i < g->node_count; i++) {
        for (size_t j = g->first[i]; j < g->first[i + 1]; j++, arcs++) {
            const struct qw_key_link *link = &g->link[g->arc[j].link];

            assert_true((link->a == i && link->b == g->arc[j].to) ||
                        (link->b == i && link->a == g->arc[j].to));
        }
    }
    assert_int_equal(arcs, 2 * g->link_count);
    assert_int_equal(g->link_count, 3 + 40);
    qw_key_graph_free(g);
    qw_topology_free(t);
}

static void two_rings_have_the_figures_that_were_asked_for(void **state)
{
    struct qw_topology_rings rings = { 56, 56, 8, 41, 10103, 0.5, 1 };
    struct qw_topology *t = NULL;
    char why[QW_TOPOLOGY_WHY_CAP];
    double km = 0;
    size_t degree[QW_TOPOLOGY_NODES_MAX] = { 0 };

    (void)state;
    assert_int_equal(qw_topology_of_rings(&rings, &t), QW_OK);
    assert_string_equal(t->name, "two-ring-145");
    assert_int_equal(t->node_count, 145);
    assert_int_equal(t->fibre_count, 146);
    assert_int_equal(qw_topology_check(t, why), QW_OK);
    for (size_t i = 0; i < t->fibre_count; i++) {
        km += t->fibre[i].km;
        degree[t->fibre[i].from]++;
        degree[t->fibre[i].to]++;
        assert_true(t->fibre[i].km > 0.4 * 10103 / 146 && t->fibre[i].km < 1.6 * 10103 / 146);
    }
    assert_true(fabs(km - 10103) < 1e-6);
    for (size_t i = 0; i < 145; i++) {
        assert_true(i < 104 ? degree[i] >= 2 : degree[i] == 1);
    }
    qw_topology_free(t);
}

static void impossible_rings_are_refused(void **state)
{
    static const struct qw_topology_rings wrong[] = {
        { 2, 56, 2, 0, 1, 0, 1 },     { 56, 2, 2, 0, 1, 0, 1 },    { 10, 10, 1, 0, 1, 0, 1 },
        { 10, 12, 10, 0, 1, 0, 1 },   { 10, 12, 2, 0, 0, 0, 1 },   { 10, 12, 2, 0, 1, 1, 1 },
        { 10, 12, 2, 0, 1, -0.1, 1 }, { 10, 12, 2, 493, 1, 0, 1 }, { 513, 12, 2, 0, 1, 0, 1 },
    };
    struct qw_topology *t = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(qw_topology_of_rings(&wrong[i], &t), QW_ERR_ARG);
        assert_null(t);
    }
    struct qw_topology_rings largest = { 10, 12, 2, 492, 1, 0, 1 };

    assert_int_equal(qw_topology_of_rings(&largest, &t), QW_OK);
    assert_int_equal(t->node_count, QW_TOPOLOGY_NODES_MAX);
    qw_topology_free(t);
}

static void every_lack_of_memory_is_reported(void **state)
{
    struct qw_topology *t = shipped("metro-campus");
    qw_err err = QW_ERR_NOMEM;
    int n;

    (void)state;
    for (n = 1; err != QW_OK && n < 100; n++) {
        struct qw_key_graph *g = NULL;

        fail_nth = n;
        err = qw_key_graph_of(t, &g);
        fail_nth = 0;
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && g == NULL));
        qw_key_graph_free(g);
    }
    assert_int_equal(err, QW_OK);
    assert_true(n > 6);
    qw_topology_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fibre_gives_what_the_preset_says_of_its_loss),
        cmocka_unit_test(a_switch_becomes_links_of_its_users),
        cmocka_unit_test(passes_over_one_station_are_one_link),
        cmocka_unit_test(arcs_lead_back_and_forth),
        cmocka_unit_test(two_rings_have_the_figures_that_were_asked_for),
        cmocka_unit_test(impossible_rings_are_refused),
        cmocka_unit_test(every_lack_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
