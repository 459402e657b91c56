/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "node/node.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/socket.h"
#include "node/node_control.h"
#include "node/node_delivery.h"
#include "node/node_feed.h"
#include "node/node_hand.h"
#include "node/node_journal.h"
#include "node/node_light.h"
#include "node/node_metrics.h"
#include "node/node_routing.h"
#include "node/node_schedule.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 20, PAUSE_MS = 50 };

bool node_is_simulated(const struct node *node)
{
    bool is_one = false;

    for (size_t i = 0; i < node->links_count; i++) {
        is_one = is_one || qw_node_pool_head(node->links[i].pool)->is_simulated;
    }
    for (size_t i = 0; i < node->ends_count; i++) {
        is_one = is_one || qw_node_pool_head(node->ends[i].pool)->is_simulated;
    }
    return is_one;
}

static struct qw_hop *hop_to(void *self, uint32_t neighbour)
{
    struct node *node = self;

    for (size_t i = 0; i < node->links_count; i++) {
        if (node->links[i].neighbour == neighbour) {
            return node->links[i].hop;
        }
    }
    return NULL;
}

static struct qw_node_pool *end_pool(void *self, uint32_t other)
{
    struct node *node = self;

    for (size_t i = 0; i < node->ends_count; i++) {
        if (node->ends[i].entry.node == other) {
            return node->ends[i].pool;
        }
    }
    return NULL;
}

/* The loop ends, and with it the program: what is written nowhere must not be relied on. */
static void fail(struct node *node, const char *path, const char *what)
{
    qw_log_write(node->log, QW_LOG_ERROR, "%s: %s; this node ends", path, what);
    node->has_failed = true;
    node_journal_write(node, "node", "disk-failed", "", QW_ERR_IO, what);
}

/* Whole batches, over one path or joined. */
static qw_err deliver(void *self, const struct qw_relay_batch *batch, const uint8_t *keys)
{
    struct node *node = self;
    bool is_ours = batch->source == (uint32_t)node->settings.node;
    qw_err err = node_keys_write(&node->keys, batch, keys);

    if (err != QW_OK) {
        fail(node, node->settings.key_file, "keys cannot be written");
    }
    node->sending.end_ms = qw_clock_monotonic_ms();
    if (err == QW_OK) {
        *(is_ours ? &node->delivered_keys : &node->received_keys) += batch->count;
        node_hand_give(node, batch, keys);
    }
    if (err == QW_OK && is_ours) {
        node_delivery_done(node, batch);
    }
    return err;
}

static void voided(void *self, const struct qw_relay_batch *batch, uint8_t part,
                   enum qw_relay_reason reason, uint32_t at)
{
    struct node *node = self;
    char id[2 * QW_RELAY_BATCH_ID_LEN + 1];

    qw_hex_encode(batch->id, sizeof batch->id, id);
    qw_log_write(node->log, QW_LOG_INFO, "batch %s is void: %s (node %u)", id,
                 qw_relay_reason_text(reason), at);
    node->sending.again_at_ms = qw_clock_monotonic_ms() + PAUSE_MS;
    node_journal_count(node, part == QW_RELAY_WHOLE ? NODE_JOURNAL_VOID : NODE_JOURNAL_TWO_VOID,
                       qw_relay_reason_text(reason));
    node_delivery_void(node, batch, part, reason, at);
    node_hand_void(node, batch->id);
    if (node_keys_void(&node->keys, batch->id) != QW_OK) {
        fail(node, node->settings.key_file, "keys cannot be written");
    }
}

/* As the relay has them: halves are joined first. */
static qw_err relay_deliver(void *self, const struct qw_relay_batch *batch, const uint8_t *keys)
{
    struct node *node = self;

    return qw_two_paths_deliver(node->two_paths, batch, keys);
}

static void relay_voided(void *self, const struct qw_relay_batch *batch,
                         enum qw_relay_reason reason, uint32_t at)
{
    struct node *node = self;

    if (node->two_paths != NULL) { /* else nothing ever came of it */
        qw_two_paths_voided(node->two_paths, batch, reason, at);
    }
}

static qw_err open_two_paths(struct node *node)
{
    const struct qw_two_paths_config config = { .pairs_max = NODE_PAIRS_MAX,
                                                .batch_len_max = (size_t)node->settings.batch_keys *
                                                                 NODE_KEY_LEN,
                                                .timeout_ms = node->settings.timeout_ms,
                                                .self = node,
                                                .deliver = deliver,
                                                .voided = voided };

    return node->ends_count == 0 ? QW_OK : qw_two_paths_new(&config, &node->two_paths);
}

/* Those that a cut made void keep their places until the target has heard so. */
static size_t batches_max(const struct node *node)
{
    return node->ends_count == 0 ? 0 : node->routing == NULL ? NODE_IN_FLIGHT : NODE_VOIDS_MAX;
}

static qw_err open_relay(struct node *node)
{
    const struct qw_relay_config config = { .node = (uint32_t)node->settings.node,
                                            .batch_len_max =
                                                (size_t)node->settings.batch_keys * NODE_KEY_LEN,
                                            .batches_max = batches_max(node),
                                            .passing_max = NODE_PASSING_MAX,
                                            .timeout_ms = node->settings.timeout_ms,
                                            .source = &node->source,
                                            .self = node,
                                            .hop = hop_to,
                                            .end_pool = end_pool,
                                            .deliver = relay_deliver,
                                            .voided = relay_voided };
    qw_err err = node->settings.source == 0 ? qw_key_source_best(&node->source)
                                            : qw_key_source_kernel(&node->source);

    if (err == QW_OK) {
        err = open_two_paths(node);
    }
    return err == QW_OK ? qw_relay_new(&config, &node->relay) : err;
}

static qw_err open_key_file(struct node *node)
{
    return node->settings.key_file[0] == '\0' ? QW_OK
                                              : node_keys_open(&node->keys, node->settings.key_file,
                                                               (size_t)node->settings.batch_keys);
}

qw_err node_open(struct node *node)
{
    qw_err err;

    node->listener = -1;
    for (size_t i = 0; i < NODE_GUESTS_MAX; i++) {
        node->guests[i].fd = -1;
    }
    node->message = malloc(NODE_MESSAGE_MAX);
    if (node->message == NULL) {
        return QW_ERR_NOMEM;
    }
    err = node_journal_open(node);
    if (err == QW_OK) {
        err = node_links_parse(node);
    }
    if (err == QW_OK) {
        err = node_routing_open(node);
    }
    if (err == QW_OK) {
        err = node_schedule_open(node);
    }
    if (err == QW_OK) {
        err = open_relay(node);
    }
    if (err == QW_OK) {
        err = node_hand_check(node);
    }
    if (err == QW_OK) {
        err = node_delivery_open(node);
    }
    if (err == QW_OK) {
        err = open_key_file(node);
    }
    return err == QW_OK ? node_control_open(node) : err;
}

void node_close(struct node *node)
{
    for (size_t i = 0; i < node->links_count; i++) {
        node_link_drop(&node->links[i], "this node ends");
        node_feed_close(&node->links[i]);
        node_light_close(&node->links[i]);
        qw_hop_free(node->links[i].hop);
        qw_node_pool_close(node->links[i].pool);
    }
    node_metrics_close(node);
    node_journal_close(node);
    for (size_t i = 0; i < node->ends_count; i++) {
        qw_node_pool_close(node->ends[i].pool);
    }
    for (size_t i = 0; i < NODE_GUESTS_MAX; i++) {
        node_guest_close(&node->guests[i]);
    }
    for (size_t i = 0; i < node->hands_count; i++) {
        node_hand_close(node->hands[i]);
    }
    qw_relay_free(node->relay);
    qw_two_paths_free(node->two_paths);
    qw_key_source_close(&node->source);
    qw_socket_close(node->listener);
    node_keys_close(&node->keys);
    node_control_close(node);
    node_delivery_close(node);
    node_schedule_close(node);
    node_routing_close(node);
    free(node->message);
}

/* As many batches on their way as have room; what is refused now is asked again. */
static void send_more(struct node *node)
{
    struct node_sending *sending = &node->sending;
    uint64_t delivered = qw_relay_counters(node->relay).delivered_keys;
    uint64_t batch = (uint64_t)node->settings.batch_keys;
    struct qw_relay_demand demand = { .count = (uint32_t)batch, .key_len = NODE_KEY_LEN };
    qw_err err = QW_OK;

    while (err == QW_OK && delivered + qw_relay_under_way(node->relay) * batch < sending->keys) {
        err = qw_relay_new_id(demand.id);
        if (err == QW_OK) {
            err = qw_relay_request(node->relay, &sending->path, &demand);
        }
        if (err == QW_OK && sending->start_ms == 0) {
            sending->start_ms = qw_clock_monotonic_ms();
        }
    }
    if (err == QW_ERR_ARG || err == QW_ERR_NOT_FOUND) {
        qw_log_write(node->log, QW_LOG_ERROR, "sending: %s", qw_err_text(err));
        node->has_failed = true;
    }
}

static bool is_done(const struct node *node)
{
    if (node->sending.by_route) {
        return node_delivery_is_complete(node) && qw_relay_under_way(node->relay) == 0;
    }
    return node->sending.path.nodes > 0 &&
           qw_relay_counters(node->relay).delivered_keys >= node->sending.keys &&
           qw_relay_under_way(node->relay) == 0;
}

static void wait_for_events(struct node *node)
{
    struct pollfd polled[2 + 3 * NODE_LINKS_MAX + NODE_GUESTS_MAX + NODE_CALLERS_MAX];
    size_t count = node_control_poll(node, polled);
    int wait_ms = node_delivery_wait_ms(node, qw_clock_monotonic_ms(), TICK_MS);

    polled[count++] = (struct pollfd){ .fd = node->listener, .events = POLLIN };
    for (size_t i = 0; i < node->links_count; i++) {
        polled[count++] = (struct pollfd){ .fd = node->links[i].fd, .events = POLLIN };
        polled[count++] = (struct pollfd){ .fd = node_feed_fd(&node->links[i]), .events = POLLIN };
    }
    for (size_t i = 0; i < node->hands_count; i++) {
        polled[count++] = (struct pollfd){ .fd = node->hands[i]->fd, .events = POLLIN };
    }
    for (size_t i = 0; i < NODE_GUESTS_MAX; i++) {
        polled[count++] = (struct pollfd){ .fd = node->guests[i].fd, .events = POLLIN };
    }
    (void)poll(polled, (nfds_t)count, wait_ms); /* negative descriptors are passed over */
}

static void look_at_disks(struct node *node)
{
    static const char what[] = "the disk has failed, nothing leaves this pool any more";

    for (size_t i = 0; i < node->links_count; i++) {
        if (qw_node_pool_is_closed(node->links[i].pool)) {
            fail(node, node->links[i].entry.path, what);
        }
    }
    for (size_t i = 0; i < node->ends_count; i++) {
        if (qw_node_pool_is_closed(node->ends[i].pool)) {
            fail(node, node->ends[i].entry.path, what);
        }
    }
}

static void look_at_tags(struct node *node)
{
    struct qw_relay_counters counters = qw_relay_counters(node->relay);

    for (; node->wrong_tags < counters.wrong_tags; node->wrong_tags++) {
        node_journal_count(node, NODE_JOURNAL_END_TAG, "");
    }
    for (; node->limited < counters.limited; node->limited++) {
        node_journal_count(node, NODE_JOURNAL_END_LIMIT, "");
    }
}

static void turn(struct node *node, int64_t *ticked_ms)
{
    int64_t now_ms;

    wait_for_events(node);
    now_ms = qw_clock_monotonic_ms();
    for (size_t i = 0; i < node->links_count; i++) { /* first: a connection may have ended */
        node_link_read(&node->links[i]);
    }
    for (size_t i = 0; i < node->links_count; i++) {
        node_feed_turn(&node->links[i]);
    }
    node_guest_come(node, now_ms);
    for (size_t i = 0; i < NODE_GUESTS_MAX; i++) {
        if (node->guests[i].fd >= 0) {
            node_guest_read(&node->guests[i], node);
        }
    }
    node_schedule_turn(node, now_ms);
    if (now_ms - *ticked_ms >= TICK_MS) {
        *ticked_ms = now_ms;
        qw_relay_tick(node->relay, now_ms);
        for (size_t i = 0; i < node->links_count; i++) {
            node_link_keep_up(&node->links[i], now_ms);
        }
        look_at_disks(node);
        look_at_tags(node);
        node_journal_turn(node, now_ms);
        node_metrics_turn(node, now_ms);
    }
    if (node->sending.path.nodes > 0 && now_ms >= node->sending.again_at_ms) {
        send_more(node);
    }
    if (node->two_paths != NULL) {
        qw_two_paths_settle(node->two_paths, node->relay, now_ms);
    }
    node_control_turn(node);
    node_routing_turn(node, now_ms);
    node_delivery_turn(node, now_ms);
    for (size_t i = 0; i < node->hands_count; i++) {
        node_hand_turn(node, node->hands[i], now_ms);
    }
}

qw_err node_listen(struct node *node, uint16_t *port)
{
    qw_err err = qw_socket_listen(node->settings.listen_address,
                                  (uint16_t)node->settings.listen_port, &node->listener, port);

    if (err != QW_OK) {
        qw_log_write(node->log, QW_LOG_ERROR, "listening on %s:%lld: %s",
                     node->settings.listen_address, (long long)node->settings.listen_port,
                     qw_err_text(err));
    }
    return err;
}

qw_err node_run(struct node *node, const volatile sig_atomic_t *stop)
{
    int64_t ticked_ms = 0;

    qw_relay_tick(node->relay, qw_clock_monotonic_ms());
    while (!*stop && !node->has_failed && !node->is_ended && !is_done(node)) {
        turn(node, &ticked_ms);
    }
    return node->has_failed ? QW_ERR_IO : QW_OK;
}
