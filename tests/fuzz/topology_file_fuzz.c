/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: qkd */
/* A topology file: what is read has indices inside its arrays, passes its own check, and becomes a
 * graph of links; what is refused has a sentence. */
#include "qkd/network/key_graph.h"
#include "qkd/network/topology_file.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct qw_topology *t)
{
    char why[QW_TOPOLOGY_WHY_CAP];
    struct qw_key_graph *graph = NULL;

    qw_assert(qw_topology_check(t, why) == QW_OK);
    for (size_t i = 0; i < t->fibre_count; i++) {
        qw_assert(t->fibre[i].from < t->node_count && t->fibre[i].to < t->node_count);
    }
    for (size_t i = 0; i < t->pass_count; i++) {
        qw_assert(t->pass[i].satellite < t->node_count && t->pass[i].ground < t->node_count);
    }
    if (qw_key_graph_of(t, &graph) == QW_OK) {
        for (size_t i = 0; i < graph->link_count; i++) {
            qw_assert(graph->link[i].mean_bps >= 0 &&
                      graph->link[i].mean_bps <= graph->link[i].rate_bps * QW_TOPOLOGY_PASSES_MAX);
        }
    }
    qw_key_graph_free(graph);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1);
    char error[QW_CONFIG_ERROR_CAP] = "";
    struct qw_topology *topology = NULL;

    if (copy == NULL) {
        return 0;
    }
    memcpy(copy, data, size);
    copy[size] = '\0';
    if (qw_topology_parse("fuzz", copy, size, &topology, error) == QW_OK) {
        check(topology);
    } else {
        qw_assert(topology == NULL && error[0] != '\0');
    }
    qw_topology_free(topology);
    free(copy);
    return 0;
}
