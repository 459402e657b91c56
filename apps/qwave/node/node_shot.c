/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_delivery.h"
#include "node/node_journal.h"
#include "node/node_metrics.h"
#include "node/node_schedule.h"
#include "node/node_status.h"
#include "node/node_stock.h"

#include <string.h>

static struct node_shot_pool shot_of(const struct qw_node_pool *pool, uint32_t other)
{
    struct qw_node_state out = qw_node_pool_state(pool, QW_NODE_OUT);

    return (struct node_shot_pool){ .other = other,
                                    .is_simulated = qw_node_pool_head(pool)->is_simulated,
                                    .stored_bits = 8 * out.stored,
                                    .capacity_bits = 8 * out.capacity,
                                    .aged_bits = 8 * node_stock_aged_len(pool) };
}

static void take_switch(const struct node_link *link, struct node_shot_pool *shot)
{
    const struct node_schedule *s = link->node->schedule;
    struct qw_link_when when;

    if (s == NULL) {
        return;
    }
    when = qw_link_schedule_when(s->schedule, link->neighbour);
    shot->is_switched = when.kind == QW_KEY_LINK_SWITCHED;
    shot->is_joined = when.is_joined;
    shot->leads = when.leads;
    shot->slots = when.slots;
}

void node_shot_take(const struct node *node, struct node_shot *shot)
{
    *shot = (struct node_shot){ .links_up = node_status_links_up(node),
                                .under_way = node_delivery_under_way(node),
                                .counters = qw_relay_counters(node->relay),
                                .delivered_keys = node->delivered_keys,
                                .received_keys = node->received_keys,
                                .refused = node->refused,
                                .journal_records = node_journal_records(node) };
    if (node->two_paths != NULL) {
        shot->two_paths = qw_two_paths_counters(node->two_paths);
    }
    if (node->delivery != NULL) {
        memcpy(shot->class_keys, node->delivery->class_keys, sizeof shot->class_keys);
        shot->two_missing = node->delivery->two_missing;
    }
    for (size_t i = 0; i < node->links_count; i++) {
        const struct node_link *link = &node->links[i];

        shot->link[shot->links] = shot_of(link->pool, link->neighbour);
        take_switch(link, &shot->link[shot->links]);
        shot->link[shot->links].is_up = qw_hop_status(link->hop) == QW_HOP_UP;
        shot->link[shot->links++].is_quarantined = qw_hop_status(link->hop) == QW_HOP_QUARANTINED;
    }
    for (size_t i = 0; i < node->ends_count; i++) {
        shot->end[shot->ends++] = shot_of(node->ends[i].pool, node->ends[i].entry.node);
    }
}
