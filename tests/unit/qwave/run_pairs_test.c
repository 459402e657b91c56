/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q4 */
/* Between which nodes keys go in a run: as said, as the topology says, or chosen. */
#include "network/run/run.h"

#include "qkd/network/topology_file.h"
#include "support/fail_nth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

#define RING \
    "name: t\nnodes: [{id: a}, {id: b}, {id: c}, {id: d}, {id: e}]\n" \
    "links: [{from: a, to: b}, {from: b, to: c}, {from: c, to: d}, {from: d, to: a}, " \
    "{from: d, to: e}]\n"

static struct run run;

static void load(const char *text)
{
    char error[QW_CONFIG_ERROR_CAP];

    run = (struct run){ .options = { .per_second = 7 } };
    assert_int_equal(qw_topology_parse("t", text, strlen(text), &run.topology, error), QW_OK);
    assert_int_equal(qw_key_graph_of(run.topology, &run.graph), QW_OK);
}

static int unload(void **state)
{
    (void)state;
    qw_key_graph_free(run.graph);
    qw_topology_free(run.topology);
    return 0;
}

static void words_say_how(void **state)
{
    struct run_pair pair = { 0 };
    const char *wrong = "";

    (void)state;
    assert_true(run_pair_how("", &pair, &wrong));
    assert_true(pair.class == QW_NODE_GOLD && !pair.is_two);
    assert_true(run_pair_how("@bronze", &pair, &wrong));
    assert_true(pair.class == QW_NODE_BRONZE && !pair.is_two);
    assert_true(run_pair_how("@two-paths,silver", &pair, &wrong));
    assert_true(pair.class == QW_NODE_SILVER && pair.is_two);
    assert_true(run_pair_how("@gold", &pair, &wrong));
    assert_int_equal(pair.class, QW_NODE_GOLD);
    assert_false(run_pair_how("@", &pair, &wrong));
    assert_string_equal(wrong, "");
    assert_false(run_pair_how("@silver,", &pair, &wrong));
    assert_false(run_pair_how("@two-paths,iron", &pair, &wrong));
    assert_string_equal(wrong, "iron");
    assert_false(run_pair_how("@a-word-that-is-longer-than-any", &pair, &wrong));
}

static void two_paths_are_there_or_refused(void **state)
{
    const struct run_pair in_the_ring = { .a = 0, .z = 2, .is_two = true };
    const struct run_pair on_a_spur = { .a = 0, .z = 4, .is_two = true };
    const struct run_pair over_one = { .a = 0, .z = 4 };

    (void)state;
    load(RING);
    assert_int_equal(run_pair_check(&run, &in_the_ring), QW_OK);
    assert_int_equal(run_pair_check(&run, &on_a_spur), QW_ERR_REFUSED);
    assert_int_equal(run_pair_check(&run, &over_one), QW_OK);
    for (int n = 1; n <= 2; n++) {
        fail_nth = n;
        assert_int_equal(run_pair_check(&run, &in_the_ring), QW_ERR_NOMEM);
    }
    fail_nth = 0;
}

static void demands_of_the_topology_are_taken(void **state)
{
    (void)state;
    load(RING "demands: [{from: a, to: c, class: silver, paths: 2, keys_per_s: 0}, "
              "{from: b, to: e}]\n");
    assert_int_equal(run_pairs_choose(&run), QW_OK);
    assert_int_equal(run.options.pairs, 2);
    assert_true(run.options.pair[0].a == 0 && run.options.pair[0].z == 2);
    assert_true(run.options.pair[0].class == QW_NODE_SILVER && run.options.pair[0].is_two);
    assert_int_equal(run.options.pair[0].per_second, 0);
    assert_true(run.options.pair[1].class == QW_NODE_GOLD && !run.options.pair[1].is_two);
    assert_int_equal(run.options.pair[1].per_second, 7); /* as the run says */
}

static void a_demand_that_cannot_be_is_refused(void **state)
{
    (void)state;
    load(RING "demands: [{from: a, to: e, paths: 2}]\n");
    assert_int_equal(run_pairs_choose(&run), QW_ERR_REFUSED);
}

static void without_demands_ends_are_chosen(void **state)
{
    (void)state;
    load(RING);
    assert_int_equal(run_pairs_choose(&run), QW_OK);
    assert_int_equal(run.options.pairs, 2); /* of five nodes, none of them a user */
    assert_true(run.options.pair[0].a == 0 && run.options.pair[0].z == 2);
    assert_true(run.options.pair[1].a == 1 && run.options.pair[1].z == 3);
    assert_int_equal(run.options.pair[1].per_second, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_say_how),
        cmocka_unit_test_teardown(two_paths_are_there_or_refused, unload),
        cmocka_unit_test_teardown(demands_of_the_topology_are_taken, unload),
        cmocka_unit_test_teardown(a_demand_that_cannot_be_is_refused, unload),
        cmocka_unit_test_teardown(without_demands_ends_are_chosen, unload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
