/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "node/node_status.h"

#include "base/clock.h"
#include "base/hex.h"
#include "node/node_delivery.h"
#include "node/node_feed.h"
#include "node/node_hand.h"
#include "node/node_journal.h"
#include "node/node_routing.h"
#include "node/node_schedule.h"
#include "node/node_stock.h"
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

static void write_flag(struct qw_json_writer *w, const char *name, bool value)
{
    qw_json_name(w, name);
    qw_json_bool(w, value);
}

static void write_link(struct qw_json_writer *w, const struct node_link *link)
{
    struct qw_node_state out = qw_node_pool_state(link->pool, QW_NODE_OUT);

    qw_json_object_begin(w);
    write_number(w, "neighbour", link->neighbour);
    write_flag(w, "up", qw_hop_status(link->hop) == QW_HOP_UP);
    write_flag(w, "cut", link->is_cut);
    write_flag(w, "quarantined", qw_hop_status(link->hop) == QW_HOP_QUARANTINED);
    write_number(w, "stored_bits", 8 * out.stored);
    write_number(w, "capacity_bits", 8 * out.capacity);
    write_number(w, "aged_bits", 8 * node_stock_aged_len(link->pool));
    write_flag(w, "simulated", qw_node_pool_head(link->pool)->is_simulated);
    node_schedule_write(link, w);
    if (link->feed != NULL) {
        write_flag(w, "qkd_runs", link->feed->has_greeted);
        write_number(w, "qkd_bits", link->feed->bits);
        write_number(w, "qkd_errors_ppm", link->feed->errors_ppm);
        qw_json_name(w, "qkd_reason");
        qw_json_text(w, link->feed->reason);
    }
    qw_json_object_end(w);
}

/* "0,3,5" */
static void write_route(struct qw_json_writer *w, const struct qw_relay_path *path)
{
    char text[QW_RELAY_NODES_MAX * sizeof "4294967295,"] = "";
    size_t len = 0;

    for (uint8_t i = 0; i < path->nodes; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%u", i == 0 ? "" : ",",
                                path->node[i]);
    }
    qw_json_name(w, "route");
    qw_json_text(w, text);
}

static void write_order(struct qw_json_writer *w, const struct node_order *order)
{
    qw_json_object_begin(w);
    write_number(w, "target", order->target);
    write_number(w, "wanted_keys", order->keys);
    write_number(w, "delivered_keys", order->delivered);
    write_number(w, "waits", order->waits);
    if (order->route.nodes > 0) {
        write_number(w, "route_age_ms", (uint64_t)(qw_clock_monotonic_ms() - order->routed_ms));
        write_route(w, &order->route);
    }
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
