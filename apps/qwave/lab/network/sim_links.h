/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_NETWORK_SIM_LINKS_H
#define QWAVE_LAB_NETWORK_SIM_LINKS_H

#include "qkd/network/stock.h"

/* Links of a simulated network that make key all the time, in their slots, or in passes, into one
 * stock book. Time only goes forward. */
struct sim_link {
    double filled_s;  /* until when its key is in the stock */
    double on_from_s; /* of a switched link: joined since; INFINITY: not joined */
    double made_bits; /* since the measurement began, what did not fit left out */
    double empty_s;   /* since then, with less than one key */
    bool is_cut;
};

struct sim_links {
    const struct qw_topology *topology; /* borrowed */
    const struct qw_key_graph *graph;   /* borrowed */
    struct qw_stock_book *book;         /* borrowed */
    struct sim_link *link;              /* [link_count] owned */
    uint64_t seed;
    double dead_s; /* of modules, since the measurement began */
};

/* QW_ERR_NOMEM. */
qw_err sim_links_new(const struct qw_topology *topology, const struct qw_key_graph *graph,
                     struct qw_stock_book *book, uint64_t seed,
                     struct sim_links *links) QW_MUST_USE;
void sim_links_free(struct sim_links *links); /* zeroed is fine */

/* Brings a link's stock up to now. */
void sim_links_fill(struct sim_links *links, size_t link, double now_s);

/* How full the pool is, 0..1. */
double sim_links_level(const struct sim_links *links, size_t link);

/* Every optical switch joins users and ports anew. */
void sim_links_plan_slot(struct sim_links *links, double now_s);

/* Counters from here on. */
void sim_links_start_measuring(struct sim_links *links, double now_s);

#endif
