/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q4 */
/* What is kept of reports, for how long, how much of it, and whose [docs/protocol/network-view.md].
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "network_board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- calls that fail when they are told to ---- */

static int allocations, fail_at;
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    return ++allocations == fail_at ? NULL : __real_calloc(count, size);
}
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return ++allocations == fail_at ? NULL : __real_malloc(size);
}

#define TOPOLOGY "{\"t\":1}"
#define OTHER "{\"t\":2}"

static char shown[1 << 20];
static size_t shown_len;

static qw_err keep(void *self, const char *text, size_t len)
{
    (void)self;
    assert_true(shown_len + len < sizeof shown);
    memcpy(shown + shown_len, text, len);
    shown_len += len;
    shown[shown_len] = '\0';
    return QW_OK;
}

static const char *show(struct network_board *board, uint64_t after, int64_t now_ms)
{
    shown_len = 0;
    assert_int_equal(network_board_show(board, after, now_ms, keep, NULL), QW_OK);
    return shown;
}

/* Of two nodes, with text about node when it has one. */
static qw_err say(struct network_board *board, const char *name, const char *topology,
                  const char *node_text, uint32_t node, const char *reporter, int64_t now_ms)
{
    static struct network_report report;
    static char text[NETWORK_BYTES_MAX + 64];
    bool wants = false;

    memset(&report, 0, sizeof report);
    snprintf(report.name, sizeof report.name, "%s", name);
    snprintf(text, sizeof text, "%s%s", topology, node_text);
    report.text = text;
    report.topology_len = strlen(topology);
    report.topology_nodes = 2;
    if (node_text[0] != '\0') {
        report.parts = 1;
        report.part[0] = (struct network_part){ node, strlen(topology), strlen(node_text) };
    }
    return network_board_take(board, &report, reporter, now_ms, &wants);
}

static int make_board(void **state)
{
    struct network_board *board = NULL;

    fail_at = 0;
    assert_int_equal(network_board_new(10, &board), QW_OK);
    *state = board;
    return 0;
}

static int close_board(void **state)
{
    network_board_free(*state);
    return 0;
}

static void a_network_that_nobody_speaks_of_is_forgotten(void **state)
{
    struct network_board *board = *state;

    assert_int_equal(say(board, "n", TOPOLOGY, "{}", 0, "r", 0), QW_OK);
    assert_int_equal(say(board, "n", "", "", 0, "r", 50000), QW_OK); /* still there */
    network_board_look(board, 50000 + NETWORK_FORGET_MS - 1);
    assert_non_null(strstr(show(board, 0, 50000 + NETWORK_FORGET_MS - 1), "\"n\""));
    network_board_look(board, 50000 + NETWORK_FORGET_MS);
    assert_null(strstr(show(board, 0, 50000 + NETWORK_FORGET_MS), "\"n\""));
}

static void at_most_four_networks_are_known(void **state)
{
    struct network_board *board = *state;
    static const char *const names[] = { "a", "b", "c", "d" };

    for (size_t i = 0; i < NETWORK_BOARD_MAX; i++) {
        assert_int_equal(say(board, names[i], TOPOLOGY, "", 0, "r", 0), QW_OK);
    }
    assert_int_equal(say(board, "e", TOPOLOGY, "", 0, "r", 0), QW_ERR_LIMIT);
    assert_int_equal(say(board, "e", TOPOLOGY, "", 0, "r", NETWORK_FORGET_MS), QW_OK);
}

static void a_node_belongs_to_its_reporter_until_that_is_silent(void **state)
{
    struct network_board *board = *state;

    assert_int_equal(say(board, "n", TOPOLOGY, "{\"x\":1}", 0, "r", 0), QW_OK);
    assert_int_equal(say(board, "n", "", "{\"x\":2}", 0, "thief", NETWORK_OWN_MS - 1),
                     QW_ERR_CONFLICT);
    assert_non_null(strstr(show(board, 0, 0), "{\"x\":1}"));
    assert_int_equal(say(board, "n", "", "{\"x\":2}", 0, "heir", NETWORK_OWN_MS), QW_OK);
    assert_non_null(strstr(show(board, 0, 0), "\"reporter\":\"heir\",\"state\":{\"x\":2}"));
}

static void another_topology_is_refused_while_its_owner_speaks(void **state)
{
    struct network_board *board = *state;

    assert_int_equal(say(board, "n", TOPOLOGY, "{}", 1, "r", 0), QW_OK);
    assert_int_equal(say(board, "n", OTHER, "", 0, "s", 1), QW_ERR_CONFLICT);
    assert_int_equal(say(board, "n", TOPOLOGY, "", 0, "s", 1), QW_OK); /* the same */
    assert_int_equal(say(board, "n", OTHER, "", 0, "r", 2), QW_OK);    /* its own */
    assert_null(strstr(show(board, 0, 2), "reporter")); /* of its nodes nothing is known any more */
    assert_int_equal(say(board, "n", TOPOLOGY, "", 0, "s", NETWORK_OWN_MS + 2), QW_OK);
}

/* Its topology stands although its nodes were refused: it is as new as one that was taken whole. */
static void a_network_whose_nodes_were_refused_is_not_forgotten_at_once(void **state)
{
    const int64_t said_ms = 5 * (int64_t)NETWORK_FORGET_MS;
    struct network_board *board = *state;

    assert_int_equal(say(board, "n", TOPOLOGY, "{}", 2, "r", said_ms), QW_ERR_FORMAT);
    network_board_look(board, said_ms + NETWORK_FORGET_MS - 1);
    assert_non_null(strstr(show(board, 0, said_ms), TOPOLOGY));
    assert_int_equal(say(board, "n", OTHER, "", 0, "thief", said_ms + NETWORK_OWN_MS - 1),
                     QW_ERR_CONFLICT);
    network_board_look(board, said_ms + NETWORK_FORGET_MS);
    assert_null(strstr(show(board, 0, said_ms), TOPOLOGY));
}

static void who_reports_while_the_owner_is_silent_stands_in_for_it(void **state)
{
    struct network_board *board = *state;

    assert_int_equal(say(board, "n", TOPOLOGY, "", 0, "owner", 0), QW_OK);
    assert_int_equal(say(board, "n", "", "{\"x\":1}", 0, "heir", NETWORK_OWN_MS), QW_OK);
    assert_int_equal(say(board, "n", OTHER, "", 0, "thief", NETWORK_OWN_MS + 1), QW_ERR_CONFLICT);
    assert_non_null(strstr(show(board, 0, NETWORK_OWN_MS + 1), "{\"x\":1}"));
    /* who only asks does not */
    assert_int_equal(say(board, "n", "", "", 0, "asker", 2 * NETWORK_OWN_MS), QW_OK);
    assert_int_equal(say(board, "n", OTHER, "", 0, "thief", 2 * NETWORK_OWN_MS + 1), QW_OK);
}

static void text_is_bounded(void **state)
{
    struct network_board *board = *state;
    char *half = malloc(NETWORK_BYTES_MAX / 2 + 1);

    assert_non_null(half);
    memset(half, 'x', NETWORK_BYTES_MAX / 2);
    half[NETWORK_BYTES_MAX / 2] = '\0';
    assert_int_equal(say(board, "n", TOPOLOGY, half, 0, "r", 0), QW_OK);
    assert_int_equal(say(board, "n", "", half, 0, "r", 0), QW_OK); /* in its place */
    assert_int_equal(say(board, "n", "", half, 1, "r", 0), QW_ERR_LIMIT);
    assert_int_equal(say(board, "n", "", "{}", 1, "r", 0), QW_OK);
    assert_int_equal(say(board, "n", "", "{}", 2, "r", 0), QW_ERR_FORMAT); /* there are two */
    free(half);
}

static void who_looks_is_told_now_and_then(void **state)
{
    struct network_board *board = *state;
    uint64_t version = 0;

    assert_int_equal(say(board, "n", TOPOLOGY, "{}", 0, "r", 0), QW_OK);
    assert_false(network_board_is_watched(board, 0));
    assert_false(network_board_notice(board, 0, &version));
    network_board_look(board, 100);
    assert_true(network_board_is_watched(board, 100 + NETWORK_LOOK_MS - 1));
    assert_false(network_board_is_watched(board, 100 + NETWORK_LOOK_MS));
    assert_true(network_board_notice(board, 100, &version));
    assert_int_equal(version, 12);
    assert_false(network_board_notice(board, 1000, &version)); /* nothing is new */
    assert_int_equal(say(board, "n", "", "{}", 0, "r", 100), QW_OK);
    assert_false(network_board_notice(board, 100 + NETWORK_NOTICE_MS - 1, &version));
    assert_true(network_board_notice(board, 100 + NETWORK_NOTICE_MS, &version));
    assert_int_equal(version, 13);
}

static void each_allocation_may_fail(void **state)
{
    struct network_board *board = NULL;
    qw_err err = QW_ERR_NOMEM;

    (void)state;
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 100);
        allocations = 0;
        fail_at = n;
        err = network_board_new(1, &board);
        assert_true(err == QW_OK || err == QW_ERR_NOMEM);
        if (err == QW_OK) {
            err = say(board, "n", TOPOLOGY, "{}", 1, "r", 0);
            assert_true(err == QW_OK || err == QW_ERR_NOMEM);
            fail_at = 0;
            assert_true(err == QW_OK || strstr(show(board, 0, 0), "reporter") == NULL);
            network_board_free(board);
        }
        board = NULL;
    }
    network_board_free(NULL);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_board, close_board)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_network_that_nobody_speaks_of_is_forgotten),
        CASE(at_most_four_networks_are_known),
        CASE(a_node_belongs_to_its_reporter_until_that_is_silent),
        CASE(another_topology_is_refused_while_its_owner_speaks),
        CASE(a_network_whose_nodes_were_refused_is_not_forgotten_at_once),
        CASE(who_reports_while_the_owner_is_silent_stands_in_for_it),
        CASE(text_is_bounded),
        CASE(who_looks_is_told_now_and_then),
        CASE(each_allocation_may_fail),
    };

    return cmocka_run_group_tests_name("qwaved.network_board", tests, NULL, NULL);
}
