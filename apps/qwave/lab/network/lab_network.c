/* SPDX-License-Identifier: Apache-2.0 */
/* qwave lab network: a network of QKD links under load, against what it can carry at most. [Q4] */
#include "lab/lab.h"

#include "command.h"

#include "json_print.h"
#include "lab/network/network_options.h"
#include "lab/network/network_report.h"
#include "network/topology_table.h"
#include "qkd/network/max_flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bounds of a measurement are worked out this closely. */
static const double BOUND_EPSILON = 0.02;

static const char name[] = "qwave lab network";

static qw_err find_node(const struct qw_topology *topology, const char *id, size_t *node)
{
    *node = qw_topology_find(topology, id);
    if (*node == QW_TOPOLOGY_NODES_MAX) {
        fprintf(stderr, "%s: %s has no node %s\n", name, topology->name, id);
        return QW_ERR_NOT_FOUND;
    }
    return QW_OK;
}

static qw_err find_failures(const struct network_options *o, const struct qw_topology *topology,
                            const struct qw_key_graph *graph, struct sim_config *config)
{
    config->failure_count = o->failure_count;
    for (size_t i = 0; i < o->failure_count; i++) {
        size_t from;
        size_t to;
        qw_err err = find_node(topology, o->failure[i].from, &from);

        if (err == QW_OK) {
            err = find_node(topology, o->failure[i].to, &to);
        }
        if (err != QW_OK) {
            return err;
        }
        config->failure[i] = (struct sim_failure){ .link = qw_key_graph_find(graph, from, to),
                                                   .at_s = o->failure[i].at_s,
                                                   .length_s = o->failure[i].length_s };
        if (config->failure[i].link == graph->link_count) {
            fprintf(stderr, "%s: no link between %s and %s\n", name, o->failure[i].from,
                    o->failure[i].to);
            return QW_ERR_NOT_FOUND;
        }
    }
    return QW_OK;
}

static qw_err draw_demand(const struct network_options *o, const struct qw_topology *topology,
                          const struct qw_key_graph *graph, struct network_report *report,
                          struct demand_pairs *pairs)
{
    struct demand_pairs_config config = { .pairs_max = o->pairs_max,
                                          .has_classes = o->has_classes,
                                          .is_fair = o->is_fair,
                                          .seed = o->seed };
    double *capacity;
    qw_err err = QW_OK;

    if (o->from[0] != '\0') {
        err = find_node(topology, o->from, &config.from);
        if (err == QW_OK) {
            err = find_node(topology, o->to, &config.to);
        }
    }
    if (err != QW_OK) {
        return err;
    }
    err = demand_pairs_new(topology, graph, &config, pairs);
    if (err == QW_ERR_NOT_FOUND) {
        fprintf(stderr, "%s: no path that makes key between who would ask for it\n", name);
    }
    if (err != QW_OK || o->from[0] == '\0') {
        return err;
    }
    capacity = calloc(graph->link_count + 1, sizeof *capacity);
    if (capacity == NULL) {
        return QW_ERR_NOMEM;
    }
    for (size_t i = 0; i < graph->link_count; i++) {
        capacity[i] = graph->link[i].mean_bps;
    }
    err = qw_max_flow(graph, capacity, config.from, config.to, &report->max_flow_bps);
    free(capacity);
    return err;
}

/* One load: the run, then the bound for what was asked for in it. */
static qw_err run_load(const struct sim_config *config, struct network_row *row)
{
    const struct qw_key_graph *graph = config->graph;
    size_t count = config->pairs->count;
    struct qw_demand *demand = calloc(count, sizeof *demand);
    qw_err err = QW_ERR_NOMEM;

    row->load = config->load;
    row->sim.capacity = calloc(graph->link_count + 1, sizeof *row->sim.capacity);
    row->sim.offered_by_pair = calloc(count, sizeof *row->sim.offered_by_pair);
    if (demand != NULL && row->sim.capacity != NULL && row->sim.offered_by_pair != NULL) {
        err = network_sim_run(config, &row->sim);
    }
    for (size_t i = 0; err == QW_OK && i < count; i++) {
        demand[i] = config->pairs->demand[i];
        demand[i].amount = row->sim.offered_by_pair[i];
    }
    if (err == QW_OK) {
        err = qw_flow_bound(graph, row->sim.capacity, demand, count, BOUND_EPSILON, &row->bound);
    }
    free(demand);
    free(row->sim.capacity);
    free(row->sim.offered_by_pair);
    row->sim.capacity = row->sim.offered_by_pair = NULL;
    return err;
}

static qw_err run_loads(const struct network_options *o, struct network_report *report,
                        const struct demand_pairs *pairs)
{
    struct sim_config config = { .topology = report->topology,
                                 .graph = report->graph,
                                 .pairs = pairs,
                                 .mean_bits = 256.0 * o->mean_keys,
                                 .start_level = o->start_level,
                                 .warm_up_s = o->warm_up_s,
                                 .seconds = o->seconds,
                                 .hop_s = 0.002,
                                 .told_s = 0.02,
                                 .seed = o->seed };
    qw_err err = find_failures(o, report->topology, report->graph, &config);

    for (size_t i = 0; err == QW_OK && i < o->load_count; i++) {
        config.load = o->load[i];
        err = run_load(&config, &report->row[i]);
        report->rows++;
    }
    return err;
}

int lab_network(int argc, char **argv)
{
    struct network_options options;
    char error[QW_CONFIG_ERROR_CAP] = "";
    struct network_report report = { .options = &options };
    struct qw_topology *topology = NULL;
    struct qw_key_graph *graph = NULL;
    struct demand_pairs pairs = { 0 };
    int status = EXIT_FAILED;
    qw_err err;

    network_options_parse(argc, argv, &options);
    err = topology_load(options.topology, &topology, error);
    if (err != QW_OK) {
        fprintf(stderr, "%s: %s\n", name, error);
        return err == QW_ERR_NOT_FOUND ? EXIT_USAGE : EXIT_FAILED;
    }
    err = qw_key_graph_of(topology, &graph);
    report.topology = topology;
    report.graph = graph;
    if (err == QW_OK) {
        err = draw_demand(&options, topology, graph, &report, &pairs);
        report.pairs = pairs.count;
    }
    if (err == QW_OK) {
        err = run_loads(&options, &report, &pairs);
    }
    if (err == QW_OK && options.as_json) {
        status = json_print(2048 * (report.rows + 1), network_report_write, &report);
    } else if (err == QW_OK) {
        network_report_print(&report);
        status = EXIT_DONE;
    } else if (err == QW_ERR_NOT_FOUND) {
        status = EXIT_USAGE; /* has been said */
    } else {
        fprintf(stderr, "%s: %s\n", name, qw_err_text(err));
    }
    demand_pairs_free(&pairs);
    qw_key_graph_free(graph);
    qw_topology_free(topology);
    return status;
}
