/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_NETWORK_NETWORK_SIM_H
#define QWAVE_LAB_NETWORK_NETWORK_SIM_H

#include "lab/network/demand_pairs.h"
#include "qkd/network/stock.h"

/* A network under load, event by event, on a clock of its own: requests arrive at random, each for
 * one lot of key between two ends; routes, reservations, prices and damping are those of
 * src/qkd/network. Simulated: links make key at the rate of their formula. */
enum { SIM_FAILURES_MAX = 16, SIM_HISTOGRAM_BINS = 10 };

struct sim_failure {
    size_t link;
    double at_s;     /* after the measurement began */
    double length_s; /* INFINITY: until the end */
};

struct sim_config {
    const struct qw_topology *topology;
    const struct qw_key_graph *graph;
    const struct demand_pairs *pairs;
    double load;        /* times the pairs' amounts */
    double mean_bits;   /* of a request; sizes are exponential, in whole keys of 256 bits */
    double start_level; /* of the pools */
    double warm_up_s;
    double seconds; /* of the measurement */
    double hop_s;   /* for a key to pass one link */
    double told_s;  /* until all know of a cut */
    size_t failure_count;
    struct sim_failure failure[SIM_FAILURES_MAX];
    uint64_t seed;
};

/* All of it of the measurement, not of the warm-up. */
struct sim_result {
    uint64_t requests, accepted;
    uint64_t refused_price; /* the path costs more than the request pays */
    uint64_t refused_stock; /* three paths turned out to lack key or to be cut */
    uint64_t refused_path;  /* there is none */
    double offered_bits, accepted_bits;
    double offered_worth, accepted_worth; /* by the pairs' weights */
    double hops;                          /* of all accepted */
    uint64_t detours;     /* a first path lacked key or was cut, and another was taken */
    uint64_t rolled_back; /* reservations that a cut found on their way; sent again */
    double
        first_after_cut_s; /* the longest from a cut to the first key of a pair it hit; 0: none */
    double histogram[SIM_HISTOGRAM_BINS]; /* share of links by level, mean over seconds */
    double empty_share;                   /* of links x time without one key */
    double worst_empty_share;             /* of one link */
    size_t worst_link;
    double dead_s; /* of switch modules */
    uint64_t class_requests[3], class_accepted[3];
    /* what the links had and made: the bound's capacities, in bits [link_count], the caller's */
    double *capacity;
    double *offered_by_pair; /* in bits [pairs], the caller's */
};

/* result->capacity and ->offered_by_pair are zeroed arrays of the caller. QW_ERR_NOMEM. */
qw_err network_sim_run(const struct sim_config *config, struct sim_result *result) QW_MUST_USE;

#endif
