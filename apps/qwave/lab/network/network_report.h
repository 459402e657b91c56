/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_NETWORK_NETWORK_REPORT_H
#define QWAVE_LAB_NETWORK_NETWORK_REPORT_H

#include "api/json_writer.h"
#include "lab/network/network_options.h"
#include "qkd/network/flow_bound.h"

/* What `qwave lab network` found, for people and for programs. */
struct network_row {
    double load;
    struct sim_result sim;
    struct qw_flow_bound bound; /* for the whole measurement, by weights */
};

struct network_report {
    const struct network_options *options;
    const struct qw_topology *topology;
    const struct qw_key_graph *graph;
    size_t pairs;
    double max_flow_bps; /* of a single pair; 0: many */
    size_t rows;
    struct network_row row[NETWORK_LOADS_MAX];
};

void network_report_print(const struct network_report *report);

/* For json_print; self is the report. */
void network_report_write(struct qw_json_writer *w, const void *self);

#endif
