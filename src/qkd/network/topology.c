/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/network/topology.h"

#include "qkd/network/switch_plan.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const qw_node_kinds[] = { "relay", "convergence", "user", "switch", "satellite", NULL };

qw_err qw_topology_new(struct qw_topology **topology)
{
    struct qw_topology *t = calloc(1, sizeof *t);

    if (t == NULL) {
        return QW_ERR_NOMEM;
    }
    t->preset = qw_link_preset_find("lim");
    t->pool_bits = 1e7;
    t->switch_slot_s = 10;
    t->switch_dead_s = 1;
    *topology = t;
    return QW_OK;
}

void qw_topology_free(struct qw_topology *topology)
{
    free(topology);
}

size_t qw_topology_find(const struct qw_topology *topology, const char *id)
{
    for (size_t i = 0; i < topology->node_count; i++) {
        if (strcmp(topology->node[i].id, id) == 0) {
            return i;
        }
    }
    return QW_TOPOLOGY_NODES_MAX;
}

__attribute__((format(printf, 2, 3))) static qw_err refuse(char why[static QW_TOPOLOGY_WHY_CAP],
                                                           const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(why, QW_TOPOLOGY_WHY_CAP, format, arguments);
    va_end(arguments);
    return QW_ERR_FORMAT;
}

qw_err qw_topology_add_node(struct qw_topology *topology, const struct qw_node *node,
                            char why[static QW_TOPOLOGY_WHY_CAP])
{
    if (node->id[0] == '\0' ||
        strspn(node->id, "abcdefghijklmnopqrstuvwxyz0123456789-._") != strlen(node->id)) {
        return refuse(why, "an id has letters a-z, digits, '-', '.', '_' only");
    }
    if (qw_topology_find(topology, node->id) != QW_TOPOLOGY_NODES_MAX) {
        return refuse(why, "node %s is there already", node->id);
    }
    if (topology->node_count == QW_TOPOLOGY_NODES_MAX) {
        return refuse(why, "more than %d nodes", QW_TOPOLOGY_NODES_MAX);
    }
    topology->node[topology->node_count++] = *node;
    return QW_OK;
}

static bool joins(const struct qw_fibre *fibre, size_t a, size_t b)
{
    return (fibre->from == a && fibre->to == b) || (fibre->from == b && fibre->to == a);
}

qw_err qw_topology_add_fibre(struct qw_topology *topology, const struct qw_fibre *fibre,
                             char why[static QW_TOPOLOGY_WHY_CAP])
{
    const struct qw_node *from = &topology->node[fibre->from];
    const struct qw_node *to = &topology->node[fibre->to];

    qw_assert(fibre->from < topology->node_count && fibre->to < topology->node_count);
    if (fibre->from == fibre->to) {
        return refuse(why, "from %s to itself", from->id);
    }
    if (from->kind == QW_NODE_KIND_SWITCH && to->kind == QW_NODE_KIND_SWITCH) {
        return refuse(why, "%s and %s are both switches", from->id, to->id);
    }
    if (from->kind == QW_NODE_KIND_SATELLITE || to->kind == QW_NODE_KIND_SATELLITE) {
        return refuse(why, "%s and %s: no fibre leads to a satellite, it has passes", from->id,
                      to->id);
    }
    for (size_t i = 0; i < topology->fibre_count; i++) {
        if (joins(&topology->fibre[i], fibre->from, fibre->to)) {
            return refuse(why, "%s and %s are joined already", from->id, to->id);
        }
    }
    if (topology->fibre_count == QW_TOPOLOGY_FIBRES_MAX) {
        return refuse(why, "more than %d links", QW_TOPOLOGY_FIBRES_MAX);
    }
    topology->fibre[topology->fibre_count++] = *fibre;
    return QW_OK;
}

qw_err qw_topology_add_pass(struct qw_topology *topology, const struct qw_pass *pass,
                            char why[static QW_TOPOLOGY_WHY_CAP])
{
    enum qw_node_kind ground;

    qw_assert(pass->satellite < topology->node_count && pass->ground < topology->node_count);
    ground = topology->node[pass->ground].kind;
    if (topology->node[pass->satellite].kind != QW_NODE_KIND_SATELLITE) {
        return refuse(why, "%s is no satellite", topology->node[pass->satellite].id);
    }
    if (ground != QW_NODE_KIND_RELAY && ground != QW_NODE_KIND_CONVERGENCE) {
        return refuse(why, "%s is no relay and cannot be a ground station",
                      topology->node[pass->ground].id);
    }
    if (!(pass->length_s > 0) || !(pass->every_s >= pass->length_s)) {
        return refuse(why, "every_s must be at least length_s");
    }
    if (topology->pass_count == QW_TOPOLOGY_PASSES_MAX) {
        return refuse(why, "more than %d passes", QW_TOPOLOGY_PASSES_MAX);
    }
    topology->pass[topology->pass_count++] = *pass;
    return QW_OK;
}

qw_err qw_topology_add_demand(struct qw_topology *topology, const struct qw_topology_demand *demand,
                              char why[static QW_TOPOLOGY_WHY_CAP])
{
    const size_t ends[] = { demand->from, demand->to };

    qw_assert(demand->from < topology->node_count && demand->to < topology->node_count);
    if (demand->from == demand->to) {
        return refuse(why, "from %s to itself", topology->node[demand->from].id);
    }
    for (size_t i = 0; i < 2; i++) {
        if (topology->node[ends[i]].kind == QW_NODE_KIND_SWITCH) {
            return refuse(why, "%s is a switch and holds no keys", topology->node[ends[i]].id);
        }
    }
    if (topology->demand_count == QW_TOPOLOGY_DEMANDS_MAX) {
        return refuse(why, "more than %d demands", QW_TOPOLOGY_DEMANDS_MAX);
    }
    topology->demand[topology->demand_count++] = *demand;
    return QW_OK;
}

/* Marks what is joined with a marked node; true while there was something to mark. */
static bool spread(const struct qw_topology *t, bool *reached)
{
    bool moved = false;

    for (size_t i = 0; i < t->fibre_count + t->pass_count; i++) {
        const struct qw_pass *pass = &t->pass[i < t->fibre_count ? 0 : i - t->fibre_count];
        size_t a = i < t->fibre_count ? t->fibre[i].from : pass->satellite;
        size_t b = i < t->fibre_count ? t->fibre[i].to : pass->ground;

        if (reached[a] != reached[b]) {
            reached[a] = reached[b] = true;
            moved = true;
        }
    }
    return moved;
}

static qw_err check_switch(const struct qw_topology *t, size_t node,
                           char why[static QW_TOPOLOGY_WHY_CAP])
{
    size_t relays = 0;
    size_t users = 0;

    for (size_t i = 0; i < t->fibre_count; i++) {
        const struct qw_fibre *fibre = &t->fibre[i];

        if (fibre->from == node || fibre->to == node) {
            size_t other = fibre->from == node ? fibre->to : fibre->from;

            relays += t->node[other].kind != QW_NODE_KIND_USER;
            users += t->node[other].kind == QW_NODE_KIND_USER;
        }
    }
    if (relays == 0 || users == 0) {
        return refuse(why, "switch %s joins no user with a relay", t->node[node].id);
    }
    if (relays > QW_SWITCH_PORTS_MAX || users > QW_SWITCH_USERS_MAX) {
        return refuse(why, "switch %s has more than %d relays or %d users", t->node[node].id,
                      QW_SWITCH_PORTS_MAX, QW_SWITCH_USERS_MAX);
    }
    return QW_OK;
}

qw_err qw_topology_check(const struct qw_topology *topology, char why[static QW_TOPOLOGY_WHY_CAP])
{
    bool reached[QW_TOPOLOGY_NODES_MAX] = { true };

    if (topology->node_count < 2) {
        return refuse(why, "a network has at least two nodes");
    }
    if (!(topology->switch_dead_s < topology->switch_slot_s)) {
        return refuse(why, "switch_dead_s must be below switch_slot_s");
    }
    while (spread(topology, reached)) {
    }
    for (size_t i = 0; i < topology->node_count; i++) {
        qw_err err = QW_OK;

        if (!reached[i]) {
            return refuse(why, "no path from %s to %s", topology->node[0].id, topology->node[i].id);
        }
        if (topology->node[i].kind == QW_NODE_KIND_SWITCH) {
            err = check_switch(topology, i, why);
        }
        if (err != QW_OK) {
            return err;
        }
    }
    return QW_OK;
}
