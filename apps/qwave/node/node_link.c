/* SPDX-License-Identifier: Apache-2.0 */
/* Connections to neighbours: one at a time for each, made by the end that has the other's address;
 * who comes to us is a guest first (node_guest.c). */
#define _GNU_SOURCE
#include "base/clock.h"
#include "base/socket.h"
#include "base/wire_tcp.h"
#include "crypto/random.h"
#include "node/node_feed.h"
#include "node/node_hand.h"
#include "node/node_journal.h"
#include "node/node_light.h"
#include "node/node_routing.h"
#include "node/node_schedule.h"
#include "node/node_stock.h"

#include <stdlib.h>
#include <string.h>

enum {
    SEND_MS = 2000,
    CONNECT_MS = 200,
    RETRY_MS = 25, /* and more with each failure, up to 1.6 s */
    SILENT_S = 20,
    READS_MAX = 64,
    WHO_CAP = 32
};

static qw_err open_pool(struct node *node, const struct node_entry *entry, bool is_end,
                        struct qw_node_pool **pool)
{
    struct qw_node_limits limits = node_stock_limits(node, 0, is_end);
    struct qw_node_disk disk;
    qw_err err = qw_node_disk_file_open(entry->path, &disk);

    if (err == QW_OK) {
        err = qw_node_pool_open(&disk, &limits, pool);
    }
    if (err == QW_OK && (qw_node_pool_head(*pool)->node != node->settings.node ||
                         qw_node_pool_head(*pool)->neighbour != entry->node)) {
        err = QW_ERR_CONFLICT;
    }
    if (err == QW_OK) {
        limits = node_stock_limits(node, qw_node_pool_head(*pool)->capacity, is_end);
        qw_node_pool_set_floors(*pool, limits.floor_len);
    }
    for (int d = QW_NODE_OUT; err == QW_OK && is_end && d <= QW_NODE_IN; d++) {
        qw_node_pool_confirm(*pool, (enum qw_node_direction)d,
                             qw_node_pool_state(*pool, (enum qw_node_direction)d).end);
    }
    if (err != QW_OK) {
        qw_log_write(node->log, QW_LOG_ERROR, "%s: %s", entry->path, qw_err_text(err));
    }
    return err;
}

static qw_err wire_send(void *self, const uint8_t *message, size_t len)
{
    struct node_link *link = self;

    return qw_wire_send(&link->wire, message, len);
}

static qw_err add_link(struct node *node, const char *text)
{
    struct node_link *link = &node->links[node->links_count];
    struct qw_hop_config config = { .self = link, .send = wire_send };
    qw_err err;

    if (node->links_count == NODE_LINKS_MAX || !node_entry_read(text, &link->entry)) {
        qw_log_write(node->log, QW_LOG_ERROR, "neighbours: '%s' is not ID=FILE[@HOST:PORT]", text);
        return QW_ERR_FORMAT;
    }
    link->node = node;
    link->neighbour = link->entry.node;
    qw_backoff_init(&link->backoff, RETRY_MS);
    link->fd = -1;
    node->links_count++;
    err = open_pool(node, &link->entry, false, &link->pool);
    if (err == QW_OK && node->settings.simulated_seed != 0 &&
        !qw_node_pool_head(link->pool)->is_simulated) {
        qw_log_write(node->log, QW_LOG_ERROR,
                     "%s: not charged with --simulated; takes no simulated keys", link->entry.path);
        err = QW_ERR_REFUSED;
    }
    if (err == QW_OK) {
        config.pool = link->pool;
        link->aged_len = node_stock_aged_len(link->pool);
        err = qw_hop_new(&config, &link->hop);
    }
    return err;
}

static qw_err add_end(struct node *node, const char *text)
{
    struct node_end *end = &node->ends[node->ends_count];
    struct node_entry entry;

    if (node->ends_count == NODE_LINKS_MAX || !node_entry_read(text, &entry) ||
        entry.host[0] != '\0') {
        qw_log_write(node->log, QW_LOG_ERROR, "ends: '%s' is not ID=FILE", text);
        return QW_ERR_FORMAT;
    }
    node->ends_count++;
    end->entry = entry;
    return open_pool(node, &entry, true, &end->pool);
}

static qw_err for_each(struct node *node, char *list, qw_err (*add)(struct node *, const char *))
{
    qw_err err = QW_OK;

    while (err == QW_OK && *list != '\0') {
        size_t len = strcspn(list, " ");
        bool is_last = list[len] == '\0';

        list[len] = '\0';
        if (len > 0) {
            err = add(node, list);
        }
        list += len + (is_last ? 0 : 1);
    }
    return err;
}

qw_err node_links_parse(struct node *node)
{
    qw_err err = for_each(node, node->settings.neighbours, add_link);

    if (err == QW_OK) {
        err = for_each(node, node->settings.feeds, node_feed_add);
    }
    if (err == QW_OK) {
        err = for_each(node, node->settings.lights, node_light_add);
    }
    if (err == QW_OK) {
        err = for_each(node, node->settings.ends, add_end);
    }
    return err == QW_OK ? for_each(node, node->settings.hand_to, node_hand_add) : err;
}

static void wait_longer(struct node_link *link, int64_t now_ms)
{
    link->try_at_ms = now_ms + qw_backoff_fail(&link->backoff, qw_random_spread());
}

void node_link_drop(struct node_link *link, const char *why)
{
    if (link->fd < 0) {
        return;
    }
    qw_log_write(link->node->log, QW_LOG_INFO, "link to %u: %s", link->neighbour, why);
    link->fd = -1;
    qw_wire_close(&link->wire);
    qw_hop_stop(link->hop);
    node_feed_down(link);
    qw_relay_hop_down(link->node->relay, link->neighbour);
    node_routing_cut(link);
    node_schedule_down(link);
    wait_longer(link, qw_clock_monotonic_ms());
}

/* Takes the wire. */
static void begin(struct node_link *link, struct qw_wire *wire, int fd)
{
    link->wire = *wire;
    link->fd = fd;
    link->since_ms = qw_clock_monotonic_ms();
    if (qw_hop_start(link->hop) != QW_OK) {
        node_link_drop(link, "cannot begin");
    }
}

qw_err node_link_wire(int fd, struct qw_wire *wire)
{
    if (qw_socket_keep_alive(fd, SILENT_S) != QW_OK) {
        qw_socket_close(fd);
        return QW_ERR_IO;
    }
    return qw_wire_tcp_new(fd, SEND_MS, wire);
}

static void connect_to(struct node_link *link, int64_t now_ms)
{
    struct qw_wire wire;
    int fd = -1;

    if (qw_hop_status(link->hop) == QW_HOP_QUARANTINED) {
        return;
    }
    if (qw_socket_connect(link->entry.host, link->entry.port, CONNECT_MS, &fd) == QW_OK &&
        node_link_wire(fd, &wire) == QW_OK) {
        begin(link, &wire, fd);
    } else {
        wait_longer(link, now_ms);
    }
}

void node_link_keep_up(struct node_link *link, int64_t now_ms)
{
    qw_err err = node_stock_feed(link);

    if (err != QW_OK) {
        qw_log_write(link->node->log, QW_LOG_ERROR, "%s: %s", link->entry.path, qw_err_text(err));
        link->node->has_failed = true;
        return;
    }
    if (link->fd < 0) {
        if (link->entry.host[0] != '\0' && now_ms >= link->try_at_ms && !link->is_cut) {
            connect_to(link, now_ms);
        }
        return;
    }
    if (qw_hop_status(link->hop) != QW_HOP_UP) {
        if (now_ms - link->since_ms > NODE_MEET_MS) {
            node_link_drop(link, "no session in time");
        }
        return;
    }
    err = qw_hop_appended(link->hop);
    if (err == QW_OK) {
        err = node_stock_age(link);
    }
    if (err != QW_OK) {
        node_link_drop(link, qw_err_text(err));
    }
}

void node_link_refused(struct node *node, const char *who)
{
    node->refused++;
    node_journal_count(node, NODE_JOURNAL_REFUSED, who);
}

/* What a message has shown of the neighbour. */
static void note(struct node_link *link, enum qw_hop_status before, uint64_t put_back, qw_err err)
{
    char who[WHO_CAP];

    (void)snprintf(who, sizeof who, "node %u", link->neighbour);
    if (qw_hop_account(link->hop).put_back > put_back) {
        qw_log_write(link->node->log, QW_LOG_WARNING,
                     "link to %u: an older copy of a pool was put back; a stream is given up",
                     link->neighbour);
        node_journal_write_of(link->node, "pool-put-back", link->neighbour, QW_ERR_CONFLICT,
                              "the stream of its sender is given up");
    }
    if (err == QW_ERR_AUTH && before == QW_HOP_UP) {
        node_journal_count(link->node, NODE_JOURNAL_HOP_TAG, who);
    } else if (err == QW_ERR_AUTH) {
        node_link_refused(link->node, who);
    } else if (err == QW_ERR_CONFLICT) {
        node_journal_write_of(link->node, "link-quarantined", link->neighbour, err,
                              "the streams differ");
    }
}

static qw_err take(struct node_link *link, uint8_t *message, size_t len)
{
    enum qw_hop_status before = qw_hop_status(link->hop);
    uint64_t put_back = qw_hop_account(link->hop).put_back;
    struct qw_hop_message opened;
    qw_err err = qw_hop_receive(link->hop, message, len, &opened);

    note(link, before, put_back, err);
    if (err == QW_OK && opened.type == QW_HOP_JOINED) {
        err = node_schedule_take(link, &opened);
    } else if (err == QW_OK && opened.type >= QW_HOP_FEED_MIN) {
        err = node_feed_take(link, &opened);
    } else if (err == QW_OK && opened.type >= QW_HOP_LINK_STATE_MIN) {
        err = node_routing_take(link, &opened);
    } else if (err == QW_OK && opened.type != 0) {
        err = qw_relay_receive(link->node->relay, link->neighbour, &opened);
    }
    if (err == QW_OK && before != QW_HOP_UP && qw_hop_status(link->hop) == QW_HOP_UP) {
        qw_log_write(link->node->log, QW_LOG_INFO, "link to %u: up", link->neighbour);
        qw_backoff_succeed(&link->backoff);
        node_routing_up(link);
        err = node_stock_age(link); /* before anything goes under it */
    }
    return err;
}

void node_link_read(struct node_link *link)
{
    qw_err err = QW_OK;

    for (int i = 0; err == QW_OK && link->fd >= 0 && i < READS_MAX; i++) {
        size_t len = 0;

        err = qw_wire_receive(&link->wire, link->node->message, NODE_MESSAGE_MAX, &len, 0);
        if (err == QW_OK) {
            err = take(link, link->node->message, len);
        }
    }
    if (err == QW_ERR_CONFLICT) {
        qw_log_write(link->node->log, QW_LOG_ERROR,
                     "link to %u: the streams differ; quarantined until somebody has looked",
                     link->neighbour);
    }
    if (err != QW_OK && err != QW_ERR_TIMEOUT) {
        node_link_drop(link, qw_err_text(err));
    }
}

void node_link_let_in(struct node_link *link, struct qw_wire *wire, int fd, uint8_t *hello,
                      size_t len)
{
    qw_err err;

    begin(link, wire, fd);
    if (link->fd >= 0) {
        err = take(link, hello, len);
        if (err != QW_OK) {
            node_link_drop(link, qw_err_text(err));
        }
    }
}
