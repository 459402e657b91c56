/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NETWORK_RUN_RUN_NAMED_H
#define QWAVE_NETWORK_RUN_RUN_NAMED_H

#include "network/run/run.h"

#include <argp.h>

/* Options of `qwave network run` that name nodes of its topology, as they were given; borrowed. */
struct run_named {
    const char *pair[RUN_PAIRS_MAX];
    const char *cut[RUN_FAULTS_MAX];
    const char *kill[RUN_FAULTS_MAX];
    const char *kill_end[RUN_FAULTS_MAX];
    const char *centre[RUN_CENTRES_MAX];
    size_t pairs, cuts, kills, kill_ends, centres;
};

/* Loads the topology run->options.name and finds them in it: pairs, faults and centres of the
 * options. What is wrong is said, and ends the program. */
void run_named_resolve(struct run *run, const struct run_named *named, struct argp_state *state);

#endif
