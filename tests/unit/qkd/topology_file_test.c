/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q4 Q6 */
#include "qkd/network/topology_file.h"

#include "support/fail_nth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(char *, strdup, NULL, (const char *text), (text));

static char error[QW_CONFIG_ERROR_CAP];

static qw_err parse(const char *text, struct qw_topology **topology)
{
    return qw_topology_parse("t.yaml", text, strlen(text), topology, error);
}

static void assert_refused(const char *text, const char *expected)
{
    struct qw_topology *topology = NULL;

    assert_int_equal(parse(text, &topology), QW_ERR_FORMAT);
    assert_null(topology);
    assert_string_equal(error, expected);
}

#define TWO "name: t\nnodes: [{id: a}, {id: b}]\n"

static void every_field_is_read(void **state)
{
    struct qw_topology *t = NULL;

    (void)state;
    assert_int_equal(
        parse("name: t\ntext: \"some words\"\npreset: one-decoy-block-1e7\npool_bits: 5e6\n"
              "switch_slot_s: 20\nswitch_dead_s: 2\n"
              "nodes:\n"
              "  - {id: a, kind: convergence, x: -1.5, y: 2}\n"
              "  - {id: s, kind: switch, loss_db: 1.5}\n"
              "  - {id: u, kind: user}\n"
              "  - {id: sat, kind: satellite}\n"
              "links:\n"
              "  - {from: a, to: s, km: 10, db_per_km: 0.3, loss_db: 2, modules: 4}\n"
              "  - {from: s, to: u, rate_bps: 12000}\n"
              "passes:\n"
              "  - {satellite: sat, ground: a, start_s: 60, length_s: 300, every_s: 600,"
              " peak_bps: 1e4, clear_share: 0.5}\n"
              "demands:\n"
              "  - {from: u, to: sat, class: bronze, paths: 2, keys_per_s: 50}\n"
              "  - {from: a, to: u}\n",
              &t),
        QW_OK);
    assert_string_equal(t->name, "t");
    assert_string_equal(t->text, "some words");
    assert_string_equal(t->preset->name, "one-decoy-block-1e7");
    assert_true(t->pool_bits == 5e6 && t->switch_slot_s == 20 && t->switch_dead_s == 2);
    assert_int_equal(t->node_count, 4);
    assert_true(t->node[0].kind == QW_NODE_KIND_CONVERGENCE && t->node[0].x == -1.5);
    assert_true(t->node[1].kind == QW_NODE_KIND_SWITCH && t->node[1].loss_db == 1.5);
    assert_int_equal(t->fibre_count, 2);
    assert_true(t->fibre[0].km == 10 && t->fibre[0].db_per_km == 0.3 && t->fibre[0].loss_db == 2);
    assert_int_equal(t->fibre[0].modules, 4);
    assert_true(t->fibre[0].rate_bps < 0 && t->fibre[1].rate_bps == 12000);
    assert_int_equal(t->pass_count, 1);
    assert_true(t->pass[0].satellite == 3 && t->pass[0].ground == 0);
    assert_true(t->pass[0].peak_bps == 1e4 && t->pass[0].clear_share == 0.5);
    assert_int_equal(t->demand_count, 2);
    assert_true(t->demand[0].from == 2 && t->demand[0].to == 3 && t->demand[0].is_two);
    assert_true(t->demand[0].class == QW_NODE_BRONZE && t->demand[0].keys_per_s == 50);
    assert_true(t->demand[1].class == QW_NODE_GOLD && !t->demand[1].is_two);
    assert_true(t->demand[1].keys_per_s < 0);
    qw_topology_free(t);
}

static void mistakes_are_named_with_their_line(void **state)
{
    (void)state;
    assert_refused(TWO "links: [{from: a, to: c}]\n", "t.yaml:3: links: no node c above");
    assert_refused(TWO "links: [{from: a, to: a}]\n", "t.yaml:3: links: from a to itself");
    assert_refused(TWO "links: [{from: a, to: b}]\ndemands: [{from: a, to: c}]\n",
                   "t.yaml:4: demands: no node c above");
    assert_refused(TWO "links: [{from: a, to: b}]\ndemands: [{from: a, to: a}]\n",
                   "t.yaml:4: demands: from a to itself");
    assert_refused("name: t\nnodes: [{id: a}, {id: s, kind: switch}]\n"
                   "links: [{from: a, to: s}]\ndemands: [{from: a, to: s}]\n",
                   "t.yaml:4: demands: s is a switch and holds no keys");
    assert_refused(TWO "links:\n  - {from: a, to: b}\n  - {from: b, to: a}\n",
                   "t.yaml:5: links: b and a are joined already");
    assert_refused("name: t\nnodes: [{id: a}, {id: a}]\n",
                   "t.yaml:2: nodes: node a is there already");
    assert_refused("name: t\nnodes: [{id: A}]\n",
                   "t.yaml:2: nodes: an id has letters a-z, digits, '-', '.', '_' only");
    assert_refused("name: t\nlinks: [{from: a, to: b}]\nnodes: [{id: a}, {id: b}]\n",
                   "t.yaml:2: links: no node a above");
    assert_refused(TWO "links: [{from: a, to: b, km: -1}]\n", "t.yaml:3: km: -1 is not in 0..2000");
    assert_refused(TWO "links: [{from: a, to: b}]\npreset: moon\n",
                   "t.yaml: preset: no link preset 'moon'");
}

static void a_network_in_pieces_is_refused(void **state)
{
    (void)state;
    assert_refused("name: t\nnodes: [{id: a}, {id: b}, {id: c}]\nlinks: [{from: a, to: b}]\n",
                   "t.yaml: no path from a to c");
    assert_refused("name: t\nnodes: [{id: a}]\n", "t.yaml: a network has at least two nodes");
    assert_refused("name: t\n", "t.yaml: a network has at least two nodes");
}

static void switches_and_satellites_have_rules(void **state)
{
    (void)state;
    assert_refused("name: t\nnodes: [{id: a, kind: switch}, {id: b, kind: switch}]\n"
                   "links: [{from: a, to: b}]\n",
                   "t.yaml:3: links: a and b are both switches");
    assert_refused("name: t\nnodes: [{id: a, kind: switch}, {id: b}]\nlinks: [{from: a, to: b}]\n",
                   "t.yaml: switch a joins no user with a relay");
    assert_refused("name: t\nnodes: [{id: a, kind: satellite}, {id: b}]\n"
                   "links: [{from: a, to: b}]\n",
                   "t.yaml:3: links: a and b: no fibre leads to a satellite, it has passes");
    assert_refused(TWO
                   "passes: [{satellite: a, ground: b, length_s: 1, every_s: 2, peak_bps: 1}]\n",
                   "t.yaml:3: passes: a is no satellite");
    assert_refused("name: t\nnodes: [{id: a, kind: satellite}, {id: b, kind: user}]\n"
                   "passes: [{satellite: a, ground: b, length_s: 1, every_s: 2, peak_bps: 1}]\n",
                   "t.yaml:3: passes: b is no relay and cannot be a ground station");
    assert_refused("name: t\nnodes: [{id: a, kind: satellite}, {id: b}]\n"
                   "passes: [{satellite: a, ground: b, length_s: 3, every_s: 2, peak_bps: 1}]\n",
                   "t.yaml:3: passes: every_s must be at least length_s");
    assert_refused(TWO "links: [{from: a, to: b}]\nswitch_slot_s: 1\nswitch_dead_s: 1\n",
                   "t.yaml: switch_dead_s must be below switch_slot_s");
}

static void more_nodes_than_fit_are_refused(void **state)
{
    size_t cap = 32 * (QW_TOPOLOGY_NODES_MAX + 8);
    char *text = malloc(cap);
    size_t len;

    (void)state;
    assert_non_null(text);
    len = (size_t)snprintf(text, cap, "name: t\nnodes:\n");
    for (int i = 0; i <= QW_TOPOLOGY_NODES_MAX; i++) {
        len += (size_t)snprintf(text + len, cap - len, "  - {id: n%d}\n", i);
    }
    assert_refused(text, "t.yaml:515: nodes: more than 512 items");
    free(text);
}

static void every_truncation_of_a_shipped_file_is_answered(void **state)
{
    static char text[8192];
    FILE *file = fopen(QWAVE_SOURCE "/share/topologies/metro-campus.yaml", "r");
    size_t len;

    (void)state;
    assert_non_null(file);
    len = fread(text, 1, sizeof text, file);
    fclose(file);
    for (size_t cut = 0; cut < len; cut++) {
        struct qw_topology *t = NULL;
        qw_err err = qw_topology_parse("t.yaml", text, cut, &t, error);

        assert_true((err == QW_OK) == (t != NULL));
        assert_true(err == QW_OK || error[0] != '\0');
        qw_topology_free(t);
    }
}

static void a_file_that_is_not_there_is_not_found(void **state)
{
    struct qw_topology *t = NULL;

    (void)state;
    assert_int_equal(qw_topology_read("/nowhere/t.yaml", &t, error), QW_ERR_NOT_FOUND);
    assert_null(t);
}

static void every_lack_of_memory_is_reported(void **state)
{
    qw_err err = QW_ERR_NOMEM;
    int n;

    (void)state;
    for (n = 1; err != QW_OK && n < 100; n++) {
        struct qw_topology *t = NULL;

        fail_nth = n;
        err = parse(TWO "links: [{from: a, to: b}]\n", &t);
        fail_nth = 0;
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && t == NULL));
        qw_topology_free(t);
    }
    assert_int_equal(err, QW_OK);
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_read),
        cmocka_unit_test(mistakes_are_named_with_their_line),
        cmocka_unit_test(a_network_in_pieces_is_refused),
        cmocka_unit_test(switches_and_satellites_have_rules),
        cmocka_unit_test(more_nodes_than_fit_are_refused),
        cmocka_unit_test(every_truncation_of_a_shipped_file_is_answered),
        cmocka_unit_test(a_file_that_is_not_there_is_not_found),
        cmocka_unit_test(every_lack_of_memory_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
