/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/network/routing.h"

#include "qkd/network/disjoint.h"

#include <math.h>
#include <stdlib.h>

enum { LEVEL_FULL = 255 };

struct neighbour {
    size_t link; /* of the graph */
    struct qw_damper damper;
    bool was_up; /* once: until then there is nothing to be calm about */
};

struct qw_routing {
    struct qw_routing_config config;
    struct qw_link_state_config known; /* neighbours, as link_state numbers them */
    struct neighbour neighbour[QW_ADVERT_LINKS_MAX];
    struct qw_link_state *state;
    struct qw_route_search *search;
    double *cost;          /* [link_count] */
    uint64_t *no_until_ms; /* [link_count] D3; 0: use it */
};

static qw_err note_neighbours(struct qw_routing *r)
{
    const struct qw_key_graph *g = r->config.graph;

    for (size_t i = 0; i < g->node_count; i++) {
        size_t link = i == r->config.self ? g->link_count : qw_key_graph_find(g, r->config.self, i);

        if (link == g->link_count) {
            continue;
        }
        if (r->known.neighbour_count == QW_ADVERT_LINKS_MAX) {
            return QW_ERR_ARG;
        }
        r->neighbour[r->known.neighbour_count].link = link;
        r->known.neighbour[r->known.neighbour_count++] = (uint16_t)i;
    }
    return QW_OK;
}

static qw_err allocate(struct qw_routing *r, uint64_t now_ms)
{
    const struct qw_key_graph *g = r->config.graph;
    qw_err err;

    r->known.nodes = g->node_count;
    r->known.self = r->config.self;
    r->known.start = r->config.start;
    err = note_neighbours(r);
    if (err != QW_OK) {
        return err;
    }
    r->cost = calloc(g->link_count + 1, sizeof *r->cost);
    r->no_until_ms = calloc(g->link_count + 1, sizeof *r->no_until_ms);
    if (r->cost == NULL || r->no_until_ms == NULL) {
        return QW_ERR_NOMEM;
    }
    err = qw_route_search_new(g, &r->search);
    return err == QW_OK ? qw_link_state_new(&r->known, now_ms, &r->state) : err;
}

qw_err qw_routing_new(const struct qw_routing_config *config, uint64_t now_ms,
                      struct qw_routing **routing)
{
    struct qw_routing *r;
    qw_err err;

    if (config->self >= config->graph->node_count) {
        return QW_ERR_ARG;
    }
    r = calloc(1, sizeof *r);
    if (r == NULL) {
        return QW_ERR_NOMEM;
    }
    r->config = *config;
    err = allocate(r, now_ms);
    if (err != QW_OK) {
        qw_routing_free(r);
        return err;
    }
    *routing = r;
    return QW_OK;
}

void qw_routing_free(struct qw_routing *routing)
{
    if (routing != NULL) {
        qw_link_state_free(routing->state);
        qw_route_search_free(routing->search);
        free(routing->cost);
        free(routing->no_until_ms);
        free(routing);
    }
}

/* neighbour_count: it is none. */
static size_t index_of(const struct qw_routing *r, uint32_t node)
{
    size_t i = 0;

    while (i < r->known.neighbour_count && r->known.neighbour[i] != node) {
        i++;
    }
    return i;
}

bool qw_routing_is_neighbour(const struct qw_routing *routing, uint32_t node)
{
    return index_of(routing, node) < routing->known.neighbour_count;
}

static void tell(struct qw_routing *r, size_t index, uint64_t now_ms)
{
    const struct neighbour *n = &r->neighbour[index];
    double rate = r->config.graph->link[n->link].mean_bps;
    const struct qw_advert_link link = {
        .neighbour = r->known.neighbour[index],
        .is_up = n->damper.is_told_up,
        .level = n->damper.is_told_up ? (uint8_t)lround(n->damper.told_level * LEVEL_FULL) : 0,
        .rate_bps = rate < UINT32_MAX ? (uint32_t)rate : UINT32_MAX
    };

    qw_link_state_set(r->state, index, &link, now_ms);
}

void qw_routing_up(struct qw_routing *routing, uint32_t neighbour, double level, uint64_t now_ms)
{
    size_t index = index_of(routing, neighbour);
    struct neighbour *n = &routing->neighbour[index];

    qw_assert(index < routing->known.neighbour_count);
    if (!n->was_up) {
        n->was_up = true;
        qw_damper_init(&n->damper, level, now_ms);
        tell(routing, index, now_ms);
    } else {
        qw_damper_restore(&n->damper, now_ms);
    }
}

void qw_routing_cut(struct qw_routing *routing, uint32_t neighbour, uint64_t now_ms)
{
    size_t index = index_of(routing, neighbour);

    qw_assert(index < routing->known.neighbour_count);
    if (routing->neighbour[index].was_up &&
        qw_damper_cut(&routing->neighbour[index].damper, now_ms)) {
        tell(routing, index, now_ms);
    }
}

void qw_routing_level(struct qw_routing *routing, uint32_t neighbour, double level, uint64_t now_ms)
{
    size_t index = index_of(routing, neighbour);

    qw_assert(index < routing->known.neighbour_count);
    if (routing->neighbour[index].was_up &&
        qw_damper_look(&routing->neighbour[index].damper, level, now_ms)) {
        tell(routing, index, now_ms);
    }
}

qw_err qw_routing_receive(struct qw_routing *routing, uint32_t neighbour,
                          enum qw_link_state_kind kind, const uint8_t *body, size_t len,
                          uint64_t now_ms)
{
    size_t index = index_of(routing, neighbour);

    qw_assert(index < routing->known.neighbour_count);
    return qw_link_state_receive(routing->state, index, kind, body, len, now_ms);
}

bool qw_routing_next(struct qw_routing *routing, uint64_t now_ms, uint32_t *neighbour,
                     enum qw_link_state_kind *kind, uint8_t body[static QW_LINK_STATE_BODY_MAX],
                     size_t *len)
{
    size_t index;

    if (!qw_link_state_next(routing->state, now_ms, &index, kind, body, len)) {
        return false;
    }
    *neighbour = routing->known.neighbour[index];
    return true;
}

void qw_routing_failed(struct qw_routing *routing, const struct qw_relay_path *path, uint32_t node,
                       uint64_t hold_ms, uint64_t now_ms)
{
    const struct qw_key_graph *g = routing->config.graph;
    uint8_t at;
    size_t link;

    if (!qw_relay_path_find(path, node, &at) || at + 1 >= path->nodes) {
        return; /* the target itself: another route would not help */
    }
    link = qw_key_graph_find(g, path->node[at], path->node[at + 1]);
    if (link < g->link_count && routing->no_until_ms[link] < now_ms + hold_ms) {
        routing->no_until_ms[link] = now_ms + hold_ms;
    }
}

/* N6 */
static void price_links(struct qw_routing *r, uint64_t now_ms)
{
    const struct qw_key_graph *g = r->config.graph;

    for (size_t i = 0; i < g->link_count; i++) {
        struct qw_advert_link told;
        bool is_there = now_ms >= r->no_until_ms[i] &&
                        qw_link_state_link(r->state, g->link[i].a, g->link[i].b, &told);

        r->cost[i] = is_there ? qw_price_of((double)told.level / LEVEL_FULL) : INFINITY;
    }
}

static void write_path(const struct qw_route *route, struct qw_relay_path *path)
{
    path->nodes = (uint8_t)(route->hops + 1);
    for (size_t i = 0; i <= route->hops; i++) {
        path->node[i] = route->node[i];
    }
}

qw_err qw_routing_find(struct qw_routing *routing, uint32_t to, double price_max, uint64_t now_ms,
                       struct qw_relay_path *path)
{
    struct qw_route found;
    qw_err err;

    if (to >= routing->config.graph->node_count) {
        return QW_ERR_NOT_FOUND;
    }
    price_links(routing, now_ms);
    qw_route_from(routing->search, routing->cost, routing->config.self);
    err = qw_route_to(routing->search, to, &found);
    if (err != QW_OK) {
        return err;
    }
    if (qw_route_distance(routing->search, to) > price_max || found.hops + 1 > QW_RELAY_NODES_MAX) {
        return QW_ERR_LIMIT;
    }
    write_path(&found, path);
    return QW_OK;
}

static double cost_of(const struct qw_routing *r, const struct qw_route *route)
{
    double cost = 0;

    for (size_t i = 0; i < route->hops; i++) {
        cost += r->cost[route->link[i]];
    }
    return cost;
}

/* Over all links that there are, up or not. */
static qw_err check_two(struct qw_routing *r, uint32_t to, struct qw_route route[2])
{
    size_t found = 0;
    qw_err err;

    for (size_t i = 0; i < r->config.graph->link_count; i++) {
        r->cost[i] = 1;
    }
    err = qw_disjoint_paths(r->config.graph, r->cost, r->config.self, to, 2, route, &found);
    return err == QW_OK && found < 2 ? QW_ERR_REFUSED : err;
}

qw_err qw_routing_find_two(struct qw_routing *routing, uint32_t to, double price_max,
                           uint64_t now_ms, struct qw_relay_path path[2])
{
    struct qw_route route[2];
    size_t found = 0;
    qw_err err;

    if (to >= routing->config.graph->node_count || to == routing->config.self) {
        return QW_ERR_REFUSED;
    }
    price_links(routing, now_ms);
    err = qw_disjoint_paths(routing->config.graph, routing->cost, routing->config.self, to, 2,
                            route, &found);
    if (err != QW_OK) {
        return err;
    }
    if (found < 2) {
        err = check_two(routing, to, route);
        return err == QW_OK ? QW_ERR_NOT_FOUND : err;
    }
    for (size_t i = 0; i < 2; i++) {
        if (cost_of(routing, &route[i]) > price_max || route[i].hops + 1 > QW_RELAY_NODES_MAX) {
            return QW_ERR_LIMIT;
        }
    }
    write_path(&route[0], &path[0]);
    write_path(&route[1], &path[1]);
    return QW_OK;
}

size_t qw_routing_links_up(const struct qw_routing *routing)
{
    const struct qw_key_graph *g = routing->config.graph;
    size_t count = 0;

    for (size_t i = 0; i < g->link_count; i++) {
        struct qw_advert_link told;

        count += qw_link_state_link(routing->state, g->link[i].a, g->link[i].b, &told);
    }
    return count;
}

uint32_t qw_routing_start(const struct qw_routing *routing)
{
    return qw_link_state_start(routing->state);
}
