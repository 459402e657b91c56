/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_stock.h"

#include "base/clock.h"
#include "node/node_journal.h"
#include "node/node_schedule.h"
#include "qkd/node/simulated_feed.h"

enum { FEED_LEN = 1 << 18, TAG_FLOOR_LEN = 4096, OBJECT_CAP = 32 };

struct qw_node_limits node_stock_limits(const struct node *node, uint64_t capacity, bool is_end)
{
    uint64_t reserve_len = capacity / 2 * (uint64_t)node->settings.reserve_percent / 100;

    return (
        struct qw_node_limits){ .floor_len = { [QW_NODE_GOLD] = TAG_FLOOR_LEN,
                                               [QW_NODE_SILVER] = TAG_FLOOR_LEN + reserve_len / 2,
                                               [QW_NODE_BRONZE] = TAG_FLOOR_LEN + reserve_len },
                                .age_ms = is_end ? 0 : node->settings.key_age_s * 1000 };
}

/* What is held in both streams and has at least half of its time before it: so new key has come
 * before the old goes, all of which may go at once. */
static uint64_t fresh_len(const struct node_link *link, int64_t now_ms)
{
    int64_t half_ms = link->node->settings.key_age_s * 500;
    uint64_t least = UINT64_MAX;

    if (half_ms == 0) {
        return node_schedule_held(link);
    }
    for (int d = QW_NODE_OUT; d <= QW_NODE_IN; d++) {
        struct qw_node_state state = qw_node_pool_state(link->pool, (enum qw_node_direction)d);
        uint64_t fresh = state.end - qw_node_pool_older_than(link->pool, (enum qw_node_direction)d,
                                                             now_ms - half_ms);

        least = fresh < least ? fresh : least;
    }
    return least;
}

qw_err node_stock_feed(struct node_link *link)
{
    uint32_t node = (uint32_t)link->node->settings.node;
    uint64_t low = node < link->neighbour ? node : link->neighbour;
    uint64_t high = node < link->neighbour ? link->neighbour : node;
    const struct qw_simulated_feed simulated = { (uint64_t)link->node->settings.simulated_seed,
                                                 low << 32 | high, node == low ? 0 : 1 };
    uint64_t capacity = qw_node_pool_state(link->pool, QW_NODE_OUT).capacity;
    int64_t now_ms = qw_clock_utc_ms();
    size_t made_len;

    if (simulated.seed == 0) {
        return QW_OK;
    }
    if (qw_hop_announced(link->hop) > 0) { /* both saw the same light */
        qw_err err =
            qw_simulated_feed_follow(&simulated, link->pool, qw_hop_announced(link->hop), now_ms);

        if (err != QW_OK) {
            return err;
        }
    }
    /* A little at a time: the loop must not stand while a disk syncs. */
    made_len = node_schedule_made_len(link, FEED_LEN);
    if (made_len == 0 || link->is_cut || !qw_hop_may_append(link->hop) ||
        fresh_len(link, now_ms) > capacity / 2) {
        return QW_OK; /* what was made is lost */
    }
    return qw_simulated_feed_fill(&simulated, link->pool, node_schedule_held(link) + made_len,
                                  now_ms);
}

uint64_t node_stock_aged_len(const struct qw_node_pool *pool)
{
    return qw_node_pool_state(pool, QW_NODE_OUT).aged + qw_node_pool_state(pool, QW_NODE_IN).aged;
}

qw_err node_stock_age(struct node_link *link)
{
    qw_err err = qw_hop_age(link->hop, qw_clock_utc_ms());
    uint64_t aged = node_stock_aged_len(link->pool);
    char object[OBJECT_CAP];

    if (aged > link->aged_len) {
        (void)snprintf(object, sizeof object, "node %u", link->neighbour);
        node_journal_add(link->node, NODE_JOURNAL_AGED, 8 * (aged - link->aged_len), object);
        link->aged_len = aged;
    }
    return err;
}
