/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/network/sim_links.h"

#include "qkd/network/pass.h"
#include "qkd/network/switch_plan.h"

#include <math.h>
#include <stdlib.h>

enum { KEY_BITS = 256 };

qw_err sim_links_new(const struct qw_topology *topology, const struct qw_key_graph *graph,
                     struct qw_stock_book *book, uint64_t seed, struct sim_links *links)
{
    *links = (struct sim_links){ .topology = topology, .graph = graph, .book = book, .seed = seed };
    links->link = calloc(graph->link_count + 1, sizeof *links->link);
    if (links->link == NULL) {
        return QW_ERR_NOMEM;
    }
    for (size_t i = 0; i < graph->link_count; i++) {
        links->link[i].on_from_s = INFINITY;
    }
    return QW_OK;
}

void sim_links_free(struct sim_links *links)
{
    free(links->link);
    links->link = NULL;
}

static double pass_bits(const struct sim_links *s, const struct qw_key_link *link, double from_s,
                        double to_s)
{
    double bits = 0;

    for (size_t i = 0; i < s->topology->pass_count; i++) {
        const struct qw_pass *pass = &s->topology->pass[i];

        if (pass->satellite == link->a && pass->ground == link->b) {
            bits += qw_pass_bits(pass, i, s->seed, from_s, to_s);
        }
    }
    return bits;
}

static double bits_between(const struct sim_links *s, size_t index, double from_s, double to_s)
{
    const struct qw_key_link *link = &s->graph->link[index];

    switch (link->kind) {
    case QW_KEY_LINK_FIBRE:
        return link->rate_bps * (to_s - from_s);
    case QW_KEY_LINK_SWITCHED:
        return link->rate_bps * fmax(0, to_s - fmax(from_s, s->link[index].on_from_s));
    case QW_KEY_LINK_PASS:
        return pass_bits(s, link, from_s, to_s);
    }
    return 0;
}

void sim_links_fill(struct sim_links *links, size_t link, double now_s)
{
    struct sim_link *l = &links->link[link];
    double before = qw_stock_available(links->book, link);
    double span_s = now_s - l->filled_s;
    double bits;

    if (!(span_s > 0)) {
        return;
    }
    bits = l->is_cut ? 0 : bits_between(links, link, l->filled_s, now_s);
    l->made_bits += qw_stock_add(links->book, link, bits, links->topology->pool_bits);
    if (before < KEY_BITS) { /* as if key had come evenly */
        l->empty_s += bits > 0 ? fmin(span_s, (KEY_BITS - before) / bits * span_s) : span_s;
    }
    l->filled_s = now_s;
}

double sim_links_level(const struct sim_links *links, size_t link)
{
    return qw_stock_available(links->book, link) / links->topology->pool_bits;
}

static size_t index_in(size_t *list, size_t *count, size_t value)
{
    for (size_t i = 0; i < *count; i++) {
        if (list[i] == value) {
            return i;
        }
    }
    list[*count] = value;
    return (*count)++;
}

/* One switch: its users and ports, and the link of each pair. */
struct board {
    size_t user[QW_SWITCH_USERS_MAX];
    size_t port[QW_SWITCH_PORTS_MAX];
    size_t link[QW_SWITCH_USERS_MAX * QW_SWITCH_PORTS_MAX]; /* [user x PORTS_MAX + port] */
    struct qw_switch_plan plan;
};

static void lay_out(const struct sim_links *s, size_t node, struct board *b)
{
    const struct qw_topology *t = s->topology;

    for (size_t i = 0; i < s->graph->link_count; i++) {
        const struct qw_key_link *link = &s->graph->link[i];

        if (link->kind == QW_KEY_LINK_SWITCHED && link->via == node) {
            size_t user = index_in(b->user, &b->plan.users, link->a);
            size_t port = index_in(b->port, &b->plan.ports, link->module);

            b->plan.modules[port] = t->fibre[link->module].modules;
            b->link[user * QW_SWITCH_PORTS_MAX + port] = i + 1; /* 0: they are not joined */
        }
    }
    b->plan.keep = t->switch_dead_s / t->switch_slot_s;
}

static void plan_switch(struct sim_links *s, size_t node, double now_s)
{
    struct board b = { .plan = { 0 } };
    double level[QW_SWITCH_USERS_MAX * QW_SWITCH_PORTS_MAX];
    int before[QW_SWITCH_USERS_MAX];
    size_t changed;

    lay_out(s, node, &b);
    for (size_t user = 0; user < b.plan.users; user++) {
        before[user] = QW_SWITCH_NONE;
        for (size_t port = 0; port < b.plan.ports; port++) {
            size_t link = b.link[user * QW_SWITCH_PORTS_MAX + port];

            level[user * b.plan.ports + port] = INFINITY;
            if (link > 0 && !s->link[link - 1].is_cut) {
                sim_links_fill(s, link - 1, now_s);
                level[user * b.plan.ports + port] = sim_links_level(s, link - 1);
                if (!isinf(s->link[link - 1].on_from_s)) {
                    before[user] = (int)port;
                }
            }
        }
        b.plan.port[user] = before[user];
    }
    qw_switch_plan_next(&b.plan, level, &changed);
    s->dead_s += (double)changed * s->topology->switch_dead_s;
    for (size_t user = 0; user < b.plan.users; user++) {
        for (size_t port = 0; port < b.plan.ports; port++) {
            size_t link = b.link[user * QW_SWITCH_PORTS_MAX + port];

            if (link > 0 && b.plan.port[user] != (int)port) {
                s->link[link - 1].on_from_s = INFINITY;
            } else if (link > 0 && before[user] != (int)port) {
                s->link[link - 1].on_from_s = now_s + s->topology->switch_dead_s;
            }
        }
    }
}

void sim_links_plan_slot(struct sim_links *links, double now_s)
{
    for (size_t i = 0; i < links->topology->node_count; i++) {
        if (links->topology->node[i].kind == QW_NODE_KIND_SWITCH) {
            plan_switch(links, i, now_s);
        }
    }
}

void sim_links_start_measuring(struct sim_links *links, double now_s)
{
    for (size_t i = 0; i < links->graph->link_count; i++) {
        sim_links_fill(links, i, now_s);
        links->link[i].made_bits = 0;
        links->link[i].empty_s = 0;
    }
    links->dead_s = 0;
}
