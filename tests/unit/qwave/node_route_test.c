/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q3 Q4 */
/* Which way a batch goes, with routes and a relay that do as the test says (link-state.md D1 to
 * D6). */
#include "node/node_route.h"

#include "node/node_delivery.h"
#include "node/node_routing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { SELF = 1, TARGET = 4 };

static const struct qw_relay_path upper = { 3, { SELF, 2, TARGET } };
static const struct qw_relay_path lower = { 4, { SELF, 3, 5, TARGET } };
static struct node_routing routing;
static struct node node;
static struct {
    qw_err found, found_two, requested;
    size_t fail_requests, requests, requests_two;
    double price_max;
    struct qw_relay_path route; /* that is found */
    size_t failures;
    struct qw_relay_path failed_path;
    uint32_t failed_at[QW_RELAY_NODES_MAX];
    uint64_t hold_ms;
    size_t give_ups;
    uint8_t gave_up[4][QW_RELAY_BATCH_ID_LEN];
} play;

qw_err __wrap_qw_routing_find(struct qw_routing *r, uint32_t to, double price_max, uint64_t now_ms,
                              struct qw_relay_path *path);
qw_err __wrap_qw_routing_find_two(struct qw_routing *r, uint32_t to, double price_max,
                                  uint64_t now_ms, struct qw_relay_path *path);
void __wrap_qw_routing_failed(struct qw_routing *r, const struct qw_relay_path *path, uint32_t at,
                              uint64_t hold_ms, uint64_t now_ms);
qw_err __wrap_qw_relay_request(struct qw_relay *relay, const struct qw_relay_path *path,
                               const struct qw_relay_demand *demand);
qw_err __wrap_qw_two_paths_request(struct qw_two_paths *pairs, struct qw_relay *relay,
                                   const struct qw_relay_path *paths, size_t count,
                                   const struct qw_relay_demand *demand);
qw_err __wrap_qw_relay_give_up(struct qw_relay *relay, const struct qw_relay_path *path,
                               const uint8_t *id);

qw_err __wrap_qw_routing_find(struct qw_routing *r, uint32_t to, double price_max, uint64_t now_ms,
                              struct qw_relay_path *path)
{
    (void)r, (void)now_ms;
    assert_int_equal(to, TARGET);
    play.price_max = price_max;
    if (play.found == QW_OK) {
        *path = play.route;
    }
    return play.found;
}

qw_err __wrap_qw_routing_find_two(struct qw_routing *r, uint32_t to, double price_max,
                                  uint64_t now_ms, struct qw_relay_path *path)
{
    (void)r, (void)now_ms;
    assert_int_equal(to, TARGET);
    play.price_max = price_max;
    if (play.found_two == QW_OK) {
        path[0] = upper;
        path[1] = lower;
    }
    return play.found_two;
}

void __wrap_qw_routing_failed(struct qw_routing *r, const struct qw_relay_path *path, uint32_t at,
                              uint64_t hold_ms, uint64_t now_ms)
{
    (void)r, (void)now_ms;
    play.failed_path = *path;
    play.failed_at[play.failures++ % QW_RELAY_NODES_MAX] = at;
    play.hold_ms = hold_ms;
}

static qw_err request(void)
{
    if (play.fail_requests > 0) {
        play.fail_requests--;
        return play.requested;
    }
    return QW_OK;
}

qw_err __wrap_qw_relay_request(struct qw_relay *relay, const struct qw_relay_path *path,
                               const struct qw_relay_demand *demand)
{
    (void)relay, (void)path, (void)demand;
    play.requests++;
    return request();
}

qw_err __wrap_qw_two_paths_request(struct qw_two_paths *pairs, struct qw_relay *relay,
                                   const struct qw_relay_path *paths, size_t count,
                                   const struct qw_relay_demand *demand)
{
    (void)pairs, (void)relay, (void)demand;
    assert_int_equal(count, 2);
    assert_true(qw_relay_paths_disjoint(&paths[0], &paths[1]));
    play.requests_two++;
    return request();
}

qw_err __wrap_qw_relay_give_up(struct qw_relay *relay, const struct qw_relay_path *path,
                               const uint8_t *id)
{
    (void)relay;
    assert_int_equal(path->nodes, play.route.nodes);
    memcpy(play.gave_up[play.give_ups++ % 4], id, QW_RELAY_BATCH_ID_LEN);
    return QW_ERR_LIMIT; /* then it goes over the old route, again */
}

static int setup(void **state)
{
    (void)state;
    memset(&play, 0, sizeof play);
    memset(&node, 0, sizeof node);
    play.route = upper;
    node.settings.node = SELF;
    node.routing = &routing;
    return 0;
}

static qw_err send_as(enum qw_node_class class, bool is_two, struct node_route *route,
                      const char **reason)
{
    const struct node_order order = { .target = TARGET, .class = class, .is_two = is_two };
    const struct qw_relay_demand demand = { .count = 1, .key_len = 1, .class = class };

    return node_route_send(&node, &order, &demand, 1000, route, reason);
}

static void each_class_pays_its_price(void **state)
{
    struct node_route route;
    const char *reason;

    (void)state;
    for (int two = 0; two < 2; two++) {
        assert_int_equal(send_as(QW_NODE_GOLD, two, &route, &reason), QW_OK);
        assert_true(play.price_max == 1);
        assert_int_equal(send_as(QW_NODE_SILVER, two, &route, &reason), QW_OK);
        assert_true(play.price_max == 0.5);
        assert_int_equal(send_as(QW_NODE_BRONZE, two, &route, &reason), QW_OK);
        assert_true(play.price_max == 0.25);
        assert_int_equal(route.paths, two + 1);
        assert_string_equal(reason, "");
    }
    assert_int_equal(play.requests, 3);
    assert_int_equal(play.requests_two, 3);
}

static void says_why_there_is_no_way(void **state)
{
    struct node_route route;
    const char *reason;

    (void)state;
    play.found = QW_ERR_NOT_FOUND;
    assert_int_equal(send_as(QW_NODE_GOLD, false, &route, &reason), QW_ERR_NOT_FOUND);
    assert_string_equal(reason, "no route");
    play.found = QW_ERR_LIMIT;
    assert_int_equal(send_as(QW_NODE_GOLD, false, &route, &reason), QW_ERR_LIMIT);
    assert_string_equal(reason, "a route is dearer than its class pays");
    play.found = QW_OK;
    play.found_two = QW_ERR_NOT_FOUND;
    assert_int_equal(send_as(QW_NODE_GOLD, true, &route, &reason), QW_ERR_NOT_FOUND);
    assert_string_equal(reason, NODE_NO_TWO_PATHS);
    assert_int_equal(route.paths, 0);
    assert_int_equal(play.requests + play.requests_two, 0); /* never over one instead */
}

static void another_way_when_the_first_link_lacks_key(void **state)
{
    struct node_route route;
    const char *reason;

    (void)state;
    play.requested = QW_ERR_EXHAUSTED;
    play.fail_requests = 1;
    assert_int_equal(send_as(QW_NODE_GOLD, true, &route, &reason), QW_OK);
    assert_int_equal(play.requests_two, 2);
    assert_int_equal(play.failed_at[0], SELF);
    assert_int_equal(play.hold_ms, QW_ROUTING_EMPTY_MS);
    play.requested = QW_ERR_CLOSED;
    play.fail_requests = 100;
    assert_int_equal(send_as(QW_NODE_GOLD, false, &route, &reason), QW_ERR_CLOSED);
    assert_int_equal(play.requests, 4);
    assert_int_equal(play.hold_ms, QW_ROUTING_CUT_MS);
    assert_string_equal(reason, "the first link lacks key");
}

static void only_the_path_that_failed_is_avoided(void **state)
{
    const struct node_route two = { 2, { upper, lower } };

    (void)state;
    node_route_avoid(&node, &two, 1, QW_RELAY_EMPTY, 5, 1000);
    assert_int_equal(play.failed_path.nodes, lower.nodes);
    assert_int_equal(play.failed_at[0], 5);
    node_route_avoid(&node, &two, 0, QW_RELAY_WRONG_TAG, TARGET, 1000);
    assert_int_equal(play.failures, 1 + upper.nodes);
    assert_int_equal(play.failed_path.nodes, upper.nodes);
    node_route_avoid(&node, &two, QW_RELAY_WHOLE, QW_RELAY_NO_LINK, 2, 1000);
    assert_int_equal(play.failed_path.nodes, upper.nodes);
    node_route_avoid(&node, &two, 0, QW_RELAY_BUSY, 2, 1000);
    assert_int_equal(play.failures, 2 + upper.nodes);
}

static void both_halves_are_void_over_the_new_route(void **state)
{
    const uint8_t id[QW_RELAY_BATCH_ID_LEN] = { 7, [QW_RELAY_PART_AT] = QW_TWO_PATHS_JOINED };
    const struct node_route two = { 2, { lower, { 2, { SELF, TARGET } } } };
    const struct node_route one = { 1, { upper } };

    (void)state;
    assert_int_equal(node_route_void(&node, &two, id, 1000), QW_OK);
    assert_int_equal(play.give_ups, 2);
    assert_int_equal(play.gave_up[0][QW_RELAY_PART_AT], 0);
    assert_int_equal(play.gave_up[1][QW_RELAY_PART_AT], 1);
    assert_int_equal(play.gave_up[1][0], 7);
    assert_int_equal(node_route_void(&node, &one, id, 1000), QW_OK); /* the same route */
    assert_int_equal(play.give_ups, 2);
    play.found = QW_ERR_NOT_FOUND;
    assert_int_equal(node_route_void(&node, &two, id, 1000), QW_ERR_NOT_FOUND);
    assert_int_equal(play.give_ups, 2);
}

static void routes_are_written_as_numbers(void **state)
{
    struct node_route route = { 2, { upper, lower } };
    char text[NODE_ROUTE_CAP];

    (void)state;
    node_route_text(&route, text);
    assert_string_equal(text, "1,2,4+1,3,5,4");
    route.paths = 1;
    node_route_text(&route, text);
    assert_string_equal(text, "1,2,4");
    route.paths = 0;
    node_route_text(&route, text);
    assert_string_equal(text, "");
    route.paths = 2;
    for (size_t k = 0; k < 2; k++) { /* the longest */
        route.path[k].nodes = QW_RELAY_NODES_MAX;
        for (size_t i = 0; i < QW_RELAY_NODES_MAX; i++) {
            route.path[k].node[i] = UINT32_MAX;
        }
    }
    node_route_text(&route, text);
    assert_int_equal(strlen(text), NODE_ROUTE_CAP - 2 * QW_RELAY_NODES_MAX - 1);
}

#define CASE(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_class_pays_its_price),
        CASE(says_why_there_is_no_way),
        CASE(another_way_when_the_first_link_lacks_key),
        CASE(only_the_path_that_failed_is_avoided),
        CASE(both_halves_are_void_over_the_new_route),
        CASE(routes_are_written_as_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
