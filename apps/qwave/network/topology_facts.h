/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NETWORK_TOPOLOGY_FACTS_H
#define QWAVE_NETWORK_TOPOLOGY_FACTS_H

#include "api/json_writer.h"
#include "qkd/network/key_graph.h"

enum { TOPOLOGY_KINDS = QW_NODE_KIND_SATELLITE + 1 };

/* A topology in figures. */
struct topology_facts {
    size_t nodes;
    size_t by_kind[TOPOLOGY_KINDS];
    size_t fibres, passes;
    double fibre_km;
    size_t key_links;                       /* pairs of nodes that can make key */
    double least_bps, middle_bps, most_bps; /* mean rates of these */
};

/* QW_ERR_NOMEM, and as qw_key_graph_of. */
qw_err topology_facts_of(const struct qw_topology *topology,
                         struct topology_facts *facts) QW_MUST_USE;

/* Its members, into the object that is open. */
void topology_facts_write(struct qw_json_writer *w, const struct topology_facts *facts);

#endif
