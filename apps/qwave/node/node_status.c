/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "node/node_status.h"

#include "base/clock.h"
#include "base/hex.h"
#include "centre/journal/head_json.h"
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

static void write_text(struct qw_json_writer *w, const char *name, const char *text)
{
    qw_json_name(w, name);
    qw_json_text(w, text);
}

static void write_route(struct qw_json_writer *w, const char *name,
                        const struct qw_relay_path *path)
{
    const struct node_route route = { 1, { *path } };
    char text[NODE_ROUTE_CAP];

    node_route_text(&route, text);
    write_text(w, name, text);
}

static void write_order(struct qw_json_writer *w, const struct node_order *order)
{
    qw_json_object_begin(w);
    write_number(w, "target", order->target);
    write_text(w, "class", qw_node_class_text(order->class));
    write_number(w, "paths", order->is_two ? 2 : 1);
    write_number(w, "wanted_keys", order->keys);
    write_number(w, "delivered_keys", order->delivered);
    write_number(w, "waits", order->waits);
    write_text(w, "reason", order->asked < order->keys ? order->reason : "");
    if (order->route.paths > 0) {
        write_number(w, "route_age_ms", (uint64_t)(qw_clock_monotonic_ms() - order->routed_ms));
        write_route(w, "route", &order->route.path[0]);
    }
    if (order->route.paths > 1) {
        write_route(w, "second_route", &order->route.path[1]);
    }
    qw_json_object_end(w);
}

static void write_two_paths(struct qw_json_writer *w, const struct node *node)
{
    struct qw_two_paths_counters two = { 0 };

    if (node->two_paths != NULL) {
        two = qw_two_paths_counters(node->two_paths);
    }
    qw_json_name(w, "two_paths");
    qw_json_object_begin(w);
    write_number(w, "delivered_keys", two.delivered_keys);
    write_number(w, "received_keys", two.received_keys);
    write_number(w, "void_batches", two.voided);
    write_number(w, "halves_alone", two.alone);
    write_number(w, "missing", node->delivery == NULL ? 0 : node->delivery->two_missing);
    qw_json_object_end(w);
}

static void write_classes(struct qw_json_writer *w, const struct node *node)
{
    const struct node_delivery *d = node->delivery;
    struct qw_relay_counters counters = qw_relay_counters(node->relay);

    qw_json_name(w, "classes");
    qw_json_array_begin(w);
    for (int class = QW_NODE_GOLD; class < QW_NODE_CLASSES; class ++) {
        qw_json_object_begin(w);
        write_text(w, "class", qw_node_class_text((enum qw_node_class) class));
        write_number(w, "delivered_keys", d == NULL ? 0 : d->class_keys[class]);
        write_number(w, "kept_out_batches", counters.kept[class]);
        qw_json_object_end(w);
    }
    qw_json_array_end(w);
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

qw_err node_status_head(const struct node *node, char *out, size_t cap)
{
    struct qw_json_writer w = qw_json_writer_on(out, cap);
    struct qw_signed_head head;
    struct qw_public_key key;
    qw_err err = node_journal_signed(node, &head, &key);

    if (err == QW_OK) {
        err = qw_signed_head_write(&w, &head, &key);
    }
    if (err != QW_OK) {
        return err;
    }
    return qw_json_done(&w) ? QW_OK : QW_ERR_SPACE;
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
    write_number(&w, "delivered_keys", node->delivered_keys);
    write_number(&w, "received_keys", node->received_keys);
    write_number(&w, "passed_batches", counters.passed);
    write_number(&w, "void_batches", counters.voided);
    write_number(&w, "wrong_tags", counters.wrong_tags);
    write_number(&w, "ignored_messages", counters.ignored);
    write_number(&w, "refused_marks", counters.limited);
    write_number(&w, "refused_neighbours", node->refused);
    write_two_paths(&w, node);
    write_classes(&w, node);
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
