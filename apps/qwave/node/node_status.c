/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "node/node_status.h"

#include "base/hex.h"
#include "node/node_delivery.h"
#include "node/node_feed.h"
#include "node/node_hand.h"
#include "node/node_journal.h"
#include "node/node_routing.h"
#include "node/node_schedule.h"
#include "store/audit.h"

#include <unistd.h>

size_t node_status_links_up(const struct node *node)
{
    return node->routing == NULL ? 0 : qw_routing_links_up(node->routing->routing);
}

static void write_number(struct qw_json_writer *w, const char *name, uint64_t value)
{
    qw_json_name(w, name);
    qw_json_uint(w, value);
}

static void write_link(struct qw_json_writer *w, const struct node_link *link)
{
    struct qw_node_state out = qw_node_pool_state(link->pool, QW_NODE_OUT);

    qw_json_object_begin(w);
    write_number(w, "neighbour", link->neighbour);
    qw_json_name(w, "up");
    qw_json_bool(w, qw_hop_status(link->hop) == QW_HOP_UP);
    qw_json_name(w, "quarantined");
    qw_json_bool(w, qw_hop_status(link->hop) == QW_HOP_QUARANTINED);
    write_number(w, "stored_bits", 8 * out.stored);
    write_number(w, "capacity_bits", 8 * out.capacity);
    qw_json_name(w, "simulated");
    qw_json_bool(w, qw_node_pool_head(link->pool)->is_simulated);
    node_schedule_write(link, w);
    if (link->feed != NULL) {
        qw_json_name(w, "qkd_runs");
        qw_json_bool(w, link->feed->has_greeted);
        write_number(w, "qkd_bits", link->feed->bits);
        qw_json_name(w, "qkd_reason");
        qw_json_text(w, link->feed->reason);
    }
    qw_json_object_end(w);
}

static void write_order(struct qw_json_writer *w, const struct node_order *order)
{
    qw_json_object_begin(w);
    write_number(w, "target", order->target);
    write_number(w, "wanted_keys", order->keys);
    write_number(w, "delivered_keys", order->delivered);
    write_number(w, "waits", order->waits);
    qw_json_object_end(w);
}

static void write_hand(struct qw_json_writer *w, const struct node_hand *hand)
{
    qw_json_object_begin(w);
    write_number(w, "end", hand->other);
    qw_json_name(w, "up");
    qw_json_bool(w, hand->fd >= 0 && hand->state != NODE_HAND_GREETING);
    write_number(w, "centre_bits", hand->taken_bits);
    write_number(w, "dropped_bits", hand->dropped_bits);
    qw_json_object_end(w);
}

/* Whoever keeps number and hash elsewhere sees later whether the journal is still the same. */
static void write_journal(struct qw_json_writer *w, const struct node *node)
{
    char hash[2 * QW_AUDIT_HASH_LEN + 1] = "";

    if (node_journal_head(node) == NULL) {
        return;
    }
    qw_hex_encode(node_journal_head(node), QW_AUDIT_HASH_LEN, hash);
    qw_json_name(w, "journal");
    qw_json_object_begin(w);
    write_number(w, "records", node_journal_records(node));
    qw_json_name(w, "hash");
    qw_json_text(w, hash);
    qw_json_object_end(w);
}

qw_err node_status_write(const struct node *node, char *out, size_t cap)
{
    struct qw_json_writer w = qw_json_writer_on(out, cap);
    struct qw_relay_counters counters = qw_relay_counters(node->relay);

    qw_json_object_begin(&w);
    write_number(&w, "node", (uint64_t)node->settings.node);
    write_number(&w, "process", (uint64_t)getpid());
    write_number(&w, "links_up", node_status_links_up(node));
    write_number(&w, "under_way", node_delivery_under_way(node));
    write_number(&w, "delivered_keys", counters.delivered_keys);
    write_number(&w, "received_keys", counters.received_keys);
    write_number(&w, "passed_batches", counters.passed);
    write_number(&w, "void_batches", counters.voided);
    write_number(&w, "wrong_tags", counters.wrong_tags);
    write_number(&w, "ignored_messages", counters.ignored);
    write_number(&w, "refused_marks", counters.limited);
    write_number(&w, "refused_neighbours", node->refused);
    write_journal(&w, node);
    qw_json_name(&w, "links");
    qw_json_array_begin(&w);
    for (size_t i = 0; i < node->links_count; i++) {
        write_link(&w, &node->links[i]);
    }
    qw_json_array_end(&w);
    qw_json_name(&w, "orders");
    qw_json_array_begin(&w);
    for (size_t i = 0; node->delivery != NULL && i < node->delivery->orders; i++) {
        write_order(&w, &node->delivery->order[i]);
    }
    qw_json_array_end(&w);
    qw_json_name(&w, "centres");
    qw_json_array_begin(&w);
    for (size_t i = 0; i < node->hands_count; i++) {
        write_hand(&w, node->hands[i]);
    }
    qw_json_array_end(&w);
    qw_json_object_end(&w);
    return qw_json_done(&w) ? QW_OK : QW_ERR_SPACE;
}
