/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q2 */
/* What goes into a pool of a node and what is given up of it (node-pool.md P6). */
#include "node/node_stock.h"

#include "node/node_journal.h"
#include "node/node_schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { CAPACITY = 1 << 14, HALF = CAPACITY / 2, AGE_S = 10, SEED = 5 };

static struct node node;
static struct node_link *const link = &node.links[0];
static struct qw_node_memory *memory;
static struct {
    int64_t now_ms;
    uint64_t announced, noted;
    size_t made_len;
    bool may_append;
    qw_err aged;
    char object[32];
} play;

int64_t __wrap_qw_clock_utc_ms(void);
qw_err __wrap_qw_hop_age(struct qw_hop *hop, int64_t now_ms);
uint64_t __wrap_qw_hop_announced(const struct qw_hop *hop);
bool __wrap_qw_hop_may_append(const struct qw_hop *hop);
uint64_t __wrap_node_schedule_held(const struct node_link *of);
size_t __wrap_node_schedule_made_len(struct node_link *of, size_t max);
void __wrap_node_journal_add(struct node *of, enum node_journal_crowd crowd, uint64_t count,
                             const char *object);

int64_t __wrap_qw_clock_utc_ms(void)
{
    return play.now_ms;
}

/* The neighbour hears of it: what qw_hop_age does besides. */
qw_err __wrap_qw_hop_age(struct qw_hop *hop, int64_t now_ms)
{
    (void)hop;
    if (play.aged != QW_OK) {
        return play.aged;
    }
    return qw_node_pool_skip(link->pool, QW_NODE_OUT, qw_node_pool_aged(link->pool, now_ms), true);
}

uint64_t __wrap_qw_hop_announced(const struct qw_hop *hop)
{
    (void)hop;
    return play.announced;
}

bool __wrap_qw_hop_may_append(const struct qw_hop *hop)
{
    (void)hop;
    return play.may_append;
}

static struct qw_node_state state_of(enum qw_node_direction direction)
{
    return qw_node_pool_state(link->pool, direction);
}

static uint64_t held(enum qw_node_direction direction)
{
    return state_of(direction).end - state_of(direction).position;
}

uint64_t __wrap_node_schedule_held(const struct node_link *of)
{
    (void)of;
    return held(QW_NODE_OUT) < held(QW_NODE_IN) ? held(QW_NODE_OUT) : held(QW_NODE_IN);
}

size_t __wrap_node_schedule_made_len(struct node_link *of, size_t max)
{
    (void)of;
    return play.made_len < max ? play.made_len : max;
}

void __wrap_node_journal_add(struct node *of, enum node_journal_crowd crowd, uint64_t count,
                             const char *object)
{
    assert_ptr_equal(of, &node);
    assert_int_equal(crowd, NODE_JOURNAL_AGED);
    play.noted += count;
    (void)snprintf(play.object, sizeof play.object, "%s", object);
}

static void open_pool(int64_t age_s)
{
    const struct qw_node_pool_head head = {
        .node = 1, .neighbour = 7, .capacity = CAPACITY, .lease = 256, .is_simulated = true
    };
    struct qw_node_limits limits;
    struct qw_node_disk disk;

    node.settings.key_age_s = age_s;
    limits = node_stock_limits(&node, CAPACITY, false);
    assert_int_equal(qw_node_memory_new(qw_node_pool_disk_len(CAPACITY), &memory), QW_OK);
    disk = qw_node_memory_disk(memory);
    assert_int_equal(qw_node_pool_format(&disk, &head), QW_OK);
    assert_int_equal(qw_node_pool_open(&disk, &limits, &link->pool), QW_OK);
}

static void feed(void)
{
    assert_int_equal(node_stock_feed(link), QW_OK);
    for (int d = QW_NODE_OUT; d <= QW_NODE_IN; d++) {
        qw_node_pool_confirm(link->pool, (enum qw_node_direction)d,
                             state_of((enum qw_node_direction)d).end);
    }
}

static int setup(void **state)
{
    (void)state;
    memset(&node, 0, sizeof node);
    memset(&play, 0, sizeof play);
    node.settings.node = 1;
    node.settings.simulated_seed = SEED;
    node.links_count = 1;
    link->node = &node;
    link->neighbour = 7;
    play.made_len = HALF;
    play.may_append = true;
    play.now_ms = 1000;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    qw_node_pool_close(link->pool);
    qw_node_memory_free(memory);
    link->pool = NULL;
    memory = NULL;
    return 0;
}

static void pools_of_links_age_and_end_pools_do_not(void **state)
{
    (void)state;
    node.settings.key_age_s = AGE_S;
    assert_int_equal(node_stock_limits(&node, CAPACITY, false).age_ms, AGE_S * 1000);
    assert_int_equal(node_stock_limits(&node, CAPACITY, true).age_ms, 0);
    node.settings.key_age_s = 0;
    assert_int_equal(node_stock_limits(&node, CAPACITY, false).age_ms, 0);
}

static void worse_classes_leave_a_share_of_a_full_link(void **state)
{
    struct qw_node_limits limits;

    (void)state;
    node.settings.reserve_percent = 50;
    limits = node_stock_limits(&node, CAPACITY, false);
    assert_int_equal(limits.floor_len[QW_NODE_GOLD], 4096); /* for tags */
    assert_int_equal(limits.floor_len[QW_NODE_SILVER], 4096 + HALF / 4);
    assert_int_equal(limits.floor_len[QW_NODE_BRONZE], 4096 + HALF / 2);
    node.settings.reserve_percent = 0;
    limits = node_stock_limits(&node, QW_NODE_CAPACITY_MAX, false);
    assert_int_equal(limits.floor_len[QW_NODE_BRONZE], 4096);
}

static void feeds_until_the_pool_is_more_than_half_full(void **state)
{
    (void)state;
    open_pool(0);
    node.settings.simulated_seed = 0;
    feed();
    assert_int_equal(held(QW_NODE_OUT), 0); /* no simulated key without a seed */
    node.settings.simulated_seed = SEED;
    play.may_append = false;
    feed();
    assert_int_equal(held(QW_NODE_OUT), 0);
    play.may_append = true;
    link->is_cut = true;
    feed();
    assert_int_equal(held(QW_NODE_OUT), 0);
    link->is_cut = false;
    feed();
    assert_int_equal(held(QW_NODE_OUT), HALF);
    play.made_len = 1;
    feed();
    assert_int_equal(held(QW_NODE_IN), HALF + 1);
    play.now_ms += 1000000; /* without a limit nothing is old */
    feed();
    assert_int_equal(held(QW_NODE_OUT), HALF + 1);
}

static void follows_what_the_neighbour_has_seen(void **state)
{
    (void)state;
    open_pool(0);
    play.made_len = 0;
    play.announced = 100;
    feed();
    assert_int_equal(held(QW_NODE_IN), 100);
    assert_int_equal(held(QW_NODE_OUT), 0);
}

static void new_key_comes_before_the_old_goes(void **state)
{
    (void)state;
    open_pool(AGE_S);
    feed();
    play.made_len = 1;
    feed();
    play.now_ms += AGE_S * 500 - 1;
    feed();
    assert_int_equal(held(QW_NODE_OUT), HALF + 1);
    play.now_ms += 1;
    play.made_len = 1000;
    feed();
    assert_int_equal(held(QW_NODE_OUT), HALF + 1001);
    play.now_ms += AGE_S * 500;
    assert_int_equal(node_stock_age(link), QW_OK);
    assert_int_equal(held(QW_NODE_OUT), 1000);
}

static void the_journal_hears_once_what_was_given_up(void **state)
{
    (void)state;
    open_pool(AGE_S);
    feed();
    assert_int_equal(node_stock_age(link), QW_OK);
    assert_int_equal(play.noted, 0);
    play.now_ms += AGE_S * 1000;
    assert_int_equal(node_stock_age(link), QW_OK);
    assert_int_equal(play.noted, 8 * HALF);
    assert_string_equal(play.object, "node 7");
    assert_int_equal(node_stock_age(link), QW_OK);
    assert_int_equal(play.noted, 8 * HALF);
    assert_int_equal(qw_node_pool_skip(link->pool, QW_NODE_IN, 10, true), QW_OK); /* as told */
    assert_int_equal(node_stock_aged_len(link->pool), HALF + 10);
    play.aged = QW_ERR_IO; /* what the neighbour said counts all the same */
    assert_int_equal(node_stock_age(link), QW_ERR_IO);
    assert_int_equal(play.noted, 8 * (HALF + 10));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(pools_of_links_age_and_end_pools_do_not, setup),
        cmocka_unit_test_setup(worse_classes_leave_a_share_of_a_full_link, setup),
        CASE(feeds_until_the_pool_is_more_than_half_full),
        CASE(follows_what_the_neighbour_has_seen),
        CASE(new_key_comes_before_the_old_goes),
        CASE(the_journal_hears_once_what_was_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
