/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_QKD_NETWORK_LINK_SCHEDULE_H
#define QW_QKD_NETWORK_LINK_SCHEDULE_H

#include "qkd/network/key_graph.h"

/* When the links of one running node make key, and how much: always, while an optical switch joins
 * their two ends [Q4], or while a satellite passes [Q6]. The relay of a switched link decides, slot
 * by slot, and the user is told (docs/protocol/link-schedule.md); passes follow from the topology
 * at both ends. Times are seconds of the network's clock; one before the last counts as the last.
 * SIMULATED links are what it is for. Memory is fixed at new. One thread at a time. */
struct qw_link_schedule;

struct qw_link_schedule_config {
    const struct qw_topology *topology; /* borrowed */
    const struct qw_key_graph *graph;   /* of it; borrowed */
    size_t self;                        /* < node_count */
    uint64_t seed;                      /* of the weather, the same at all nodes */
};

struct qw_link_when {
    enum qw_key_link_kind kind;
    size_t via;                    /* SWITCHED: the switch */
    bool leads;                    /* this node is the relay, which decides, or on the ground */
    bool is_planned;               /* SWITCHED: it has this slot; at the user as is_joined */
    bool is_joined;                /* light gets through now, if the sky is clear */
    uint64_t slots;                /* SWITCHED: that the relay gave this link; 0 at the user */
    uint64_t passes, clear_passes; /* PASS: that have ended since new */
    double next_s;                 /* PASS: until the next one begins */
    double pass_bits;              /* PASS: of the best one, when it is clear */
};

/* QW_ERR_ARG: self has more than 64 links; QW_ERR_NOMEM. */
qw_err qw_link_schedule_new(const struct qw_link_schedule_config *config, double now_s,
                            struct qw_link_schedule **schedule) QW_MUST_USE;
void qw_link_schedule_free(struct qw_link_schedule *schedule); /* NULL is fine */

/* Neighbours are nodes with which the graph gives self a link. */

/* How full the pool with a user of a switch is, 0..1; INFINITY: it is not to be joined, as at
 * first. Without effect on other links. */
void qw_link_schedule_level(struct qw_link_schedule *schedule, size_t neighbour, double level);
/* Often. True: a slot of the switches began, and has its plan. */
bool qw_link_schedule_turn(struct qw_link_schedule *schedule, double now_s);

/* At the relay: whether the neighbour has to be told that light now gets through to it, or no
 * longer does; said once, until qw_link_schedule_forget. */
bool qw_link_schedule_tell(struct qw_link_schedule *schedule, size_t neighbour, bool *is_joined);
/* At the user: the relay said so. QW_ERR_FORMAT: it has nothing to say about this link. */
qw_err qw_link_schedule_told(struct qw_link_schedule *schedule, size_t neighbour, bool is_joined,
                             double now_s) QW_MUST_USE;
/* The session with the neighbour is over: what was told is forgotten; at the user light is off. */
void qw_link_schedule_forget(struct qw_link_schedule *schedule, size_t neighbour, double now_s);

/* Bits that the link made since the last call. */
double qw_link_schedule_bits(struct qw_link_schedule *schedule, size_t neighbour, double now_s);
struct qw_link_when qw_link_schedule_when(const struct qw_link_schedule *schedule,
                                          size_t neighbour);

#endif
