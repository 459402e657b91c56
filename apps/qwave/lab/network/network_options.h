/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_NETWORK_NETWORK_OPTIONS_H
#define QWAVE_LAB_NETWORK_NETWORK_OPTIONS_H

#include "lab/network/network_sim.h"

/* What a user may set for `qwave lab network`. */
enum { NETWORK_LOADS_MAX = 16 };

struct network_failure_text {
    char from[QW_NODE_ID_CAP], to[QW_NODE_ID_CAP];
    double at_s, length_s;
};

struct network_options {
    const char *topology;
    size_t load_count;
    double load[NETWORK_LOADS_MAX];
    double seconds, warm_up_s;
    double start_level;
    unsigned pairs_max;
    unsigned mean_keys;
    char from[QW_NODE_ID_CAP], to[QW_NODE_ID_CAP]; /* one pair; "": many */
    bool has_classes, is_fair, as_json;
    size_t failure_count;
    struct network_failure_text failure[SIM_FAILURES_MAX];
    uint64_t seed;
};

/* Ends the program with a message when an argument is wrong. */
void network_options_parse(int argc, char **argv, struct network_options *options);

#endif
