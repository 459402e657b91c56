/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NETWORK_TOPOLOGY_H
#define QW_QKD_NETWORK_TOPOLOGY_H

#include "base/error.h"
#include "qkd/link_preset.h"
#include "qkd/node/pool.h"

#include <stddef.h>
#include <stdint.h>

/* A network as it is built [Q4]: nodes, fibres between them, and the passes of satellites [Q6].
 * What can make key with what follows from it (qkd/network/key_graph.h). Files:
 * qkd/network/topology_file.h. */
enum qw_node_kind {
    QW_NODE_KIND_RELAY,       /* trusted, passes keys on */
    QW_NODE_KIND_CONVERGENCE, /* the same, and gathers users */
    QW_NODE_KIND_USER,        /* an end, passes nothing on */
    QW_NODE_KIND_SWITCH,      /* optical: passes light, sees no key */
    QW_NODE_KIND_SATELLITE    /* a relay whose links are passes */
};

enum {
    QW_TOPOLOGY_NODES_MAX = 512,
    QW_TOPOLOGY_FIBRES_MAX = 2048,
    QW_TOPOLOGY_PASSES_MAX = 256,
    QW_TOPOLOGY_DEMANDS_MAX = 64,
    QW_NODE_ID_CAP = 32,
    QW_TOPOLOGY_NAME_CAP = 64,
    QW_TOPOLOGY_TEXT_CAP = 256,
    QW_TOPOLOGY_WHY_CAP = 256
};

struct qw_node {
    char id[QW_NODE_ID_CAP]; /* unique */
    enum qw_node_kind kind;
    double x, y;    /* for drawings, any unit */
    double loss_db; /* of a switch, from port to port */
};

struct qw_fibre {
    size_t from, to; /* nodes, different */
    double km;
    double db_per_km;
    double loss_db;   /* besides */
    double rate_bps;  /* as measured; < 0: by the preset */
    unsigned modules; /* of the relay, on its fibre to a switch: users at once, >= 1 */
};

/* One satellite over one ground node, again and again. */
struct qw_pass {
    size_t satellite, ground; /* nodes */
    double start_s;           /* of the first, on the network's clock */
    double length_s;          /* > 0 */
    double every_s;           /* >= length_s */
    double peak_bps;          /* in the middle of a clear one */
    double clear_share;       /* of the passes, by the weather, 0..1 */
};

/* Who wants keys with whom, for a run of the network. */
struct qw_topology_demand {
    size_t from, to; /* nodes, different, no switches */
    enum qw_node_class class;
    bool is_two;       /* over two paths without a common node */
    double keys_per_s; /* < 0: as the run says; 0: as many as go */
};

struct qw_topology {
    char name[QW_TOPOLOGY_NAME_CAP];
    char text[QW_TOPOLOGY_TEXT_CAP]; /* one line for people */
    const struct qw_link_preset *preset;
    double pool_bits;     /* a link stores at most so much */
    double switch_slot_s; /* an optical switch thinks again so often */
    double switch_dead_s; /* a module that changes its partner is blind so long, < switch_slot_s */
    size_t node_count;
    struct qw_node node[QW_TOPOLOGY_NODES_MAX];
    size_t fibre_count;
    struct qw_fibre fibre[QW_TOPOLOGY_FIBRES_MAX];
    size_t pass_count;
    struct qw_pass pass[QW_TOPOLOGY_PASSES_MAX];
    size_t demand_count;
    struct qw_topology_demand demand[QW_TOPOLOGY_DEMANDS_MAX];
};

/* Empty, with the defaults of a file. QW_ERR_NOMEM. */
qw_err qw_topology_new(struct qw_topology **topology) QW_MUST_USE;
void qw_topology_free(struct qw_topology *topology); /* NULL is fine */

/* QW_ERR_FORMAT with the reason in why: an id twice or with other characters than a-z 0-9 - . _, a
 * fibre to itself, a second one between two nodes, one between two switches or to a satellite, a
 * pass that does not join a satellite with a relay. */
qw_err qw_topology_add_node(struct qw_topology *topology, const struct qw_node *node,
                            char why[static QW_TOPOLOGY_WHY_CAP]) QW_MUST_USE;
qw_err qw_topology_add_fibre(struct qw_topology *topology, const struct qw_fibre *fibre,
                             char why[static QW_TOPOLOGY_WHY_CAP]) QW_MUST_USE;
qw_err qw_topology_add_pass(struct qw_topology *topology, const struct qw_pass *pass,
                            char why[static QW_TOPOLOGY_WHY_CAP]) QW_MUST_USE;
/* QW_ERR_FORMAT: between a node and itself, or of a switch; more than there is room for. */
qw_err qw_topology_add_demand(struct qw_topology *topology, const struct qw_topology_demand *demand,
                              char why[static QW_TOPOLOGY_WHY_CAP]) QW_MUST_USE;

/* The whole: at least two nodes, no node that cannot be reached, a relay on each switch.
 * QW_ERR_FORMAT with the reason. */
qw_err qw_topology_check(const struct qw_topology *topology,
                         char why[static QW_TOPOLOGY_WHY_CAP]) QW_MUST_USE;

/* Index of the node; QW_TOPOLOGY_NODES_MAX: none of that id. */
size_t qw_topology_find(const struct qw_topology *topology, const char *id);

extern const char *const qw_node_kinds[]; /* names by kind, NULL-ended */

#endif
