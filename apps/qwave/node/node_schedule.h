/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NODE_NODE_SCHEDULE_H
#define QWAVE_NODE_NODE_SCHEDULE_H

#include "api/json_writer.h"
#include "node/node.h"
#include "qkd/network/link_schedule.h"

/* When the SIMULATED links of a node make key (docs/protocol/link-schedule.md): optical switches
 * and satellites of its topology. Links whose keys come from QKD links keep to their switches, by
 * node_light.h, and not to passes. A node without topology, or with neither simulated keys nor a
 * switch, has no schedule: its links are always on. */
struct node_schedule {
    struct qw_link_schedule *schedule;
    const struct qw_topology *topology; /* that of the routes */
    int64_t from_ms;                    /* by the monotonic clock */
    double from_s;                      /* by the network's, at that time */
    struct node_passes {                /* of a link, up to the last line in the file */
        uint64_t passes, clear_passes;
        double bits; /* since that */
    } written[NODE_LINKS_MAX];
    FILE *file;
};

/* After node_routing_open. Says on the log what is wrong; QW_ERR_ARG: lights and switches do not
 * fit together. */
qw_err node_schedule_open(struct node *node) QW_MUST_USE;
void node_schedule_close(struct node *node);
void node_schedule_turn(struct node *node, int64_t now_ms);

/* Bytes in the stream that holds less, those that are not confirmed included. */
uint64_t node_schedule_held(const struct node_link *link);
/* Bytes that the link has made for each direction and that nobody was told of yet, at most max; all
 * of max when it makes as much as is used. */
size_t node_schedule_made_len(struct node_link *link, size_t max);

/* Bytes in each stream with which the link is as good as full. */
double node_schedule_full_len(const struct node_link *link);

void node_schedule_down(struct node_link *link);
/* A message about a switch that the link's hop opened; settles it. An error: drop the link. */
qw_err node_schedule_take(struct node_link *link, const struct qw_hop_message *message) QW_MUST_USE;
/* Members of the link in the node's status. */
void node_schedule_write(const struct node_link *link, struct qw_json_writer *w);

#endif
