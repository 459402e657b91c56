/* SPDX-License-Identifier: Apache-2.0 */
#include "network/topology_facts.h"

#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static qw_err sum_rates(const struct qw_key_graph *graph, struct topology_facts *facts)
{
    double *rate = calloc(graph->link_count + 1, sizeof *rate);

    if (rate == NULL) {
        return QW_ERR_NOMEM;
    }
    for (size_t i = 0; i < graph->link_count; i++) {
        rate[i] = graph->link[i].mean_bps;
    }
    qsort(rate, graph->link_count, sizeof *rate, by_value);
    facts->key_links = graph->link_count;
    if (graph->link_count > 0) {
        facts->least_bps = rate[0];
        facts->middle_bps = rate[graph->link_count / 2];
        facts->most_bps = rate[graph->link_count - 1];
    }
    free(rate);
    return QW_OK;
}

qw_err topology_facts_of(const struct qw_topology *topology, struct topology_facts *facts)
{
    struct topology_facts f = { .nodes = topology->node_count,
                                .fibres = topology->fibre_count,
                                .passes = topology->pass_count };
    struct qw_key_graph *graph = NULL;
    qw_err err = qw_key_graph_of(topology, &graph);

    for (size_t i = 0; i < topology->node_count; i++) {
        f.by_kind[topology->node[i].kind]++;
    }
    for (size_t i = 0; i < topology->fibre_count; i++) {
        f.fibre_km += topology->fibre[i].km;
    }
    if (err == QW_OK) {
        err = sum_rates(graph, &f);
    }
    if (err == QW_OK) {
        *facts = f;
    }
    qw_key_graph_free(graph);
    return err;
}

static void write_uint(struct qw_json_writer *w, const char *name, size_t value)
{
    qw_json_name(w, name);
    qw_json_uint(w, value);
}

static void write_real(struct qw_json_writer *w, const char *name, double value)
{
    qw_json_name(w, name);
    qw_json_real(w, value);
}

void topology_facts_write(struct qw_json_writer *w, const struct topology_facts *facts)
{
    write_uint(w, "nodes", facts->nodes);
    for (size_t i = 0; i < TOPOLOGY_KINDS; i++) {
        write_uint(w, qw_node_kinds[i], facts->by_kind[i]);
    }
    write_uint(w, "fibres", facts->fibres);
    write_uint(w, "passes", facts->passes);
    write_real(w, "fibre_km", facts->fibre_km);
    write_uint(w, "key_links", facts->key_links);
    write_real(w, "least_rate_bps", facts->least_bps);
    write_real(w, "median_rate_bps", facts->middle_bps);
    write_real(w, "most_rate_bps", facts->most_bps);
}
