/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "node/node_delivery.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/secret.h"
#include "node/node_journal.h"
#include "node/node_routing.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    WAIT_MS = 10,
    PAUSE_MS = 100,
    BATCHES = NODE_OUT_MAX + NODE_VOIDS_MAX,
    OBJECT_CAP = 32,
    VOID_MS = 10000 /* without any route; then it is the relay's to say it again */
};

qw_err node_delivery_open(struct node *node)
{
    int fd;

    if (node->routing == NULL) {
        return QW_OK;
    }
    node->delivery = calloc(1, sizeof *node->delivery);
    if (node->delivery == NULL) {
        return QW_ERR_NOMEM;
    }
    if (node->settings.event_file[0] == '\0') {
        return QW_OK;
    }
    fd = open(node->settings.event_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    node->delivery->events = fd < 0 ? NULL : fdopen(fd, "a");
    if (node->delivery->events == NULL && fd >= 0) {
        close(fd);
    }
    return node->delivery->events == NULL ? QW_ERR_IO : QW_OK;
}

void node_delivery_close(struct node *node)
{
    if (node->delivery != NULL) {
        if (node->delivery->events != NULL) {
            fclose(node->delivery->events);
        }
        free(node->delivery);
        node->delivery = NULL;
    }
}

static bool has_end(const struct node *node, uint32_t target)
{
    for (size_t i = 0; i < node->ends_count; i++) {
        if (node->ends[i].entry.node == target) {
            return true;
        }
    }
    return false;
}

/* D5: what no state of the links can give is refused at once, and not waited for. */
static qw_err check_two(struct node *node, uint32_t target)
{
    struct qw_relay_path path[2];
    qw_err err = qw_routing_find_two(node->routing->routing, target, INFINITY,
                                     (uint64_t)qw_clock_monotonic_ms(), path);

    return err == QW_ERR_REFUSED || err == QW_ERR_NOMEM ? err : QW_OK;
}

static struct node_order *find_order(struct node_delivery *d, const struct qw_node_command *wish)
{
    for (size_t i = 0; i < d->orders; i++) {
        struct node_order *order = &d->order[i];

        if (order->target == wish->node && order->class == wish->class &&
            order->is_two == wish->is_two) {
            return order;
        }
    }
    return NULL;
}

qw_err node_delivery_order(struct node *node, const struct qw_node_command *wish)
{
    struct node_delivery *d = node->delivery;
    struct node_order *order;
    qw_err err;

    if (d == NULL || !has_end(node, wish->node)) {
        return QW_ERR_NOT_FOUND;
    }
    err = wish->is_two ? check_two(node, wish->node) : QW_OK;
    if (err != QW_OK) {
        return err;
    }
    order = find_order(d, wish);
    if (order == NULL && d->orders == NODE_ORDERS_MAX) {
        return QW_ERR_LIMIT;
    }
    if (order == NULL) {
        order = &d->order[d->orders++];
        *order = (struct node_order){ .target = wish->node,
                                      .class = wish->class,
                                      .is_two = wish->is_two,
                                      .reason = "",
                                      .next_at_ms = qw_clock_monotonic_ms() };
    }
    order->keys += wish->keys;
    order->per_second = wish->per_second;
    return QW_OK;
}

void node_delivery_hold(struct node *node)
{
    for (size_t i = 0; node->delivery != NULL && i < node->delivery->orders; i++) {
        node->delivery->order[i].keys = node->delivery->order[i].asked;
    }
}

void node_delivery_pause(struct node *node, uint32_t target, int64_t until_ms)
{
    for (size_t i = 0; node->delivery != NULL && i < node->delivery->orders; i++) {
        struct node_order *order = &node->delivery->order[i];

        if (order->target == target && order->next_at_ms < until_ms) {
            order->next_at_ms = until_ms;
        }
    }
}

static struct node_batch *find_batch(struct node_delivery *d, const uint8_t *id)
{
    for (size_t i = 0; d != NULL && i < BATCHES; i++) {
        if (d->batch[i].is_used && !d->batch[i].is_void &&
            qw_equal_ct(d->batch[i].id, id, QW_RELAY_BATCH_ID_LEN)) {
            return &d->batch[i];
        }
    }
    return NULL;
}

static void write_event(struct node *node, const struct node_batch *batch)
{
    FILE *file = node->delivery->events;
    char id[2 * QW_RELAY_BATCH_ID_LEN + 1];
    char route[NODE_ROUTE_CAP];

    if (file == NULL) {
        return;
    }
    qw_hex_encode(batch->id, sizeof batch->id, id);
    node_route_text(&batch->route, route);
    fprintf(file, "delivered %lld %lld %s %u %s\n", (long long)batch->asked_ms,
            (long long)qw_clock_monotonic_ms(), id, batch->count, route);
    if (fflush(file) != 0) {
        qw_log_write(node->log, QW_LOG_ERROR, "%s: cannot be written", node->settings.event_file);
        node->has_failed = true;
    }
}

void node_delivery_done(struct node *node, const struct qw_relay_batch *batch)
{
    struct node_delivery *d = node->delivery;
    struct node_batch *ours = find_batch(d, batch->id);
    struct node_order *order;

    if (ours == NULL) {
        return;
    }
    order = &d->order[ours->order];
    order->delivered += ours->count;
    order->route = ours->route;
    order->routed_ms = qw_clock_monotonic_ms();
    order->under_way--;
    d->class_keys[order->class] += ours->count;
    write_event(node, ours);
    ours->is_used = false;
}

void node_delivery_void(struct node *node, const struct qw_relay_batch *batch, uint8_t part,
                        enum qw_relay_reason reason, uint32_t at)
{
    struct node_batch *ours = find_batch(node->delivery, batch->id);
    int64_t now_ms = qw_clock_monotonic_ms();
    struct node_order *order;

    if (ours == NULL) {
        return;
    }
    order = &node->delivery->order[ours->order];
    order->asked -= ours->count;
    order->under_way--;
    if (order->per_second > 0) { /* its turn comes at once */
        order->next_at_ms -= (int64_t)ours->count * 1000 / order->per_second;
    }
    ours->is_void = true;
    node_route_avoid(node, &ours->route, part, reason, at, now_ms);
    if (reason == QW_RELAY_BUSY || reason == QW_RELAY_REFUSED || reason == QW_RELAY_SIZE) {
        order->next_at_ms = now_ms + PAUSE_MS;
    }
}

/* D4 */
static void void_over_new_routes(struct node *node, int64_t now_ms)
{
    struct node_delivery *d = node->delivery;

    for (size_t i = 0; i < BATCHES; i++) {
        struct node_batch *batch = &d->batch[i];

        if (batch->is_used && batch->is_void) {
            batch->is_used = node_route_void(node, &batch->route, batch->id, now_ms) != QW_OK &&
                             now_ms - batch->asked_ms < VOID_MS;
        }
    }
}

static struct node_batch *free_batch(struct node_delivery *d)
{
    size_t out = 0;
    struct node_batch *found = NULL;

    for (size_t i = 0; i < BATCHES; i++) {
        out += d->batch[i].is_used && !d->batch[i].is_void;
        found = d->batch[i].is_used ? found : &d->batch[i];
    }
    return out < NODE_OUT_MAX ? found : NULL;
}

/* Why nothing of an order goes out. That two paths are not there is told when it begins. */
static void note_reason(struct node *node, struct node_order *order, const char *reason)
{
    char object[OBJECT_CAP];

    if (strcmp(reason, NODE_NO_TWO_PATHS) == 0 && strcmp(order->reason, reason) != 0) {
        node->delivery->two_missing++;
        qw_log_write(node->log, QW_LOG_WARNING, "keys with %u: %s now; none go over one path",
                     order->target, reason);
        (void)snprintf(object, sizeof object, "node %u", order->target);
        node_journal_count(node, NODE_JOURNAL_NO_TWO, object);
    }
    order->reason = reason;
}

static qw_err send_batch(struct node *node, struct node_order *order, struct node_batch *batch,
                         int64_t now_ms)
{
    struct qw_relay_demand demand = { .count = batch->count,
                                      .key_len = NODE_KEY_LEN,
                                      .class = order->class };
    const char *reason = "";
    qw_err err = qw_relay_new_id(batch->id);

    if (err != QW_OK) {
        return err;
    }
    if (order->is_two) {
        batch->id[QW_RELAY_PART_AT] = QW_TWO_PATHS_JOINED;
    }
    memcpy(demand.id, batch->id, sizeof demand.id);
    err = node_route_send(node, order, &demand, now_ms, &batch->route, &reason);
    order->waits += err != QW_OK && batch->route.paths == 0;
    note_reason(node, order, reason);
    return err;
}

/* True: it went out. */
static bool ask(struct node *node, struct node_order *order, int64_t now_ms)
{
    struct node_delivery *d = node->delivery;
    struct node_batch *batch = free_batch(d);
    uint64_t left = order->keys - order->asked;
    qw_err err;

    if (batch == NULL) {
        return false;
    }
    *batch = (struct node_batch){ .count = (uint32_t)node->settings.batch_keys,
                                  .order = (size_t)(order - d->order),
                                  .asked_ms = now_ms };
    batch->count = left < batch->count ? (uint32_t)left : batch->count;
    err = send_batch(node, order, batch, now_ms);
    if (err == QW_ERR_ARG || err == QW_ERR_IO) {
        qw_log_write(node->log, QW_LOG_ERROR, "keys with %u: %s", order->target, qw_err_text(err));
        node->has_failed = true;
    }
    if (err != QW_OK) {
        order->next_at_ms = now_ms + WAIT_MS;
        return false;
    }
    batch->is_used = true;
    order->asked += batch->count;
    order->under_way++;
    if (order->per_second > 0) { /* what a cut held up is caught up with, up to a second */
        int64_t from_ms = order->next_at_ms < now_ms - 1000 ? now_ms - 1000 : order->next_at_ms;

        order->next_at_ms = from_ms + (int64_t)batch->count * 1000 / order->per_second;
    }
    return true;
}

static bool is_due(const struct node_order *order, int64_t now_ms)
{
    return order->asked < order->keys && order->under_way < NODE_OUT_OF_ORDER_MAX &&
           order->next_at_ms <= now_ms;
}

void node_delivery_turn(struct node *node, int64_t now_ms)
{
    struct node_delivery *d = node->delivery;

    if (d == NULL) {
        return;
    }
    void_over_new_routes(node, now_ms);
    for (int class = QW_NODE_GOLD; class < QW_NODE_CLASSES; class ++) { /* D6 */
        for (size_t i = 0; i < d->orders; i++) {
            struct node_order *order = &d->order[i];

            while (order->class == (enum qw_node_class) class && is_due(order, now_ms) &&
                   ask(node, order, now_ms)) {
            }
        }
    }
}

int node_delivery_wait_ms(const struct node *node, int64_t now_ms, int max_ms)
{
    const struct node_delivery *d = node->delivery;
    int64_t wait_ms = max_ms;

    for (size_t i = 0; d != NULL && i < d->orders; i++) {
        const struct node_order *order = &d->order[i];

        if (order->asked < order->keys && order->under_way < NODE_OUT_OF_ORDER_MAX &&
            order->next_at_ms - now_ms < wait_ms) {
            wait_ms = order->next_at_ms - now_ms;
        }
    }
    return wait_ms < 1 ? 1 : (int)wait_ms;
}

size_t node_delivery_under_way(const struct node *node)
{
    return qw_relay_under_way(node->relay);
}

bool node_delivery_is_complete(const struct node *node)
{
    const struct node_delivery *d = node->delivery;
    bool is_complete = d != NULL;

    for (size_t i = 0; is_complete && i < d->orders; i++) {
        is_complete = d->order[i].delivered >= d->order[i].keys;
    }
    return is_complete;
}
