/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_route.h"

#include "node/node_delivery.h"
#include "node/node_routing.h"

#include <math.h>
#include <string.h>

enum { ROUTES_MAX = 4 };

static double price_max_of(enum qw_node_class class)
{
    static const enum qw_request_class pays[QW_NODE_CLASSES] = { [QW_NODE_GOLD] = QW_CLASS_GOLD,
                                                                 [QW_NODE_SILVER] = QW_CLASS_SILVER,
                                                                 [QW_NODE_BRONZE] =
                                                                     QW_CLASS_BRONZE };

    return qw_price_limit(pays[class]);
}

/* D1, D5 */
static qw_err find(struct node *node, const struct node_order *order, int64_t now_ms,
                   struct node_route *route, const char **reason)
{
    struct qw_routing *routing = node->routing->routing;
    double price_max = price_max_of(order->class);
    qw_err err =
        order->is_two
            ? qw_routing_find_two(routing, order->target, price_max, (uint64_t)now_ms, route->path)
            : qw_routing_find(routing, order->target, price_max, (uint64_t)now_ms, &route->path[0]);

    route->paths = err != QW_OK ? 0 : order->is_two ? 2 : 1;
    if (err == QW_ERR_LIMIT) {
        *reason = "a route is dearer than its class pays";
    } else if (err != QW_OK) {
        *reason = order->is_two ? NODE_NO_TWO_PATHS : "no route";
    }
    return err;
}

qw_err node_route_send(struct node *node, const struct node_order *order,
                       const struct qw_relay_demand *demand, int64_t now_ms,
                       struct node_route *route, const char **reason)
{
    qw_err err = QW_ERR_CLOSED;

    *reason = "";
    for (int i = 0; i < ROUTES_MAX && (err == QW_ERR_CLOSED || err == QW_ERR_EXHAUSTED); i++) {
        err = find(node, order, now_ms, route, reason);
        if (err != QW_OK) {
            return err;
        }
        err = order->is_two
                  ? qw_two_paths_request(node->two_paths, node->relay, route->path, 2, demand)
                  : qw_relay_request(node->relay, &route->path[0], demand);
        if (err == QW_ERR_CLOSED || err == QW_ERR_EXHAUSTED) {
            *reason = "the first link lacks key";
            qw_routing_failed(
                node->routing->routing, &route->path[0], (uint32_t)node->settings.node,
                err == QW_ERR_CLOSED ? QW_ROUTING_CUT_MS : QW_ROUTING_EMPTY_MS, (uint64_t)now_ms);
        }
    }
    return err;
}

void node_route_avoid(struct node *node, const struct node_route *route, uint8_t part,
                      enum qw_relay_reason reason, uint32_t at, int64_t now_ms)
{
    const struct qw_relay_path *path = &route->path[part == 1];
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

static bool is_same_path(const struct qw_relay_path *a, const struct qw_relay_path *b)
{
    bool is_same = a->nodes == b->nodes;

    for (uint8_t i = 0; is_same && i < a->nodes; i++) {
        is_same = a->node[i] == b->node[i];
    }
    return is_same;
}

qw_err node_route_void(struct node *node, const struct node_route *route,
                       const uint8_t id[static QW_RELAY_BATCH_ID_LEN], int64_t now_ms)
{
    struct qw_relay_path path;
    uint8_t part[QW_RELAY_BATCH_ID_LEN];
    qw_err err = qw_routing_find(node->routing->routing, qw_relay_path_target(&route->path[0]),
                                 INFINITY, (uint64_t)now_ms, &path);

    memcpy(part, id, sizeof part);
    for (uint8_t i = 0; err == QW_OK && i < route->paths; i++) {
        part[QW_RELAY_PART_AT] = route->paths == 2 ? i : part[QW_RELAY_PART_AT];
        if (!is_same_path(&path, &route->path[i])) {
            (void)!qw_relay_give_up(node->relay, &path, part); /* else over the old, again */
        }
    }
    return err;
}

void node_route_text(const struct node_route *route, char text[static NODE_ROUTE_CAP])
{
    size_t len = 0;

    text[0] = '\0';
    for (uint8_t k = 0; k < route->paths; k++) {
        const struct qw_relay_path *path = &route->path[k];

        for (uint8_t i = 0; i < path->nodes; i++) {
            len += (size_t)snprintf(text + len, NODE_ROUTE_CAP - len, "%s%u",
                                    i > 0   ? ","
                                    : k > 0 ? "+"
                                            : "",
                                    path->node[i]);
        }
    }
}
