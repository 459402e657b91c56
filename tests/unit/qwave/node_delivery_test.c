/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q3 Q4 */
/* Orders of a node, with routes and a relay that do as the test says (link-state.md D1 to D4). */
#define _GNU_SOURCE
#include "node/node_delivery.h"

#include "node/node_journal.h"
#include "node/node_routing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { SELF = 1, TARGET = 4, OTHER_TARGET = 6, BATCH_KEYS = 100, SENT_MAX = 32 };

static struct node node;
static struct node_routing routing;
static const struct qw_relay_path short_path = { 3, { SELF, 2, TARGET } };
static const struct qw_relay_path long_path = { 4, { SELF, 3, 5, TARGET } };

static struct {
    int64_t now_ms;
    bool has_no_memory;
    qw_err found, found_two, requested, given_up;
    enum qw_node_class class[SENT_MAX]; /* of what went out */
    size_t sent, noted;
    size_t fail_requests; /* so many fail with `requested` */
    const struct qw_relay_path *path;
    size_t requests, give_ups, failures, ids;
    uint32_t count; /* of the last request */
    uint8_t id[QW_RELAY_BATCH_ID_LEN];
    struct qw_relay_path gave_up_over;
    uint32_t failed_at[QW_RELAY_NODES_MAX];
    uint64_t hold_ms;
} play;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
int64_t __wrap_qw_clock_monotonic_ms(void);
qw_err __wrap_qw_routing_find(struct qw_routing *r, uint32_t to, double price_max, uint64_t now_ms,
                              struct qw_relay_path *path);
void __wrap_qw_routing_failed(struct qw_routing *r, const struct qw_relay_path *path, uint32_t at,
                              uint64_t hold_ms, uint64_t now_ms);
qw_err __wrap_qw_relay_new_id(uint8_t *id);
qw_err __wrap_qw_relay_request(struct qw_relay *relay, const struct qw_relay_path *path,
                               const struct qw_relay_demand *demand);
qw_err __wrap_qw_two_paths_request(struct qw_two_paths *pairs, struct qw_relay *relay,
                                   const struct qw_relay_path *paths, size_t count,
                                   const struct qw_relay_demand *demand);
qw_err __wrap_qw_routing_find_two(struct qw_routing *r, uint32_t to, double price_max,
                                  uint64_t now_ms, struct qw_relay_path *path);
void __wrap_node_journal_count(struct node *of, enum node_journal_crowd crowd, const char *object);
qw_err __wrap_qw_relay_give_up(struct qw_relay *relay, const struct qw_relay_path *path,
                               const uint8_t *id);

void *__wrap_calloc(size_t count, size_t size)
{
    return play.has_no_memory ? NULL : __real_calloc(count, size);
}

int64_t __wrap_qw_clock_monotonic_ms(void)
{
    return play.now_ms;
}

qw_err __wrap_qw_routing_find(struct qw_routing *r, uint32_t to, double price_max, uint64_t now_ms,
                              struct qw_relay_path *path)
{
    (void)r, (void)to, (void)price_max, (void)now_ms;
    if (play.found == QW_OK) {
        *path = *play.path;
    }
    return play.found;
}

void __wrap_qw_routing_failed(struct qw_routing *r, const struct qw_relay_path *path, uint32_t at,
                              uint64_t hold_ms, uint64_t now_ms)
{
    (void)r, (void)path, (void)now_ms;
    play.failed_at[play.failures++ % QW_RELAY_NODES_MAX] = at;
    play.hold_ms = hold_ms;
}

qw_err __wrap_qw_relay_new_id(uint8_t *id)
{
    memset(id, 0, QW_RELAY_BATCH_ID_LEN);
    id[0] = (uint8_t)++play.ids;
    return QW_OK;
}

static qw_err request(const struct qw_relay_demand *demand)
{
    assert_int_equal(demand->key_len, NODE_KEY_LEN);
    play.requests++;
    if (play.fail_requests > 0) {
        play.fail_requests--;
        return play.requested;
    }
    play.count = demand->count;
    play.class[play.sent++ % SENT_MAX] = demand->class;
    memcpy(play.id, demand->id, sizeof play.id);
    return QW_OK;
}

qw_err __wrap_qw_relay_request(struct qw_relay *relay, const struct qw_relay_path *path,
                               const struct qw_relay_demand *demand)
{
    (void)relay, (void)path;
    return request(demand);
}

qw_err __wrap_qw_two_paths_request(struct qw_two_paths *pairs, struct qw_relay *relay,
                                   const struct qw_relay_path *paths, size_t count,
                                   const struct qw_relay_demand *demand)
{
    (void)pairs, (void)relay, (void)paths;
    assert_int_equal(count, 2);
    assert_int_equal(demand->id[QW_RELAY_PART_AT], QW_TWO_PATHS_JOINED);
    return request(demand);
}

qw_err __wrap_qw_routing_find_two(struct qw_routing *r, uint32_t to, double price_max,
                                  uint64_t now_ms, struct qw_relay_path *path)
{
    (void)r, (void)to, (void)price_max, (void)now_ms;
    if (play.found_two == QW_OK) {
        path[0] = short_path;
        path[1] = long_path;
    }
    return play.found_two;
}

void __wrap_node_journal_count(struct node *of, enum node_journal_crowd crowd, const char *object)
{
    assert_ptr_equal(of, &node);
    assert_int_equal(crowd, NODE_JOURNAL_NO_TWO);
    assert_string_equal(object, "node 4");
    play.noted++;
}

qw_err __wrap_qw_relay_give_up(struct qw_relay *relay, const struct qw_relay_path *path,
                               const uint8_t *id)
{
    (void)relay;
    play.give_ups++;
    play.gave_up_over = *path;
    memcpy(play.id, id, sizeof play.id);
    return play.given_up;
}

static int setup(void **state)
{
    (void)state;
    memset(&play, 0, sizeof play);
    play.now_ms = 10000;
    play.path = &short_path;
    memset(&node, 0, sizeof node);
    node.settings.node = SELF;
    node.settings.batch_keys = BATCH_KEYS;
    node.routing = &routing;
    node.ends[0].entry.node = TARGET;
    node.ends[1].entry.node = OTHER_TARGET;
    node.ends_count = 2;
    return node_delivery_open(&node) == QW_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    node_delivery_close(&node);
    assert_null(node.delivery);
    return 0;
}

static struct qw_relay_batch batch_of(uint8_t first)
{
    return (struct qw_relay_batch){ { first }, BATCH_KEYS, NODE_KEY_LEN, SELF, TARGET };
}

static bool has_void_batch(void)
{
    bool has = false;

    for (size_t i = 0; i < NODE_OUT_MAX + NODE_VOIDS_MAX; i++) {
        has = has || (node.delivery->batch[i].is_used && node.delivery->batch[i].is_void);
    }
    return has;
}

static qw_err order_of(uint32_t target, uint32_t keys)
{
    const struct qw_node_command wish = { .node = target, .keys = keys };

    return node_delivery_order(&node, &wish);
}

static void order(uint32_t keys, uint32_t per_second)
{
    const struct qw_node_command wish = { .node = TARGET, .keys = keys, .per_second = per_second };

    assert_int_equal(node_delivery_order(&node, &wish), QW_OK);
}

static void order_two(uint32_t keys)
{
    const struct qw_node_command wish = { .node = TARGET, .keys = keys, .is_two = true };

    assert_int_equal(node_delivery_order(&node, &wish), QW_OK);
}

static void turn_after(int64_t ms)
{
    play.now_ms += ms;
    node_delivery_turn(&node, play.now_ms);
}

static void opens_nothing_without_routes_and_says_when_there_is_no_memory(void **state)
{
    const struct qw_node_command wish = { .node = TARGET, .keys = 1 };
    struct node plain = { 0 };

    (void)state;
    assert_int_equal(node_delivery_open(&plain), QW_OK);
    assert_null(plain.delivery);
    assert_int_equal(node_delivery_order(&plain, &wish), QW_ERR_NOT_FOUND);
    node_delivery_turn(&plain, 0);
    node_delivery_hold(&plain);
    assert_false(node_delivery_is_complete(&plain));
    assert_int_equal(node_delivery_wait_ms(&plain, 0, 7), 7);
    plain.routing = &routing;
    play.has_no_memory = true;
    assert_int_equal(node_delivery_open(&plain), QW_ERR_NOMEM);
    play.has_no_memory = false;
    strcpy(plain.settings.event_file, "/nowhere/events");
    assert_int_equal(node_delivery_open(&plain), QW_ERR_IO);
    node_delivery_close(&plain);
    assert_null(plain.delivery);
}

static void takes_orders_for_ends_only_and_adds_them_up(void **state)
{
    (void)state;
    assert_int_equal(order_of(TARGET + 1, 1), QW_ERR_NOT_FOUND);
    order(30, 0);
    order(20, 0);
    assert_int_equal(node.delivery->orders, 1);
    turn_after(0);
    assert_int_equal(play.requests, 1);
    assert_int_equal(play.count, 50);
    for (uint32_t i = 1; i < NODE_ORDERS_MAX; i++) {
        node.delivery->order[i].target = 1000 + i;
    }
    node.delivery->orders = NODE_ORDERS_MAX;
    order(1, 0);
    assert_int_equal(order_of(OTHER_TARGET, 1), QW_ERR_LIMIT);
}

static void sends_four_batches_at_a_time_and_is_complete_when_all_are_delivered(void **state)
{
    struct qw_relay_batch batch, foreign = batch_of(200);

    (void)state;
    order(5 * BATCH_KEYS + 1, 0);
    turn_after(0);
    assert_int_equal(play.requests, NODE_OUT_OF_ORDER_MAX);
    node_delivery_done(&node, &foreign);
    turn_after(1);
    assert_int_equal(play.requests, NODE_OUT_OF_ORDER_MAX);
    for (uint8_t i = 1; i <= 6; i++) {
        assert_false(node_delivery_is_complete(&node));
        batch = batch_of(i);
        node_delivery_done(&node, &batch);
        node_delivery_done(&node, &batch); /* a second time says nothing */
        turn_after(1);
    }
    assert_int_equal(play.requests, 6);
    assert_int_equal(play.count, 1); /* the rest */
    assert_true(node_delivery_is_complete(&node));
    assert_int_equal(node.delivery->order[0].delivered, 5 * BATCH_KEYS + 1);
}

static void a_void_batch_is_asked_for_again_and_the_target_hears_over_the_other_route(void **state)
{
    struct qw_relay_batch first = batch_of(1);

    (void)state;
    order(BATCH_KEYS, 0);
    turn_after(0);
    node_delivery_void(&node, &first, QW_RELAY_WHOLE, QW_RELAY_NO_LINK, 2);
    assert_int_equal(play.failures, 1);
    assert_int_equal(play.failed_at[0], 2);
    assert_int_equal(play.hold_ms, QW_ROUTING_CUT_MS);
    node_delivery_done(&node, &first); /* too late: it is void */
    assert_int_equal(node.delivery->order[0].delivered, 0);
    play.path = &long_path;
    turn_after(1);
    assert_int_equal(play.give_ups, 1);
    assert_int_equal(play.gave_up_over.nodes, long_path.nodes);
    assert_int_equal(play.requests, 2);
    turn_after(1);
    assert_int_equal(play.give_ups, 1);
}

static void a_void_batch_waits_for_a_route_for_ten_seconds(void **state)
{
    struct qw_relay_batch first = batch_of(1);

    (void)state;
    order(BATCH_KEYS, 0);
    turn_after(0);
    node_delivery_void(&node, &first, QW_RELAY_WHOLE, QW_RELAY_EMPTY, 2);
    assert_int_equal(play.hold_ms, QW_ROUTING_EMPTY_MS);
    play.found = QW_ERR_NOT_FOUND;
    turn_after(9999);
    assert_true(has_void_batch());
    turn_after(1);
    assert_false(has_void_batch());
    assert_int_equal(play.give_ups, 0);
    assert_true(node.delivery->order[0].waits >= 1);
}

static void whoever_keeps_or_alters_is_sought_on_the_whole_route(void **state)
{
    struct qw_relay_batch batch = batch_of(1);

    (void)state;
    order(BATCH_KEYS, 0);
    turn_after(0);
    node_delivery_void(&node, &batch, QW_RELAY_WHOLE, QW_RELAY_WRONG_TAG, TARGET);
    assert_int_equal(play.failures, short_path.nodes);
    for (size_t i = 0; i < short_path.nodes; i++) {
        assert_int_equal(play.failed_at[i], short_path.node[i]);
    }
}

static void a_busy_network_is_left_alone_for_a_while(void **state)
{
    struct qw_relay_batch batch = batch_of(1);

    (void)state;
    order(BATCH_KEYS, 0);
    turn_after(0);
    node_delivery_void(&node, &batch, QW_RELAY_WHOLE, QW_RELAY_BUSY, 2);
    assert_int_equal(play.failures, 0);
    turn_after(99);
    assert_int_equal(play.requests, 1);
    assert_int_equal(node_delivery_wait_ms(&node, play.now_ms, 50), 1);
    turn_after(1);
    assert_int_equal(play.requests, 2);
    assert_int_equal(play.give_ups, 0); /* the same route: the relay says it there */
}

static void an_empty_first_link_sends_it_another_way_four_times_at_most(void **state)
{
    (void)state;
    order(BATCH_KEYS, 0);
    play.requested = QW_ERR_EXHAUSTED;
    play.fail_requests = 2;
    turn_after(0);
    assert_int_equal(play.requests, 3);
    assert_int_equal(play.failures, 2);
    assert_int_equal(play.failed_at[1], SELF);
    assert_int_equal(node.delivery->order[0].under_way, 1);
    order(BATCH_KEYS, 0);
    play.requested = QW_ERR_CLOSED;
    play.fail_requests = 100;
    turn_after(0);
    assert_int_equal(play.requests, 7);
    assert_int_equal(play.hold_ms, QW_ROUTING_CUT_MS);
    assert_int_equal(node.delivery->order[0].asked, BATCH_KEYS);
    assert_false(node.has_failed);
}

static void keeps_to_the_rate_and_catches_up_a_second_at_most(void **state)
{
    struct qw_relay_batch batch;

    (void)state;
    order(100000, BATCH_KEYS * 2); /* a batch each 500 ms */
    turn_after(0);
    assert_int_equal(play.requests, 1);
    assert_int_equal(node_delivery_wait_ms(&node, play.now_ms, 10000), 500);
    turn_after(499);
    assert_int_equal(play.requests, 1);
    turn_after(1);
    assert_int_equal(play.requests, 2);
    for (uint8_t i = 1; i <= 2; i++) {
        batch = batch_of(i);
        node_delivery_done(&node, &batch);
    }
    turn_after(60000);
    assert_int_equal(play.requests, 5); /* a second ago, half a second ago, now */
}

static void holds_what_was_not_asked_yet(void **state)
{
    struct qw_relay_batch batch = batch_of(1);

    (void)state;
    order(BATCH_KEYS * 10, 1);
    turn_after(0);
    node_delivery_hold(&node);
    node_delivery_done(&node, &batch);
    assert_true(node_delivery_is_complete(&node));
    turn_after(1000000);
    assert_int_equal(play.requests, 1);
}

static void writes_a_line_for_a_delivered_batch_and_fails_when_it_cannot(void **state)
{
    struct qw_relay_batch batch = batch_of(1);
    char path[] = "/tmp/qwave-events.XXXXXX", line[256] = "";
    int fd = mkstemp(path);
    FILE *full = fopen("/dev/full", "a");

    (void)state;
    assert_true(fd >= 0 && full != NULL);
    node.delivery->events = fdopen(fd, "w+");
    order(2 * BATCH_KEYS, 0);
    turn_after(0);
    play.now_ms += 5;
    node_delivery_done(&node, &batch);
    rewind(node.delivery->events);
    assert_non_null(fgets(line, sizeof line, node.delivery->events));
    assert_string_equal(line, "delivered 10000 10005 010000000000000000000000 100 1,2,4\n");
    fclose(node.delivery->events);
    unlink(path);
    node.delivery->events = full;
    batch = batch_of(2);
    node_delivery_done(&node, &batch);
    assert_true(node.has_failed);
}

static void no_more_than_sixteen_batches_of_a_node_are_under_way(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 5; i++) {
        node.ends[i].entry.node = 10 + i;
    }
    node.ends_count = 5;
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(order_of(10 + i, 100 * BATCH_KEYS), QW_OK);
    }
    turn_after(0);
    assert_int_equal(play.requests, NODE_OUT_MAX);
}

static void better_classes_go_first_and_each_is_an_order_of_its_own(void **state)
{
    struct qw_node_command wish = { .node = TARGET, .keys = 10 * BATCH_KEYS };
    struct qw_relay_batch batch = batch_of(1);

    (void)state;
    for (int class = QW_NODE_BRONZE; class >= QW_NODE_GOLD; class --) {
        wish.class = (enum qw_node_class) class;
        assert_int_equal(node_delivery_order(&node, &wish), QW_OK);
    }
    assert_int_equal(node.delivery->orders, 3);
    turn_after(0);
    assert_int_equal(play.sent, 3 * NODE_OUT_OF_ORDER_MAX);
    for (size_t i = 0; i < play.sent; i++) {
        assert_int_equal(play.class[i], i / NODE_OUT_OF_ORDER_MAX); /* gold, silver, bronze */
    }
    node_delivery_done(&node, &batch);
    assert_int_equal(node.delivery->class_keys[QW_NODE_GOLD], BATCH_KEYS);
    assert_int_equal(node.delivery->class_keys[QW_NODE_SILVER], 0);
}

static void two_paths_that_the_network_has_not_are_refused_at_once(void **state)
{
    const struct qw_node_command wish = { .node = TARGET, .keys = 1, .is_two = true };

    (void)state;
    play.found_two = QW_ERR_REFUSED;
    assert_int_equal(node_delivery_order(&node, &wish), QW_ERR_REFUSED);
    assert_int_equal(node.delivery->orders, 0);
    play.found_two = QW_ERR_NOMEM;
    assert_int_equal(node_delivery_order(&node, &wish), QW_ERR_NOMEM);
    play.found_two = QW_ERR_NOT_FOUND; /* they may come */
    assert_int_equal(node_delivery_order(&node, &wish), QW_OK);
}

static void an_order_over_two_paths_waits_for_them_and_says_why(void **state)
{
    const struct node_order *of;

    (void)state;
    order_two(2 * BATCH_KEYS);
    of = &node.delivery->order[0];
    play.found_two = QW_ERR_NOT_FOUND;
    turn_after(0);
    turn_after(100);
    assert_int_equal(play.requests, 0); /* not over one, which there is */
    assert_int_equal(of->waits, 2);
    assert_string_equal(of->reason, NODE_NO_TWO_PATHS);
    assert_int_equal(play.noted, 1); /* when it began */
    assert_int_equal(node.delivery->two_missing, 1);
    play.found_two = QW_OK;
    turn_after(100);
    assert_int_equal(play.requests, 2);
    assert_string_equal(of->reason, "");
    play.found_two = QW_ERR_NOT_FOUND;
    order_two(BATCH_KEYS);
    turn_after(100);
    assert_int_equal(play.noted, 2);
}

static void a_joined_batch_is_delivered_or_void_as_one(void **state)
{
    struct qw_relay_batch batch = batch_of(1);
    char text[NODE_ROUTE_CAP];

    (void)state;
    batch.id[QW_RELAY_PART_AT] = QW_TWO_PATHS_JOINED;
    order_two(BATCH_KEYS);
    turn_after(0);
    node_delivery_void(&node, &batch, 1, QW_RELAY_NO_LINK, 3);
    assert_int_equal(play.failed_at[0], 3);
    assert_int_equal(node.delivery->order[0].asked, 0);
    play.found = QW_ERR_NOT_FOUND; /* no way to say so now */
    turn_after(1);
    batch.id[0] = 2;
    node_delivery_done(&node, &batch);
    assert_int_equal(node.delivery->order[0].delivered, BATCH_KEYS);
    node_route_text(&node.delivery->order[0].route, text);
    assert_string_equal(text, "1,2,4+1,3,5,4");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(opens_nothing_without_routes_and_says_when_there_is_no_memory),
        CASE(takes_orders_for_ends_only_and_adds_them_up),
        CASE(sends_four_batches_at_a_time_and_is_complete_when_all_are_delivered),
        CASE(a_void_batch_is_asked_for_again_and_the_target_hears_over_the_other_route),
        CASE(a_void_batch_waits_for_a_route_for_ten_seconds),
        CASE(whoever_keeps_or_alters_is_sought_on_the_whole_route),
        CASE(a_busy_network_is_left_alone_for_a_while),
        CASE(an_empty_first_link_sends_it_another_way_four_times_at_most),
        CASE(keeps_to_the_rate_and_catches_up_a_second_at_most),
        CASE(holds_what_was_not_asked_yet),
        CASE(writes_a_line_for_a_delivered_batch_and_fails_when_it_cannot),
        CASE(better_classes_go_first_and_each_is_an_order_of_its_own),
        CASE(two_paths_that_the_network_has_not_are_refused_at_once),
        CASE(an_order_over_two_paths_waits_for_them_and_says_why),
        CASE(a_joined_batch_is_delivered_or_void_as_one),
        CASE(no_more_than_sixteen_batches_of_a_node_are_under_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
