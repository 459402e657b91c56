/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_NETWORK_SIM_STATE_H
#define QWAVE_LAB_NETWORK_SIM_STATE_H

#include "base/prng.h"
#include "lab/network/network_sim.h"
#include "lab/network/sim_events.h"
#include "lab/network/sim_links.h"
#include "qkd/network/route.h"

/* What network_sim.c works on. */
enum { SIM_RESERVATIONS_MAX = 16384, SIM_HOPS_MAX = 256 };

struct sim {
    const struct sim_config *config;
    struct sim_result *result;
    struct sim_events events;
    struct sim_links links;
    struct qw_stock_book *book;
    struct qw_route_search *search;
    struct qw_damper *told; /* [link_count] what routes are made of */
    double *cost;           /* [link_count] from told */
    double *arrival;        /* [pairs] running sum of requests per second */
    double *hit_s;          /* [pairs] since when a cut has been in its way; < 0: none is */
    struct qw_prng times, sizes;
    double now_s;
    double end_s;
    bool is_measuring;
    uint64_t seconds_seen;
};

/* Everything at time 0: pools at their level, nobody on the way. sim is to be closed after errors
 * too. QW_ERR_NOMEM. */
qw_err sim_state_open(const struct sim_config *config, struct sim_result *result,
                      struct sim *sim) QW_MUST_USE;
void sim_state_close(struct sim *sim);

/* Counters from now on. */
void sim_state_start_measuring(struct sim *sim);

/* What the links had and lacked, into the result. */
void sim_state_finish(struct sim *sim);

/* The time on the network's clock. */
uint64_t sim_now_ms(const struct sim *sim);

/* The price of a link as it was told last. */
void sim_set_cost(struct sim *sim, size_t link);

#endif
