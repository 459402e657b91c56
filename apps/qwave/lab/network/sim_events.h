/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_NETWORK_SIM_EVENTS_H
#define QWAVE_LAB_NETWORK_SIM_EVENTS_H

#include "qkd/network/stock.h"

/* What is going to happen in a simulated network, earliest first. */
enum sim_event_kind {
    SIM_COMMIT, /* a key has come through */
    SIM_TICK,   /* every second */
    SIM_SLOT,   /* switches think again */
    SIM_CUT,
    SIM_TOLD, /* others hear of a cut */
    SIM_RESTORE,
    SIM_CANCELLED
};

struct sim_event {
    double at_s;
    enum sim_event_kind kind;
    size_t link;                /* CUT, TOLD, RESTORE */
    size_t demand;              /* COMMIT */
    double bits;                /* COMMIT */
    qw_reservation reservation; /* COMMIT */
};

struct sim_events {
    struct sim_event *event; /* [cap] a heap */
    size_t count, cap;
};

qw_err sim_events_push(struct sim_events *events, const struct sim_event *event) QW_MUST_USE;
struct sim_event sim_events_pop(struct sim_events *events); /* count >= 1 */
void sim_events_free(struct sim_events *events);            /* zeroed is fine */

#endif
