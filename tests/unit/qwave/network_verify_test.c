/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q3 Q4 */
/* What a run of a network says of the files that its nodes wrote: three nodes in a line, keys go
 * from 0 to 2, or to 1. */
#define _GNU_SOURCE
#include "network/run/run.h"

#include "support/fail_nth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));

#define BATCH "00112233445566778899aaff"
#define OTHER "ff112233445566778899aaff"
#define KEY_1 "0101010101010101010101010101010101010101010101010101010101010101"
#define KEY_2 "0202020202020202020202020202020202020202020202020202020202020202"
#define LINE_1 BATCH "00000000 " KEY_1 "\n"
#define LINE_2 BATCH "00000001 " KEY_2 "\n"
#define DELIVERED "delivered 1000 1010 " BATCH " 2 0,1,2\n"

static struct qw_key_graph graph = { .node_count = 3 };
static char folder[] = "/tmp/qwave-verify.XXXXXX";

static void put(const char *name, const char *text)
{
    FILE *file = fopen(name, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* The events of node 0, and the keys at both ends. */
static void expect(const char *events, const char *source, const char *target,
                   const struct run_result *expected)
{
    struct run run = { .graph = &graph, .options = { .pairs = 1, .pair = { { .a = 0, .z = 2 } } } };
    struct run_result result = { 0 };

    put("0.events", events);
    put("0.keys", source);
    put("2.keys", target);
    assert_int_equal(run_verify(&run, &result), QW_OK);
    assert_int_equal(result.delivered_keys, expected->delivered_keys);
    assert_int_equal(result.lost_keys, expected->lost_keys);
    assert_int_equal(result.mismatched_keys, expected->mismatched_keys);
    assert_int_equal(result.repeated_keys, expected->repeated_keys);
    run_result_free(&result);
}

static void the_same_at_both_ends_is_right(void **state)
{
    (void)state;
    expect(DELIVERED, LINE_1 LINE_2, LINE_2 LINE_1, &(struct run_result){ .delivered_keys = 2 });
    expect("", "", "", &(struct run_result){ 0 });
    /* stored, and never acknowledged: nobody was told of it */
    expect("", "", LINE_1, &(struct run_result){ 0 });
    expect("", "", LINE_1 LINE_2 "void " BATCH "\n", &(struct run_result){ 0 });
}

static void slots_and_passes_are_added_up_link_by_link(void **state)
{
    static const bool passes_on[3] = { true, true, true };
    const struct qw_key_link link[2] = { { .a = 1, .b = 0, .kind = QW_KEY_LINK_SWITCHED },
                                         { .a = 2, .b = 0, .kind = QW_KEY_LINK_PASS } };
    struct run run = { 0 };
    struct run_result result = { 0 };

    (void)state;
    assert_int_equal(qw_key_graph_new(3, passes_on, link, 2, &run.graph), QW_OK);
    /* lines that a crash cut short, or that speak of nobody, count for nothing */
    put("0.schedule", "slot 1\npasses 2 2 1 1000\nslot 1\nslot\npasses 2 1 \nslot 7\n"
                      "slot 99999999999999999999\npasses 2 3 3 500\nslo");
    assert_int_equal(run_verify(&run, &result), QW_OK);
    assert_int_equal(result.slots[0].slots, 2);
    assert_int_equal(result.slots[0].passes, 0);
    assert_int_equal(result.slots[1].passes, 5);
    assert_int_equal(result.slots[1].clear_passes, 4);
    assert_true(result.slots[1].pass_bits == 1500);
    run_result_free(&result);
    assert_int_equal(unlink("0.schedule"), 0);
    qw_key_graph_free(run.graph);
}

static void what_one_end_does_not_hold_is_lost(void **state)
{
    (void)state;
    expect(DELIVERED, LINE_1 LINE_2, LINE_1,
           &(struct run_result){ .delivered_keys = 2, .lost_keys = 1 });
    expect(DELIVERED, LINE_1, LINE_1 LINE_2,
           &(struct run_result){ .delivered_keys = 2, .lost_keys = 1 });
    expect(DELIVERED, "", "", &(struct run_result){ .delivered_keys = 2, .lost_keys = 2 });
    expect(DELIVERED, LINE_1 LINE_2, LINE_1 LINE_2 "void " BATCH "\n",
           &(struct run_result){ .delivered_keys = 2, .lost_keys = 2 });
    expect(DELIVERED, LINE_1 LINE_2, LINE_1 LINE_2 "void " OTHER "\n",
           &(struct run_result){ .delivered_keys = 2 });
}

static void other_bits_are_a_mismatch(void **state)
{
    (void)state;
    expect(DELIVERED, LINE_1 LINE_2,
           LINE_1 BATCH "00000001 "
                        "0302020202020202020202020202020202020202020202020202020202020202\n",
           &(struct run_result){ .delivered_keys = 2, .mismatched_keys = 1 });
}

static void what_comes_twice_is_seen(void **state)
{
    (void)state;
    expect(DELIVERED, LINE_1 LINE_2, LINE_1 LINE_2 LINE_2,
           &(struct run_result){ .delivered_keys = 2, .repeated_keys = 1 });
    expect(DELIVERED, LINE_1 LINE_2, LINE_1 LINE_2 OTHER "00000000 " KEY_1 "\n",
           &(struct run_result){ .delivered_keys = 2, .repeated_keys = 1 });
}

/* A crash in the middle of a line; the next life appends behind it. */
static void a_line_that_was_cut_short_hides_nothing(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < strlen(LINE_1); cut++) {
        char target[4 * sizeof LINE_1];

        (void)snprintf(target, sizeof target, "%.*s%s%s", (int)cut, OTHER "00000000 " KEY_1 "\n",
                       LINE_1, LINE_2);
        expect(DELIVERED, LINE_1 LINE_2, target, &(struct run_result){ .delivered_keys = 2 });
    }
    expect(DELIVERED, LINE_1 LINE_2, LINE_1 LINE_2 "void 0011" LINE_1,
           &(struct run_result){ .delivered_keys = 2, .repeated_keys = 1 });
    expect(DELIVERED, LINE_1 LINE_2, LINE_1 LINE_2 OTHER "00000000 0101void " BATCH "\n",
           &(struct run_result){ .delivered_keys = 2, .lost_keys = 2 });
    expect("delivered 10 12 00" DELIVERED "delivered 10", LINE_1 LINE_2, LINE_1 LINE_2,
           &(struct run_result){ .delivered_keys = 2 });
}

static void a_new_route_is_timed_from_the_cut(void **state)
{
    struct qw_key_graph four = { .node_count = 4 };
    struct run run = { .options = { .pairs = 1,
                                    .pair = { { .a = 0, .z = 2 } },
                                    .faults = 2,
                                    .fault = { { .a = 2, .b = 1, .is_done = true, .done_ms = 1015 },
                                               { .kind = RUN_KILL_NODE, .is_done = true } } } };
    struct run_result result = { 0 };

    (void)state;
    run.graph = &four;
    put("0.keys", "");
    put("2.keys", "");
    put("0.events", DELIVERED
        "delivered 1005 1020 00112233445566778899abff 2 0,1,2\n" /* was on its way */
        "delivered 1014 1022 00112233445566778899acff 2 0,3,2\n" /* was asked for before */
        "delivered 1016 1039 00112233445566778899adff 2 0,3,2\n"
        "delivered 1017 1040 00112233445566778899aeff 2 0,3,2\n");
    assert_int_equal(run_verify(&run, &result), QW_OK);
    assert_int_equal(result.reroutes, 1);
    assert_int_equal(result.reroute[0].ms, 24);
    assert_int_equal(result.not_rerouted, 0);
    assert_int_equal(result.routes, 2);
    assert_string_equal(result.route[0].text, "0,1,2");
    assert_int_equal(result.route[0].batches, 2);
    assert_int_equal(result.route[1].keys, 6);
    run_result_free(&result);
    put("0.events", DELIVERED);
    assert_int_equal(run_verify(&run, &result), QW_OK);
    assert_int_equal(result.reroutes, 0);
    assert_int_equal(result.not_rerouted, 1);
    run_result_free(&result);
    put("0.events", "delivered 1000 1010 " BATCH " 2 0,3,2\n"); /* the cut was none of its links */
    assert_int_equal(run_verify(&run, &result), QW_OK);
    assert_int_equal(result.reroutes + result.not_rerouted, 0);
    run_result_free(&result);
}

/* Over two paths: the end of one and the beginning of the other are no link. */
static void a_cut_is_looked_for_in_both_of_two_paths(void **state)
{
    struct qw_key_graph four = { .node_count = 4 };
    struct run run = { .options = { .pairs = 1,
                                    .pair = { { .a = 0, .z = 2, .is_two = true } },
                                    .faults = 1,
                                    .fault = { { .a = 2, .b = 0, .is_done = true } } } };
    struct run_result result = { 0 };

    (void)state;
    run.graph = &four;
    run.options.fault[0].done_ms = 1015;
    put("0.keys", "");
    put("2.keys", "");
    put("0.events", "delivered 1000 1010 " BATCH " 2 0,1,2+0,3,2\n");
    assert_int_equal(run_verify(&run, &result), QW_OK);
    assert_int_equal(result.reroutes + result.not_rerouted, 0);
    assert_string_equal(result.route[0].text, "0,1,2+0,3,2");
    run_result_free(&result);
    run.options.fault[0].a = 3;
    run.options.fault[0].b = 2;
    assert_int_equal(run_verify(&run, &result), QW_OK);
    assert_int_equal(result.not_rerouted, 1);
    run_result_free(&result);
}

#define SESSION "000102030405060708090a0b0c0d0e0f"
#define FED(node, block) "fed " node " " SESSION " " block " 1000 20000\n"

static void expect_link(const char *alice, const char *bob, const struct run_link_sum *link,
                        uint64_t apart, uint64_t repeated)
{
    static const bool passes_on[3] = { true, true, true };
    static const struct qw_key_link one[] = { { .a = 0, .b = 1 } };
    struct qw_key_graph *line = NULL;
    struct run run = { .options = { .has_qkd = true } };
    struct run_result result = { 0 };

    assert_int_equal(qw_key_graph_new(3, passes_on, one, 1, &line), QW_OK);
    run.graph = line;
    put("0.events", "");
    put("0.fed", alice);
    put("1.fed", bob);
    assert_int_equal(run_verify(&run, &result), QW_OK);
    assert_int_equal(result.link[0].blocks, link->blocks);
    assert_int_equal(result.link[0].bits, link->bits);
    assert_true(result.link[0].errors_ppm == link->errors_ppm);
    assert_int_equal(result.link_blocks_apart, apart);
    assert_int_equal(result.link_blocks_repeated, repeated);
    run_result_free(&result);
    qw_key_graph_free(line);
    put("0.fed", "");
    put("1.fed", "");
}

static void keys_of_a_link_are_counted_where_alice_is(void **state)
{
    const struct run_link_sum two = { 2, 16000, 20000 };
    const struct run_link_sum none = { 0 };

    (void)state;
    expect_link(FED("1", "0") FED("1", "3"), FED("0", "3") FED("0", "0"), &two, 0, 0);
    /* Bob's node was first, and the session broke. */
    expect_link("", FED("0", "3"), &none, 0, 0);
    expect_link(FED("1", "0") FED("1", "3"), FED("0", "0"), &two, 1, 0);
    expect_link(FED("1", "0") FED("1", "0"), FED("0", "0"), &two, 0, 1);
    /* Lines that are none, and links that are none. */
    expect_link("fed 1 0011 0 1000 20000\nfed 1 " SESSION "\n" FED("2", "0") FED("9", "1"), "",
                &none, 0, 0);
}

static void the_nth_allocation_fails(void **state)
{
    struct run run = { .graph = &graph, .options = { .pairs = 1, .pair = { { .a = 0, .z = 2 } } } };
    struct run_result result = { 0 };
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    put("0.events", DELIVERED);
    put("0.keys", LINE_1 LINE_2);
    put("2.keys", LINE_1 LINE_2);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 30);
        run_result_free(&result);
        fail_nth = n;
        err = run_verify(&run, &result);
        assert_true(err == QW_OK || err == QW_ERR_NOMEM);
    }
    fail_nth = 0;
    assert_int_equal(result.delivered_keys, 2);
    run_result_free(&result);
}

static int enter(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int leave(void **state)
{
    static const char *const names[] = { "0.fed", "1.fed", "0.events", "0.keys", "2.keys" };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unlink(names[i]);
    }
    return chdir("/") != 0 || rmdir(folder) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_at_both_ends_is_right),
        cmocka_unit_test(slots_and_passes_are_added_up_link_by_link),
        cmocka_unit_test(what_one_end_does_not_hold_is_lost),
        cmocka_unit_test(other_bits_are_a_mismatch),
        cmocka_unit_test(what_comes_twice_is_seen),
        cmocka_unit_test(a_line_that_was_cut_short_hides_nothing),
        cmocka_unit_test(a_new_route_is_timed_from_the_cut),
        cmocka_unit_test(a_cut_is_looked_for_in_both_of_two_paths),
        cmocka_unit_test(keys_of_a_link_are_counted_where_alice_is),
        cmocka_unit_test(the_nth_allocation_fails),
    };

    return cmocka_run_group_tests(tests, enter, leave);
}
