/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NODE_NODE_METRICS_H
#define QWAVE_NODE_NODE_METRICS_H

#include "node/node.h"

/* A page for Prometheus at http://127.0.0.1:PORT/metrics (docs/operation/monitoring.md), off unless
 * `metrics` is set. A thread of its own serves it from what the loop has left there; it says
 * nothing of keys but how many there are. */
struct node_metrics;

struct node_shot_pool {
    uint32_t other;
    bool is_up, is_quarantined; /* of a link */
    bool is_simulated;
    bool is_switched, is_joined, leads; /* of a link through an optical switch */
    uint64_t slots;                     /* where it leads: that it gave the link */
    uint64_t stored_bits, capacity_bits, aged_bits;
};

struct node_shot { /* a node at one moment */
    uint64_t links_up, under_way;
    struct qw_relay_counters counters;
    struct qw_two_paths_counters two_paths;
    uint64_t delivered_keys, received_keys; /* whole ones */
    uint64_t class_keys[QW_NODE_CLASSES];   /* delivered */
    uint64_t two_missing;
    uint64_t refused, journal_records;
    struct node_shot_pool link[NODE_LINKS_MAX], end[NODE_LINKS_MAX];
    size_t links, ends;
};
void node_shot_take(const struct node *node, struct node_shot *shot); /* node_shot.c */

/* Gives the port; 0: there is no page. QW_ERR_ARG: not ADDRESS:PORT of this machine itself; others
 * of qw_http_server_new. Says on the log what is wrong. */
qw_err node_metrics_open(struct node *node, uint16_t *port) QW_MUST_USE;
void node_metrics_close(struct node *node);
void node_metrics_turn(struct node *node, int64_t now_ms);

#endif
