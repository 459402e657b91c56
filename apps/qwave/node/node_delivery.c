/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "node/node_delivery.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/secret.h"
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
    ROUTES_MAX = 4,
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

qw_err node_delivery_order(struct node *node, uint32_t target, uint64_t keys, uint32_t per_second)
{
    struct node_delivery *d = node->delivery;
    size_t i = 0;

    if (d == NULL || !has_end(node, target)) {
        return QW_ERR_NOT_FOUND;
    }
    while (i < d->orders && d->order[i].target != target) {
        i++;
    }
    if (i == NODE_ORDERS_MAX) {
        return QW_ERR_LIMIT;
    }
    if (i == d->orders) {
        d->order[d->orders++] =
            (struct node_order){ .target = target, .next_at_ms = qw_clock_monotonic_ms() };
    }
    d->order[i].keys += keys;
    d->order[i].per_second = per_second;
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

    if (file == NULL) {
        return;
    }
    qw_hex_encode(batch->id, sizeof batch->id, id);
    fprintf(file, "delivered %lld %lld %s %u ", (long long)batch->asked_ms,
            (long long)qw_clock_monotonic_ms(), id, batch->count);
    for (uint8_t i = 0; i < batch->path.nodes; i++) {
        fprintf(file, "%s%u", i == 0 ? "" : ",", batch->path.node[i]);
    }
    fprintf(file, "\n");
    if (fflush(file) != 0) {
        qw_log_write(node->log, QW_LOG_ERROR, "%s: cannot be written", node->settings.event_file);
        node->has_failed = true;
    }
}

void node_delivery_done(struct node *node, const struct qw_relay_batch *batch)
{
    struct node_batch *ours = find_batch(node->delivery, batch->id);

    if (ours != NULL) {
        node->delivery->order[ours->order].delivered += ours->count;
        node->delivery->order[ours->order].route = ours->path;
        node->delivery->order[ours->order].routed_ms = qw_clock_monotonic_ms();
        node->delivery->order[ours->order].under_way--;
        write_event(node, ours);
        ours->is_used = false;
    }
}

/* D3 */
static void avoid(struct node *node, const struct qw_relay_path *path, enum qw_relay_reason reason,
                  uint32_t at, int64_t now_ms)
{
    struct qw_routing *routing = node->routing->routing;
    uint64_t hold_ms = reason == QW_RELAY_EMPTY ? QW_ROUTING_EMPTY_MS : QW_ROUTING_CUT_MS;

    switch (reason) {
    case QW_RELAY_NO_LINK:
    case QW_RELAY_EMPTY:
        qw_routing_failed(routing, path, at, hold_ms, (uint64_t)now_ms);
        break;
    case QW_RELAY_TIMEOUT: /* somebody on the route keeps or alters what he should pass on */
    case QW_RELAY_WRONG_TAG:
        for (uint8_t i = 0; i < path->nodes; i++) {
            qw_routing_failed(routing, path, path->node[i], hold_ms, (uint64_t)now_ms);
        }
        break;
    case QW_RELAY_BUSY:
    case QW_RELAY_REFUSED:
    case QW_RELAY_SIZE:
        break;
    }
}

void node_delivery_void(struct node *node, const struct qw_relay_batch *batch,
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
    avoid(node, &ours->path, reason, at, now_ms);
    if (reason == QW_RELAY_BUSY || reason == QW_RELAY_REFUSED || reason == QW_RELAY_SIZE) {
        order->next_at_ms = now_ms + PAUSE_MS;
    }
}

static bool is_same_path(const struct qw_relay_path *a, const struct qw_relay_path *b)
{
    bool is_same = a->nodes == b->nodes;

    for (uint8_t i = 0; is_same && i < a->nodes; i++) {
        is_same = a->node[i] == b->node[i];
    }
    return is_same;
}

/* D4: the relay has sent VOID over the old route itself; when there is another by now, over it. */
static void void_over_new_routes(struct node *node, int64_t now_ms)
{
    struct node_delivery *d = node->delivery;

    for (size_t i = 0; i < BATCHES; i++) {
        struct node_batch *batch = &d->batch[i];
        struct qw_relay_path path;

        if (!batch->is_used || !batch->is_void) {
            continue;
        }
        if (qw_routing_find(node->routing->routing, d->order[batch->order].target, INFINITY,
                            (uint64_t)now_ms, &path) != QW_OK) {
            batch->is_used = now_ms - batch->asked_ms < VOID_MS;
            continue;
        }
        batch->is_used = false;
        if (!is_same_path(&path, &batch->path)) {
            (void)!qw_relay_give_up(node->relay, &path, batch->id); /* else over the old, again */
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

/* D1, D2. What the pool of the first link lacks shows here: another route then. */
static qw_err send_batch(struct node *node, struct node_order *order, struct node_batch *batch,
                         int64_t now_ms)
{
    struct qw_routing *routing = node->routing->routing;
    qw_err err = QW_ERR_CLOSED;

    for (int i = 0; i < ROUTES_MAX && (err == QW_ERR_CLOSED || err == QW_ERR_EXHAUSTED); i++) {
        err = qw_routing_find(routing, order->target, qw_price_limit(QW_CLASS_GOLD),
                              (uint64_t)now_ms, &batch->path);
        if (err != QW_OK) {
            order->waits++;
            return err;
        }
        err = qw_relay_request(node->relay, &batch->path, batch->id, batch->count, NODE_KEY_LEN);
        if (err == QW_ERR_CLOSED || err == QW_ERR_EXHAUSTED) {
            qw_routing_failed(routing, &batch->path, (uint32_t)node->settings.node,
                              err == QW_ERR_CLOSED ? QW_ROUTING_CUT_MS : QW_ROUTING_EMPTY_MS,
                              (uint64_t)now_ms);
        }
    }
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
    err = qw_relay_new_id(batch->id);
    if (err == QW_OK) {
        err = send_batch(node, order, batch, now_ms);
    }
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
    for (size_t i = 0; i < d->orders; i++) {
        while (is_due(&d->order[i], now_ms) && ask(node, &d->order[i], now_ms)) {
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
