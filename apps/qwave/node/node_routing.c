/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_routing.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"
#include "network/topology_table.h"
#include "node/node_schedule.h"

#include <stdlib.h>
#include <string.h>

enum { START_TEXT_CAP = 16 };

static qw_err write_start(const struct node *node, uint32_t start)
{
    char text[START_TEXT_CAP];
    int len = snprintf(text, sizeof text, "%u\n", start);

    return qw_file_replace(node->settings.start_file, (const uint8_t *)text, (size_t)len);
}

/* One more than at the start before; without a file the first: whoever remembers more says so. */
static qw_err next_start(const struct node *node, uint32_t *start)
{
    char text[START_TEXT_CAP] = "";
    uint8_t *data = NULL;
    size_t len = 0;
    unsigned long before;
    qw_err err = qw_file_read(node->settings.start_file, sizeof text - 1, &data, &len);

    if (err == QW_ERR_NOT_FOUND) {
        *start = 1;
        return write_start(node, *start);
    }
    if (err != QW_OK) {
        return err;
    }
    memcpy(text, data, len);
    qw_secret_free(data);
    before = strtoul(text, NULL, 10);
    if (before == 0 || before >= UINT32_MAX) {
        return QW_ERR_FORMAT;
    }
    *start = (uint32_t)before + 1;
    return write_start(node, *start);
}

static qw_err check_links(const struct node *node, const struct qw_routing *routing)
{
    for (size_t i = 0; i < node->links_count; i++) {
        if (!qw_routing_is_neighbour(routing, node->links[i].neighbour)) {
            qw_log_write(node->log, QW_LOG_ERROR, "topology %s: no link from %lld to %u",
                         node->settings.topology, (long long)node->settings.node,
                         node->links[i].neighbour);
            return QW_ERR_CONFLICT;
        }
    }
    return QW_OK;
}

static qw_err open_graph(struct node *node, struct node_routing *r)
{
    struct qw_routing_config config = { .self = (uint16_t)node->settings.node };
    char error[QW_CONFIG_ERROR_CAP];
    qw_err err = topology_load(node->settings.topology, &r->topology, error);

    if (err != QW_OK) {
        qw_log_write(node->log, QW_LOG_ERROR, "%s", error);
        return err;
    }
    err = qw_key_graph_of(r->topology, &r->graph);
    if (err == QW_OK && (uint64_t)node->settings.node >= r->graph->node_count) {
        err = QW_ERR_ARG;
    }
    if (err == QW_OK) {
        err = next_start(node, &r->start_on_disk);
    }
    config.graph = r->graph;
    config.start = r->start_on_disk;
    if (err == QW_OK) {
        err = qw_routing_new(&config, (uint64_t)qw_clock_monotonic_ms(), &r->routing);
    }
    if (err != QW_OK) {
        qw_log_write(node->log, QW_LOG_ERROR, "routes of node %lld in %s: %s",
                     (long long)node->settings.node, node->settings.topology, qw_err_text(err));
        return err;
    }
    return check_links(node, r->routing);
}

qw_err node_routing_open(struct node *node)
{
    if (node->settings.topology[0] == '\0') {
        return QW_OK;
    }
    if (node->settings.start_file[0] == '\0') {
        qw_log_write(node->log, QW_LOG_ERROR, "with a topology, start_file must be given");
        return QW_ERR_ARG;
    }
    node->routing = calloc(1, sizeof *node->routing);
    return node->routing == NULL ? QW_ERR_NOMEM : open_graph(node, node->routing);
}

void node_routing_close(struct node *node)
{
    if (node->routing != NULL) {
        qw_routing_free(node->routing->routing);
        qw_key_graph_free(node->routing->graph);
        qw_topology_free(node->routing->topology);
        free(node->routing);
        node->routing = NULL;
    }
}

double node_routing_level(const struct node_link *link)
{
    struct qw_node_state out = qw_node_pool_state(link->pool, QW_NODE_OUT);
    struct qw_node_state in = qw_node_pool_state(link->pool, QW_NODE_IN);
    uint64_t least = out.stored < in.stored ? out.stored : in.stored;
    double level = (double)least / node_schedule_full_len(link);

    return level < 1 ? level : 1;
}

void node_routing_up(struct node_link *link)
{
    if (link->node->routing != NULL) {
        qw_routing_up(link->node->routing->routing, link->neighbour, node_routing_level(link),
                      (uint64_t)qw_clock_monotonic_ms());
    }
}

void node_routing_cut(struct node_link *link)
{
    if (link->node->routing != NULL) {
        qw_routing_cut(link->node->routing->routing, link->neighbour,
                       (uint64_t)qw_clock_monotonic_ms());
    }
}

qw_err node_routing_take(struct node_link *link, const struct qw_hop_message *message)
{
    struct node_routing *r = link->node->routing;
    qw_err err = QW_OK;

    if (message->secret_len != 0) {
        err = QW_ERR_FORMAT;
    } else if (r != NULL) { /* a node without routes: not its concern */
        err =
            qw_routing_receive(r->routing, link->neighbour,
                               (enum qw_link_state_kind)(message->type - QW_HOP_LINK_STATE_MIN +
                                                         QW_LINK_STATE_ADVERTS),
                               message->body, message->body_len, (uint64_t)qw_clock_monotonic_ms());
    }
    qw_hop_settle(link->hop);
    return err;
}

static struct node_link *link_to(struct node *node, uint32_t neighbour)
{
    size_t i = 0;

    while (node->links[i].neighbour != neighbour) { /* only links that came up are told to */
        i++;
    }
    return &node->links[i];
}

static void send_due(struct node *node, struct node_routing *r, uint64_t now_ms)
{
    enum qw_link_state_kind kind;
    uint32_t neighbour;
    size_t len;

    while (qw_routing_next(r->routing, now_ms, &neighbour, &kind, r->message + QW_HOP_HEAD_LEN,
                           &len)) {
        /* When it does not get out it is sent again (N3), or the link is down (N4). */
        (void)!qw_hop_seal(link_to(node, neighbour)->hop,
                           (uint8_t)(QW_HOP_LINK_STATE_MIN + kind - QW_LINK_STATE_ADVERTS),
                           r->message, len, 0, NULL);
    }
}

void node_routing_turn(struct node *node, int64_t now_ms)
{
    struct node_routing *r = node->routing;

    if (r == NULL) {
        return;
    }
    for (size_t i = 0; i < node->links_count; i++) {
        qw_routing_level(r->routing, node->links[i].neighbour, node_routing_level(&node->links[i]),
                         (uint64_t)now_ms);
    }
    send_due(node, r, (uint64_t)now_ms);
    if (qw_routing_start(r->routing) != r->start_on_disk) { /* others remembered a later life */
        r->start_on_disk = qw_routing_start(r->routing);
        if (write_start(node, r->start_on_disk) != QW_OK) {
            qw_log_write(node->log, QW_LOG_ERROR, "%s: cannot be written",
                         node->settings.start_file);
            node->has_failed = true;
        }
    }
}
