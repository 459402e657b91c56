/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/network/key_graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void sort_arcs(struct qw_key_graph *g)
{
    for (size_t i = 0; i < g->link_count; i++) {
        g->first[g->link[i].a + 1]++;
        g->first[g->link[i].b + 1]++;
    }
    for (size_t i = 0; i < g->node_count; i++) {
        g->first[i + 1] += g->first[i];
    }
    for (size_t i = 0; i < g->link_count; i++) {
        g->arc[g->first[g->link[i].a]++] = (struct qw_arc){ g->link[i].b, i };
        g->arc[g->first[g->link[i].b]++] = (struct qw_arc){ g->link[i].a, i };
    }
    for (size_t i = g->node_count; i > 0; i--) { /* each has moved to where the next one began */
        g->first[i] = g->first[i - 1];
    }
    g->first[0] = 0;
}

qw_err qw_key_graph_new(size_t node_count, const bool *passes_on, const struct qw_key_link *link,
                        size_t link_count, struct qw_key_graph **graph)
{
    struct qw_key_graph *g = calloc(1, sizeof *g);

    if (g == NULL) {
        return QW_ERR_NOMEM;
    }
    g->node_count = node_count;
    g->link_count = link_count;
    g->passes_on = calloc(node_count + 1, sizeof *g->passes_on);
    g->link = calloc(link_count + 1, sizeof *g->link);
    g->first = calloc(node_count + 2, sizeof *g->first);
    g->arc = calloc(2 * link_count + 1, sizeof *g->arc);
    if (g->passes_on == NULL || g->link == NULL || g->first == NULL || g->arc == NULL) {
        qw_key_graph_free(g);
        return QW_ERR_NOMEM;
    }
    for (size_t i = 0; i < node_count; i++) {
        g->passes_on[i] = passes_on[i];
    }
    for (size_t i = 0; i < link_count; i++) {
        qw_assert(link[i].a < node_count && link[i].b < node_count && link[i].a != link[i].b);
        g->link[i] = link[i];
    }
    sort_arcs(g);
    *graph = g;
    return QW_OK;
}

void qw_key_graph_free(struct qw_key_graph *graph)
{
    if (graph != NULL) {
        free(graph->passes_on);
        free(graph->link);
        free(graph->first);
        free(graph->arc);
        free(graph);
    }
}

size_t qw_key_graph_find(const struct qw_key_graph *graph, size_t a, size_t b)
{
    for (size_t i = graph->first[a]; i < graph->first[a + 1]; i++) {
        if (graph->arc[i].to == b) {
            return graph->arc[i].link;
        }
    }
    return graph->link_count;
}

/* What the preset gives at this loss. */
static qw_err rate_at(const struct qw_topology *t, double loss_db, double *rate_bps)
{
    struct qw_link_model model = t->preset->model;
    struct qw_link_plan plan;
    qw_err err;

    model.fibre_db_per_km = 1;
    err = qw_link_plan_of(&model, t->preset->method, loss_db, t->preset->block_kind,
                          t->preset->block_size, &plan);
    if (err == QW_OK) {
        *rate_bps = plan.key_rate_bps;
    }
    return err;
}

static double loss_of(const struct qw_fibre *fibre)
{
    return fibre->km * fibre->db_per_km + fibre->loss_db;
}

struct building {
    const struct qw_topology *topology;
    struct qw_key_link *link;
    size_t count;
    size_t cap;
};

static qw_err add(struct building *b, const struct qw_key_link *link)
{
    if (b->count == b->cap) {
        size_t cap = b->cap == 0 ? 256 : 2 * b->cap;
        struct qw_key_link *grown = calloc(cap, sizeof *grown);

        if (grown == NULL) {
            return QW_ERR_NOMEM;
        }
        if (b->count > 0) {
            memcpy(grown, b->link, b->count * sizeof *grown);
        }
        free(b->link);
        b->link = grown;
        b->cap = cap;
    }
    b->link[b->count++] = *link;
    return QW_OK;
}

static qw_err add_fibre(struct building *b, const struct qw_fibre *fibre)
{
    struct qw_key_link link = { .a = fibre->from,
                                .b = fibre->to,
                                .kind = QW_KEY_LINK_FIBRE,
                                .km = fibre->km,
                                .loss_db = loss_of(fibre),
                                .rate_bps = fibre->rate_bps };
    qw_err err = QW_OK;

    if (link.rate_bps < 0) {
        err = rate_at(b->topology, link.loss_db, &link.rate_bps);
    }
    link.mean_bps = link.rate_bps;
    return err == QW_OK ? add(b, &link) : err;
}

static size_t other_end(const struct qw_fibre *fibre, size_t node)
{
    return fibre->from == node ? fibre->to : fibre->from;
}

static bool touches(const struct qw_fibre *fibre, size_t node)
{
    return fibre->from == node || fibre->to == node;
}

/* Modules of relays per user of the switch, at most 1: how much of the time a user is served. */
static double served_share(const struct qw_topology *t, size_t node)
{
    double users = 0;
    double modules = 0;

    for (size_t i = 0; i < t->fibre_count; i++) {
        const struct qw_fibre *fibre = &t->fibre[i];

        if (touches(fibre, node)) {
            bool is_user = t->node[other_end(fibre, node)].kind == QW_NODE_KIND_USER;

            users += is_user ? 1 : 0;
            modules += is_user ? 0 : fibre->modules;
        }
    }
    return modules >= users ? 1 : modules / users * (1 - t->switch_dead_s / t->switch_slot_s);
}

static size_t relays_of(const struct qw_topology *t, size_t node)
{
    size_t count = 0;

    for (size_t i = 0; i < t->fibre_count; i++) {
        count += touches(&t->fibre[i], node) &&
                 t->node[other_end(&t->fibre[i], node)].kind != QW_NODE_KIND_USER;
    }
    return count;
}

/* The user at the end of one fibre with the relay at the end of the other. */
static qw_err add_switched(struct building *b, size_t node, size_t user_fibre, size_t relay_fibre)
{
    const struct qw_topology *t = b->topology;
    const struct qw_fibre *near = &t->fibre[user_fibre];
    const struct qw_fibre *far = &t->fibre[relay_fibre];
    struct qw_key_link link = { .a = other_end(near, node),
                                .b = other_end(far, node),
                                .kind = QW_KEY_LINK_SWITCHED,
                                .km = near->km + far->km,
                                .loss_db = loss_of(near) + loss_of(far) + t->node[node].loss_db,
                                .rate_bps = near->rate_bps,
                                .via = node,
                                .module = relay_fibre };
    qw_err err = QW_OK;

    if (link.rate_bps < 0) {
        err = rate_at(t, link.loss_db, &link.rate_bps);
    }
    link.mean_bps = link.rate_bps * served_share(t, node) / (double)relays_of(t, node);
    return err == QW_OK ? add(b, &link) : err;
}

static qw_err add_switch(struct building *b, size_t node)
{
    const struct qw_topology *t = b->topology;
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && i < t->fibre_count; i++) {
        if (!touches(&t->fibre[i], node) ||
            t->node[other_end(&t->fibre[i], node)].kind != QW_NODE_KIND_USER) {
            continue;
        }
        for (size_t j = 0; err == QW_OK && j < t->fibre_count; j++) {
            if (touches(&t->fibre[j], node) &&
                t->node[other_end(&t->fibre[j], node)].kind != QW_NODE_KIND_USER) {
                err = add_switched(b, node, i, j);
            }
        }
    }
    return err;
}

/* Passes of one satellite over one station are one link. */
static qw_err add_pass(struct building *b, const struct qw_pass *pass)
{
    struct qw_key_link link = { .a = pass->satellite,
                                .b = pass->ground,
                                .kind = QW_KEY_LINK_PASS,
                                .rate_bps = pass->peak_bps };
    double mean_bps = pass->peak_bps * pass->clear_share * pass->length_s / 2 / pass->every_s;

    for (size_t i = 0; i < b->count; i++) {
        if (b->link[i].kind == QW_KEY_LINK_PASS && b->link[i].a == link.a &&
            b->link[i].b == link.b) {
            b->link[i].mean_bps += mean_bps;
            b->link[i].rate_bps = fmax(b->link[i].rate_bps, link.rate_bps);
            return QW_OK;
        }
    }
    link.mean_bps = mean_bps;
    return add(b, &link);
}

qw_err qw_key_graph_of(const struct qw_topology *topology, struct qw_key_graph **graph)
{
    bool passes_on[QW_TOPOLOGY_NODES_MAX];
    struct building b = { .topology = topology };
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && i < topology->node_count; i++) {
        passes_on[i] = topology->node[i].kind != QW_NODE_KIND_USER;
        if (topology->node[i].kind == QW_NODE_KIND_SWITCH) {
            err = add_switch(&b, i);
        }
    }
    for (size_t i = 0; err == QW_OK && i < topology->fibre_count; i++) {
        const struct qw_fibre *fibre = &topology->fibre[i];

        if (topology->node[fibre->from].kind != QW_NODE_KIND_SWITCH &&
            topology->node[fibre->to].kind != QW_NODE_KIND_SWITCH) {
            err = add_fibre(&b, fibre);
        }
    }
    for (size_t i = 0; err == QW_OK && i < topology->pass_count; i++) {
        err = add_pass(&b, &topology->pass[i]);
    }
    if (err == QW_OK) {
        err = qw_key_graph_new(topology->node_count, passes_on, b.link, b.count, graph);
    }
    free(b.link);
    return err;
}
